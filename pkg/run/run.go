// Package run is the hand-over from the controller to the tasks of a
// PipelineRun: which ProwJobs make up a run and where their objects are stored.
// It knows the shape of the hand-over and its names, not what is done with it, and what
// may become of each job.
package run

import "time"

// Prefix is what the keys of all labels and annotations of ours begin with.
const Prefix = "rehearsal.dev/"

// Labels and annotations on the PipelineRuns, ConfigMaps and ProwJobs of a run.
const (
	// LabelRehearsal holds the name of the Rehearsal.
	LabelRehearsal = "rehearsal.dev/rehearsal"
	// LabelRehearsalUID holds its uid: the key for sweeping across namespaces.
	LabelRehearsalUID = "rehearsal.dev/rehearsal-uid"
	// LabelRun holds the name of the run, see Name.
	LabelRun = "rehearsal.dev/run"
	// AnnotationAbortReason on a PipelineRun tells the finally task why the run
	// was aborted.
	AnnotationAbortReason = "rehearsal.dev/abort-reason"
	// AnnotationDeadline on a PipelineRun is when the jobs of its run have to be done,
	// by RFC 3339.
	AnnotationDeadline = "rehearsal.dev/deadline"
	// LabelCreatedBy is on ConfigMaps that stand in for those that a pull request
	// changes; its value is CreatedBy.
	LabelCreatedBy = "rehearsal.dev/created-by"
	CreatedBy      = "rehearsal"
	// AnnotationJob on a ProwJob holds the name of the job as it is configured.
	AnnotationJob = "rehearsal.dev/job"
	// AnnotationApproved on a ProwJob says that the privileges it has are in order:
	// it is the SpecHash of its specification. The admission policy lets nobody but
	// the tasks of a run set it. AnnotationApprovedBy says who granted them: "base",
	// or the login of who allowed them.
	AnnotationApproved   = "rehearsal.dev/approved"
	AnnotationApprovedBy = "rehearsal.dev/approved-by"
	// AnnotationNamespace on a ProwJob names the namespace of its Rehearsal: several
	// installations may share one Prow.
	AnnotationNamespace = "rehearsal.dev/namespace"
	// AnnotationInputs on a ProwJob lists the ConfigMaps to create before it, each
	// as InputPlace says, separated by spaces.
	AnnotationInputs = "rehearsal.dev/inputs"
)

// InputPlace says where a run has a ConfigMap: in the one that is called
// configMap, under the key name.
func InputPlace(configMap, name string) string { return configMap + "/" + name }

// ManifestKey is the key of the Manifest, as JSON, in the first ConfigMap of a
// run. All other keys of a run's ConfigMaps are names of ProwJobs, and hold a
// ProwJob as JSON, or of ConfigMaps, see Input.
const ManifestKey = "run.json"

// ResultKey is the key of the Result, as JSON, in the ConfigMap that ResultName
// names.
const ResultKey = "result.json"

// ResultName is the name of the ConfigMap with the result of a run.
func ResultName(run string) string { return run + "-result" }

// Result is what became of the jobs of a run that is over.
type Result struct {
	Jobs []JobResult `json:"jobs"`
}

// JobResult is what became of one job.
type JobResult struct {
	// DisplayName is the Job's.
	DisplayName string `json:"displayName"`
	Verdict     string `json:"verdict"`
	// Seconds is how long it ran; zero when that is not known.
	Seconds int `json:"seconds,omitempty"`
}

// CollateTask is the name of the PipelineTask that reports the run.
const CollateTask = "collate"

