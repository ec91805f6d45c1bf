//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/prow/pkg/github/report"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// The following tests run with all of Prow: its hook in front of the receiver, its
// clonerefs, initupload, entrypoint and sidecar in the job's pod, its crier behind the job,
// its Deck in front of the log.

func TestDecoratedJobWithProwAroundIt(t *testing.T) {
	parallel(t)
	const name, words = "pull-widget-decorated", "the widget squeaks"
	s := tellHooked(t, hookedRepo, rig.Job{
		Name: name, Decoration: &prowapi.DecorationConfig{},
		Script: `grep widget README.md
pwd | grep "/acme/widget$"
grep "as the pull request leaves it" "$(find "$GOPATH/src" -name marker)"
echo squeak > "$ARTIFACTS/sound.txt"
echo "error: ` + words + `"
exit 1
`,
	})
	s.openWith(map[string]string{jobsPath: s.changed(), "marker": "as the pull request leaves it\n"})
	s.planned()
	s.cameThroughHook(s.say(maintainer, "/pj-rehearse"))
	body := s.result(v1alpha1.RunFailed, 0, 1, words)

	link := s.link(body, name)
	deck := deckClient{s: s}
	deck.expectLog(link, words, "/acme/widget")
	deck.expectStored(link, "artifacts/sound.txt", "squeak")
	// Only crier writes this file.
	deck.expectStored(link, "prowjob.json", `"ci/rehearse/acme/widget/main/`+name+`"`)

	status := s.reported(name, "failure")
	if status.TargetURL != link || status.Creator != rig.Bot {
		t.Errorf("the status leads to %s and is by %s, want %s and %s", status.TargetURL, status.Creator, link, rig.Bot)
	}
	if comments := s.crierComments(); len(comments) > 0 {
		t.Errorf("crier comments although it is told not to: %s", comments[0].Body)
	}
}

// TestHelpThroughHook: Deck gets the help of all plugins from hook, including ours.
func TestHelpThroughHook(t *testing.T) {
	parallel(t)
	s := &story{Conversation: rig.Conversation{Cluster: world.cluster}, t: t, ctx: world.ctx}
	help := deckClient{s: s}.get("/plugin-help.js")
	for _, want := range []string{`"rehearsal"`, "/pj-rehearse abort", hookedOrg() + "/" + hookedRepo} {
		if !strings.Contains(help, want) {
			t.Errorf("%s is not in the help of Prow's plugins: %s", want, help)
		}
	}
}

// TestCrierSweepsOnlyItsOwnComments: crier comments on failures unless it is forbidden. It
// deletes comments of its bot that contain its mark. That bot may be ours, and a job may
// print the mark.
func TestCrierSweepsOnlyItsOwnComments(t *testing.T) {
	parallel(t)
	const name = "pull-widget-fickle"
	s := tellHooked(t, noisyRepo, rig.Job{Name: name, Script: fmt.Sprintf(`if %s; then echo all is well; exit 0; fi
echo 'error: %s --- | --- no luck'
exit 1
`, world.gates.IsOpen(t.Name()), report.CommentTag)})
	s.open()
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	s.result(v1alpha1.RunFailed, 0, 1, "no luck")
	status := s.reported(name, "failure")
	var failure github.Comment
	s.until("crier's comment on the failure", func(context.Context) (string, bool, error) {
		comments := s.crierComments()
		if len(comments) == 1 {
			failure = comments[0]
		}
		return fmt.Sprintf("%d comments", len(comments)), len(comments) == 1, nil
	})
	if !strings.Contains(failure.Body, status.Context) || !strings.Contains(failure.Body, "/pj-rehearse "+name) {
		t.Errorf("crier does not say how to repeat the job: %s", failure.Body)
	}
	ours, err := s.Comments(s.ctx, "")
	s.must(err)

	world.gates.Open(t.Name())
	s.say(maintainer, "/pj-rehearse "+name)
	if r := s.ended(2)[1]; r.State != v1alpha1.RunPassed {
		t.Errorf("the second run is %s, want it to pass", r.State)
	}
	s.reported(name, "success")
	s.until("crier to withdraw its comment", func(context.Context) (string, bool, error) {
		comments := s.crierComments()
		return fmt.Sprintf("%d comments", len(comments)), len(comments) == 0, nil
	})
	after, err := s.Comments(s.ctx, "")
	s.must(err)
	for _, comment := range ours {
		if strings.Contains(comment.Body, report.CommentTag) {
			t.Errorf("a comment of ours has the mark of crier's: %s", comment.Body)
		}
		if !slices.ContainsFunc(after, func(c github.Comment) bool { return c.ID == comment.ID }) {
			t.Errorf("a comment of ours is gone: %s", comment.Body)
		}
	}
	if len(after) != len(ours)+1 {
		t.Errorf("we have %d comments, want the %d of before and that of the second run", len(after), len(ours))
	}
}

