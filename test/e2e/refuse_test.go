//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

func TestConflictWithBase(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
	s := tell(t, passing("pull-widget-unit")).open()
	s.planned()
	s.say(stranger, "/pj-rehearse")
	s.say(stranger, "/pj-rehearse pull-widget-unit")
	s.comment(rig.DeniedComment, stranger, "write access")
	s.until("both commands to be denied", func(ctx context.Context) (string, bool, error) {
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
		return fmt.Sprintf("%d denied", denied), denied == 2, nil
	})
	s.idle()
}
