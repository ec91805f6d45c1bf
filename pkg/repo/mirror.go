package repo

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"
)

// Mirror is a bare repository with the objects of a remote one. It is created
// by the first fetch, and is safe for concurrent use. Reading waits for nobody;
// fetches wait only while the mirror is rebuilt or repacked.
type Mirror struct {
	Objects
	url   string
	token func(context.Context) (string, error)
	now   func() time.Time
	// bounds are the limits of all fetches, instead of those that fit.
	bounds *Limits
	// packs is how many of them fetches may leave before they are combined.
	packs int

	// using has a place for each fetch, and is taken whole by what moves objects
	// or the directory itself.
	using     *semaphore.Weighted
	headSlots *semaphore.Weighted
	heads     *commits
	rebuilds  *rebuilds
}

// Option changes how a mirror works.
type Option func(*Mirror)

// WithToken sets where the token for fetching over http comes from. It is
// asked anew for each fetch.
func WithToken(token func(context.Context) (string, error)) Option {
	return func(m *Mirror) { m.token = token }
}

// WithLimits sets the limits of all fetches, instead of those that fit what is
// fetched.
func WithLimits(l Limits) Option {
	return func(m *Mirror) { m.bounds = &l }
}

// Open returns the mirror of url in dir. It does no work yet.
func Open(dir, url string, options ...Option) *Mirror {
	m := newMirror(dir, url)
	for _, o := range options {
		o(m)
	}
	return m
}

// OpenClone returns a person's own repository, by its .git directory. It is
// only read: nothing is fetched, repaired or written to it.
func OpenClone(gitDir string) *Mirror { return newMirror(gitDir, "") }

func newMirror(dir, url string) *Mirror {
	return &Mirror{
		Objects: Objects{git{dir: dir}}, url: url, now: time.Now, packs: maxPacks,
		using: semaphore.NewWeighted(maxFetches), headSlots: semaphore.NewWeighted(maxHeads),
		heads: newCommits(), rebuilds: &rebuilds{because: map[string]bool{}},
	}
}

// Dir is the git directory.
func (m *Mirror) Dir() string { return m.dir }

// fullSHA matches a complete object name.
var fullSHA = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// IsSHA reports whether s is a complete object name, which stands for one commit
// for ever: neither an abbreviation nor a branch.
func IsSHA(s string) bool { return fullSHA.MatchString(s) }

// has reports whether a commit is there. Fetches bring a commit only with all
// it needs, so one look is enough.
func (o Objects) has(ctx context.Context, sha string) bool {
	_, err := o.run(ctx, "cat-file", "-e", "--end-of-options", sha+"^{commit}")
	return err == nil
}

// Resolve returns the SHA of the commit that a branch, ref or SHA stands for
// in the mirror.
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

// lastField is what rev-parse found: older versions of git print the option
// --end-of-options as well.
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
