package rehearsal

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/planning"
)

// gatedJobs is a plan with findings for jobs, by their names.
type gatedJobs struct {
	shown map[string]gate.Finding
}

func (*gatedJobs) Forget(plan.Request) {}

func (g *gatedJobs) Get(key string, req plan.Request) (*plan.Result, error, bool) {
	result, err, done := twoJobs{}.Get(key, req)
	result.Findings = map[string]gate.Finding{}
	for _, job := range result.Affected {
		if f, ok := g.shown[job.Name]; ok {
			result.Findings[job.Key()] = f
		}
	}
	return result, err, done
}

func asking(values ...string) gate.Finding {
	var f gate.Finding
	for _, v := range values {
		f.Asks = append(f.Asks, gate.Ask{Rule: "secret", Path: "pod_spec.volumes[0].secret", Use: gate.Use{Name: v}})
	}
	return f
}

// allow returns the approval that a command by a second person would give.
func (w *world) allow(change func(a *v1alpha1.Approval)) *v1alpha1.Approval {
	a := &v1alpha1.Approval{By: "carol", Command: "comment-9-0", Head: head, BaseRef: "main", Asks: w.rh.Status.Plan.Asks, At: metav1.NewTime(noon)}
	change(a)
	return a
}

func (w *world) runJobs() []string {
	w.t.Helper()
	var names []string
	cms, err := w.kube.CoreV1().ConfigMaps("rehearsals").List(context.Background(), metav1.ListOptions{})
	w.check(err)
	for _, cm := range cms.Items {
		for key := range cm.Data {
			for _, name := range []string{"pull-unit", "pull-e2e"} {
				if strings.Contains(cm.Data[key], `"rehearse-7-`+name+`"`) {
					names = append(names, name)
				}
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TestHeld checks that a job with requests does not run, named or not, before exactly these
// requests were allowed for this head.
func TestHeld(t *testing.T) {
	same := func(*v1alpha1.Approval) {}
	for name, tc := range map[string]struct {
		shown   map[string]gate.Finding
		line    string
		approve func(a *v1alpha1.Approval)
		head    bool
		run     []string
	}{
		"no requests":                                      {nil, "/pj-rehearse all", nil, false, []string{"pull-e2e", "pull-unit"}},
		"held job, all selected":                           {map[string]gate.Finding{"pull-e2e": asking("a")}, "/pj-rehearse all", nil, false, []string{"pull-unit"}},
		"held job, named":                                  {map[string]gate.Finding{"pull-e2e": asking("a")}, "/pj-rehearse pull-e2e", nil, false, nil},
		"held job, selected by a pattern":                  {map[string]gate.Finding{"pull-e2e": asking("a")}, "/pj-rehearse pull-e*", nil, false, nil},
		"requests allowed":                                 {map[string]gate.Finding{"pull-e2e": asking("a")}, "/pj-rehearse all", same, false, []string{"pull-e2e", "pull-unit"}},
		"requests allowed for another head":                {map[string]gate.Finding{"pull-e2e": asking("a")}, "/pj-rehearse all", func(a *v1alpha1.Approval) { a.Head = strings.Repeat("9", 40) }, false, []string{"pull-unit"}},
		"requests allowed for another base branch":         {map[string]gate.Finding{"pull-e2e": asking("a")}, "/pj-rehearse all", func(a *v1alpha1.Approval) { a.BaseRef = "other" }, false, []string{"pull-unit"}},
		"other requests allowed":                           {map[string]gate.Finding{"pull-e2e": asking("a")}, "/pj-rehearse all", func(a *v1alpha1.Approval) { a.Asks = "0123" }, false, []string{"pull-unit"}},
		"allowed when there were no requests":              {map[string]gate.Finding{"pull-e2e": asking("a")}, "/pj-rehearse all", func(a *v1alpha1.Approval) { a.Asks = "" }, false, []string{"pull-unit"}},
		"excluded job, requests allowed and head approved": {map[string]gate.Finding{"pull-e2e": {Excluded: "restricted: by base"}}, "/pj-rehearse all", same, true, []string{"pull-unit"}},
		"new job":                          {map[string]gate.Finding{"pull-e2e": {New: "new: base does not know it"}}, "/pj-rehearse all", same, false, []string{"pull-unit"}},
		"new job, head approved":           {map[string]gate.Finding{"pull-e2e": {New: "new: base does not know it"}}, "/pj-rehearse all", nil, true, []string{"pull-e2e", "pull-unit"}},
		"held job, only the head approved": {map[string]gate.Finding{"pull-e2e": asking("a")}, "/pj-rehearse all", nil, true, []string{"pull-unit"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.reconciler.Plans = &gatedJobs{tc.shown}
			w.reconcile()
			if tc.approve != nil {
				w.rh.Status.PrivilegeApproval = w.allow(tc.approve)
			}
			if tc.head {
				w.rh.Status.HeadApproval = w.allow(func(a *v1alpha1.Approval) { a.Asks = "" })
			}
			w.hear("comment-1-0", tc.line)
			if got := w.runJobs(); !slices.Equal(got, tc.run) {
				t.Errorf("the run has %q, want %q", got, tc.run)
			}
			if state := w.rh.Status.Runs[0].State; (state == v1alpha1.RunRejected) != (len(tc.run) == 0) {
				t.Errorf("the run is %s: %s", state, w.rh.Status.Runs[0].Message)
			}
		})
	}
}

// TestHeldIsShown checks that the comment and the status show the requests.
func TestHeldIsShown(t *testing.T) {
	w := newWorld(t)
	w.reconciler.Plans = &gatedJobs{map[string]gate.Finding{"pull-e2e": asking("cloud"), "pull-unit": {New: "new: base does not know it"}}}
	w.reconcile()
	p := w.rh.Status.Plan
	if p.Held != 2 || p.Offered != 0 || p.Excluded != 0 || p.Due != 2 || p.Asks == "" {
		t.Errorf("the status says %+v", p)
	}
	body := strings.Join(w.bodies(), "\n")
	for _, want := range []string{"reads a secret", "`cloud`", "pod_spec.volumes[0].secret", "privileges-allowed", "new: base does not know it"} {
		if !strings.Contains(body, want) {
			t.Errorf("the comment does not say %q:\n%s", want, body)
		}
	}
	w.hear("comment-2-0", "/pj-rehearse explain pull-e2e")
	if body := strings.Join(w.bodies(), "\n"); !strings.Contains(body, "once somebody other than the author allows") {
		t.Errorf("the explanation does not say that it is held:\n%s", body)
	}
}

// TestWhatIsShownIsAllThatIsAllowed checks that requests which the comment did not show are
// not allowed with the rest.
func TestWhatIsShownIsAllThatIsAllowed(t *testing.T) {
	w := newWorld(t)
	plans := &gatedJobs{map[string]gate.Finding{"pull-e2e": asking("a")}}
	w.reconciler.Plans = plans
	w.reconcile()
	w.rh.Status.PrivilegeApproval = w.allow(func(*v1alpha1.Approval) {})
	plans.shown["pull-e2e"] = asking("a", "b")
	w.hear("comment-1-0", "/pj-rehearse all")
	if got := w.runJobs(); !slices.Equal(got, []string{"pull-unit"}) {
		t.Errorf("the run has %q", got)
	}
}

// TestHolds checks that an approval is for one head and one base branch.
func TestHolds(t *testing.T) {
	rh := &v1alpha1.Rehearsal{}
	rh.Status.Pull = &v1alpha1.PullStatus{Head: head, BaseRef: "main"}
	for name, tc := range map[string]struct {
		approval *v1alpha1.Approval
		want     bool
	}{
		"no approval":               {nil, false},
		"this head and branch":      {&v1alpha1.Approval{By: "carol", Head: head, BaseRef: "main"}, true},
		"another head":              {&v1alpha1.Approval{By: "carol", Head: strings.Repeat("9", 40), BaseRef: "main"}, false},
		"another base branch":       {&v1alpha1.Approval{By: "carol", Head: head, BaseRef: "next"}, false},
		"approval without a person": {&v1alpha1.Approval{Head: head, BaseRef: "main"}, false},
	} {
		if got := tc.approval.Holds(rh.Status.Pull); got != tc.want {
			t.Errorf("%s: holds is %t", name, got)
		}
	}
}

// TestOnlyWhatIsShownIsAllowed checks that requests which did not fit in the comment cannot
// be allowed. Only jobs that it shows in full can be allowed by name.
func TestOnlyWhatIsShownIsAllowed(t *testing.T) {
	w, _ := governed(t, policy.Config{Trust: policy.Rule{"anyone"}})
	plans := &gatedJobs{map[string]gate.Finding{"pull-e2e": asking(strings.Repeat("a", 3000)), "pull-unit": asking("a")}}
	w.reconciler.Plans = plans
	w.reconcile()
	if p := w.rh.Status.Plan; p.AsksShown || len(p.Asking) != 1 || p.Asking[0].Job != "pull-unit" {
		t.Fatalf("the comment shows %v %+v", p.AsksShown, p.Asking)
	}
	w.clock.SetTime(w.clock.Now().Add(time.Minute))
	for i, step := range []struct {
		words, verdict string
		jobs           []string
	}{
		{"privileges-allowed", v1alpha1.ReasonNotShown, nil},
		{"privileges-allowed pull-e2e", v1alpha1.ReasonNotShown, nil},
		{"privileges-allowed pull-e2e pull-unit", v1alpha1.ReasonNotShown, nil},
		{"privileges-allowed pull-*", v1alpha1.ReasonNotUnderstood, nil},
		{"all", "OK", nil},
		{"privileges-allowed pull-unit", "OK", nil},
		{"all", "OK", []string{"pull-unit"}},
		{"pull-e2e", "OK", []string{"pull-unit"}},
	} {
		w.clock.SetTime(w.clock.Now().Add(time.Minute))
		id := fmt.Sprintf("comment-%d-0", 20+i)
		w.hearFrom("bob", id, "/pj-rehearse "+step.words)
		if got := w.verdict(id); got != step.verdict {
			t.Errorf("%s is %s, want %s", step.words, got, step.verdict)
		}
		if got := w.runJobs(); !slices.Equal(got, step.jobs) {
			t.Errorf("after %s, %q are run, want %q", step.words, got, step.jobs)
		}
	}
	if body := strings.Join(w.bodies(), "\n"); !strings.Contains(body, "some jobs request are allowed**, most recently by `bob`") {
		t.Errorf("nobody is told:\n%s", body)
	}
}

// TestAllowedByName checks that an approval by name is for one job and its requests, and
// that several add up.
func TestAllowedByName(t *testing.T) {
	findings := map[string]gate.Finding{"a": asking("x"), "b": asking("y"), "c": {New: "new"}}
	rh := &v1alpha1.Rehearsal{Status: v1alpha1.RehearsalStatus{
		Pull: &v1alpha1.PullStatus{Head: head, BaseRef: "main", Open: true},
		Plan: &v1alpha1.PlanStatus{Head: head, BaseRef: "main", Asks: gate.Digest(findings), Asking: []v1alpha1.AskingJob{
			{Job: "job-a", Asks: planning.AsksOf("a", findings["a"])}, {Job: "job-b", Asks: planning.AsksOf("b", findings["b"])},
		}},
	}}
	say := func(who string, names ...string) map[string]string {
		c := command("comment-1-0", "", -1)
		c.By = who
		judging.Acknowledge(rh, c, event.AllowPrivileges, names...)
		return planning.AllowedBy(rh.Status.PrivilegeApproval, findings)
	}
	judging.Acknowledge(rh, command("comment-1-0", "", -1), event.AllowPrivileges, "nobody's")
	if rh.Status.PrivilegeApproval != nil {
		t.Fatalf("no job is all jobs: %+v", rh.Status.PrivilegeApproval)
	}
	for _, step := range []struct {
		by, name string
		want     map[string]string
	}{
		{"bob", "job-a", map[string]string{"a": "bob"}},
		{"carol", "job-b", map[string]string{"a": "bob", "b": "carol"}},
	} {
		if diff := cmp.Diff(step.want, say(step.by, step.name)); diff != "" {
			t.Errorf("%s: %s", step.name, diff)
		}
	}
	findings["a"] = asking("z")
	if diff := cmp.Diff(map[string]string{"b": "carol"}, planning.AllowedBy(rh.Status.PrivilegeApproval, findings)); diff != "" {
		t.Errorf("asking for something else: %s", diff)
	}
	if diff := cmp.Diff(map[string]string{"a": "dave", "b": "dave"}, say("dave")); diff != "" {
		t.Errorf("all: %s", diff)
	}
	if diff := cmp.Diff(map[string]string{"a": "dave", "b": "dave"}, say("bob", "job-b")); diff != "" {
		t.Errorf("a name after all: %s", diff)
	}
}

// unwilling is a GitHub that refuses edits.
type unwilling struct{ GitHub }

func (unwilling) EditComment(context.Context, string, string, int64, string) (*github.Comment, error) {
	return nil, &github.RefusedError{Op: "editing", Reason: "it is too long"}
}

// TestWhatWasNotWrittenWasNotShown checks that the comment for an older head does not show
// the requests of the current one.
func TestWhatWasNotWrittenWasNotShown(t *testing.T) {
	w, _ := governed(t, policy.Config{Trust: policy.Rule{"anyone"}})
	plans := &gatedJobs{map[string]gate.Finding{"pull-e2e": asking("harmless")}}
	w.reconciler.Plans = plans
	w.reconcile()
	if p := w.rh.Status.Plan; !p.AsksShown || p.AsksSince == nil || len(p.Asking) != 1 {
		t.Fatalf("what is shown is not known: %+v", p)
	}
	plans.shown["pull-e2e"] = asking("prod-signing-key")
	w.reconciler.GitHub = unwilling{w.reconciler.GitHub}
	w.push()
	w.clock.SetTime(w.clock.Now().Add(time.Minute))
	w.hearFrom("bob", "comment-20-0", "/pj-rehearse privileges-allowed")
	w.hearFrom("bob", "comment-21-0", "/pj-rehearse privileges-allowed pull-e2e")
	if a := w.rh.Status.PrivilegeApproval; a != nil || w.rh.Status.Plan.AsksShown || w.verdict("comment-20-0") == "OK" || w.verdict("comment-21-0") == "OK" {
		t.Errorf("%s, %s: %+v", w.verdict("comment-20-0"), w.verdict("comment-21-0"), a)
	}
}

// TestAJobNamedLikeTheCommit has bob allow one job, whose name begins like the commit,
// because its author chose it so. That must not allow all jobs.
func TestAJobNamedLikeTheCommit(t *testing.T) {
	w, _ := governed(t, policy.Config{Trust: policy.Rule{"anyone"}})
	w.reconciler.Plans = &gatedJobs{map[string]gate.Finding{"pull-e2e": asking("harmless")}}
	w.reconcile()
	w.rh.Status.Plan.Asking = append(w.rh.Status.Plan.Asking, v1alpha1.AskingJob{Job: head[:8], Asks: "x"})
	w.clock.SetTime(w.clock.Now().Add(time.Minute))
	w.hearFrom("bob", "comment-20-0", "/pj-rehearse privileges-allowed "+head[:8])
	if a := w.rh.Status.PrivilegeApproval; a != nil {
		t.Errorf("it is %s: %+v", w.verdict("comment-20-0"), a)
	}
}
