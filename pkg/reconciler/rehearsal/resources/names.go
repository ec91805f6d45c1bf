// Package resources builds the child objects of a Rehearsal. It does no I/O:
// every name is derived from the Rehearsal and the command, so that whatever is
// done twice finds what was made the first time.
package resources

import (
	"fmt"
	"strings"

	"knative.dev/pkg/kmeta"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
)

// The service accounts of a run's pods.
const (
	// TaskServiceAccount creates and watches ProwJobs and reads their pods' logs.
	TaskServiceAccount = "rehearsal-task"
	// CollateServiceAccount reads ProwJobs and logs; its pod holds the GitHub token.
	CollateServiceAccount = "rehearsal-collate"
)

// maxRunName leaves room for the suffixes of ConfigMaps and PipelineRuns.
const maxRunName = 52

// RunName is the name of a run: of its first ConfigMap and its first
// PipelineRun, and the value of its labels.
func RunName(rh *v1alpha1.Rehearsal, commandID string) string {
	name := rh.Name + "-" + event.ShortID(commandID)
	if len(name) <= maxRunName {
		return name
	}
	short := kmeta.ChildName(name, "")
	// ChildName cuts at 63 and ends with a hash of 32 characters: keep a
	// readable beginning and a part of the hash.
	return strings.TrimRight(name[:maxRunName-13], "-.") + "-" + short[len(short)-12:]
}

// PipelineRunName is the name of the attempt-th PipelineRun of a run, from 1. That of the
// first is the name of the run: tasks tell from it that theirs is the first.
func PipelineRunName(runName string, attempt int) string {
	if attempt <= 1 {
		return runName
	}
	return fmt.Sprintf("%s-c%d", runName, attempt)
}
