//go:build linux

package repo

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// smallDisk returns a directory on a file system of the given size.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("a small disk takes the right to mount one: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// fill uses up the remaining space.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	block := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}

// TestAFullDisk checks that a fetch that does not fit leaves nothing and returns a
// *DiskFullError, and that fetches succeed again once there is space.
func TestAFullDisk(t *testing.T) {
	o := newOrigin(t)
	o.git("config", "uploadpack.allowAnySHA1InWant", "true")
	base := o.commit(map[string]string{"a": "1"})
	head := o.commitOn(base, map[string]string{"b": noise(t, 4<<20)})
	closed := o.commitOn(base, map[string]string{"b": noise(t, 7<<20)})
	disk := smallDisk(t, "5m")
	m := Open(filepath.Join(disk, "m.git"), o.url())
	full := func(what string, err error) {
		t.Helper()
		var full *DiskFullError
		if !errors.As(err, &full) || Corrupt(err) || strings.Contains(full.Error(), disk) {
			t.Errorf("%s gives %v", what, err)
		}
	}
	if err := m.Fetch(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	if err := m.FetchHead(t.Context(), closed); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		full("a head", m.FetchHead(t.Context(), head))
		if paths := left(t, m); len(paths) > 0 {
			t.Fatalf("left: %v", paths)
		}
	}
	if !m.Has(t.Context(), base, closed) || len(m.rebuilds.at) > 0 {
		t.Error("what was there is gone")
	}
	// The head of a closed pull request is removed to make space.
	m.now = func() time.Time { return time.Now().Add(keptTime + time.Hour) }
	if err := m.FreeSpace(t.Context(), []string{base}); err != nil {
		t.Fatal(err)
	}
	if err := m.FetchHead(t.Context(), head); err != nil || !m.Has(t.Context(), base, head) {
		t.Errorf("with room: %v", err)
	}

	next := o.commit(map[string]string{"c": "1"})
	if err := m.Fetch(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	fill(t, filepath.Join(disk, "others"))
	full("a fetch", m.FetchHead(t.Context(), closed))
	full("a new mirror", Open(filepath.Join(disk, "new.git"), o.url()).Fetch(t.Context(), base))
	t.Setenv("TMPDIR", disk)
	_, err := m.Merge(t.Context(), next, head)
	full("a merge", err)
	if err := os.Remove(filepath.Join(disk, "others")); err != nil {
		t.Fatal(err)
	}
	if err := m.FetchHead(t.Context(), o.commitOn(base, map[string]string{"d": "1"})); err != nil {
		t.Error(err)
	}
	err = filepath.WalkDir(disk, func(path string, _ fs.DirEntry, err error) error {
		if strings.Contains(filepath.Base(path), "tmp_") || temporary.MatchString(filepath.Base(path)) {
			t.Errorf("left: %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
