// Package run defines what the controller hands over to the tasks of a PipelineRun (which
// ProwJobs a run consists of, and where their objects are stored), and the verdicts of
// jobs. It defines data and names; other packages act on them.
package run

import "time"

// Prefix is the prefix of all our labels and annotations.
const Prefix = "rehearsal.dev/"

// Labels and annotations on the PipelineRuns, ConfigMaps and ProwJobs of a run.
const (
	// LabelRehearsal has the name of the Rehearsal.
	LabelRehearsal = "rehearsal.dev/rehearsal"
	// LabelRehearsalUID has the uid of the Rehearsal, by which sweeps find objects in all
	// namespaces.
	LabelRehearsalUID = "rehearsal.dev/rehearsal-uid"
	// LabelRun has the name of the run, see Manifest.Name.
	LabelRun = "rehearsal.dev/run"
	// AnnotationAbortReason on a PipelineRun tells the finally task why the run was
	// aborted.
	AnnotationAbortReason = "rehearsal.dev/abort-reason"
	// AnnotationDeadline on a PipelineRun is when the jobs of its run must have ended, in
	// RFC 3339.
	AnnotationDeadline = "rehearsal.dev/deadline"
	// LabelCreatedBy is on ConfigMaps that replace those that a pull request changes; its
	// value is CreatedBy.
	LabelCreatedBy = "rehearsal.dev/created-by"
	CreatedBy      = "rehearsal"
	// AnnotationJob on a ProwJob has the name of the job in the configuration.
	AnnotationJob = "rehearsal.dev/job"
	// AnnotationApproved on a ProwJob approves its privileges: it is the SpecHash of its
	// specification. The admission policy lets only the tasks of a run set it.
	// AnnotationApprovedBy says who granted the privileges: "base", or the login of the
	// person who allowed them.
	AnnotationApproved   = "rehearsal.dev/approved"
	AnnotationApprovedBy = "rehearsal.dev/approved-by"
	// AnnotationNamespace on a ProwJob is the namespace of its Rehearsal: several
	// installations may share one Prow.
	AnnotationNamespace = "rehearsal.dev/namespace"
	// AnnotationInputs on a ProwJob lists the ConfigMaps to create before it, each in the
	// form of InputPlace, separated by spaces.
	AnnotationInputs = "rehearsal.dev/inputs"
)

// InputPlace says where a run stores a ConfigMap: in the run's ConfigMap configMap, under
// the key name.
func InputPlace(configMap, name string) string { return configMap + "/" + name }

// ManifestKey is the key of the Manifest, as JSON, in the first ConfigMap of a run. All
// other keys of a run's ConfigMaps are names: of ProwJobs, with the ProwJob as JSON, or
// of ConfigMaps, see Input.
const ManifestKey = "run.json"

// ResultKey is the key of the Result, as JSON, in the ConfigMap with the name ResultName.
const ResultKey = "result.json"

// ResultName returns the name of the ConfigMap with the result of a run.
func ResultName(run string) string { return run + "-result" }

// Result has the verdicts of a run that is over.
type Result struct {
	Jobs []JobResult `json:"jobs"`
}

// JobResult is the verdict of one job.
type JobResult struct {
	// DisplayName is that of the Job.
	DisplayName string `json:"displayName"`
	Verdict     string `json:"verdict"`
	// Seconds is how long the job ran; zero if unknown.
	Seconds int `json:"seconds,omitempty"`
}

// CollateTask is the name of the PipelineTask that reports the run.
const CollateTask = "collate"

// Manifest lists the jobs of a run, with everything else that its report needs
// beforehand.
type Manifest struct {
	// Name is the name of the run and of its first ConfigMap.
	Name string `json:"name"`
	// ID is the id of the command that started the run.
	ID     string `json:"id"`
	Org    string `json:"org"`
	Repo   string `json:"repo"`
	Number int    `json:"number"`
	// Head, Base and BaseRef are the rehearsed merge: full SHAs and the base branch.
	Head    string `json:"head"`
	Base    string `json:"base"`
	BaseRef string `json:"base_ref"`
	// By is who wrote the command, and Command its text.
	By      string `json:"by"`
	Command string `json:"command"`
	// Affected counts all affected jobs that could have been run.
	Affected int `json:"affected"`
	// Coverage is what the jobs cover of those that could be chosen; nil if all were
	// chosen.
	Coverage *Coverage `json:"coverage,omitempty"`
	// AutoAck says that the pull request is acknowledged if all jobs pass.
	AutoAck bool `json:"auto_ack,omitempty"`
	// Asks is PlanStatus.Asks for the privileges that were allowed when the run was
	// rendered; empty for none.
	Asks string `json:"asks,omitempty"`
	// Page is the URL of the page with the whole run; empty if there is none.
	Page string `json:"page,omitempty"`
	// Notes are sentences about requested jobs that are not run.
	Notes []string `json:"notes,omitempty"`
	// ProwJobNamespace, PodNamespace and GitHubEndpoint are from the settings at the start
	// of the run. A run keeps them to its end.
	ProwJobNamespace string `json:"prowjob_namespace"`
	PodNamespace     string `json:"pod_namespace"`
	GitHubEndpoint   string `json:"github_endpoint"`
	// GitHubAppID is the App in the settings; 0 for none.
	GitHubAppID int64 `json:"github_app_id,omitempty"`
	// WritesPerMinute and WritesPerHour bound the writes to GitHub by the controller and
	// all tasks together.
	WritesPerMinute int `json:"writes_per_minute,omitempty"`
	WritesPerHour   int `json:"writes_per_hour,omitempty"`
	// KeptFor is how long the PipelineRuns, with the logs of the tasks, are kept after the
	// run.
	KeptFor time.Duration `json:"kept_for,omitempty"`
	// Time is how long all jobs may take, from the creation of the first PipelineRun: a
	// run may wait for hours before that.
	Time time.Duration `json:"time"`
	Jobs []Job         `json:"jobs"`
}

// Job is one job of a run, and a row of the report.
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
	// Run is LabelRun of the ProwJob if another run created it and this one has joined it;
	// else empty.
	Run string `json:"run,omitempty"`
	// ConfigMap has the ProwJob under the key that is the ProwJob's name.
	ConfigMap string `json:"configmap"`
	// Task is the name of the PipelineTask.
	Task string `json:"task"`
	// DisplayName is the name of the PipelineTask in logs and the dashboard.
	DisplayName string `json:"displayName"`
	// Rerun is the command that runs the job again.
	Rerun string `json:"rerun"`
	// Timeout bounds the job from its start, by its own configuration.
	Timeout time.Duration `json:"timeout"`
	// Checkouts are the commits of other repositories that the job checks out.
	Checkouts []Checkout `json:"checkouts,omitempty"`
	// Inputs are ConfigMaps to create before the job.
	Inputs []Input `json:"inputs,omitempty"`
}

// Checkout is a commit that a job checks out.
type Checkout struct {
	// Repo is org/repo, Ref the branch or tag, SHA its commit when the run was started;
	// empty if that could not be determined.
	Repo string `json:"repo"`
	Ref  string `json:"ref"`
	SHA  string `json:"sha,omitempty"`
}

// Input is a ConfigMap that replaces one that the pull request changes.
type Input struct {
	// Original is the name of the replaced ConfigMap.
	Original string `json:"original"`
	// Name is its own name, in the namespace and cluster of the job's pod.
	Name string `json:"name"`
	// Cluster is the alias of that cluster, Namespace the pod's.
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	// ConfigMap is the run's ConfigMap that has it, as JSON, under the key that is its
	// name.
	ConfigMap string `json:"configmap"`
}
