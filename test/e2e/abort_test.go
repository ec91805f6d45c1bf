//go:build e2e

package e2e

import (
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

func TestAbortByComment(t *testing.T) {
	parallel(t)
	s := tell(t, waiting("pull-widget-e2e", t.Name()), waiting("pull-widget-unit", t.Name())).open()
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	s.started()
	s.say(maintainer, "/pj-rehearse abort")
	body := s.result(v1alpha1.RunAborted, 0, 0, "Aborted")
	s.row(body, "pull-widget-e2e", "aborted")
	s.row(body, "pull-widget-unit", "aborted")
	s.aborted()
}

func TestPushDuringRun(t *testing.T) {
	parallel(t)
	s := tell(t, waiting("pull-widget-unit", t.Name())).open()
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	s.started()
	s.jobs = []rig.Job{passing("pull-widget-unit")}
	pull, err := s.Hub.Push(s.ctx, github.NewPush{PullID: s.Pull.PullID, Change: github.Change{Files: map[string]string{jobsPath: s.changed()}}})
	s.must(err)
	s.Pull = pull
	s.result(v1alpha1.RunAborted, 0, 0, "Aborted", "push")
	s.aborted()
	s.planned()

	s.say(maintainer, "/pj-rehearse")
	runs := s.ended(2)
	if runs[1].State != v1alpha1.RunPassed || runs[1].Head != pull.HeadSHA {
		t.Errorf("the run of the new head is %s at %s, want it to pass at %s", runs[1].State, runs[1].Head, pull.HeadSHA)
	}
}

func TestCloseDuringRun(t *testing.T) {
	parallel(t)
	s := tell(t, waiting("pull-widget-unit", t.Name())).open()
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	s.started()
	_, err := s.Hub.ClosePull(s.ctx, github.PullAction{PullID: s.Pull.PullID})
	s.must(err)
	s.result(v1alpha1.RunAborted, 0, 0, "Aborted", "closed")
	s.aborted()
}
