package repo

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"
)

// Mirror is a bare repository with the objects of a remote one. The first fetch creates
// it. It is safe for concurrent use. Reading never waits; fetches wait only while the
// mirror is rebuilt or repacked.
type Mirror struct {
	*bare
	token func(context.Context) (string, error)
	// bounds are the limits of all fetches; nil chooses them for each fetch.
	bounds    *Limits
	headSlots *semaphore.Weighted
}

// bare is the repository on disk: it is created, repaired, repacked and pruned.
type bare struct {
	Objects
	url string
	now func() time.Time
	// packs is how many packs a mirror may have before they are combined.
	packs int

	// using has a slot for each fetch. Operations that move objects or the directory
	// itself take all slots.
	using    *semaphore.Weighted
	heads    *commits
	rebuilds *rebuilds
}

// Option changes how a mirror works.
type Option func(*Mirror)

// WithToken sets the source of the token for fetching over HTTP. Each fetch calls it.
func WithToken(token func(context.Context) (string, error)) Option {
	return func(m *Mirror) { m.token = token }
}

// WithLimits sets the same limits for all fetches.
func WithLimits(l Limits) Option {
	return func(m *Mirror) { m.bounds = &l }
}

// Open returns the mirror of url in dir, without reading or creating anything.
func Open(dir, url string, options ...Option) *Mirror {
	m := newMirror(dir, url)
	for _, o := range options {
		o(m)
	}
	return m
}

// OpenClone returns a user's own repository, given its .git directory. It is only read:
// nothing is fetched, repaired or written.
func OpenClone(gitDir string) *Mirror { return newMirror(gitDir, "") }

func newMirror(dir, url string) *Mirror {
	return &Mirror{
		bare: &bare{
			Objects: Objects{git{dir: dir}}, url: url, now: time.Now, packs: maxPacks, using: semaphore.NewWeighted(maxFetches),
			heads: newCommits(), rebuilds: &rebuilds{because: map[string]bool{}},
		},
		headSlots: semaphore.NewWeighted(maxHeads),
	}
}

// Dir returns the git directory.
func (m *bare) Dir() string { return m.dir }

// fullSHA matches a full object name.
var fullSHA = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// IsSHA reports whether s is a full object name, which always denotes the same commit:
// neither an abbreviation nor a branch.
func IsSHA(s string) bool { return fullSHA.MatchString(s) }

// has reports whether a commit exists. A fetch adds a commit only with everything it
// refers to, so checking the commit is enough.
func (o Objects) has(ctx context.Context, sha string) bool {
	_, err := o.run(ctx, "cat-file", "-e", "--end-of-options", sha+"^{commit}")
	return err == nil
}

// Resolve returns the SHA of the commit that a branch, ref or SHA denotes in the mirror.
func (m *Mirror) Resolve(ctx context.Context, rev string) (string, error) {
	out, err := m.run(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	if err != nil {
		var failure *commandFailure
		if errors.As(err, &failure) && failure.stderr == "" {
			return "", &NotFoundError{Revision: rev}
		}
		return "", err
	}
	return lastField(out), nil
}

// lastField returns the object name that rev-parse printed. Older versions of git also
// print the option --end-of-options.
func lastField(out []byte) string {
	fields := strings.Fields(string(out))
	if len(fields) == 0 {
		return ""
	}
	return fields[len(fields)-1]
}

// MergeBase returns the best common ancestor of two commits.
func (m *Mirror) MergeBase(ctx context.Context, a, b string) (string, error) {
	out, err := m.run(ctx, "merge-base", "--", a, b)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(out)), nil
}
