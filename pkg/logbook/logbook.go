// Package logbook appends entries to the command log of a Rehearsal on the API
// server. The receiver, the controller's sweep and the command line share it. It is
// append-only and reads nothing; it only needs the rights to create and patch
// Rehearsals.
package logbook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
)

// Rehearsals is the part of the generated client that appending needs, for one
// namespace.
type Rehearsals interface {
	Create(context.Context, *v1alpha1.Rehearsal, metav1.CreateOptions) (*v1alpha1.Rehearsal, error)
	Patch(ctx context.Context, name string, pt types.PatchType, data []byte, opts metav1.PatchOptions, subresources ...string) (*v1alpha1.Rehearsal, error)
}

// FullError says that the log of a pull request is full, for everybody or for the author
// of the entry. The controller removes entries as they age; until then nothing can be
// appended.
type FullError struct {
	Rehearsal string
	Err       error
}

func (e *FullError) Error() string {
	return fmt.Sprintf("the log of Rehearsal %s is full", e.Rehearsal)
}

func (e *FullError) Unwrap() error { return e.Err }

// conflictPause is the time before a patch that lost a race is retried.
const conflictPause = 20 * time.Millisecond

// Append stores entries: when it returns nil, they are in etcd. Entries that the log
// already has are not stored again. The context limits how long it tries.
func Append(ctx context.Context, rehearsals Rehearsals, entries *event.Entries) error {
	name := event.Name(entries.Pull)
	err := patchOrRefuse(ctx, rehearsals, name, entries)
	if !apierrors.IsNotFound(err) {
		return err
	}
	_, err = rehearsals.Create(ctx, newRehearsal(name, entries), metav1.CreateOptions{})
	switch {
	case apierrors.IsAlreadyExists(err):
		return patchOrRefuse(ctx, rehearsals, name, entries)
	case err != nil:
		return fmt.Errorf("creating Rehearsal %s: %w", name, err)
	}
	return nil
}

func newRehearsal(name string, entries *event.Entries) *v1alpha1.Rehearsal {
	return &v1alpha1.Rehearsal{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.RehearsalSpec{
			Pull:     entries.Pull,
			Observed: entries.Observed,
			Pushes:   entries.Pushes,
			Commands: entries.Commands,
		},
	}
}

// patchAll appends all commands at once. The API server refuses the whole patch if
// the log already has one of them, or one is not valid; then they are appended one by
// one, so that none blocks the others.
func patchAll(ctx context.Context, rehearsals Rehearsals, name string, entries *event.Entries) error {
	if len(entries.Pushes) > 0 {
		err := pushPatch(ctx, rehearsals, name, entries)
		var full *FullError
		switch {
		case errors.As(err, &full):
			// More people than fit: it only matters that there are any.
		case err != nil:
			return err
		case len(entries.Commands) == 0:
			return nil
		}
	}
	err := appendPatch(ctx, rehearsals, name, entries.Observed, entries.Commands)
	switch {
	case !apierrors.IsInvalid(err), isFull(err):
		return err
	case len(entries.Commands) <= 1:
		return unlessDuplicate(err)
	}
	var errs []error
	for i := range entries.Commands {
		err := appendPatch(ctx, rehearsals, name, entries.Observed, entries.Commands[i:i+1])
		errs = append(errs, unlessDuplicate(err))
	}
	return errors.Join(errs...)
}

// pushPatch records who pushed, together with the event that reported it.
func pushPatch(ctx context.Context, rehearsals Rehearsals, name string, entries *event.Entries) error {
	spec := map[string]any{"pushes": entries.Pushes}
	if entries.Observed != nil {
		spec["observed"] = entries.Observed
	}
	return apply(ctx, rehearsals, name, types.MergePatchType, map[string]any{"spec": spec})
}

// patchOrRefuse appends to an existing log. It records what does not fit.
func patchOrRefuse(ctx context.Context, rehearsals Rehearsals, name string, entries *event.Entries) error {
	err := patchAll(ctx, rehearsals, name, entries)
	var full *FullError
	if errors.As(err, &full) {
		return errors.Join(err, noteRefusal(ctx, rehearsals, name, entries.Commands))
	}
	return err
}

