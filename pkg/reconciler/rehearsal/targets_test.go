package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/lookup"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/planning"
)

// elsewhere is a GitHub with other repositories, some of them public. It records the calls
// with our credentials, and those without.
type elsewhere struct {
	*hub
	public        []string
	ours, openly  []string
	limited, away bool
}

const secretBranch = "branch-of-a-private-repository"

func (e *elsewhere) answer(value string) (string, error) {
	switch {
	case e.away:
		return "", errors.New("GitHub answers 502")
	case e.limited:
		return "", &github.RateLimitedError{Until: noon.Add(time.Hour)}
	}
	return value, nil
}

func (e *elsewhere) DefaultBranch(_ context.Context, org, repo string) (string, error) {
	if org+"/"+repo == "acme/config" {
		return "main", nil
	}
	e.ours = append(e.ours, org+"/"+repo)
	if strings.HasPrefix(repo, "nothing") {
		return "", &github.NotFoundError{Op: "reading"}
	}
	return e.answer(secretBranch)
}

func (e *elsewhere) BranchTip(ctx context.Context, org, repo, branch string) (string, error) {
	if org+"/"+repo == "acme/config" {
		return e.hub.BranchTip(ctx, org, repo, branch)
	}
	e.ours = append(e.ours, org+"/"+repo+"@"+branch)
	return e.answer(strings.Repeat("5", 40))
}

func (e *elsewhere) PublicDefaultBranch(_ context.Context, org, repo string) (string, error) {
	e.openly = append(e.openly, org+"/"+repo)
	if !slices.Contains(e.public, org+"/"+repo) && !e.limited {
		return "", &github.NotFoundError{Op: "reading"}
	}
	return e.answer("trunk")
}

func (e *elsewhere) PublicBranchTip(_ context.Context, org, repo, branch string) (string, error) {
	e.openly = append(e.openly, org+"/"+repo+"@"+branch)
	if !slices.Contains(e.public, org+"/"+repo) && !e.limited {
		return "", &github.NotFoundError{Op: "reading"}
	}
	return e.answer(strings.Repeat("6", 40))
}

func (e *elsewhere) calls() int { return len(e.ours) + len(e.openly) }

// newTargets is a plan with a new job for each of repos, without a branch. Jobs at base are
// for atBase.
type newTargets struct {
	repos, atBase []string
	branches      []string
	extra         []prowapi.Refs
}

func (newTargets) Forget(plan.Request) {}

func (n newTargets) Get(key string, req plan.Request) (*plan.Result, error, bool) {
	result, err, done := twoJobs{}.Get(key, req)
	first := result.Affected[0]
	result.Affected, result.Targets = nil, n.atBase
	for i, repo := range n.repos {
		j := first
		jobs := []config.Presubmit{*first.Presubmit}
		jobs[0].Name, jobs[0].Branches, jobs[0].ExtraRefs = fmt.Sprintf("pull-%d", i), n.branches, n.extra
		_ = config.SetPresubmitRegexes(jobs)
		j.Ref = affected.Ref{Type: prowapi.PresubmitJob, Repo: repo, Name: jobs[0].Name, Branches: n.branches}
		j.Effective, j.Before, j.Change = affected.Effective{Presubmit: &jobs[0]}, affected.Effective{}, affected.ChangeNew
		result.Affected = append(result.Affected, j)
	}
	return result, err, done
}

func invented(n int) (repos []string) {
	for i := range n {
		repos = append(repos, fmt.Sprintf("nobody/nothing-%04d", i))
	}
	return repos
}

// about returns a world with a pull request whose jobs are for other repositories.
func about(t *testing.T, plans newTargets, commands ...v1alpha1.Command) (*world, *elsewhere) {
	t.Helper()
	w := newWorld(t, commands...)
	e := &elsewhere{hub: w.hub, public: []string{"acme/open"}}
	w.reconciler.GitHub, w.reconciler.Plans = e, plans
	return w, e
}

func planBody(t *testing.T, w *world) string {
	t.Helper()
	if len(w.hub.comments) == 0 {
		t.Fatal("there is no comment")
	}
	return w.hub.comments[0].Body
}

// TestNothingPrivateIsLookedUp checks that repositories for which base has no job are
// looked up without credentials, and that private ones look the same as missing ones.
func TestNothingPrivateIsLookedUp(t *testing.T) {
	w, e := about(t, newTargets{repos: []string{"acme/private", "acme/nothing", "acme/open", "acme/known", "../user", "a/b/c"}, atBase: []string{"acme/known"}})
	w.reconcile()
	body := planBody(t, w)
	if !slices.Equal(e.ours, []string{"acme/known"}) || !slices.Equal(e.openly, []string{"acme/nothing", "acme/open", "acme/private"}) {
		t.Errorf("asked about %v with credentials, and about %v without", e.ours, e.openly)
	}
	if n := strings.Count(body, secretBranch); n == 0 {
		t.Error("the branch of the repository that base has jobs about is not shown")
	}
	private, nothing := "", ""
	for line := range strings.Lines(body) {
		if strings.Contains(line, "acme/private") {
			private += strings.ReplaceAll(line, "acme/private", "acme/X")
		}
		if strings.Contains(line, "acme/nothing") {
			nothing += strings.ReplaceAll(line, "acme/nothing", "acme/X")
		}
	}
	private, nothing = strings.ReplaceAll(private, "pull-0", "pull-X"), strings.ReplaceAll(nothing, "pull-1", "pull-X")
	if private != nothing || !strings.Contains(private, "name the branch in the job") || strings.Contains(private, secretBranch) {
		t.Errorf("a private repository is\n%s\none that does not exist\n%s", private, nothing)
	}
	if w.rh.Status.Plan.LookAgain != nil {
		t.Error("it is looked at again")
	}
}

