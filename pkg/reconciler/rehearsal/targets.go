package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// What a head may make us ask of GitHub about other repositories, in one turn: until
// somebody vouches for it, and then. Strangers are repositories that no job of base is
// about.
var (
	unvouched = allowance{calls: 50, strangers: 50}
	vouched   = allowance{calls: 500, strangers: 200}
)

// lookAgainTime is when what was not asked for is asked for again.
const lookAgainTime = 10 * time.Minute

type allowance struct {
	calls, strangers int
}

// unknown is why something about a repository is not known; empty when it is.
type unknown string

const (
	whyNoName unknown = "that is not the name of a repository on GitHub"
	// whyHidden is said of what does not exist as well: which it is, is not for
	// everybody to know.
	whyHidden  unknown = "no job of the base branch is about that repository, and not everybody may read it; name the branch in the job"
	whyMissing unknown = "GitHub does not show it to us; name the branch in the job"
	whyTooMany unknown = "this pull request is about more repositories that are new to the base branch than are looked up; name the branch in the job"
	whyLater   unknown = "it was not looked up now, and is later, by itself"
)

// question is about a repository that a job names: what its default branch is or,
// with a branch, what that is at.
type question struct {
	repo, branch string
	// public has it asked without credentials.
	public bool
}

func (q question) key() string {
	return fmt.Sprintf("%t %s@%s", q.public, strings.ToLower(q.repo), q.branch)
}

// inquiry is what one turn asks about other repositories.
type inquiry struct {
	*lookups
	github GitHub
	// config is the config repository, whose budget it is, and atBase what jobs at
	// base are about, in lower case.
	config string
	atBase map[string]bool
	left   allowance
	// strangers are those that were let in.
	strangers map[string]bool
	now       time.Time
	// later says that something is to be asked again.
	later bool
}

// inquire begins what this turn asks: with our credentials about what jobs at base are
// about already, and else as everybody may.
func (t *turn) inquire() *inquiry {
	p, pull := t.rh.Spec.Pull, t.rh.Status.Pull
	config := p.Org + "/" + p.Repo
	q := &inquiry{
		lookups: &t.Lookups, github: t.GitHub, config: config, left: unvouched, now: t.now,
		atBase: map[string]bool{strings.ToLower(config): true}, strangers: map[string]bool{},
	}
	if !pull.Untrusted && (pull.AuthorTrusted || t.holds(t.rh.Status.HeadApproval)) {
		q.left = vouched
	}
	for _, name := range t.plan.result.Targets {
		q.atBase[strings.ToLower(name)] = true
	}
	return q
}

// admit decides whether, and how, to ask about a repository.
func (i *inquiry) admit(repo, branch string) (question, unknown) {
	name := strings.ToLower(repo)
	q := question{repo: repo, branch: branch, public: !i.atBase[name]}
	switch org, base := settings.Split(repo); {
	case !github.IsRepository(org, base):
		return q, whyNoName
	case !q.public, i.strangers[name]:
		return q, ""
	case len(i.strangers) >= i.left.strangers:
		return q, whyTooMany
	}
	i.strangers[name] = true
	return q, ""
}

// ask gives the answer to a question, or says why there is none. An error is worth a
// retry of the turn.
func (i *inquiry) ask(ctx context.Context, repo, branch string) (string, unknown, error) {
	q, why := i.admit(repo, branch)
	if why != "" {
		return "", why, nil
	}
	if known, ok := i.known(q.key(), i.now); ok {
		return known.value, known.why, nil
	}
	if i.left.calls == 0 || !i.spend(i.config, q.public, i.now) {
		i.later = true
		return "", whyLater, nil
	}
	i.left.calls--
	value, err := i.call(ctx, q)
	var limited *github.RateLimitedError
	switch {
	case github.Impossible(err):
		why = whyMissing
		if q.public {
			why = whyHidden
		}
	case err != nil && (q.public || branch == "" && errors.As(err, &limited)):
		i.later = true
		return "", whyLater, nil
	case err != nil:
		return "", "", err
	case branch != "":
		return value, "", nil
	}
	believed := lookupTime
	if q.public && why != "" {
		believed = hiddenTime
	}
	i.keep(q.key(), lookup{value: value, why: why, until: i.now.Add(believed)})
	return value, why, nil
}

func (i *inquiry) call(ctx context.Context, q question) (string, error) {
	org, repo := settings.Split(q.repo)
	switch {
	case q.public && q.branch == "":
		return i.github.PublicDefaultBranch(ctx, org, repo)
	case q.public:
		return i.github.PublicBranchTip(ctx, org, repo, q.branch)
	case q.branch == "":
		return i.github.DefaultBranch(ctx, org, repo)
	}
	return i.github.BranchTip(ctx, org, repo, q.branch)
}

// defaultBranches looks up the default branches of repositories, and says of others
// why they are not known.
func (t *turn) defaultBranches(ctx context.Context, repos []string) (branches, unknown map[string]string, err error) {
	branches, unknown = map[string]string{}, map[string]string{}
	i := t.inquire()
	for _, name := range repos {
		branch, why, err := i.ask(ctx, name, "")
		if err != nil {
			return nil, nil, err
		}
		if why == "" {
			branches[name] = branch
		} else {
			unknown[name] = string(why)
		}
	}
	t.lookLater = i.later
	return branches, unknown, nil
}

// tips looks up the commits that other repositories are at; those that are not known
// are cloned as each pod finds them. What is not asked for is said.
func (t *turn) tips(ctx context.Context, jobs []render.Job, in render.Input) (tips map[string]string, notes []string, err error) {
	tips = map[string]string{}
	left := 0
	i := t.inquire()
	for _, c := range render.Checkouts(jobs, in) {
		if fullSHA.MatchString(c.Ref) {
			tips[render.TipKey(c.Repo, c.Ref)] = c.Ref
			continue
		}
		sha, why, err := i.ask(ctx, c.Repo, c.Ref)
		switch {
		case err != nil:
			return nil, nil, fmt.Errorf("looking up what %s is at in %s: %w", c.Ref, c.Repo, err)
		case why == whyTooMany, why == whyLater:
			left++
		case why == "":
			tips[render.TipKey(c.Repo, c.Ref)] = sha
		}
	}
	if left > 0 {
		notes = append(notes, report.NotPinned(left))
	}
	return tips, notes, nil
}

// lookAgain is when the plan asks GitHub again for what was not known; nil when that
// is nothing.
func (t *turn) lookAgain() *metav1.Time {
	if !t.lookLater {
		return nil
	}
	return &metav1.Time{Time: t.now.Add(lookAgainTime)}
}

// lookAgainLater says when GitHub is to be asked for what the plan lacks.
func (t *turn) lookAgainLater() error {
	known, pull := t.rh.Status.Plan, t.rh.Status.Pull
	if known == nil || known.LookAgain == nil || pull == nil || !pull.Open || known.Head != pull.Head {
		return nil
	}
	return &requeue.Later{After: known.LookAgain.Sub(t.now), Reason: "the plan lacks something"}
}