// noteRefusal records whose commands do not fit, so that the controller can answer them.
// If that does not fit either, others have already been told that the log is full. The
// command line reports the error to its users itself.
func noteRefusal(ctx context.Context, rehearsals Rehearsals, name string, commands []v1alpha1.Command) error {
	refused := map[string]v1alpha1.Refusal{}
	for _, c := range commands {
		if !event.FromCommandLine(c.ID) {
			refused[strings.ToLower(c.By)] = v1alpha1.Refusal{By: c.By, At: c.At}
		}
	}
	if len(refused) == 0 {
		return nil
	}
	err := apply(ctx, rehearsals, name, types.MergePatchType, map[string]any{"spec": map[string]any{"refused": refused}})
	var full *FullError
	if errors.As(err, &full) {
		return nil
	}
	return err
}

func unlessDuplicate(err error) error {
	if isDuplicate(err) {
		return nil
	}
	return err
}

// appendPatch appends commands to a log that may have none yet. JSON Patch appends
// only to an existing list, and an empty list is not stored.
func appendPatch(ctx context.Context, rehearsals Rehearsals, name string, observed *v1alpha1.Observed, commands []v1alpha1.Command) error {
	if len(commands) == 0 && observed == nil {
		return nil
	}
	err := apply(ctx, rehearsals, name, types.JSONPatchType, operations(observed, commands))
	if len(commands) == 0 || !isMisapplied(err) {
		return err
	}
	err = apply(ctx, rehearsals, name, types.JSONPatchType, firstOperations(observed, commands))
	if !isMisapplied(err) {
		return err
	}
	// Another writer was faster.
	err = apply(ctx, rehearsals, name, types.JSONPatchType, operations(observed, commands))
	if isMisapplied(err) {
		return fmt.Errorf("nothing can be appended, perhaps because it is being deleted: %w", err)
	}
	return err
}

// operation is one step of a JSON Patch (RFC 6902).
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// operations do not apply to a Rehearsal that is being deleted: its entries are lost,
// and their ids would count as known until then.
func operations(observed *v1alpha1.Observed, commands []v1alpha1.Command) []operation {
	ops := []operation{{Op: "test", Path: "/metadata/deletionTimestamp", Value: nil}}
	for i := range commands {
		ops = append(ops, operation{Op: "add", Path: "/spec/commands/-", Value: commands[i]})
	}
	if observed != nil {
		ops = append(ops, operation{Op: "add", Path: "/spec/observed", Value: observed})
	}
	return ops
}

// firstOperations start a log; they do not apply if there already is one.
func firstOperations(observed *v1alpha1.Observed, commands []v1alpha1.Command) []operation {
	start := []operation{
		{Op: "test", Path: "/spec/commands", Value: nil},
		{Op: "add", Path: "/spec/commands", Value: []v1alpha1.Command{}},
	}
	return append(start, operations(observed, commands)...)
}

func apply(ctx context.Context, rehearsals Rehearsals, name string, kind types.PatchType, change any) error {
	patch, err := json.Marshal(change)
	if err != nil {
		return fmt.Errorf("encoding a patch of Rehearsal %s: %w", name, err)
	}
	for {
		patched, err := rehearsals.Patch(ctx, name, kind, patch, metav1.PatchOptions{})
		switch {
		case err == nil && !patched.DeletionTimestamp.IsZero():
			return fmt.Errorf("patching Rehearsal %s: it is being deleted, together with its log", name)
		case err == nil:
			return nil
		case isFull(err):
			return &FullError{Rehearsal: name, Err: err}
		case !apierrors.IsConflict(err):
			return fmt.Errorf("patching Rehearsal %s: %w", name, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("patching Rehearsal %s: %w", name, ctx.Err())
		case <-time.After(conflictPause):
		}
	}
}

// isDuplicate reports whether the API server refused a command because the log has one
// with the same id.
func isDuplicate(err error) bool {
	return hasCause(err, metav1.CauseTypeFieldValueDuplicate)
}

// isFull reports whether the list would exceed the limits in its schema.
func isFull(err error) bool {
	return !isDuplicate(err) && (hasCause(err, "FieldValueTooMany") || hasCause(err, "FieldValueForbidden"))
}

// isMisapplied reports whether a patch does not fit the current object: 422 without the
// causes that an invalid object has.
func isMisapplied(err error) bool {
	return apierrors.IsInvalid(err) && len(causes(err)) == 0
}

func hasCause(err error, wanted metav1.CauseType) bool {
	return slices.ContainsFunc(causes(err), func(c metav1.StatusCause) bool { return c.Type == wanted })
}

func causes(err error) []metav1.StatusCause {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return nil
	}
	return status.Status().Details.Causes
}
