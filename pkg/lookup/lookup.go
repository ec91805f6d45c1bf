// Package lookup asks GitHub about repositories other than the config repository: their
// default branches, and the tips of their branches. A pull request can name any number of
// repositories, so lookups are limited, and nobody can use them to learn about repositories
// that they may not read.
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

// The limits of lookups that a head may cause in one pass: before it is approved, and
// after. The head of a trusted author counts as approved. Strangers are repositories for
// which the base has no job.
var (
	BeforeApproval = Allowance{Calls: 50, Strangers: 50}
	AfterApproval  = Allowance{Calls: 500, Strangers: 200}
)

// Allowance is the maximum number of calls, and of strangers among the repositories.
type Allowance struct {
	Calls, Strangers int
}

// GitHub is the part of GitHub's API that lookups use, with our credentials and without.
// Errors are those of pkg/github.
type GitHub interface {
	DefaultBranch(ctx context.Context, org, repo string) (string, error)
	BranchTip(ctx context.Context, org, repo, branch string) (string, error)
	PublicDefaultBranch(ctx context.Context, org, repo string) (string, error)
	PublicBranchTip(ctx context.Context, org, repo, branch string) (string, error)
}

// unknown is why something about a repository is not known; empty if it is known.
type unknown string

const (
	whyNoName unknown = "that is not the name of a repository on GitHub"
	// whyHidden is also used for repositories that do not exist: not everybody may know the
	// difference.
	whyHidden  unknown = "no job on the base branch is for that repository, and it is not public; name the branch in the job"
	whyMissing unknown = "GitHub does not show it to this installation; name the branch in the job"
	whyTooMany unknown = "this pull request has jobs for more new repositories than are looked up; name the branch in the job"
	whyLater   unknown = "it could not be looked up now; this is retried automatically"
)

// question asks for the default branch of a repository or, with a branch, for the tip of
// that branch.
type question struct {
	repo, branch string
	// public says that the lookup uses no credentials.
	public bool
}

func (q question) key() string {
	return fmt.Sprintf("%t %s@%s", q.public, strings.ToLower(q.repo), q.branch)
}

// Inquiry is one series of lookups, for what one pull request names.
type Inquiry struct {
	memory *Memory
	github GitHub
	// config is the config repository, whose budget is used. atBase are the repositories
	// that jobs at base are for, in lower case.
	config string
	atBase map[string]bool
	left   Allowance
	// strangers are the strangers that were looked up.
	strangers map[string]bool
	now       time.Time
	later     bool
}

// Inquire begins lookups for a config repository. Repositories that jobs at base are for
// are looked up with our credentials, all others without.
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

// Later reports whether something could not be looked up now, and should be tried again.
func (i *Inquiry) Later() bool { return i.later }

// admit decides whether, and how, to look up a repository.
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

// ask returns the answer to a question, or why there is none. After an error, the pass
// should be retried.
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

// DefaultBranches looks up the default branches of repositories. unknown says why others
// are not known.
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

// fullSHA matches a full commit SHA, which needs no lookup.
var fullSHA = regexp.MustCompile("^[0-9a-f]{40}$")

// Tips looks up the tips of branches of other repositories, by their render.TipKey. For
// unknown ones, each pod clones what it finds; left counts those that were not looked up.
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
