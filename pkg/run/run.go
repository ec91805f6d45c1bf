// Package run is the hand-over from the controller to the tasks of a
// PipelineRun: which ProwJobs make up a run and where their objects are stored.
// It knows the shape of the hand-over and its names, not what is done with it.
package run

import "time"

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
	// AnnotationJob on a ProwJob holds the name of the job as it is configured.
	AnnotationJob = "rehearsal.dev/job"
)

// ManifestKey is the key of the Manifest, as JSON, in the first ConfigMap of a
// run. All other keys are names of ProwJobs and hold a ProwJob as JSON.
const ManifestKey = "run.json"

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
	// Notes are sentences about jobs that were asked for and are not run.
	Notes []string `json:"notes,omitempty"`
	// Deadline ends the wait for ProwJobs.
	Deadline time.Time `json:"deadline"`
	Jobs     []Job     `json:"jobs"`
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
}
