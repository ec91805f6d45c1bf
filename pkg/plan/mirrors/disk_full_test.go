//go:build linux

package mirrors

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// TestAFullDiskHeals checks that leftovers, and the commits of closed pull requests, are
// removed to make space for a request.
func TestAFullDiskHeals(t *testing.T) {
	disk := smallDisk(t)
	tree, mirrors := mirrored(t, disk)
	tree.Write("a", "1")
	base := tree.Commit()
	heads := make([]string, 2)
	for i := range heads {
		tree.Git("reset", "--quiet", "--hard", base)
		tree.Write("b", noise(t, 6<<20))
		heads[i] = tree.Commit()
	}
	req := func(i int) plan.Request { return plan.Request{Org: "acme", Repo: "config", Base: base, Head: heads[i]} }
	others := filepath.Join(disk, "acme", "gone.git", "objects", "x")
	if err := os.MkdirAll(filepath.Dir(others), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(others, bytes.Repeat([]byte("x"), 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := mirrors.Keep(t.Context(), "acme", "config", []string{base, heads[0], heads[1]}); err != nil {
		t.Fatal(err)
	}
	if _, err := mirrors.For(t.Context(), req(0)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(others); err == nil {
		t.Error("the mirror that nobody asks for is still there")
	}
	// There is space for one of them, and both are needed. The mirror is cloned again
	// once; after that an error is returned, without a path in it.
	mirrors.now = func() time.Time { return time.Now().Add(2 * roomInterval) }
	if _, err := mirrors.For(t.Context(), req(1)); err != nil {
		t.Errorf("the first time: %v", err)
	}
	mirrors.now = func() time.Time { return time.Now().Add(4 * roomInterval) }
	var full *repo.DiskFullError
	if _, err := mirrors.For(t.Context(), req(0)); !errors.As(err, &full) || plan.Terminal(err) || strings.Contains(err.Error(), disk) {
		t.Errorf("the second time: %v", err)
	}
	// One of them is closed, and nobody has asked for it since the last start.
	mirrors = New(disk, mirrors.url, nil)
	if err := mirrors.Keep(t.Context(), "acme", "config", []string{base, heads[0]}); err != nil {
		t.Error(err)
	}
	if _, err := mirrors.For(t.Context(), req(0)); err != nil {
		t.Errorf("with room to make: %v", err)
	}
}

// smallDisk returns the path of a volume of 5 MiB.
func smallDisk(t *testing.T) string {
	t.Helper()
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=5m"); err != nil {
		t.Skipf("a small disk takes the right to mount one: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	return disk
}

// noise returns text that hardly compresses.
func noise(t *testing.T, bytes int) string {
	t.Helper()
	b := make([]byte, bytes/2)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(b)
}

// TestAFullVolumeHealsAfterARestart starts a controller on a volume without a free byte,
// filled by half of a pack that a killed fetch was writing.
func TestAFullVolumeHealsAfterARestart(t *testing.T) {
	disk := smallDisk(t)
	tree, mirrors := mirrored(t, disk)
	tree.Write("a", "1")
	base := tree.Commit()
	tree.Write("b", "2")
	req := plan.Request{Org: "acme", Repo: "config", Base: base, Head: tree.Commit()}
	if _, err := mirrors.For(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	filler, err := os.Create(filepath.Join(disk, "acme", "config.git", "objects", "pack", "tmp_pack_abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = filler.Write(make([]byte, 4096))
	}
	if err := filler.Close(); err != nil {
		t.Fatal(err)
	}
	tree.Write("c", noise(t, 1<<20))
	req.Head = tree.Commit()
	mirrors = New(disk, mirrors.url, nil)
	if err := mirrors.Keep(t.Context(), "acme", "config", []string{base, req.Head}); err != nil {
		t.Errorf("tidying: %v", err)
	}
	mirrors.now = func() time.Time { return time.Now().Add(2 * roomInterval) }
	if _, err := mirrors.For(t.Context(), req); err != nil {
		t.Errorf("fetching what is new: %v", err)
	}
	mirrors.now = func() time.Time { return time.Now().Add(4 * roomInterval) }
	if _, err := mirrors.For(t.Context(), req); err != nil {
		t.Errorf("again: %v", err)
	}
}
