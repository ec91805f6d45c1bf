package repo

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func packsOf(t *testing.T, m *Mirror) (packs []string) {
	t.Helper()
	packs, err := filepath.Glob(filepath.Join(m.dir, "objects", "pack", "*.pack"))
	if err != nil {
		t.Fatal(err)
	}
	return packs
}

// TestPacksAreCombined fetches many commits that are in no branch, while others read.
func TestPacksAreCombined(t *testing.T) {
	o := newOrigin(t)
	base := o.commit(map[string]string{"base": "1"})
	o.git("config", "uploadpack.allowAnySHA1InWant", "true")
	m := mirrorOf(t, o, base)
	m.packs = 3
	var heads []string
	for i := range 12 {
		o.git("reset", "--quiet", "--hard", base)
		heads = append(heads, o.commit(map[string]string{fmt.Sprint(i): strings.Repeat(fmt.Sprintln("line", i), 500)}))
	}
	if err := m.Fetch(t.Context(), heads[0]); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					if n == 0 {
						t.Error("nothing was read")
					}
					return
				default:
				}
				merged, err := m.Merge(t.Context(), base, heads[0])
				if err != nil {
					t.Error(err)
					return
				}
				if entries, err := merged.List(t.Context(), merged.Tree); err != nil || len(entries) != 2 {
					t.Errorf("entries = %v, %v", entries, err)
				}
				_ = merged.Close()
			}
		})
	}
	most := 0
	for _, head := range heads[1:] {
		if err := m.Fetch(t.Context(), head); err != nil {
			t.Fatal(err)
		}
		most = max(most, len(packsOf(t, m)))
	}
	close(done)
	readers.Wait()
	if most > m.packs+1 {
		t.Errorf("%d packs", most)
	}
	for _, head := range heads {
		if !m.has(t.Context(), head) {
			t.Errorf("%s is lost", head)
		}
	}
}

// TestHeadsOfClosedPullRequestsGo checks that the refs of closed pull requests go, and
// days later their objects, and that the rest stays readable.
func TestHeadsOfClosedPullRequestsGo(t *testing.T) {
	o := newOrigin(t)
	o.git("config", "uploadpack.allowAnySHA1InWant", "true")
	base := o.commit(map[string]string{"base": "1"})
	open := o.commitOn(base, map[string]string{"open": "1"})
	closed := o.commitOn(base, map[string]string{"closed": "1"})
	m := mirrorOf(t, o, base)
	for _, head := range []string{open, closed} {
		if err := m.FetchHead(t.Context(), head); err != nil {
			t.Fatal(err)
		}
	}
	keep := func(after time.Duration) {
		t.Helper()
		m.now = func() time.Time { return time.Now().Add(after) }
		if err := m.Keep(t.Context(), []string{base, open}); err != nil {
			t.Fatal(err)
		}
	}
	exists := func(sha string) bool {
		_, err := m.run(t.Context(), "cat-file", "-e", sha)
		return err == nil
	}
	keep(keptTime - time.Hour)
	if !m.has(t.Context(), closed) || len(refsOf(t, m)) != 3 {
		t.Errorf("what was asked for lately is gone: %v", refsOf(t, m))
	}
	keep(keptTime + time.Hour)
	if refs := refsOf(t, m); len(refs) != 2 || !exists(closed) {
		t.Errorf("refs: %v, there: %t", refs, exists(closed))
	}
	// Git drops objects by its own clock.
	age(t, m, pruneTime+time.Hour)
	keep(keptTime + 2*time.Hour)
	if !exists(closed) {
		t.Error("objects are dropped more than once a day")
	}
	keep(keptTime + pruneInterval + 2*time.Hour)
	if exists(closed) || !exists(open) || !exists(base) || len(packsOf(t, m)) > 2 {
		t.Errorf("closed: %t, open: %t, base: %t, packs: %v", exists(closed), exists(open), exists(base), packsOf(t, m))
	}
	merged, err := m.Merge(t.Context(), base, open)
	if err != nil {
		t.Fatal(err)
	}
	_ = merged.Close()
	if err := m.FetchHead(t.Context(), closed); err != nil || !m.Has(t.Context(), closed) {
		t.Errorf("opened again: %v", err)
	}
}

func refsOf(t *testing.T, m *Mirror) []string {
	t.Helper()
	out, err := m.run(t.Context(), "for-each-ref", "--format=%(refname)")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

// age makes all objects of a mirror look older.
func age(t *testing.T, m *Mirror, by time.Duration) {
	t.Helper()
	then := time.Now().Add(-by)
	err := filepath.WalkDir(filepath.Join(m.dir, "objects"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".mtimes") {
			return err
		}
		return os.Chtimes(path, then, then)
	})
	if err != nil {
		t.Fatal(err)
	}
	// A cruft pack has a time for each object in its .mtimes file.
	for _, path := range packsOf(t, m) {
		_ = os.Remove(strings.TrimSuffix(path, ".pack") + ".mtimes")
	}
}

// TestLeftoversAreSwept checks that directories with our names go unless they are locked.
func TestLeftoversAreSwept(t *testing.T) {
	o := newOrigin(t)
	base := o.commit(map[string]string{"a": "1"})
	m := mirrorOf(t, o, base)
	parent := filepath.Dir(m.dir)
	held, err := makeTemp(parent, "config.git.fetch-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = held.Close() })
	gone := []string{"config.git.new-123", "config.git.fetch-4567", "rehearsal-objects-89", "rehearsal-clone-1"}
	stay := []string{"config.git.new-1.git", "config.git", "rehearsal-objects-x", "new-1", filepath.Base(held.path), filepath.Base(m.dir)}
	for _, name := range append(slices.Clone(gone), stay...) {
		writeFile(t, filepath.Join(parent, name, "objects/pack/tmp_pack_x"), "x")
	}
	now := time.Now()
	if n := SweepTemp(parent, now); n != 0 {
		t.Errorf("%d directories that may just have been made are gone", n)
	}
	if n := SweepTemp(parent, now.Add(youngTemp+time.Second)); n != len(gone) {
		t.Errorf("%d are gone, not %d", n, len(gone))
	}
	for _, name := range stay {
		if _, err := os.Stat(filepath.Join(parent, name)); err != nil {
			t.Error(err)
		}
	}
	locks := []string{"packed-refs.lock", "refs/rehearsal/" + base + ".lock", "objects/pack/tmp_pack_y", "objects/17/tmp_obj_z", "objects/pack/.tmp-1-pack-2.idx"}
	for _, name := range locks {
		writeFile(t, filepath.Join(m.dir, name), "x")
	}
	m.now = func() time.Time { return now.Add(youngFile + time.Minute) }
	if err := m.Keep(t.Context(), []string{base}); err != nil {
		t.Fatal(err)
	}
	for _, name := range locks {
		if _, err := os.Stat(filepath.Join(m.dir, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	if !m.Has(t.Context(), base) {
		t.Error("the mirror lacks what it had")
	}
}

// TestWhatARepackLeftGoesWithTheNextFetch checks that a fetch removes the files of a
// killed repack, even if the fetch fails.
func TestWhatARepackLeftGoesWithTheNextFetch(t *testing.T) {
	o := newOrigin(t)
	m := mirrorOf(t, o, o.commit(map[string]string{"a": "1"}))
	writeFile(t, filepath.Join(m.dir, "objects/pack/tmp_pack_x"), "x")
	if err := m.FetchHead(t.Context(), strings.Repeat("12", 20)); err == nil {
		t.Error("what is not there is fetched")
	}
	if paths := left(t, m); len(paths) > 0 {
		t.Errorf("left: %v", paths)
	}
}
