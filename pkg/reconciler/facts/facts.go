// Package facts finds out what GitHub knows of a pull request and of those who take part
// in it: what they may do, who made it, what they have really written, and when. It is
// asked for within one turn, and nothing of it is believed in the next.
package facts

import (
	"context"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/policy/owners"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// GitHub is what is asked. Errors are those of pkg/github.
type GitHub interface {
	Permission(ctx context.Context, org, repo, login string) (github.Permission, error)
	Member(ctx context.Context, org, login string) (bool, error)
	TeamMember(ctx context.Context, org, slug, login string) (bool, error)
	Collaborator(ctx context.Context, org, repo, login string) (bool, error)
	ChangedFiles(ctx context.Context, org, repo string, number int) ([]string, error)
	Content(ctx context.Context, org, repo, path, ref string) ([]byte, error)
	Pull(ctx context.Context, org, repo string, number int) (*github.Pull, error)
	Pushes(ctx context.Context, org, repo string, number int) (*github.Pushes, error)
	Contributors(ctx context.Context, org, repo, node string) (*github.Contributors, error)
	Edits(ctx context.Context, org, repo, node string) (*github.Edits, error)
	Comment(ctx context.Context, org, repo string, id int64) (*github.Comment, error)
	// Skew is how far GitHub's clock is ahead of ours, if its answers tell that.
	Skew() (ahead time.Duration, known bool)
}

// Insister repeats what GitHub refuses until that is believed, see
// conversation.Conversation.
type Insister interface {
	Insist(what string, trying func(reason, message string), call func() error) error
}

// Facts are those of one pull request in one turn.
type Facts struct {
	GitHub     GitHub
	Rehearsal  *v1alpha1.Rehearsal
	Repository settings.Repository
	Settings   *settings.Settings
	Insister   Insister
	Now        time.Time

	// Pull is the pull request if it was read in this turn.
	Pull *github.Pull
	// TrustKnown says that it was found out whether the author is trusted.
	TrustKnown bool

	known       policy.Facts
	permissions map[string]github.Permission
	files       *changedFiles
	owners      *owners.Tree
	// lastComment is the one that was read last.
	lastComment *github.Comment
	// textEdits are those of texts, by their node ids.
	textEdits map[string]*github.Edits
}

// New is for one turn.
func New(f Facts) *Facts {
	f.known, f.permissions, f.textEdits = policy.Facts{}, map[string]github.Permission{}, map[string]*github.Edits{}
	return &f
}

const (
	// Lag is how long GitHub's API may still tell the head before a push that its
	// webhook has told already.
	Lag = time.Minute
	// LagPause is the time between two looks while it lags.
	LagPause = 5 * time.Second
)
