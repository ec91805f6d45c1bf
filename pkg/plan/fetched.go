package plan

import (
	"context"
	"path/filepath"
)

// Fetch brings what a request needs.
func (m *Mirrors) Fetch(ctx context.Context, req Request) error {
	_, err := m.For(ctx, req)
	return err
}

// Repair throws away the mirror of a request, so that all of it is brought anew.
func (m *Mirrors) Repair(ctx context.Context, req Request) error {
	mirror, err := m.mirror(req.Org, req.Repo)
	if err != nil {
		return err
	}
	return unfetched(mirror.Rebuild(ctx, req.Head))
}

// Dir is the git directory of the mirror of a request.
func (m *Mirrors) Dir(req Request) string { return filepath.Join(m.dir, req.Org, req.Repo+".git") }
