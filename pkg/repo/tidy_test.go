package repo

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func packsOf(t *testing.T, m *Mirror) (packs []string) {
	t.Helper()
	packs, err := filepath.Glob(filepath.Join(m.dir, "objects", "pack", "*.pack"))
	if err != nil {
		t.Fatal(err)
	}
	return packs
}

// TestPacksAreCombined fetches many times what never is in a branch, while
// others read.
func TestPacksAreCombined(t *testing.T) {
	o := newOrigin(t)
	base := o.commit(map[string]string{"base": "1"})
	o.git("config", "uploadpack.allowAnySHA1InWant", "true")
	m := mirrorOf(t, o, base)
	m.packs = 3
	if _, err := m.run(t.Context(), "config", "fetch.unpackLimit", "1"); err != nil {
		t.Fatal(err)
	}
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
	leftover := filepath.Join(m.dir, "objects", "pack", "tmp_pack_x")
	if err := os.WriteFile(leftover, nil, 0o600); err != nil {
		t.Fatal(err)
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
	if _, err := os.Stat(leftover); err == nil {
		t.Error("what a killed fetch has left is still there")
	}
	for _, head := range heads {
		if !m.has(t.Context(), head) {
			t.Errorf("%s is lost", head)
		}
	}
}

func TestLooseObjectsArePacked(t *testing.T) {
	o := newOrigin(t)
	base := o.commit(map[string]string{"base": "1"})
	m := mirrorOf(t, o, base)
	if len(packsOf(t, m)) != 0 {
		t.Fatal("the fetch was not small")
	}
	m.loose = -1
	if err := m.Fetch(t.Context(), "main"); err != nil {
		t.Fatal(err)
	}
	loose, err := filepath.Glob(filepath.Join(m.dir, "objects", "??", "*"))
	if err != nil || len(loose) != 0 || len(packsOf(t, m)) != 1 || !m.has(t.Context(), base) {
		t.Errorf("loose: %v, packs: %v, %v", loose, packsOf(t, m), err)
	}
}
