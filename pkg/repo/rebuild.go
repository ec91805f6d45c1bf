package repo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	// maxRebuilds is how often a mirror is rebuilt within rebuildTime. What looks like
	// damage may be in a pushed commit, and then rebuilding does not help.
	maxRebuilds = 2
	rebuildTime = time.Hour
	// rebuiltLately is the time after a rebuild in which another one is not needed:
	// concurrent calls see the same damage.
	rebuiltLately = time.Minute
)

// rebuilds records when a mirror was rebuilt, and for which commits.
type rebuilds struct {
	mu      sync.Mutex
	at      []time.Time
	because map[string]bool
}

// allow decides whether to rebuild a mirror because of some commits, and records it. A
// mirror that has just been rebuilt needs no rebuild.
func (r *rebuilds) allow(now time.Time, commits []string) (needed bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = slices.DeleteFunc(r.at, func(at time.Time) bool { return now.Sub(at) >= rebuildTime })
	if len(r.at) == 0 {
		clear(r.because)
	}
	for _, sha := range commits {
		if r.because[sha] {
			return false, &RebuiltError{Revision: sha}
		}
	}
	switch {
	case len(r.at) > 0 && now.Sub(r.at[len(r.at)-1]) < rebuiltLately:
		needed = false
	case len(r.at) >= maxRebuilds:
		return false, &RebuiltError{}
	default:
		needed = true
		r.at = append(r.at, now)
	}
	for _, sha := range commits {
		r.because[sha] = true
	}
	return needed, nil
}

// Rebuild empties the mirror, so that the next fetch fetches everything again. Call it
// after an error that is Corrupt, with the commit that was read. It rebuilds at most once
// for a commit, and maxRebuilds times within rebuildTime; beyond that it returns a
// *RebuiltError.
func (m *bare) Rebuild(ctx context.Context, commits ...string) error {
	if m.url == "" {
		return nil
	}
	needed, err := m.rebuilds.allow(m.now(), commits)
	if err != nil || !needed {
		return err
	}
	return m.alone(ctx, m.replace)
}

// alone runs do while no fetch runs.
func (m *bare) alone(ctx context.Context, do func(context.Context) error) error {
	if err := m.using.Acquire(ctx, maxFetches); err != nil {
		return err
	}
	defer m.using.Release(maxFetches)
	return do(ctx)
}

// prepare creates the mirror if there is none.
func (m *bare) prepare(ctx context.Context) error {
	if m.usable(ctx) || ctx.Err() != nil {
		return ctx.Err()
	}
	return m.alone(ctx, func(ctx context.Context) error {
		if m.usable(ctx) || ctx.Err() != nil {
			return ctx.Err()
		}
		return m.replace(ctx)
	})
}

func (m *bare) usable(ctx context.Context) bool {
	_, err := m.run(ctx, "rev-parse", "--git-dir")
	return err == nil
}

// replace replaces the directory with an empty repository. If there is no space for both,
// it removes the old one first.
func (m *bare) replace(ctx context.Context) error {
	err := m.replaceOnce(ctx)
	var full *DiskFullError
	if !errors.As(err, &full) {
		return err
	}
	if err := os.RemoveAll(m.dir); err != nil {
		return fmt.Errorf("removing damaged mirror: %w", err)
	}
	return m.replaceOnce(ctx)
}

// replaceOnce creates the new repository beside the old one and renames it, so a crash
// leaves no partial repository.
func (m *bare) replaceOnce(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Dir(m.dir), 0o755); err != nil {
		return fmt.Errorf("creating mirror: %w", ofDisk(err))
	}
	fresh, err := makeTemp(filepath.Dir(m.dir), filepath.Base(m.dir)+".new-")
	if err != nil {
		return fmt.Errorf("creating mirror: %w", err)
	}
	defer func() { _ = fresh.Close() }()
	if _, err := (git{dir: fresh.path}).run(ctx, "init", "--quiet", "--bare", "--template="); err != nil {
		return fmt.Errorf("creating mirror: %w", err)
	}
	if err := os.RemoveAll(m.dir); err != nil {
		return fmt.Errorf("removing damaged mirror: %w", err)
	}
	if err := os.Rename(fresh.path, m.dir); err != nil {
		return fmt.Errorf("creating mirror: %w", ofDisk(err))
	}
	return nil
}