// Manifest is everything the report of a run needs to know beforehand.
type Manifest struct {
	// Name is the name of the run and of its first ConfigMap.
	Name string `json:"name"`
	// ID is the id of the command that asked for the run.
	ID     string `json:"id"`
	Org    string `json:"org"`
	Repo   string `json:"repo"`
	Number int    `json:"number"`
	// Head, Base and BaseRef are what is rehearsed: full SHAs and a branch.
	Head    string `json:"head"`
	Base    string `json:"base"`
	BaseRef string `json:"base_ref"`
	// By and Command are who asked and the line that was written.
	By      string `json:"by"`
	Command string `json:"command"`
	// Affected counts all affected jobs that could have been run.
	Affected int `json:"affected"`
	// Coverage is what the jobs cover of those to choose from; nil when none was left
	// out.
	Coverage *Coverage `json:"coverage,omitempty"`
	// AutoAck says that the pull request is acknowledged when all jobs pass.
	AutoAck bool `json:"auto_ack,omitempty"`
	// Asks is PlanStatus.Asks of the privileges that were allowed when the run was
	// rendered; empty for none.
	Asks string `json:"asks,omitempty"`
	// Page is where the whole run can be seen; empty when nowhere.
	Page string `json:"page,omitempty"`
	// Notes are sentences about jobs that were asked for and are not run.
	Notes []string `json:"notes,omitempty"`
	// ProwJobNamespace, PodNamespace and GitHubEndpoint are what the settings said
	// when the run began, which ends as it began.
	ProwJobNamespace string `json:"prowjob_namespace"`
	PodNamespace     string `json:"pod_namespace"`
	GitHubEndpoint   string `json:"github_endpoint"`
	// GitHubAppID is the App that the settings name; 0 for none.
	GitHubAppID int64 `json:"github_app_id,omitempty"`
	// WritesPerMinute and WritesPerHour are how much is written to GitHub at most, by
	// the controller and all tasks.
	WritesPerMinute int `json:"writes_per_minute,omitempty"`
	WritesPerHour   int `json:"writes_per_hour,omitempty"`
	// KeptFor is how long the PipelineRuns, and so the logs of the tasks, are kept
	// once the run is over.
	KeptFor time.Duration `json:"kept_for,omitempty"`
	// Time is how long its jobs may take in all, from when its first PipelineRun is
	// made: a run may wait for hours before that.
	Time time.Duration `json:"time"`
	Jobs []Job         `json:"jobs"`
}

// Job is one row of the report.
type Job struct {
	// Name is the job's name in the configuration.
	Name string `json:"name"`
	// Type is presubmit, postsubmit or periodic.
	Type string `json:"type"`
	// Repo is the target repository, org/repo; empty for periodics.
	Repo string `json:"repo,omitempty"`
	// Branch is the target branch; empty for periodics.
	Branch string `json:"branch,omitempty"`
	// ProwJob is the deterministic name of the ProwJob.
	ProwJob string `json:"prowjob"`
	// Run is LabelRun of the ProwJob where another run has made it, which this one
	// has joined; else empty.
	Run string `json:"run,omitempty"`
	// ConfigMap holds the ProwJob under the key that is its name.
	ConfigMap string `json:"configmap"`
	// Task is the name of the PipelineTask.
	Task string `json:"task"`
	// DisplayName is what logs and the dashboard call the PipelineTask.
	DisplayName string `json:"displayName"`
	// Rerun is the line to write on the pull request to run the job again.
	Rerun string `json:"rerun"`
	// Timeout bounds the job from its start, by its own configuration.
	Timeout time.Duration `json:"timeout"`
	// Checkouts are the commits of other repositories that the job checks out.
	Checkouts []Checkout `json:"checkouts,omitempty"`
	// Inputs are ConfigMaps to create before the job is.
	Inputs []Input `json:"inputs,omitempty"`
}

// Checkout is a commit that a job checks out.
type Checkout struct {
	// Repo is org/repo, Ref the branch or tag, SHA the commit that it was at when
	// the run was asked for; empty when that could not be found out.
	Repo string `json:"repo"`
	Ref  string `json:"ref"`
	SHA  string `json:"sha,omitempty"`
}

// Input is a ConfigMap that stands in for one that the pull request changes.
type Input struct {
	// Original is the name of the ConfigMap that it stands in for.
	Original string `json:"original"`
	// Name is its own, in the namespace and cluster of the job's pod.
	Name string `json:"name"`
	// Cluster is the alias of that cluster, Namespace the pod's.
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	// ConfigMap of the run holds it, as JSON, under the key that is its name.
	ConfigMap string `json:"configmap"`
}
