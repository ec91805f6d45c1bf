// Package mirrors keeps a mirror of each config repository for plans. It removes what the
// open pull requests do not need, and frees space when a disk is full.
package mirrors

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// roomInterval is the time between two attempts to free space on a full disk.
const roomInterval = time.Minute

// Mirrors keeps one mirror for each config repository.
type Mirrors struct {
	dir   string
	url   func(org, repo string) string
	token func(ctx context.Context, org, repo string) (string, error)
	now   func() time.Time

	mu   sync.Mutex
	open map[string]*repo.Mirror // by directory
	// needed are the commits that the open pull requests of a mirror need, once Keep has
	// been called.
	needed map[string][]string
	roomAt time.Time
}

// New keeps mirrors below dir. url returns where a repository is cloned from. token
// returns the token to authenticate with; it may be nil.
func New(dir string, url func(org, repo string) string, token func(ctx context.Context, org, repo string) (string, error)) *Mirrors {
	return &Mirrors{dir: dir, url: url, token: token, now: time.Now, open: map[string]*repo.Mirror{}, needed: map[string][]string{}}
}

// For returns the mirror of the request's repository, with its base and head. These must
// be full SHAs: what is approved, planned and run must be the same commit. If the disk is
// full, For frees space and tries once more.
func (m *Mirrors) For(ctx context.Context, req plan.Request) (*repo.Mirror, error) {
	for _, sha := range []string{req.Base, req.Head} {
		if !repo.IsSHA(sha) {
			return nil, fmt.Errorf("%q of %s/%s is no full commit SHA", sha, req.Org, req.Repo)
		}
	}
	mirror, err := m.mirror(req.Org, req.Repo)
	if err != nil {
		return nil, err
	}
	err = fetch(ctx, mirror, req)
	var full *repo.DiskFullError
	if errors.As(err, &full) && m.freeSpace(ctx) {
		err = fetch(ctx, mirror, req)
	}
	if err != nil {
		return nil, fmt.Errorf("fetching %s/%s: %w", req.Org, req.Repo, plan.Unfetched(err))
	}
	return mirror, nil
}

func fetch(ctx context.Context, mirror *repo.Mirror, req plan.Request) error {
	if err := mirror.Fetch(ctx, req.Base); err != nil {
		return err
	}
	return mirror.FetchHead(ctx, req.Head)
}

// part matches the names that can become directories.
var part = regexp.MustCompile(`^[A-Za-z0-9._][A-Za-z0-9._-]{0,99}$`)

func isPart(name string) bool {
	return part.MatchString(name) && strings.Trim(name, ".") != "" && filepath.IsLocal(name)
}

func (m *Mirrors) mirror(org, name string) (*repo.Mirror, error) {
	if !isPart(org) || !isPart(name) {
		return nil, fmt.Errorf("%q is not the name of a repository", org+"/"+name)
	}
	dir := filepath.Join(m.dir, org, name+".git")
	m.mu.Lock()
	defer m.mu.Unlock()
	if mirror, ok := m.open[dir]; ok {
		return mirror, nil
	}
	var options []repo.Option
	if m.token != nil {
		options = append(options, repo.WithToken(func(ctx context.Context) (string, error) { return m.token(ctx, org, name) }))
	}
	mirror := repo.Open(dir, m.url(org, name), options...)
	m.open[dir] = mirror
	return mirror, nil
}

// Keep records which commits the open pull requests of a repository need. Commits that
// only other pull requests had are removed after a while; what killed processes left
// behind is removed at once. Call Keep regularly.
func (m *Mirrors) Keep(ctx context.Context, org, name string, commits []string) error {
	mirror, err := m.mirror(org, name)
	if err != nil {
		return err
	}
	dir := filepath.Join(m.dir, org, name+".git")
	m.mu.Lock()
	m.needed[dir] = commits
	m.mu.Unlock()
	repo.SweepTemp(filepath.Dir(dir), m.now())
	repo.SweepTemp(os.TempDir(), m.now())
	err = mirror.Keep(ctx, commits)
	var full *repo.DiskFullError
	switch {
	case errors.As(err, &full) && m.freeSpace(ctx):
		return nil
	case repo.Corrupt(err):
		err = mirror.Rebuild(ctx)
	}
	if err != nil {
		return fmt.Errorf("tidying the mirror of %s/%s: %w", org, name, err)
	}
	return nil
}

// freeSpace removes what can be fetched again: leftovers, mirrors that nobody has asked
// for, commits that no open pull request needs, and, if there is not even enough space
// for that, the mirrors themselves. It reports whether the operation that failed is worth
// another attempt.
func (m *Mirrors) freeSpace(ctx context.Context) bool {
	m.mu.Lock()
	now := m.now()
	if now.Sub(m.roomAt) < roomInterval {
		m.mu.Unlock()
		return false
	}
	m.roomAt = now
	open, needed := maps.Clone(m.open), maps.Clone(m.needed)
	m.mu.Unlock()

	repo.SweepTemp(os.TempDir(), now)
	m.dropOthers(open, now)
	for _, dir := range slices.Sorted(maps.Keys(open)) {
		commits, known := needed[dir]
		if !known {
			continue
		}
		err := open[dir].FreeSpace(ctx, commits)
		var full *repo.DiskFullError
		if errors.As(err, &full) || repo.Corrupt(err) {
			err = open[dir].Rebuild(ctx)
		}
		if err != nil && ctx.Err() != nil {
			return false
		}
	}
	return true
}

// dropOthers removes the mirrors that are not open.
func (m *Mirrors) dropOthers(open map[string]*repo.Mirror, now time.Time) {
	dirs, _ := filepath.Glob(filepath.Join(m.dir, "*", "*.git")) // the pattern is valid
	for _, dir := range dirs {
		repo.SweepTemp(filepath.Dir(dir), now)
		if open[dir] == nil {
			_ = os.RemoveAll(dir) // nothing else can be done
		}
	}
}

// Fetch fetches the commits that a request needs.
func (m *Mirrors) Fetch(ctx context.Context, req plan.Request) error {
	_, err := m.For(ctx, req)
	return err
}

// Repair removes the mirror of a request, so that it is cloned again.
func (m *Mirrors) Repair(ctx context.Context, req plan.Request) error {
	mirror, err := m.mirror(req.Org, req.Repo)
	if err != nil {
		return err
	}
	return plan.Unfetched(mirror.Rebuild(ctx, req.Head))
}

// Dir returns the Git directory of the mirror of a request.
func (m *Mirrors) Dir(req plan.Request) string { return filepath.Join(m.dir, req.Org, req.Repo+".git") }
