package plan

import (
	"context"
	"fmt"
	"sync"

	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// Mirrors keeps one mirror for each config repository.
type Mirrors struct {
	dir   string
	url   func(org, repo string) string
	token func(ctx context.Context, org, repo string) (string, error)

	mu   sync.Mutex
	open map[string]*repo.Mirror
}

// NewMirrors keeps mirrors below dir. Url is where a repository is cloned from,
// token gives what to authenticate with there; it may be nil.
func NewMirrors(dir string, url func(org, repo string) string, token func(ctx context.Context, org, repo string) (string, error)) *Mirrors {
	return &Mirrors{dir: dir, url: url, token: token, open: map[string]*repo.Mirror{}}
}

// For returns the mirror of the request's repository, with its base and head.
// These must be full SHAs: what was approved, planned and run is to be the same
// commit.
func (m *Mirrors) For(ctx context.Context, req Request) (*repo.Mirror, error) {
	for _, sha := range []string{req.Base, req.Head} {
		if !repo.IsSHA(sha) {
			return nil, fmt.Errorf("%q of %s/%s is no full commit SHA", sha, req.Org, req.Repo)
		}
	}
	mirror := m.mirror(req.Org, req.Repo)
	if err := mirror.Fetch(ctx, req.Base, req.Head); err != nil {
		return nil, fmt.Errorf("fetching %s/%s: %w", req.Org, req.Repo, err)
	}
	return mirror, nil
}

func (m *Mirrors) mirror(org, name string) *repo.Mirror {
	m.mu.Lock()
	defer m.mu.Unlock()
	url := m.url(org, name)
	if mirror, ok := m.open[url]; ok {
		return mirror
	}
	var options []repo.Option
	if m.token != nil {
		options = append(options, repo.WithToken(func(ctx context.Context) (string, error) { return m.token(ctx, org, name) }))
	}
	mirror := repo.Open(m.Dir(Request{Org: org, Repo: name}), url, options...)
	m.open[url] = mirror
	return mirror
}