// TestInventedRepositoriesMakeFewCalls names 3,000 of them, in one pass and over a day.
func TestInventedRepositoriesMakeFewCalls(t *testing.T) {
	w, e := about(t, newTargets{repos: invented(3000)})
	w.hub.foreign = true
	w.reconcile()
	if n := e.calls(); n > lookup.StrangersPerHour {
		t.Errorf("%d calls in the first turn", n)
	}
	if body := planBody(t, w); !strings.Contains(body, "this is retried automatically") {
		t.Errorf("it is not said:\n%s", body)
	}
	for range 24 * 6 {
		w.clock.SetTime(w.clock.Now().Add(10 * time.Minute))
		w.reconcile()
	}
	asked := slices.Clone(e.openly)
	slices.Sort(asked)
	if n := len(slices.Compact(asked)); len(e.ours) > 0 || n != lookup.BeforeApproval.Strangers || e.calls() != n {
		t.Errorf("over a day: %d calls about %d repositories, %d with credentials", e.calls(), n, len(e.ours))
	}
	if again := w.rh.Status.Plan.LookAgain; again != nil {
		t.Errorf("it is looked at again, at %v", again)
	}
}

// TestOneTurnAsksSoMuch checks the limit of one pass, also for repositories for which base
// has jobs. The rest is looked up later, automatically.
func TestOneTurnAsksSoMuch(t *testing.T) {
	repos := invented(120)
	for i := range repos {
		repos[i] = strings.Replace(repos[i], "nothing", "thing", 1)
	}
	w, e := about(t, newTargets{repos: repos, atBase: repos})
	w.hub.foreign = true
	w.reconcile()
	if n := e.calls(); n != lookup.BeforeApproval.Calls {
		t.Errorf("%d calls in the first turn", n)
	}
	again := w.rh.Status.Plan.LookAgain
	if again == nil || !strings.Contains(planBody(t, w), "this is retried automatically") {
		t.Fatalf("again at %v", again)
	}
	for range 3 {
		w.clock.SetTime(w.clock.Now().Add(planning.LookAgainTime))
		w.reconcile()
	}
	if n := e.calls(); n != len(repos) || w.rh.Status.Plan.LookAgain != nil || w.rh.Status.Plan.Offered+w.rh.Status.Plan.Held != len(repos) {
		t.Errorf("%d calls in the end, %+v", n, w.rh.Status.Plan)
	}
	if strings.Contains(planBody(t, w), "by itself") {
		t.Error("the comment still says that it is looked up later")
	}
}

// TestLimitedLookupsHoldUpNothing checks rate limits, and a GitHub that does not respond to
// calls without credentials.
func TestLimitedLookupsHoldUpNothing(t *testing.T) {
	w, e := about(t, newTargets{repos: []string{"acme/known", "acme/open"}, atBase: []string{"acme/known"}})
	e.limited = true
	w.reconcile()
	if body := planBody(t, w); strings.Count(body, "this is retried automatically") < 2 {
		t.Errorf("it is not said:\n%s", body)
	}
	e.limited = false
	w.clock.SetTime(w.clock.Now().Add(planning.LookAgainTime))
	w.reconcile()
	if body := planBody(t, w); strings.Contains(body, "by itself") || !strings.Contains(body, secretBranch) || !strings.Contains(body, "trunk") {
		t.Errorf("once GitHub answers:\n%s", body)
	}
}

// TestTipsOfOthers checks that extra refs of jobs are looked up in the same way, and are
// not pinned if that finds nothing.
func TestTipsOfOthers(t *testing.T) {
	refs := []prowapi.Refs{{Org: "acme", Repo: "private", BaseRef: "secret"}, {Org: "acme", Repo: "open", BaseRef: "main"}, {Org: "acme", Repo: "open", BaseRef: strings.Repeat("7", 40)}}
	w, e := about(t, newTargets{repos: []string{"acme/known"}, atBase: []string{"acme/known"}, branches: []string{"main"}, extra: refs}, command("comment-1-0", "/pj-rehearse all", -1))
	w.reconcile()
	if !slices.Equal(slices.Compact(e.ours), []string{"acme/known@main"}) || !slices.Equal(slices.Compact(e.openly), []string{"acme/open@main", "acme/private@secret"}) {
		t.Errorf("asked about %v with credentials, and about %v without", e.ours, e.openly)
	}
	if r := w.rh.Status.Runs; len(r) != 1 || r[0].State != v1alpha1.RunRunning {
		t.Errorf("runs: %+v", r)
	}
}

func TestTipsThatAreNotAskedForAreSaid(t *testing.T) {
	var refs []prowapi.Refs
	for i := range 60 {
		refs = append(refs, prowapi.Refs{Org: "nobody", Repo: fmt.Sprintf("nothing-%d", i), BaseRef: "main"})
	}
	w, e := about(t, newTargets{repos: []string{"acme/known"}, atBase: []string{"acme/known"}, branches: []string{"main"}, extra: refs}, command("comment-1-0", "/pj-rehearse all", -1))
	w.reconcile()
	if len(e.openly) > lookup.StrangersPerHour {
		t.Errorf("%d calls", len(e.openly))
	}
	if body := w.hub.comments[len(w.hub.comments)-1].Body; !strings.Contains(body, "45 branches of other repositories were not looked up") {
		t.Errorf("it is not said:\n%s", body)
	}
}
