// Package lookup asks GitHub about other repositories than the config repository: what
// their default branches are, and what their branches are at. A pull request can name as
// many as it likes, so that what it costs is bounded, and nobody learns by it of
// repositories that they may not read.
package lookup

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// How much one head may make us ask GitHub about other repositories in one reconcile: before
// somebody has approved it, and after. Strangers are repositories that no job of the base
// branch is about.
var (
	BeforeApproval = Allowance{Calls: 50, Strangers: 50}
	AfterApproval  = Allowance{Calls: 500, Strangers: 200}
)

// Allowance is how many calls there may be, and about how many strangers.
type Allowance struct {
	Calls, Strangers int
}

// GitHub is what is asked, with our credentials and as anybody may. Errors are those of
// pkg/github.
type GitHub interface {
	DefaultBranch(ctx context.Context, org, repo string) (string, error)
	BranchTip(ctx context.Context, org, repo, branch string) (string, error)
	PublicDefaultBranch(ctx context.Context, org, repo string) (string, error)
	PublicBranchTip(ctx context.Context, org, repo, branch string) (string, error)
}

// unknown is why something about a repository is not known; empty when it is.
type unknown string

const (
	whyNoName unknown = "that is not the name of a repository on GitHub"
	// whyHidden is said of what does not exist as well: which it is, is not for
	// everybody to know.
	whyHidden  unknown = "no job on the base branch is for that repository, and it is not public; name the branch in the job"
	whyMissing unknown = "GitHub does not show it to this installation; name the branch in the job"
	whyTooMany unknown = "this pull request has jobs for more new repositories than are looked up; name the branch in the job"
	whyLater   unknown = "it could not be looked up now; this is retried automatically"
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

// Inquiry is what is asked at a time, about what one pull request names.
type Inquiry struct {
	memory *Memory
	github GitHub
	// config is the config repository, whose budget it is, and atBase what jobs at
	// base are about, in lower case.
	config string
	atBase map[string]bool
	left   Allowance
	// strangers are those that were let in.
	strangers map[string]bool
	now       time.Time
	later     bool
}

// Inquire begins to ask for a config repository: with our credentials about what jobs at
// base are about already, and else as everybody may.
func (m *Memory) Inquire(gh GitHub, config string, atBase []string, left Allowance, now time.Time) *Inquiry {
	i := &Inquiry{
		memory: m, github: gh, config: config, left: left, now: now,
		atBase: map[string]bool{strings.ToLower(config): true}, strangers: map[string]bool{},
	}
	for _, name := range atBase {
		i.atBase[strings.ToLower(name)] = true
	}
	return i
}

// Later says that something was not asked now, and is worth asking again.
func (i *Inquiry) Later() bool { return i.later }

// admit decides whether, and how, to ask about a repository.
func (i *Inquiry) admit(repo, branch string) (question, unknown) {
	name := strings.ToLower(repo)
	q := question{repo: repo, branch: branch, public: !i.atBase[name]}
	switch org, base := settings.Split(repo); {
	case !github.IsRepository(org, base):
		return q, whyNoName
	case !q.public, i.strangers[name]:
		return q, ""
	case len(i.strangers) >= i.left.Strangers:
		return q, whyTooMany
	}
	i.strangers[name] = true
	return q, ""
}

// ask gives the answer to a question, or says why there is none. An error is worth a
// retry of the turn.
func (i *Inquiry) ask(ctx context.Context, repo, branch string) (string, unknown, error) {
	q, why := i.admit(repo, branch)
	if why != "" {
		return "", why, nil
	}
	if known, ok := i.memory.known(q.key(), i.now); ok {
		return known.value, known.why, nil
	}
	if i.left.Calls == 0 || !i.memory.spend(i.config, q.public, i.now) {
		i.later = true
		return "", whyLater, nil
	}
	i.left.Calls--
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
	i.memory.keep(q.key(), lookup{value: value, why: why, until: i.now.Add(believed)})
	return value, why, nil
}

func (i *Inquiry) call(ctx context.Context, q question) (string, error) {
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

// DefaultBranches looks up the default branches of repositories, and says of others
// why they are not known.
func (i *Inquiry) DefaultBranches(ctx context.Context, repos []string) (branches, unknown map[string]string, err error) {
	branches, unknown = map[string]string{}, map[string]string{}
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
	return branches, unknown, nil
}

// fullSHA is a commit that needs no looking up.
var fullSHA = regexp.MustCompile("^[0-9a-f]{40}$")

// Tips looks up the commits that other repositories are at, by their render.TipKey.
// Those that are not known are cloned as each pod finds them; left counts the ones that
// were not asked for.
func (i *Inquiry) Tips(ctx context.Context, checkouts []run.Checkout) (tips map[string]string, left int, err error) {
	tips = map[string]string{}
	for _, c := range checkouts {
		if fullSHA.MatchString(c.Ref) {
			tips[render.TipKey(c.Repo, c.Ref)] = c.Ref
			continue
		}
		sha, why, err := i.ask(ctx, c.Repo, c.Ref)
		switch {
		case err != nil:
			return nil, 0, fmt.Errorf("looking up what %s is at in %s: %w", c.Ref, c.Repo, err)
		case why == whyTooMany, why == whyLater:
			left++
		case why == "":
			tips[render.TipKey(c.Repo, c.Ref)] = sha
		}
	}
	return tips, left, nil
}
