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

// formatVersion changes with the format of the file and the meaning of its contents.
const formatVersion = "rehearsal-anchor-9"

// magic returns the beginning of a file. It contains the version of Prow's loader,
// because the recorded problems depend on it.
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

// Store keeps snapshots between processes. Without a directory it keeps nothing.
type Store struct{ Dir string }

func (s Store) file(id string) string {
	sum := sha256.Sum256([]byte(id))
	return filepath.Join(s.Dir, hex.EncodeToString(sum[:16])+".anchor")
}

// Read returns the snapshot that an earlier process has stored. It returns nil if there
// is none, or if the file is damaged, outdated or of another tree.
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

// Write stores a snapshot for later processes.
func (s Store) Write(id string, known *Snapshot) error {
	if s.Dir == "" {
		return nil
	}
	return writeFile(s.file(id), Encode(known))
}

// writeFile replaces a file atomically.
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
