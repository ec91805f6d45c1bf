package rehearsal

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/runs"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
	"github.com/rehearsal-dev/rehearsal/pkg/sweep"
)

// TestOutsidersLeaveTheLog checks that commands of outsiders are removed from the log at
// once, and are not decided and answered again when a sweep finds them.
func TestOutsidersLeaveTheLog(t *testing.T) {
	w, r := governed(t, policy.Config{})
	for i := range 50 {
		w.hearFrom("mallory", fmt.Sprintf("comment-5-%d", i), "/pj-rehearse")
	}
	if len(w.rh.Spec.Commands) > 0 || len(w.denials()) != 1 || w.verdict("comment-5-49") != v1alpha1.ReasonNotAllowed {
		t.Fatalf("%d commands are in the log, said %q", len(w.rh.Spec.Commands), w.denials())
	}
	if !sweep.Knows(w.rh, []v1alpha1.Command{{ID: "comment-5-49"}}) {
		t.Error("a sweep would append again what was denied")
	}
	r.rights["mallory"] = "writer"
	w.hearFrom("mallory", "comment-5-49", "/pj-rehearse approve")
	if w.verdict("comment-5-49") != v1alpha1.ReasonNotAllowed || len(w.rh.Spec.Commands) > 0 {
		t.Errorf("what was denied is judged again: %s", w.verdict("comment-5-49"))
	}
	w.clock.SetTime(w.clock.Now().Add(2 * judging.RememberedAge))
	w.reconcile()
	if n := len(w.rh.Status.Commands); n > 0 {
		t.Errorf("%d verdicts stay for ever", n)
	}
}

func TestVerdictsOfOutsidersAreBounded(t *testing.T) {
	rh := &v1alpha1.Rehearsal{}
	for i := range 3 * judging.MaxDropped {
		rh.Status.Commands = append(rh.Status.Commands, v1alpha1.CommandStatus{
			ID: fmt.Sprintf("comment-%d-0", i), Reason: v1alpha1.ReasonNotAllowed, At: &metav1.Time{Time: noon},
		})
	}
	judging.ForgetVerdicts(rh, noon)
	if n := len(rh.Status.Commands); n != judging.MaxDropped || rh.Status.Commands[0].ID != fmt.Sprintf("comment-%d-0", 2*judging.MaxDropped) {
		t.Errorf("%d verdicts stay, from %s on", n, rh.Status.Commands[0].ID)
	}
}

// TestTheCommandLineSetsNoTime checks that users who write any time into the log gain
// nothing by it.
func TestTheCommandLineSetsNoTime(t *testing.T) {
	for name, years := range map[string]int{"the future": 50, "the past": 0} {
		t.Run(name, func(t *testing.T) {
			w, _ := governed(t, policy.Config{})
			w.hearFrom("bob", "comment-1-0", "/pj-rehearse approve")
			c := by("kube-alice", "cli-1-0", "/pj-rehearse abort")
			c.At = metav1.NewTime(noon.AddDate(years, 0, -1))
			w.rh.Spec.Commands = append(w.rh.Spec.Commands, c)
			w.rh.Generation++
			w.reconcile()
			judged := w.clock.Now()
			if v := w.rh.Status.VerdictOn("cli-1-0"); v.At.After(judged) || v.At.Time.Before(judged.Add(-judging.TimeToJudge-time.Hour)) {
				t.Errorf("the abort counts as of %s", v.At)
			}
			w.clock.SetTime(w.clock.Now().Add(2 * time.Minute))
			run := command("comment-2-0", "/pj-rehearse", 0)
			run.At = metav1.NewTime(w.clock.Now())
			w.rh.Spec.Commands = append(w.rh.Spec.Commands, run)
			w.rh.Generation++
			w.reconcile()
			if r := w.rh.Status.Run("comment-2-0"); r == nil || r.AbortReason != "" {
				t.Errorf("an abort of %s ended a later run: %+v", name, r)
			}
		})
	}
}

func TestBoundTime(t *testing.T) {
	for name, tc := range map[string]struct {
		id      string
		at, now float64
		want    float64
	}{
		"comment":                           {"comment-1-0", 5, 0, 5},
		"old comment":                       {"comment-1-0", -500, 0, -500},
		"command line, just now":            {"cli-1-0", -0.5, 0, -0.5},
		"command line, dated in the future": {"cli-1-0", 500, 0, 0},
		"command line, dated in the past":   {"cli-1-0", -500, 0, -1},
	} {
		moment := func(m float64) time.Time { return noon.Add(time.Duration(m * float64(time.Minute))) }
		c := v1alpha1.Command{ID: tc.id, At: metav1.NewTime(moment(tc.at))}
		if got := judging.BoundTime(c, moment(tc.now)); !got.Time.Equal(moment(tc.want)) {
			t.Errorf("%s: it counts as of %s", name, got)
		}
	}
}

