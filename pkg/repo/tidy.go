package repo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	// maxPacks is how many packs a mirror may have: every search for an object goes
	// through all of them.
	maxPacks = 50
	// keptTime is how long a commit is kept after its last use, even if no open pull
	// request needs it.
	keptTime = 24 * time.Hour
	// pruneTime is how long unreachable objects are kept: somebody may still read them.
	// pruneInterval is the time between two repacks that drop objects.
	pruneTime     = 48 * time.Hour
	pruneInterval = 24 * time.Hour
)

// pruned is a file in the mirror; its modification time is that of the last prune.
const pruned = "rehearsal-pruned"

// Keep tidies the mirror. It forgets commits that are neither needed nor used for
// keptTime, and later drops the objects that only they had. It removes files that killed
// processes have left, and combines the packs of many small fetches. It never waits for a
// fetch: what is blocked by one is left to the next call.
//
// Concurrent readers are safe: an object is dropped days after the last ref to it, an
// open file stays readable, and git searches again for an object that has moved.
func (m *bare) Keep(ctx context.Context, needed []string) error {
	if !m.usable(ctx) {
		return ctx.Err()
	}
	m.sweepFiles()
	if err := m.forget(ctx, needed); err != nil {
		return err
	}
	if !m.using.TryAcquire(maxFetches) {
		return nil
	}
	defer m.using.Release(maxFetches)
	if m.pruneDue() {
		return m.prune(ctx, pruneTime)
	}
	return m.combine(ctx)
}

// FreeSpace drops at once everything that no open pull request needs. It first removes the
// files that killed repacks have left, however young: deleting refs takes space, too.
func (m *bare) FreeSpace(ctx context.Context, needed []string) error {
	if !m.usable(ctx) {
		return ctx.Err()
	}
	return m.alone(ctx, func(ctx context.Context) error {
		m.removeUnfinished()
		if err := m.forget(ctx, needed); err != nil {
			return err
		}
		return m.prune(ctx, 0)
	})
}

// forget deletes the refs of commits that are not needed.
func (m *bare) forget(ctx context.Context, needed []string) error {
	out, err := m.run(ctx, "for-each-ref", "--format=%(refname)", keptRefs)
	if err != nil {
		return fmt.Errorf("listing what is kept: %w", err)
	}
	since := m.now().Add(-keptTime)
	var commands strings.Builder
	for _, ref := range strings.Fields(string(out)) {
		sha := strings.TrimPrefix(ref, keptRefs)
		if !slices.Contains(needed, sha) && !m.heads.usedSince(sha, since) {
			fmt.Fprintf(&commands, "delete %s\n", ref)
		}
	}
	m.heads.forgetUnused(since)
	if commands.Len() == 0 {
		return nil
	}
	if _, err := m.runWith(ctx, strings.NewReader(commands.String()), "update-ref", "--stdin"); err != nil {
		return fmt.Errorf("deleting what is no longer needed: %w", err)
	}
	return nil
}

func (m *bare) pruneDue() bool {
	info, err := os.Stat(filepath.Join(m.dir, pruned))
	return err != nil || m.now().Sub(info.ModTime()) >= pruneInterval
}

// prune packs the reachable objects, and drops unreachable ones that are older than a
// duration.
func (m *bare) prune(ctx context.Context, older time.Duration) error {
	before := fmt.Sprintf("%d.seconds.ago", int(older.Seconds()))
	if older == 0 {
		before = "now"
	}
	if err := m.repack(ctx, "--cruft", "--cruft-expiration="+before); err != nil {
		return err
	}
	if _, err := m.run(ctx, "prune", "--expire="+before); err != nil {
		return fmt.Errorf("dropping objects: %w", err)
	}
	mark := filepath.Join(m.dir, pruned)
	if err := os.WriteFile(mark, nil, 0o644); err != nil {
		return fmt.Errorf("noting that objects were dropped: %w", ofDisk(err))
	}
	return os.Chtimes(mark, m.now(), m.now())
}

// tidy combines packs after a fetch, and removes the files that a killed repack has left,
// unless another fetch runs. It ignores errors: the fetched commits are usable, and the
// next fetch tries again.
func (m *bare) tidy(ctx context.Context) {
	if m.using.TryAcquire(maxFetches) {
		m.removeUnfinished()
		_ = m.combine(ctx)
		m.using.Release(maxFetches)
	}
}

// combine combines the packs of many small fetches. The large packs stay as they are, so
// the cost depends on the data fetched since, not on the size of the repository.
func (m *bare) combine(ctx context.Context) error {
	packs, _ := filepath.Glob(filepath.Join(m.dir, "objects", "pack", "*.pack")) // only a bad pattern is an error, and ours is valid
	if len(packs) <= m.packs {
		return nil
	}
	return m.repack(ctx, "--geometric=2")
}

func (m *bare) repack(ctx context.Context, how ...string) error {
	if _, err := m.run(ctx, "pack-refs", "--all"); err != nil {
		return fmt.Errorf("packing refs: %w", err)
	}
	args := []string{"-c", "repack.writeBitmaps=false", "-c", "pack.threads=1", "-c", "pack.windowMemory=32m", "repack", "--quiet", "-d"}
	if _, err := m.run(ctx, append(args, how...)...); err != nil {
		m.removeUnfinished()
		return fmt.Errorf("combining packs: %w", err)
	}
	return nil
}

// removeUnfinished removes the files that a failed or killed repack has left, for
// instance on a full disk.
func (m *bare) removeUnfinished() {
	for _, pattern := range []string{"tmp_*", ".tmp-*"} {
		removeOld(filepath.Join(m.dir, "objects", "pack", pattern), time.Unix(1<<40, 0))
	}
}

// sweepFiles removes the temporary files and the locks that killed commands have left in
// the mirror.
func (m *bare) sweepFiles() {
	now := m.now()
	for _, pattern := range []string{
		"*.lock", "refs/*.lock", "refs/*/*.lock", "refs/*/*/*.lock", "objects/info/*.lock", "objects/info/*/*.lock",
		"objects/pack/tmp_*", "objects/pack/.tmp-*", "objects/*/tmp_obj_*", "objects/tmp_*",
	} {
		removeOld(filepath.Join(m.dir, pattern), now)
	}
}

// list returns the entries of a directory; none if it cannot be read.
func list(dir string) []os.DirEntry {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	return entries
}
