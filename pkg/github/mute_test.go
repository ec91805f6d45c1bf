package github_test

import (
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

// TestNothingWrittenIsACommand checks that no written text has a line that begins with a
// slash, even if the caller did not take care of it.
func TestNothingWrittenIsACommand(t *testing.T) {
	f, ctx := start(t), t.Context()
	pull := f.open(t)
	const careless = "A job said:\n```\n/lgtm\n\t/hold cancel\r/approve\n```\n<!-- x -->/label tide/merge-method-squash"
	created, err := f.client.CreateComment(ctx, "org", "config", pull.Number, careless)
	ok(t, err)
	_, err = f.client.SetStatus(ctx, "org", "config", pull.HeadSHA, github.Status{Context: "x", State: "pending", Description: "/lgtm"})
	ok(t, err)
	for range 2 {
		comments, err := f.ListComments(ctx, pull.PullID)
		ok(t, err)
		for _, bad := range []string{"\n/", "\t/", "\r/", "-->/"} {
			if strings.Contains(comments[0].Body, bad) || !strings.Contains(comments[0].Body, "/hold cancel") {
				t.Errorf("%q is in %q", bad, comments[0].Body)
			}
		}
		_, err = f.client.EditComment(ctx, "org", "config", created.ID, careless)
		ok(t, err)
	}
	statuses, err := f.ListStatuses(ctx, standin.StatusQuery{Org: "org", Repo: "config", SHA: pull.HeadSHA})
	ok(t, err)
	if len(statuses) != 1 || strings.HasPrefix(statuses[0].Description, "/") {
		t.Errorf("the statuses are %+v", statuses)
	}
}
