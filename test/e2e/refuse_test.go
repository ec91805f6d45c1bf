//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

func TestConflictWithBase(t *testing.T) {
	parallel(t)
	s := tell(t, passing("pull-widget-unit"))
	ours := s.changed()
	s.openWith(map[string]string{jobsPath: ours})
	s.planned()
	theirs := strings.ReplaceAll(ours, "did its work", "did something else")
	_, err := s.Hub.CreateCommit(s.ctx, github.NewCommit{
		Org: s.Pull.Org, Repo: s.Pull.Repo, By: maintainer, Change: github.Change{Files: map[string]string{jobsPath: theirs}},
	})
	s.must(err)
	s.say(maintainer, "/pj-rehearse")
	s.comment(rig.PlanComment, "does not merge", jobsPath)
	s.idle()
}

func TestInvalidYAML(t *testing.T) {
	parallel(t)
	const path = rig.JobsPath + "/acme/gadget/broken.yaml"
	s := tell(t).openWith(map[string]string{path: "presubmits:\n  acme/gadget:\n  - name: pull-gadget-unit\n    spec: {{nonsense\n"})
	body := s.comment(rig.PlanComment, "refuse", path)
	if !regexp.MustCompile(`:4\b|line 4\b`).MatchString(body) {
		t.Errorf("the comment does not name line 4 of %s:\n%s", path, body)
	}
	s.say(maintainer, "/pj-rehearse")
	if r := s.ended(1)[0]; r.State != v1alpha1.RunRejected {
		t.Errorf("the run is %s, want Rejected", r.State)
	}
	s.idle()
}

func TestCommandByStranger(t *testing.T) {
	parallel(t)
	s := tell(t, passing("pull-widget-unit")).open()
	s.planned()
	s.say(stranger, "/pj-rehearse")
	s.say(stranger, "/pj-rehearse pull-widget-unit")
	s.comment(rig.DeniedComment, stranger, "write access")
	s.denied(2)
	s.idle()
}

// denied waits until this number of commands is denied.
func (s *story) denied(want int) {
	s.t.Helper()
	s.until(fmt.Sprintf("%d commands to be denied", want), func(ctx context.Context) (string, bool, error) {
		rehearsal, err := s.Rehearsal(ctx)
		if err != nil || rehearsal == nil {
			return "no Rehearsal", false, err
		}
		denied := 0
		for _, c := range rehearsal.Status.Commands {
			if c.Verdict == v1alpha1.VerdictDenied {
				denied++
			}
		}
		return fmt.Sprintf("%d denied", denied), denied == want, nil
	})
}

// TestUntrustedAuthor: the head of somebody without write access runs once a maintainer has
// approved it; the next head does not.
func TestUntrustedAuthor(t *testing.T) {
	parallel(t)
	s := tell(t, passing("pull-widget-unit"))
	s.openBy(stranger, map[string]string{jobsPath: s.changed()})
	s.comment(rig.PlanComment, "Jobs run for `"+stranger+"` once somebody else has reviewed")
	s.say(maintainer, "/pj-rehearse")
	s.say(maintainer, "/pj-rehearse pull-widget-unit")
	s.comment(rig.DeniedComment+" "+maintainer, "/pj-rehearse approve", s.Pull.HeadSHA)
	s.denied(2)
	s.say(stranger, "/pj-rehearse approve")
	s.comment(rig.DeniedComment+" "+stranger, "somebody else has to do that")
	s.idle()

	s.say(maintainer, "/pj-rehearse approve")
	s.comment(rig.PlanComment, "approved to run** by `"+maintainer+"` for "+s.Pull.HeadSHA)
	s.say(maintainer, "/pj-rehearse")
	if r := s.ended(1)[0]; r.State != v1alpha1.RunPassed || r.Head != s.Pull.HeadSHA {
		t.Errorf("the run of %s is %s", r.Head, r.State)
	}

	pushed, err := s.Hub.Push(s.ctx, github.NewPush{PullID: s.Pull.PullID, Change: github.Change{
		Files: map[string]string{jobsPath: strings.ReplaceAll(s.changed(), "did its work", "did something else")},
	}})
	s.must(err)
	s.Pull = pushed
	s.comment(rig.PlanComment, "Jobs run for `"+stranger+"` once somebody else has reviewed", s.Pull.HeadSHA)
	// GitHub's times are whole seconds, and a command in the same second as a push counts
	// as older.
	time.Sleep(time.Second)
	s.say(maintainer, "/pj-rehearse")
	s.denied(4)
	if runs, err := s.Runs(s.ctx); err != nil || len(runs) != 1 {
		t.Errorf("%d runs, %v; want only that of the approved head", len(runs), err)
	}
	denials, err := s.Comments(s.ctx, rig.DeniedComment)
	s.must(err)
	if len(denials) != 3 {
		t.Errorf("%d denials, want one for each person and push", len(denials))
	}
}
