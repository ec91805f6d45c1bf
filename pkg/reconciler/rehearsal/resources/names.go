// Package resources builds the child objects of a Rehearsal. It does no I/O. Every name is
// derived from the Rehearsal and the command, so repeated work finds what was made the
// first time.
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

// maxRunName leaves space for the suffixes of ConfigMaps and PipelineRuns.
const maxRunName = 52

// RunName returns the name of a run. It is also the name of its first ConfigMap and its
// first PipelineRun, and a label of its objects.
func RunName(rh *v1alpha1.Rehearsal, commandID string) string {
	name := rh.Name + "-" + event.ShortID(commandID)
	if len(name) <= maxRunName {
		return name
	}
	short := kmeta.ChildName(name, "")
	// ChildName cuts names at 63 characters and ends them with a hash of 32. Keep a
	// readable beginning and a part of the hash.
	return strings.TrimRight(name[:maxRunName-13], "-.") + "-" + short[len(short)-12:]
}

// PipelineRunName returns the name of the attempt-th PipelineRun of a run, counted from 1.
// The first has the name of the run, by which tasks recognise it.
func PipelineRunName(runName string, attempt int) string {
	if attempt <= 1 {
		return runName
	}
	return fmt.Sprintf("%s-c%d", runName, attempt)
}
