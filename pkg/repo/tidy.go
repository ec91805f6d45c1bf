package repo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// maxPacks is how many packs a mirror may have: every look for an object goes
// through all of them.
const maxPacks = 50

// maxLoose is how many loose objects a mirror may have, about. Git looks no
// closer: their names are spread evenly over 256 directories.
const maxLoose = 6700

// tidy combines what many small fetches have left. The large packs stay as they
// are, so that it costs what has been fetched since, not what the repository
// weighs. It is called with the lock held, after a fetch.
//
// Whoever reads at the same time is safe: no object is dropped, reachable or
// not, a file that is open stays readable, and git looks again for an object
// that is not where it was.
func (m *Mirror) tidy(ctx context.Context) error {
	objects := filepath.Join(m.dir, "objects")
	packs := 0
	for _, e := range list(filepath.Join(objects, "pack")) {
		switch {
		case strings.HasSuffix(e.Name(), ".pack"):
			packs++
		case strings.HasPrefix(e.Name(), "tmp_"):
			// A fetch that was killed has left it: no other is running.
			_ = os.Remove(filepath.Join(objects, "pack", e.Name()))
		}
	}
	if packs <= m.packs && len(list(filepath.Join(objects, "17")))*256 <= m.loose {
		return nil
	}
	for _, args := range [][]string{
		{"pack-refs", "--all"},
		{"-c", "repack.writeBitmaps=false", "-c", "pack.threads=1", "-c", "pack.windowMemory=32m",
			"repack", "--quiet", "-d", "--geometric=2"},
	} {
		if _, err := m.run(ctx, args...); err != nil {
			return fmt.Errorf("combining packs: %w", err)
		}
	}
	return nil
}

// list is what is in a directory, nothing when there is none.
func list(dir string) []os.DirEntry {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	return entries
}
