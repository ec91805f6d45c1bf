package rehearsal

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// lines returns the commands of one comment.
func lines(login string, comment int, texts ...string) []v1alpha1.Command {
	all := make([]v1alpha1.Command, len(texts))
	for i, text := range texts {
		all[i] = by(login, fmt.Sprintf("comment-%d-%d", comment, i), strings.TrimSpace("/pj-rehearse "+text))
	}
	return all
}

// answers returns our comments except those of the plan and of runs.
func (w *world) answers() []string {
	var bodies []string
	for _, c := range w.hub.comments {
		if m, _ := report.FindMarker(c.Body); strings.HasPrefix(m, "<!-- rehearsal:answer") || strings.HasPrefix(m, "<!-- rehearsal:denied") {
			bodies = append(bodies, c.Body)
		}
	}
	return bodies
}

// TestOneCommentHasOneAnswer checks that a comment gets one answer, whatever it says, and
// wherever the controller crashes.
func TestOneCommentHasOneAnswer(t *testing.T) {
	for name, tc := range map[string]struct {
		texts []string
		want  []string
		lacks []string
	}{
		"one question repeated": {strings.Split(strings.Repeat("help,", 19)+"help", ","), []string{"19 more lines like these in that comment"}, nil},
		"several questions": {[]string{"help", "list", "abort", "explain pull-unit", "more pull-unit"},
			[]string{"Show these commands", "affects 2 jobs", "Nothing is running", "`pull-unit`", "was not understood"}, []string{"like these"}},
		"unknown commands": {[]string{"ack now", "skip now", "list now", "ack now"}, []string{"`/pj-rehearse skip now` was not understood either", "1 more line"}, nil},
		"runs of jobs that do not exist": {[]string{"no-job", "nor-job", "help", "no-job", "failed"},
			[]string{"`no-job`", "`nor-job`", "Show these commands", "1 more line", "Nothing has been run"}, nil},
		"question with a run":    {[]string{"", "list"}, []string{"affects 2 jobs"}, nil},
		"more answers than fit":  {strings.Split("explain a,explain b,explain c,explain d,explain e,explain f,explain g,explain h,explain i,explain j,explain k,explain l", ","), []string{"2 more lines in that comment without an answer"}, nil},
		"denied for two reasons": {[]string{"approve", "privileges-allowed", "explain pull-unit"}, []string{"somebody else has to do that", "`pull-unit`"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			login := "bob"
			if strings.HasPrefix(name, "denied") {
				login = "alice"
			}
			story := func(w *world) {
				w.rh.Spec.Commands = lines(login, 1, tc.texts...)
				w.reconcile()
			}
			calm := newWorld(t)
			story(calm)
			for failAt := -1; failAt < calm.writes; failAt++ {
				for _, afterwards := range []bool{false, true} {
					w := newWorld(t)
					w.failAt, w.afterwards = failAt, afterwards
					story(w)
					said := w.answers()
					if len(said) != 1 {
						t.Fatalf("write %d, after it %t: %d answers: %q", failAt, afterwards, len(said), said)
					}
					for _, want := range tc.want {
						if !strings.Contains(said[0], want) {
							t.Fatalf("no %q in %s", want, said[0])
						}
					}
					for _, lacks := range tc.lacks {
						if strings.Contains(said[0], lacks) {
							t.Errorf("%q in %s", lacks, said[0])
						}
					}
					if len(said[0]) > report.MaxBody+2000 {
						t.Errorf("it has %d bytes", len(said[0]))
					}
					if strings.Contains("\n"+said[0], "\n/") {
						t.Errorf("a line of it is a command: %s", said[0])
					}
				}
			}
		})
	}
}

func TestAnswersOfAnHourAreBounded(t *testing.T) {
	for name, tc := range map[string]struct {
		login, text string
		most        int
		reason      string
	}{
		"questions by an outsider":        {"alice", "help", answersForAnybody, v1alpha1.ReasonTooManyQuestions},
		"unknown commands by an outsider": {"alice", "list now", answersForAnybody, v1alpha1.ReasonTooManyQuestions},
		"questions by a writer":           {"bob", "help", answersForRunners, v1alpha1.ReasonTooManyQuestions},
		"runs of jobs that do not exist":  {"bob", "no-job", answersForRunners, ""}, // or too many runs at a time
		"denials, one per head":           {"mallory", "", 1, v1alpha1.ReasonNotAllowed},
		"aborts that find nothing":        {"bob", "abort", answersForRunners, "OK"},
		"commands with another commit":    {"bob", "ack 1234567", answersForRunners, v1alpha1.ReasonOtherCommit},
	} {
		for _, atOnce := range []bool{true, false} {
			t.Run(fmt.Sprint(name, ", at once ", atOnce), func(t *testing.T) {
				w, r := governed(t, policy.Config{})
				if tc.login == "bob" {
					r.rights["alice"] = "writer" // otherwise alice, the author, may only ask questions
				}
				last := ""
				for i := range 80 {
					c := lines(tc.login, 100+i, tc.text)
					c[0].At = metav1.NewTime(noon.Add(time.Duration(i-80) * time.Second))
					w.rh.Spec.Commands = append(w.rh.Spec.Commands, c...)
					w.rh.Generation++
					last = c[0].ID
					if !atOnce {
						w.reconcile()
					}
				}
				w.reconcile()
				said := w.answers()
				if len(said) != tc.most {
					t.Fatalf("80 comments have %d answers, want %d", len(said), tc.most)
				}
				if got := w.verdict(last); tc.reason != "" && got != tc.reason {
					t.Errorf("the last is %s, want %s", got, tc.reason)
				}
				told := strings.Contains(said[len(said)-1], fmt.Sprintf("the last of the %d answers", tc.most))
				if tc.most > 1 && (!told || strings.Contains(said[0], "the last of")) {
					t.Errorf("the last answer says %s", said[len(said)-1])
				}
				for _, c := range w.rh.Spec.Commands {
					if v := w.rh.Status.VerdictOn(c.ID); v.Verdict == v1alpha1.VerdictTooMany {
						t.Fatalf("%s stays in the log", c.ID)
					}
				}
			})
		}
	}
}

