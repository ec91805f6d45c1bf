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
	// maxPacks is how many packs a mirror may have: every look for an object goes
	// through all of them.
	maxPacks = 50
	// keptTime is how long a commit stays after somebody asked for it last, though no
	// open pull request needs it.
	keptTime = 24 * time.Hour
	// pruneTime is how long objects stay that no ref leads to: somebody may read
	// them. pruneInterval is the time between two repacks that drop some.
	pruneTime     = 48 * time.Hour
	pruneInterval = 24 * time.Hour
)

// pruned is a file in the mirror that tells when objects were dropped last.
const pruned = "rehearsal-pruned"

// Keep says which commits are needed: others go, once nobody has asked for them for
// a while, and some time later what only they had. What killed processes have left
// goes as well, and what many small fetches have brought is combined. Nothing is
// done that would have to wait for a fetch; the next call does it.
//
// Whoever reads at the same time is safe: an object is dropped days after the last
// ref that leads to it, a file that is open stays readable, and git looks again for
// an object that is not where it was.
func (m *Mirror) Keep(ctx context.Context, needed []string) error {
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

// MakeRoom drops at once all that no open pull request needs, and what fetches that
// were killed have left, however young: to forget takes room, too.
func (m *Mirror) MakeRoom(ctx context.Context, needed []string) error {
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

// forget deletes the refs of commits that nobody needs.
func (m *Mirror) forget(ctx context.Context, needed []string) error {
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

func (m *Mirror) pruneDue() bool {
	info, err := os.Stat(filepath.Join(m.dir, pruned))
	return err != nil || m.now().Sub(info.ModTime()) >= pruneInterval
}

// prune packs what refs lead to, and drops what they do not, once it is older than
// a time.
func (m *Mirror) prune(ctx context.Context, older time.Duration) error {
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

// tidy combines packs after a fetch, and removes what a repack that was killed has
// left, unless there is another. What was fetched is of use in any case, and the next
// fetch tries again.
func (m *Mirror) tidy(ctx context.Context) {
	if m.using.TryAcquire(maxFetches) {
		m.removeUnfinished()
		_ = m.combine(ctx)
		m.using.Release(maxFetches)
	}
}

// combine packs together what many small fetches have left. The large packs stay as
// they are, so that it costs what has been fetched since, not what the repository
// weighs.
func (m *Mirror) combine(ctx context.Context) error {
	packs, _ := filepath.Glob(filepath.Join(m.dir, "objects", "pack", "*.pack")) // the pattern is ours
	if len(packs) <= m.packs {
		return nil
	}
	return m.repack(ctx, "--geometric=2")
}

func (m *Mirror) repack(ctx context.Context, how ...string) error {
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

// removeUnfinished removes what a repack has left that failed, maybe for want of
// room.
func (m *Mirror) removeUnfinished() {
	for _, pattern := range []string{"tmp_*", ".tmp-*"} {
		removeOld(filepath.Join(m.dir, "objects", "pack", pattern), time.Unix(1<<40, 0))
	}
}

// sweepFiles removes the temporary files and the locks that killed commands have
// left in the mirror.
func (m *Mirror) sweepFiles() {
	now := m.now()
	for _, pattern := range []string{
		"*.lock", "refs/*.lock", "refs/*/*.lock", "refs/*/*/*.lock", "objects/info/*.lock", "objects/info/*/*.lock",
		"objects/pack/tmp_*", "objects/pack/.tmp-*", "objects/*/tmp_obj_*", "objects/tmp_*",
	} {
		removeOld(filepath.Join(m.dir, pattern), now)
	}
}

// list is what is in a directory, nothing when there is none.
func list(dir string) []os.DirEntry {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	return entries
}
