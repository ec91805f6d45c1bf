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
	// maxRebuilds is how often a mirror is rebuilt within rebuildTime: what looks
	// like damage may be what somebody has pushed.
	maxRebuilds = 2
	rebuildTime = time.Hour
	// rebuiltLately is how long ago a mirror was rebuilt by somebody who saw the same
	// damage.
	rebuiltLately = time.Minute
)

// rebuilds remembers when a mirror was rebuilt, and for which commits.
type rebuilds struct {
	mu      sync.Mutex
	at      []time.Time
	because map[string]bool
}

// allow decides whether a mirror is to be rebuilt for some commits, and notes it.
// Where it was done a moment ago it need not be.
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

// Rebuild throws the mirror away, so that the next fetch brings everything
// again. Whoever finds an error that is Corrupt should call it, with the commit
// that was read: for none it is done twice, nor more than a few times in an hour,
// and then gives a *RebuiltError.
func (m *Mirror) Rebuild(ctx context.Context, commits ...string) error {
	if m.url == "" {
		return nil
	}
	needed, err := m.rebuilds.allow(m.now(), commits)
	if err != nil || !needed {
		return err
	}
	return m.alone(ctx, m.replace)
}

// alone does something while nobody fetches.
func (m *Mirror) alone(ctx context.Context, do func(context.Context) error) error {
	if err := m.using.Acquire(ctx, maxFetches); err != nil {
		return err
	}
	defer m.using.Release(maxFetches)
	return do(ctx)
}

// prepare makes the mirror where there is none.
func (m *Mirror) prepare(ctx context.Context) error {
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

func (m *Mirror) usable(ctx context.Context) bool {
	_, err := m.run(ctx, "rev-parse", "--git-dir")
	return err == nil
}

// replace puts an empty repository in place of whatever is there. Where there is no
// room for both, the old one goes first.
func (m *Mirror) replace(ctx context.Context) error {
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

// replaceOnce makes the new repository aside and renames it, so a crash leaves no
// half of one.
func (m *Mirror) replaceOnce(ctx context.Context) error {
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
