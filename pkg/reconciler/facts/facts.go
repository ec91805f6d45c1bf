// Package facts looks up what GitHub knows about a pull request and the people who take
// part in it: their rights, who contributed, what they really wrote, and when. Facts are
// for one pass, and are looked up again in the next.
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

// GitHub is the part of GitHub's API that facts are looked up with. Errors are those of
// pkg/github.
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
	// Skew returns how far GitHub's clock is ahead of ours, if its responses show that.
	Skew() (ahead time.Duration, known bool)
}

// Insister retries what GitHub refuses until the refusal is accepted, see
// conversation.Conversation.
type Insister interface {
	Insist(what string, trying func(reason, message string), call func() error) error
}

// Facts are the facts about one pull request in one pass.
type Facts struct {
	GitHub     GitHub
	Rehearsal  *v1alpha1.Rehearsal
	Repository settings.Repository
	Settings   *settings.Settings
	Insister   Insister
	Now        time.Time

	// Pull is the pull request, if it was read in this pass.
	Pull *github.Pull
	// TrustKnown says that it is known whether the author is trusted.
	TrustKnown bool

	known       policy.Facts
	permissions map[string]github.Permission
	files       *changedFiles
	owners      *owners.Tree
	// lastComment is the comment that was read last.
	lastComment *github.Comment
	// textEdits are the edits of texts, by their node ids.
	textEdits map[string]*github.Edits
}

// New returns Facts for one pass.
func New(f Facts) *Facts {
	f.known, f.permissions, f.textEdits = policy.Facts{}, map[string]github.Permission{}, map[string]*github.Edits{}
	return &f
}

const (
	// Lag is how long GitHub's API may still return the previous head after the webhook of
	// a push.
	Lag = time.Minute
	// LagPause is the time between two reads while the API lags.
	LagPause = 5 * time.Second
)
