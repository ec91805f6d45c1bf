//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/check"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// The config repositories in which Prow's tide merges pull requests with the labels, each
// with another context policy.
const (
	strictRepo  = "strict"  // does not mention rehearsals
	skipRepo    = "skip"    // ignores unknown contexts
	lenientRepo = "lenient" // says that rehearsals are optional
	gatedRepo   = "gated"   // uses our commit status instead of the label
)

var tideRepos = []string{strictRepo, skipRepo, lenientRepo, gatedRepo}

// tideConfig is what docs/installation.md recommends for lenientRepo and gatedRepo.
func tideConfig() string {
	return strings.NewReplacer("ORG", hookedOrg(), "CONTEXT", statusContext).Replace(`
sync_period: 5s
queries:
- repos: [ORG/strict, ORG/skip, ORG/lenient]
  labels: [lgtm, approved, rehearsals-ack]
  missingLabels: [do-not-merge/hold, needs-ok-to-test]
- repos: [ORG/gated]
  labels: [lgtm, approved]
context_options:
  orgs:
    ORG:
      repos:
        skip: {skip-unknown-contexts: true}
        lenient: {optional-regex-contexts: ["^ci/rehearse/"]}
        gated: {optional-regex-contexts: ["^ci/rehearse/"], required-contexts: [CONTEXT]}
`)
}

var startTide = sync.OnceValue(func() error { return world.cluster.StartTide(world.ctx) })

// tellTide returns the story of a pull request that others have already approved.
func tellTide(t *testing.T, repo string, jobs ...rig.Job) *story {
	t.Helper()
	if err := startTide(); err != nil {
		t.Fatal(err)
	}
	s := tellHooked(t, repo, jobs...).open()
	_, err := s.Hub.AddLabels(s.ctx, github.PullLabels{PullID: s.Pull.PullID, By: maintainer, Labels: []string{"lgtm", "approved"}})
	s.must(err)
	return s
}

// TestTideTakesRehearsalsForRequired: unless the configuration mentions rehearsals, a
// failed one keeps Tide from merging, even if it is acknowledged.
func TestTideTakesRehearsalsForRequired(t *testing.T) {
	parallel(t)
	const name = "pull-widget-red"
	s := tellTide(t, strictRepo, failing(name, "no luck"))
	s.planned()
	s.tideWaits("Needs rehearsals-ack label.")
	s.say(maintainer, "/pj-rehearse")
	s.result(v1alpha1.RunFailed, 0, 1, "no luck")
	red := s.reported(name, "failure")
	s.say(maintainer, "/pj-rehearse skip")
	s.labelled("rehearsals-ack")
	s.tideWaits("Job " + red.Context + " has not succeeded.")
	s.isOpen()
}

// TestTideMergesWhatIsAcknowledged: if rehearsals are optional, Tide merges what is
// acknowledged, and only that, whatever the results of the rehearsals.
func TestTideMergesWhatIsAcknowledged(t *testing.T) {
	parallel(t)
	const red, slow = "pull-widget-red", "pull-widget-slow"
	s := tellTide(t, lenientRepo, failing(red, "no luck"), waiting(slow, t.Name()))
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	s.reported(red, "failure")
	s.reported(slow, "pending")
	s.tideWaits("Needs rehearsals-ack label.")
	s.isOpen()
	s.say(maintainer, "/pj-rehearse skip")
	s.merged()

	// For us the pull request is closed: running jobs end, and nothing is left.
	body := s.comment(rig.RunComment, "Aborted", "no luck")
	s.row(body, slow, "aborted")
	if r := s.ended(1)[0]; r.State != v1alpha1.RunAborted || r.Failed != 1 {
		t.Errorf("the run is %s with %d failed, want it aborted with one failed", r.State, r.Failed)
	}
	s.over()
}

func TestTideSkipsUnknownContexts(t *testing.T) {
	parallel(t)
	const name = "pull-widget-red"
	s := tellTide(t, skipRepo, failing(name, "no luck"))
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	s.result(v1alpha1.RunFailed, 0, 1, "no luck")
	s.reported(name, "failure")
	s.say(maintainer, "/pj-rehearse skip")
	s.merged()
}

// TestTideWaitsForOurStatus: with our commit status, the query needs no label.
func TestTideWaitsForOurStatus(t *testing.T) {
	parallel(t)
	const name = "pull-widget-red"
	s := tellTide(t, gatedRepo, failing(name, "no luck"))
	s.planned()
	s.tideWaits("Job " + statusContext + " has not succeeded.")
	s.say(maintainer, "/pj-rehearse")
	s.result(v1alpha1.RunFailed, 0, 1, "no luck")
	s.status(statusContext, "failure")
	s.tideWaits("Job " + statusContext + " has not succeeded.")
	s.isOpen()
	s.say(maintainer, "/pj-rehearse skip")
	s.merged()
}