// TestAnswersAreBoundedOverPullRequests checks that the answers on all pull requests of a
// repository count together.
func TestAnswersAreBoundedOverPullRequests(t *testing.T) {
	w, _ := governed(t, policy.Config{Preset: "open"})
	other := func(name, repo string) *v1alpha1.Rehearsal {
		rh := &v1alpha1.Rehearsal{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "rehearsals"}}
		rh.Spec.Pull = v1alpha1.Pull{Org: "Acme", Repo: repo, Number: 9}
		for i := range answersForAnybody {
			// Two lines in each comment: only the comments count.
			for n := range 2 {
				rh.Status.Commands = append(rh.Status.Commands, v1alpha1.CommandStatus{ID: fmt.Sprintf("comment-%d-%d", i, n), By: "Mallory", Told: true, At: &metav1.Time{Time: noon}})
			}
		}
		return rh
	}
	elsewhere := other("acme-other-9", "other")
	w.withQuotas(settings.Quotas{}, elsewhere)
	w.reconciler.Settings = func() func() *settings.Settings {
		before := w.reconciler.Settings
		return func() *settings.Settings {
			s := before()
			s.Repositories[0].Policy.Run = policy.Rule{"writer"}
			return s
		}
	}()
	w.hearFrom("mallory", "comment-1-0", "/pj-rehearse help")
	if got := w.verdict("comment-1-0"); got != "OK" {
		t.Errorf("after questions on another repository it is %s", got)
	}
	elsewhere.Spec.Pull.Repo = "Config"
	w.hearFrom("mallory", "comment-2-0", "/pj-rehearse help")
	if got := w.verdict("comment-2-0"); got != v1alpha1.ReasonTooManyQuestions || len(w.answers()) != 1 {
		t.Errorf("after questions on other pull requests it is %s, with %d answers", got, len(w.answers()))
	}
	w.hearFrom("eve", "comment-3-0", "/pj-rehearse help")
	if got := w.verdict("comment-3-0"); got != "OK" {
		t.Errorf("somebody else's is %s", got)
	}
	w.clock.SetTime(noon.Add(answersWithin))
	w.hearFrom("mallory", "comment-4-0", "/pj-rehearse help")
	if got := w.verdict("comment-4-0"); got != "OK" {
		t.Errorf("an hour later it is %s", got)
	}
}

// TestAnswersAreCountedWhateverFollows checks that answers are still counted after commands
// that were denied without an answer.
func TestAnswersAreCountedWhateverFollows(t *testing.T) {
	rh := &v1alpha1.Rehearsal{}
	denied := func(n int, told bool) {
		rh.Status.Commands = append(rh.Status.Commands, v1alpha1.CommandStatus{
			ID: fmt.Sprintf("comment-%d-0", n), By: "mallory", Verdict: v1alpha1.VerdictDenied, Reason: v1alpha1.ReasonNotAllowed,
			Answered: true, Told: told, At: &metav1.Time{Time: noon},
		})
	}
	for n := range answersForAnybody {
		denied(n, true)
	}
	for n := range 2 * judging.MaxDropped {
		denied(100+n, false)
	}
	judging.ForgetVerdicts(rh, noon)
	if n := hadAnswers("mallory", noon, answeredTexts([]*v1alpha1.Rehearsal{rh}, v1alpha1.Pull{}, "", "", false)); n != answersForAnybody {
		t.Errorf("%d answers are remembered, want %d", n, answersForAnybody)
	}
	if n := len(rh.Status.Commands); n != judging.MaxDropped+answersForAnybody {
		t.Errorf("%d verdicts stay", n)
	}
}

func TestHadAnswers(t *testing.T) {
	all := map[string]answered{"1/a": {"bob", noon}, "1/b": {"BOB", noon.Add(-answersWithin + time.Second)}, "2/a": {"bob", noon.Add(answersWithin)}, "2/b": {"eve", noon}}
	if n := hadAnswers("Bob", noon, all); n != 2 {
		t.Errorf("%d, want 2", n)
	}
	if n := hadAnswers("", noon, all); n != 0 {
		t.Errorf("nobody had %d", n)
	}
}