// TestRerunFromDeck: a rerun from Deck is another ProwJob with the labels of ours. It
// changes the status on the pull request, as every ProwJob does, but nothing in the run.
func TestRerunFromDeck(t *testing.T) {
	parallel(t)
	const name = "pull-widget-fickle"
	s := tell(t, rig.Job{Name: name, Script: fmt.Sprintf(`if %s; then echo all is well; exit 0; fi
echo 'error: no luck'
exit 1
`, world.gates.IsOpen(t.Name()))}).open()
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	s.result(v1alpha1.RunFailed, 0, 1, "no luck")
	s.reported(name, "failure")
	before, err := s.Comments(s.ctx, "")
	s.must(err)
	jobs, err := s.ProwJobs(s.ctx)
	s.must(err)

	world.gates.Open(t.Name())
	deckClient{s: s}.rerun(jobs[0].Name)
	s.until("the rerun to pass", func(ctx context.Context) (string, bool, error) {
		jobs, err := s.ProwJobs(ctx)
		passed := slices.ContainsFunc(jobs, func(pj prowapi.ProwJob) bool { return pj.Status.State == prowapi.SuccessState })
		return fmt.Sprintf("%d ProwJobs", len(jobs)), len(jobs) == 2 && passed, err
	})
	s.reported(name, "success")

	if r := s.ended(1)[0]; r.State != v1alpha1.RunFailed || r.Failed != 1 || r.Passed != 0 {
		t.Errorf("the run is %s with %d failed and %d passed, want what it was", r.State, r.Failed, r.Passed)
	}
	after, err := s.Comments(s.ctx, "")
	s.must(err)
	if !slices.EqualFunc(before, after, func(a, b github.Comment) bool { return a.ID == b.ID && a.Body == b.Body }) {
		t.Errorf("our comments are not what they were")
	}
}

// TestRerunFromDeckWhileItRuns: of several ProwJobs with the same name for a pull request,
// Prow runs only the latest.
func TestRerunFromDeckWhileItRuns(t *testing.T) {
	parallel(t)
	const name = "pull-widget-slow"
	s := tell(t, waiting(name, t.Name())).open()
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	s.started()
	jobs, err := s.ProwJobs(s.ctx)
	s.must(err)
	deckClient{s: s}.rerun(jobs[0].Name)
	s.row(s.result(v1alpha1.RunFailed, 0, 0), name, "aborted")
	world.gates.Open(t.Name())
	s.reported(name, "success")
}

// cameThroughHook expects that a comment was delivered to hook, and to nobody else, and
// reached the receiver.
func (s *story) cameThroughHook(comment github.Comment) {
	s.t.Helper()
	d := delivery(s, comment)
	hook, err := s.Cluster.HookURL(s.ctx)
	s.must(err)
	if d.URL != hook {
		s.t.Errorf("the comment was delivered to %s, want %s", d.URL, hook)
	}
	s.until("the receiver to store what hook handed on", func(ctx context.Context) (string, bool, error) {
		log, err := s.Cluster.Output(ctx, "kubectl", "-n", rig.Namespace, "logs", "deployment/"+rig.Receiver, "--tail=-1")
		for line := range strings.Lines(log) {
			if strings.Contains(line, d.GUID) && strings.Contains(line, `"stored"`) {
				return "", true, err
			}
		}
		return "no line about delivery " + d.GUID, false, err
	})
}

var logLink = regexp.MustCompile(`\]\((http[^)]+)\)`)

// link returns the link in the row of a job.
func (s *story) link(body, job string) string {
	s.t.Helper()
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, "|") && strings.Contains(line, "`"+job+"`") {
			if match := logLink.FindAllStringSubmatch(line, -1); match != nil {
				return match[len(match)-1][1]
			}
		}
	}
	s.t.Fatalf("no link for %s in:\n%s", job, body)
	return ""
}

// reported waits until the newest status of a job's context on the head has this state.
func (s *story) reported(job, state string) github.Status {
	s.t.Helper()
	return s.status("ci/rehearse/"+target+"/main/"+job, state)
}

// crierComments returns the comments with crier's mark.
func (s *story) crierComments() []github.Comment {
	s.t.Helper()
	all, err := s.Hub.ListComments(s.ctx, s.Pull.PullID)
	s.must(err)
	return slices.DeleteFunc(all, func(c github.Comment) bool { return !strings.Contains(c.Body, report.CommentTag) })
}
