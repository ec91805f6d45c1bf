//go:build integration

package rehearsal

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
)

// TestTheWorstFitsEtcd stores the largest command log with the largest status in etcd,
// through the same calls as the receiver and the controller, managedFields included.
func TestTheWorstFitsEtcd(t *testing.T) {
	c := logbooktest.Start(t).Rehearsals(t)
	ctx := t.Context()
	spec := worstSpec()
	name := event.Name(spec.Pull)
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	// Many small writes, so that managedFields grow as in practice.
	for i := 0; i < len(spec.Commands); i += 50 {
		must("commands", logbook.Append(ctx, c, &event.Entries{Pull: spec.Pull, Commands: spec.Commands[i : i+50]}))
	}
	for login, push := range spec.Pushes {
		must("pushes", logbook.Append(ctx, c, &event.Entries{Pull: spec.Pull, Observed: spec.Observed, Pushes: map[string]v1alpha1.Push{login: push}}))
	}
	var full *logbook.FullError
	for _, refused := range spec.Refused {
		late := v1alpha1.Command{ID: "comment-1-0", Text: "/pj-rehearse", By: refused.By, At: refused.At}
		if err := logbook.Append(ctx, c, &event.Entries{Pull: spec.Pull, Commands: []v1alpha1.Command{late}}); !errors.As(err, &full) {
			t.Fatalf("a command beyond what fits: %v", err)
		}
	}
	stored, err := c.Get(ctx, name, metav1.GetOptions{})
	must("reading", err)
	if n := len(stored.Spec.Refused); n != len(spec.Refused) || len(stored.Spec.Commands) != len(spec.Commands) {
		t.Errorf("%d of %d are noted as refused, beside %d commands", n, len(spec.Refused), len(stored.Spec.Commands))
	}
	stored.Status = worstStatus(stored.Spec)
	boundStatus(stored)
	stored, err = c.UpdateStatus(ctx, stored, metav1.UpdateOptions{FieldManager: "controller"})
	must("the worst status", err)
	managed, all := sizeOf(t, stored.ManagedFields), sizeOf(t, stored)
	t.Logf("%d KiB in all, %d KiB of them managedFields", all>>10, managed>>10)
	if all > etcdLimit || managed > rest {
		t.Errorf("the object has %d bytes, managedFields %d", all, managed)
	}
	push := &v1alpha1.Observed{Event: "synchronize", Head: stored.Spec.Observed.Head, At: at(1)}
	must("a push", logbook.Append(ctx, c, &event.Entries{Pull: spec.Pull, Observed: push}))
	raw, err := json.Marshal(judging.Trim(stored, noon.Add(2*event.MaxAge)))
	must("trimming", err)
	_, err = c.Patch(context.Background(), name, types.JSONPatchType, raw, metav1.PatchOptions{})
	must("trimming", err)
	after, err := c.Get(ctx, name, metav1.GetOptions{})
	must("reading", err)
	if len(after.Spec.Commands) >= len(spec.Commands) || len(after.Spec.Refused) != 0 {
		t.Errorf("%d commands stay, %d refused", len(after.Spec.Commands), len(after.Spec.Refused))
	}
}
