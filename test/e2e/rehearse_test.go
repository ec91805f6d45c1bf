//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// longName is a job name from which Prow makes labels that are shorter, as OpenShift has them.
const longName = "pull-ci-acme-widget-release-4.21-e2e-aws-ovn-upgrade-from-stable-4.20-with-realtime-kernel"

func TestPassingJobs(t *testing.T) {
	parallel(t)
	s := tell(t, passing("pull-widget-unit"), passing(longName)).open()
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	body := s.result(v1alpha1.RunPassed, 2, 0, "passed")
	s.row(body, "pull-widget-unit", "passed", target, "main")
	s.row(body, longName, "passed", target, "main")
}

func TestFailingJob(t *testing.T) {
	parallel(t)
	const words = "expected 4 wheels, got 5"
	s := tell(t, failing("pull-widget-integration", words), passing("pull-widget-unit")).open()
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	body := s.result(v1alpha1.RunFailed, 1, 1, words)
	s.row(body, "pull-widget-integration", "failed", "/pj-rehearse pull-widget-integration")
	s.row(body, "pull-widget-unit", "passed")
}

func TestJobThatNoNodeTakes(t *testing.T) {
	parallel(t)
	picky := passing("pull-widget-gpu")
	picky.NodeSelector = map[string]string{"example.com/gpu": "many"}
	s := tell(t, picky, passing("pull-widget-unit")).open()
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	body := s.result(v1alpha1.RunFailed, 1, 1)
	s.row(body, "pull-widget-gpu", "cannot be scheduled")
	s.row(body, "pull-widget-unit", "passed")
}

func TestSecondCluster(t *testing.T) {
	parallel(t)
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

// TestDecoratedJob: a decorated job finds its own repository in its working directory, and
// the config repository beside it, with the pull request merged.
func TestDecoratedJob(t *testing.T) {
	parallel(t)
	job := rig.Job{Name: "pull-widget-decorated", Script: `grep widget README.md
pwd | grep "/acme/widget$"
grep "as the pull request leaves it" "$(find "$GOPATH/src" -name marker)"
test "$REHEARSAL_JOB_NAME" = pull-widget-decorated
echo "error: so far so good"
exit 1
`}
	var err error
	// Decorated at base as well: only base can grant what decoration gives.
	if job.Decoration, err = world.cluster.Decoration(world.ctx); err != nil {
		t.Fatal(err)
	}
	s := tell(t, job)
	s.openWith(map[string]string{jobsPath: s.changed(), "marker": "as the pull request leaves it\n"})
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	s.result(v1alpha1.RunFailed, 0, 1, "so far so good")
}

func TestCommands(t *testing.T) {
	parallel(t)
	s := tell(t, passing("pull-widget-unit"), passing("pull-widget-lint")).open()
	s.planned()
	s.say(maintainer, "/pj-rehearse bless")
	s.comment(rig.AnswerComment, "bless", "not affected")
	s.say(maintainer, "/pj-rehearse help")
	s.comment(rig.AnswerComment, "`/pj-rehearse ack`", "`/pj-rehearse list`", "`/pj-rehearse abort`")
	s.say(maintainer, "/rehearse list")
	s.comment(rig.AnswerComment, "pull-widget-lint", "pull-widget-unit")
	s.say(maintainer, "/pj-rehearse abort")
	s.comment(rig.AnswerComment, "Nothing is running")
	s.idle()
	s.say(maintainer, "thanks\n\n/rehearse pull-widget-lint\n")
	body := s.comment(rig.RunComment, "passed")
	s.row(body, "pull-widget-lint", "passed")
}

func TestPostsubmitIsListedAndNotRunUnasked(t *testing.T) {
	parallel(t)
	const path = rig.JobsPath + "/acme/widget/publish.yaml"
	s := tell(t, passing("pull-widget-unit"))
	s.openWith(map[string]string{jobsPath: s.changed(), path: `postsubmits:
  acme/widget:
  - name: post-widget-publish
    branches: [main]
    spec:
      containers:
      - image: ` + s.Cluster.Image + `
        command: ["true"]
`})
	s.comment(rig.PlanComment, "post-widget-publish", "pull-widget-unit")
	s.say(maintainer, "/pj-rehearse post-widget-publish")
	s.comment(rig.AnswerComment, "post-widget-publish", "publish and deploy")
	s.ended(1)
	s.idle()
	s.say(maintainer, "/pj-rehearse")
	if r := s.ended(2)[1]; r.State != v1alpha1.RunPassed || r.Total != 1 {
		t.Errorf("the run is %s with %d jobs, want the presubmit to pass", r.State, r.Total)
	}
}

// TestJobIsJoined: a job that already runs for this head is not started again, because Prow
// would end the first ProwJob.
func TestJobIsJoined(t *testing.T) {
	parallel(t)
	s := tell(t, waiting("pull-widget-unit", t.Name())).open()
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	s.started()
	s.say(maintainer, "/pj-rehearse pull-widget-unit")
	s.until("a second run to be going", func(ctx context.Context) (string, bool, error) {
		runs, err := s.Runs(ctx)
		return fmt.Sprintf("%d runs", len(runs)), len(runs) == 2 && runs[1].State == v1alpha1.RunRunning, err
	})
	world.gates.Open(t.Name())
	for _, r := range s.ended(2) {
		if r.State != v1alpha1.RunPassed || r.Passed != 1 {
			t.Errorf("run %s is %s with %d passed, want it to pass", r.ID, r.State, r.Passed)
		}
	}
	jobs, err := s.ProwJobs(s.ctx)
	s.must(err)
	if len(jobs) != 1 {
		t.Errorf("%d ProwJobs, want the one that both runs share", len(jobs))
	}
}

func TestJobIsRunByNameOnly(t *testing.T) {
	parallel(t)
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
