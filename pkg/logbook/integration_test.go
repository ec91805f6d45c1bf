//go:build integration

package logbook_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
)

func TestAppendToAPIServer(t *testing.T) {
	server := logbooktest.Start(t)
	testAppend(t, func(t *testing.T) client { return server.Rehearsals(t) })
}

// TestAFullLogTakesVerdicts checks that etcd accepts a Rehearsal with a full log of any
// characters and the controller's status, and that a push is still stored.
func TestAFullLogTakesVerdicts(t *testing.T) {
	c := logbooktest.Start(t).Rehearsals(t)
	now := time.Now().Truncate(time.Second)
	appendAll(t, c, entries("comment-1-0"))
	refused := 0
	for i := range 60 {
		// GitHub accepts up to 65,536 characters, each of which may take six bytes.
		body := strings.Repeat("/rehearse "+strings.Repeat("< ", 640)+"\n", 50)
		comment := event.Comment{
			ID: int64(100 + i), Author: fmt.Sprint("outsider", i%6), AuthorType: "User",
			Body: body, CreatedAt: now, UpdatedAt: now,
		}
		if logbook.Append(t.Context(), c, event.FromComment(pull, comment, event.Options{Now: now})) != nil {
			refused++
		}
	}
	for i := range 15 {
		if logbook.Append(t.Context(), c, many(fmt.Sprint("sybil", i), 1000+i)) != nil {
			refused++
		}
	}
	rh := stored(t, c)
	if refused == 0 || len(rh.Spec.Commands) < 150 {
		t.Errorf("%d texts are refused, %d commands are stored", refused, len(rh.Spec.Commands))
	}
	for _, cmd := range rh.Spec.Commands {
		rh.Status.Commands = append(rh.Status.Commands, v1alpha1.CommandStatus{
			ID: cmd.ID, Verdict: v1alpha1.VerdictDenied, Reason: v1alpha1.ReasonNotAllowed, Message: strings.Repeat("m", 200),
			Head: strings.Repeat("a", 40), At: &metav1.Time{Time: now}, Seen: true, Answered: true,
		})
	}
	if _, err := c.UpdateStatus(t.Context(), rh, metav1.UpdateOptions{}); err != nil {
		t.Errorf("a full log takes no verdicts: %v", err)
	}
	push := &v1alpha1.Observed{Event: "synchronize", Head: strings.Repeat("a", 40), At: metav1.NewTime(now)}
	if err := logbook.Append(t.Context(), c, &event.Entries{Pull: pull, Observed: push}); err != nil {
		t.Errorf("a full log takes no push: %v", err)
	}
}

// TestADeletedLogOnAPIServer checks that commands that arrive while a Rehearsal is being
// deleted are stored once it is gone.
func TestADeletedLogOnAPIServer(t *testing.T) {
	c := logbooktest.Start(t).Rehearsals(t)
	gone := deleting("comment-1-0")
	gone.DeletionTimestamp = nil
	if _, err := c.Create(t.Context(), gone, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := c.Delete(t.Context(), gone.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	wantNothingAppended(t, c, "comment-1-0")
	last := stored(t, c)
	last.Finalizers = nil
	if _, err := c.Update(t.Context(), last, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	appendAll(t, c, entries("comment-2-0"))
	if got := ids(stored(t, c)); got != "comment-2-0" {
		t.Errorf("once it is gone, the new one has %q", got)
	}
}