// TestWhatHoldsWhenARunStarts checks that a run which has waited is checked against the
// current pull request when a slot is free, whether or not the change was reported.
func TestWhatHoldsWhenARunStarts(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(w *world)
		want   string
	}{
		"nothing changed":       {func(*world) {}, ""},
		"another base branch":   {func(w *world) { w.hub.pull.BaseRef = "release" }, "is now release"},
		"untrusted label added": {func(w *world) { w.hub.pull.Labels = []string{"needs-ok-to-test"} }, "the label needs-ok-to-test"},
		"approval removed":      {func(w *world) { w.rh.Status.HeadApproval = nil }, "nobody has approved"},
	} {
		for _, told := range []bool{true, false} {
			t.Run(fmt.Sprint(name, ", told ", told), func(t *testing.T) {
				w, _ := governed(t, policy.Config{})
				other := busy(5)
				w.withQuotas(settings.Quotas{Jobs: 5}, other)
				w.reconcile()
				w.hear("comment-1-0", "/pj-rehearse approve")
				w.hear("comment-2-0", "/pj-rehearse")
				if r := w.rh.Status.Run("comment-2-0"); r == nil || r.State != v1alpha1.RunPending {
					t.Fatalf("the run does not wait: %+v", r)
				}
				tc.change(w)
				if told {
					w.rh.Generation++
					w.reconcile()
				}
				other.Status.Runs[0].State = v1alpha1.RunPassed
				w.clock.SetTime(w.clock.Now().Add(10 * time.Minute))
				w.reconcile()
				r := w.rh.Status.Run("comment-2-0")
				if !strings.Contains(r.AbortReason, tc.want) || (r.State == v1alpha1.RunRunning) != (tc.want == "") || !r.State.Done() && tc.want != "" {
					t.Errorf("the run is %s, ended for %q", r.State, r.AbortReason)
				}
			})
		}
	}
}

// TestStatusIsBounded checks that any number of long runs and aborts leaves status small
// enough for etcd.
func TestStatusIsBounded(t *testing.T) {
	w, r := governed(t, policy.Config{})
	r.rights["alice"] = "writer"
	var lines []v1alpha1.Command
	for i := range 50 {
		lines = append(lines, by("bob", fmt.Sprintf("comment-1%d-%d", i/10, i%10), "/pj-rehearse"))
	}
	for i := range 100 {
		text := "/pj-rehearse abort"
		for j := 0; len(text) < 900; j++ {
			text += fmt.Sprintf(" a-job-that-is-not-there-%d-%d", i, j)
		}
		lines = append(lines, by("bob", fmt.Sprintf("comment-2%d-%d", i/10, i%10), text))
	}
	w.rh.Spec.Commands = lines
	w.reconcile()
	if n := len(w.rh.Status.Runs); n != judging.MaxRuns || w.verdict("comment-14-9") != v1alpha1.ReasonTooManyRuns {
		t.Errorf("there are %d runs, and the last is %s", n, w.verdict("comment-14-9"))
	}
	raw, err := json.Marshal(w.rh.Status)
	if err != nil || len(raw) > 100<<10 {
		t.Errorf("status has %d bytes, %v", len(raw), err)
	}
}

// TestNoCommentSaysForEverThatARunWaits checks that the comment about waiting is updated,
// even if GitHub refuses the edit at first, and if the run is aborted instead of started.
func TestNoCommentSaysForEverThatARunWaits(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"run starts, first edit fails": {"", "this run has started"},
		"run is aborted":               {"/pj-rehearse abort", "Not started"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, command("comment-1-0", "/pj-rehearse", -1))
			other := busy(5)
			w.withQuotas(settings.Quotas{Jobs: 5}, other)
			w.reconcile()
			if w.rh.Status.Comments[runs.WaitComment("comment-1-0")].ID == 0 {
				t.Fatal("nobody is told that it waits")
			}
			if tc.text != "" {
				w.hear("comment-2-0", tc.text)
			}
			other.Status.Runs[0].State = v1alpha1.RunPassed
			w.clock.SetTime(w.clock.Now().Add(time.Minute))
			broken := &brokenEdits{GitHub: w.reconciler.GitHub, left: 1}
			w.reconciler.GitHub = broken
			for tries := 0; tc.text == "" && broken.left > 0; tries++ {
				w.sync()
				if err := w.reconciler.ReconcileKind(w.ctx, w.rh); tries > 5 {
					t.Fatalf("the edit does not fail: %v", err)
				}
			}
			w.reconcile()
			if !slices.ContainsFunc(w.bodies(), func(b string) bool { return strings.Contains(b, tc.want) }) {
				t.Errorf("it is not said: %q", w.bodies())
			}
			if _, stays := w.rh.Status.Comments[runs.WaitComment("comment-1-0")]; stays {
				t.Error("status remembers the comment for ever")
			}
		})
	}
}

// TestAWaitingRunSaysOnlyWhatIsNew checks that a waiting run edits its comment only with
// news, and not more often than other runs.
func TestAWaitingRunSaysOnlyWhatIsNew(t *testing.T) {
	w := newWorld(t, command("comment-1-0", "/pj-rehearse", -1))
	other := busy(4)
	w.withQuotas(settings.Quotas{Jobs: 5}, other)
	w.reconcile()
	edits := &brokenEdits{GitHub: w.reconciler.GitHub}
	w.reconciler.GitHub = edits
	for range 10 {
		w.clock.SetTime(w.clock.Now().Add(time.Minute))
		w.reconcile()
	}
	if edits.seen > 0 {
		t.Errorf("%d edits say nothing new", edits.seen)
	}
	for range 10 {
		other.Status.Runs[0].Total++
		w.clock.SetTime(w.clock.Now().Add(runs.QuotaPause))
		w.reconcile()
	}
	if most := int(10*runs.QuotaPause/w.reconciler.Settings().ProgressInterval) + 1; edits.seen > most {
		t.Errorf("%d edits in %s", edits.seen, 10*runs.QuotaPause)
	}
}

// brokenEdits counts edits of comments, and fails the next left of them.
type brokenEdits struct {
	GitHub
	left, seen int
}

func (b *brokenEdits) EditComment(ctx context.Context, org, repo string, id int64, body string) (*github.Comment, error) {
	b.seen++
	if b.left > 0 && strings.Contains(body, "this run has started") {
		b.left--
		return nil, errCrash
	}
	return b.GitHub.EditComment(ctx, org, repo, id, body)
}
