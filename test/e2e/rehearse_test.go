//go:build e2e

package e2e

import (
	"testing"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

func TestPassingJob(t *testing.T) {
	t.Parallel()
	s := tell(t, passing("pull-widget-unit")).open()
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	body := s.result(v1alpha1.RunPassed, 1, 0, "passed")
	s.row(body, "pull-widget-unit", "passed", target, "main")
}

func TestFailingJob(t *testing.T) {
	t.Parallel()
	const words = "expected 4 wheels, got 5"
	s := tell(t, failing("pull-widget-integration", words), passing("pull-widget-unit")).open()
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	body := s.result(v1alpha1.RunFailed, 1, 1, words)
	s.row(body, "pull-widget-integration", "failed", "/pj-rehearse pull-widget-integration")
	s.row(body, "pull-widget-unit", "passed")
}

func TestJobThatNoNodeTakes(t *testing.T) {
	t.Parallel()
	picky := passing("pull-widget-gpu")
	picky.NodeSelector = map[string]string{"example.com/gpu": "many"}
	s := tell(t, picky, passing("pull-widget-unit")).open()
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	body := s.result(v1alpha1.RunFailed, 1, 1)
	s.row(body, "pull-widget-gpu", "unschedulable")
	s.row(body, "pull-widget-unit", "passed")
}

func TestSecondCluster(t *testing.T) {
	t.Parallel()
	elsewhere := failing("pull-widget-elsewhere", "no such luck here")
	elsewhere.Cluster = "build01"
	s := tell(t, elsewhere).open()
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	s.result(v1alpha1.RunFailed, 0, 1, "no such luck here")
	jobs, err := s.ProwJobs(s.ctx)
	s.must(err)
	if len(jobs) != 1 || jobs[0].Spec.Cluster != "build01" || jobs[0].Spec.Namespace != rig.PodNamespace {
		t.Errorf("ProwJobs = %+v, want one for build01", jobs)
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	s := tell(t, passing("pull-widget-unit"), passing("pull-widget-lint")).open()
	s.planned()
	s.say(maintainer, "/pj-rehearse bless")
	s.comment(rig.AnswerComment, "bless", "not affected")
	s.say(maintainer, "/pj-rehearse ack")
	s.comment(rig.AnswerComment, "not a command", "abort", "list")
	s.say(maintainer, "/rehearse list")
	s.comment(rig.AnswerComment, "pull-widget-lint", "pull-widget-unit")
	s.say(maintainer, "thanks\n\n/rehearse pull-widget-lint\n")
	s.jobs = s.jobs[1:]
	body := s.comment(rig.RunComment, "passed")
	s.row(body, "pull-widget-lint", "passed")
}

func TestJobIsRunByNameOnly(t *testing.T) {
	t.Parallel()
	s := tell(t, passing("pull-widget-lint"), passing("pull-widget-unit")).open()
	s.planned()
	s.say(maintainer, "/pj-rehearse pull-widget-unit")
	s.jobs = s.jobs[1:]
	s.result(v1alpha1.RunPassed, 1, 0)
	jobs, err := s.ProwJobs(s.ctx)
	s.must(err)
	if len(jobs) != 1 || jobs[0].Status.State != prowapi.SuccessState {
		t.Errorf("%d ProwJobs, want one that succeeded", len(jobs))
	}
}
