package snapshot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
)

// formatVersion changes with the layout of the file and the meaning of what is
// in it.
const formatVersion = "rehearsal-anchor-9"

// magic starts a file. What was found valid depends on Prow's loader, so its
// version is part of it.
func magic() []byte {
	version := formatVersion
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path == "sigs.k8s.io/prow" {
				version += " " + dep.Version
			}
		}
	}
	return []byte(version + "\n")
}

// Store keeps snapshots between processes; in no directory, it keeps nothing.
type Store struct{ Dir string }

func (s Store) file(id string) string {
	sum := sha256.Sum256([]byte(id))
	return filepath.Join(s.Dir, hex.EncodeToString(sum[:16])+".anchor")
}

// Read returns the snapshot that an earlier process has kept, or nil. A file that is
// damaged, old or of another tree is as good as none.
func (s Store) Read(ctx context.Context, id string, loader *prowtree.Loader) *Snapshot {
	if s.Dir == "" {
		return nil
	}
	raw, err := os.ReadFile(s.file(id))
	if err != nil {
		return nil
	}
	known, err := Decode(raw)
	if err != nil {
		return nil
	}
	if known.Prow, err = loader.AcceptedProwConfig(ctx, known.Config); err != nil || known.Broken() {
		return nil
	}
	known.Defaults = affected.NewDefaults(loader.Layout.ProwConfig, known.Prow.Config, known.Revision.Presets())
	return known
}

// Write keeps a snapshot for later processes.
func (s Store) Write(id string, known *Snapshot) error {
	if s.Dir == "" {
		return nil
	}
	return writeFile(s.file(id), Encode(known))
}

// writeFile replaces a file as a whole or not at all.
func writeFile(file string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("creating cache directory: %w", err)
	}
	temp, err := os.CreateTemp(filepath.Dir(file), ".new-")
	if err != nil {
		return fmt.Errorf("writing cache: %w", err)
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, err = temp.Write(content)
	if closeErr := temp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temp.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("writing cache: %w", err)
	}
	return nil
}