// tideWaits waits until Tide's status on the head says why it does not merge.
func (s *story) tideWaits(words string) {
	s.t.Helper()
	s.until(fmt.Sprintf("Tide to say %q", words), func(ctx context.Context) (string, bool, error) {
		st, err := s.newest(ctx, "tide")
		return st.State + ": " + st.Description, st.State == "pending" && strings.Contains(st.Description, words), err
	})
}

func (s *story) isOpen() {
	s.t.Helper()
	pull, err := s.Hub.GetPull(s.ctx, s.Pull.PullID)
	s.must(err)
	if pull.State != "open" {
		s.t.Errorf("the pull request is %s, merged: %t", pull.State, pull.Merged)
	}
}

func (s *story) labelled(label string) {
	s.t.Helper()
	s.until("the label "+label, func(ctx context.Context) (string, bool, error) {
		pull, err := s.Hub.GetPull(ctx, s.Pull.PullID)
		return fmt.Sprint(pull.Labels), slices.Contains(pull.Labels, label), err
	})
}

// merged waits for Tide to merge.
func (s *story) merged() {
	s.t.Helper()
	s.until("Tide to merge", func(ctx context.Context) (string, bool, error) {
		pull, err := s.Hub.GetPull(ctx, s.Pull.PullID)
		if err != nil {
			return "", false, err
		}
		st, err := s.newest(ctx, "tide")
		return fmt.Sprintf("%s with labels %q, Tide says %s: %s", pull.State, pull.Labels, st.State, st.Description), pull.Merged, err
	})
}

// over waits until nothing of the pull request is running.
func (s *story) over() {
	s.t.Helper()
	s.until("everything to be over", func(ctx context.Context) (string, bool, error) {
		jobs, err := s.ProwJobs(ctx)
		if err != nil {
			return "", false, err
		}
		pods, err := s.JobPods(ctx)
		if err != nil {
			return "", false, err
		}
		runs, err := s.PipelineRuns(ctx)
		going := 0
		for i := range jobs {
			if !jobs[i].Complete() {
				going++
			}
		}
		for i := range pods {
			if pods[i].Status.Phase == corev1.PodRunning || pods[i].Status.Phase == corev1.PodPending {
				going++
			}
		}
		for i := range runs {
			if !runs[i].IsDone() {
				going++
			}
		}
		return fmt.Sprintf("%d ProwJobs, pods and PipelineRuns are not over", going), going == 0, err
	})
}

// status waits until the newest status of a context on the head has this state.
func (s *story) status(name, state string) github.Status {
	s.t.Helper()
	var status github.Status
	s.until(fmt.Sprintf("status %s to be %s", name, state), func(ctx context.Context) (string, bool, error) {
		var err error
		status, err = s.newest(ctx, name)
		return status.State, status.State == state, err
	})
	return status
}

// newest returns the newest status of a context on the head; an empty one if there is none.
func (s *story) newest(ctx context.Context, name string) (github.Status, error) {
	all, err := s.Hub.ListStatuses(ctx, github.StatusQuery{Org: s.Pull.Org, Repo: s.Pull.Repo, SHA: s.Pull.HeadSHA})
	if i := slices.IndexFunc(all, func(st github.Status) bool { return st.Context == name }); i >= 0 {
		return all[i], err
	}
	return github.Status{}, err
}

// TestCheckConfigKnowsWhatTideDoes: check-config predicts what Tide does in the tests
// above.
func TestCheckConfigKnowsWhatTideDoes(t *testing.T) {
	parallel(t)
	for repo, want := range map[string][]string{
		strictRepo:  {"one that fails blocks the merge", "waits only where it is there already"},
		skipRepo:    {"stops nothing"},
		lenientRepo: {"waits only where it is there already"},
		gatedRepo:   nil,
	} {
		s := settings.Defaults()
		r := settings.Repository{Name: hookedOrg() + "/" + repo, Options: s.Defaults}
		r.StatusContext = statusContext
		s.Repositories = []settings.Repository{r}
		file := "tide:" + strings.ReplaceAll(tideConfig(), "\n", "\n  ")
		var got []string
		for _, f := range check.Prow(check.ProwFiles{Config: []byte(file)}, s) {
			if f.State != check.Fine && strings.Contains(f.Text, "Tide") {
				got = append(got, f.Text)
			}
		}
		if len(got) != len(want) || !containsAll(strings.Join(got, "\n"), want) {
			t.Errorf("of %s check-config says %q, want %q", repo, got, want)
		}
	}
}
