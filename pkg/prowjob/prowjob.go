// Package prowjob handles one ProwJob from its creation to its verdict: it creates or
// adopts the ProwJob, watches it, streams its log, aborts it and determines its outcome.
// The tasks of a run, the controller and the command line use it.
//
// It neither decides which jobs run nor renders them, and leaves to Prow all that Prow
// does for a ProwJob.
package prowjob

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	prowclient "sigs.k8s.io/prow/pkg/client/clientset/versioned/typed/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// ForeignError says that a ProwJob with our name exists that is not ours. Only a person
// can resolve that.
type ForeignError struct {
	Namespace, Name string
}

func (e *ForeignError) Error() string {
	return fmt.Sprintf("the ProwJob %s/%s exists, but was not made for this rehearsal", e.Namespace, e.Name)
}

// Ensure creates the ProwJob, or adopts the existing one with its name. Names are
// deterministic, so the existing one was created by an earlier attempt, or by this one if
// the response was lost. Created says that this call created the ProwJob.
func Ensure(ctx context.Context, client prowclient.ProwJobInterface, want *prowapi.ProwJob) (pj *prowapi.ProwJob, created bool, err error) {
	pj, err = Create(ctx, client, want)
	if err == nil {
		return pj, true, nil
	}
	if definite(err) {
		return nil, false, err
	}
	existing, getErr := client.Get(ctx, want.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(getErr) {
		return nil, false, err
	}
	if getErr != nil {
		return nil, false, fmt.Errorf("reading the ProwJob %s after its creation failed: %w", want.Name, errors.Join(err, getErr))
	}
	if !Ours(existing, want) {
		return nil, false, &ForeignError{Namespace: existing.Namespace, Name: existing.Name}
	}
	return existing, false, nil
}

// Create creates the ProwJob. The API requires a start time; if there is none, it is set
// to the current time.
func Create(ctx context.Context, client prowclient.ProwJobInterface, want *prowapi.ProwJob) (*prowapi.ProwJob, error) {
	if want.Status.StartTime.IsZero() {
		want = want.DeepCopy()
		want.Status.StartTime = metav1.Now()
	}
	pj, err := client.Create(ctx, want, metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("creating the ProwJob %s: %w", want.Name, err)
	}
	return pj, nil
}

// definite reports whether the API server has refused to create the object, so that it
// cannot exist.
func definite(err error) bool {
	return apierrors.IsInvalid(err) || apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) ||
		apierrors.IsBadRequest(err) || apierrors.IsNotFound(err)
}

// Ours reports whether a ProwJob was made for the same Rehearsal as the wanted one.
func Ours(have, want *prowapi.ProwJob) bool {
	uid := want.Labels[run.LabelRehearsalUID]
	return uid != "" && have.Labels[run.LabelRehearsalUID] == uid
}

const abortAttempts = 10

// Abort asks Prow to end the ProwJob. It sets the state and the description, but never
// the completion time: plank ignores complete ProwJobs, and would leave the pod running.
// Plank deletes the pod of an aborted ProwJob and then completes it. Abort ignores a
// ProwJob that is deleted, complete or aborted.
func Abort(ctx context.Context, client prowclient.ProwJobInterface, name, description string) error {
	var err error
	for range abortAttempts {
		var pj *prowapi.ProwJob
		if pj, err = client.Get(ctx, name, metav1.GetOptions{}); apierrors.IsNotFound(err) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading the ProwJob %s to abort it: %w", name, err)
		}
		if pj.Complete() || Finished(pj) {
			return nil
		}
		var patch []byte
		if patch, err = abortPatch(pj.ResourceVersion, description); err != nil {
			return err
		}
		if _, err = client.Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{}); err == nil || apierrors.IsNotFound(err) {
			return nil
		}
		if !apierrors.IsConflict(err) {
			break
		}
	}
	return fmt.Errorf("aborting the ProwJob %s: %w", name, err)
}

// abortPatch sets only the two fields that change, so fields that this version of the API
// does not know are kept. With the resourceVersion, the API server refuses the patch if
// plank was faster.
func abortPatch(resourceVersion, description string) ([]byte, error) {
	return json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": resourceVersion},
		"status":   map[string]any{"state": prowapi.AbortedState, "description": description},
	})
}

// Finished reports whether the state of the ProwJob is final. It may still have a pod:
// see ProwJob.Complete.
func Finished(pj *prowapi.ProwJob) bool {
	switch pj.Status.State {
	case prowapi.SuccessState, prowapi.FailureState, prowapi.AbortedState, prowapi.ErrorState:
		return true
	}
	return false
}
