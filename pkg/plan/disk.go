package plan

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
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

func (w *work) anchorFile(id string) string {
	if w.options.CacheDir == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(id))
	return filepath.Join(w.options.CacheDir, hex.EncodeToString(sum[:16])+".anchor")
}

// readAnchor returns what an earlier process learned of a base branch, or nil.
// A file that is damaged, old or of another tree is as good as none.
func (w *work) readAnchor(ctx context.Context, id string) *state {
	file := w.anchorFile(id)
	if file == "" {
		return nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	s, err := decodeAnchor(raw)
	if err != nil {
		return nil
	}
	if s.prow, err = w.AcceptedProwConfig(ctx, s.Config); err != nil || s.broken() {
		return nil
	}
	s.defaults = affected.NewDefaults(w.Layout.ProwConfig, s.prow.Config, s.revision.Presets())
	return s
}

// writeAnchor keeps a state for later processes. A cache that cannot be
// written is no reason to fail: the next process pays for it.
func (w *work) writeAnchor(id string, s *state) {
	file := w.anchorFile(id)
	if file == "" {
		return
	}
	if err := writeFile(file, encodeAnchor(s)); err != nil {
		w.options.Progress("not keeping the cache: " + err.Error())
	}
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
