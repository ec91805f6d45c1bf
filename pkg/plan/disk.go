package plan

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

// formatVersion changes with the layout of the file and the meaning of what is
// in it.
const formatVersion = "rehearsal-anchor-2"

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
	if s.prow, err = w.loadProw(ctx, s.files, false); err != nil || s.broken() {
		return nil
	}
	s.defaults = affected.NewDefaults(w.settings.ProwConfig, s.prow.config, s.revision.Presets())
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

// encodeAnchor writes a state without Prow's configuration, which is loaded
// again from its files.
func encodeAnchor(s *state) []byte {
	e := newEncoder()
	e.text(s.tree)
	e.text(s.plugins)
	e.flag(s.entangled)
	e.flag(s.linked)
	e.count(len(s.files))
	for p, blob := range s.files {
		e.text(p)
		e.text(blob)
	}
	e.count(len(s.problems))
	for k, p := range s.problems {
		e.text(k.file)
		e.text(k.job)
		e.fileError(p)
	}
	files := slices.Collect(s.revision.Files())
	e.count(len(files))
	for _, f := range files {
		e.loaded(f)
	}
	body := e.bytes()
	sum := sha256.Sum256(body)
	return slices.Concat(magic(), sum[:], body)
}

func decodeAnchor(raw []byte) (*state, error) {
	body, ok := bytes.CutPrefix(raw, magic())
	if !ok || len(body) < sha256.Size {
		return nil, errDamaged
	}
	want, body := body[:sha256.Size], body[sha256.Size:]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], want) {
		return nil, errDamaged
	}
	return decodeBody(body)
}

func decodeBody(body []byte) (*state, error) {
	d, err := newDecoder(body)
	if err != nil {
		return nil, err
	}
	s := &state{changed: map[string]*affected.Loaded{}, files: prowFiles{}, problems: problems{}}
	s.tree = d.text()
	s.plugins = d.text()
	s.entangled = d.flag()
	s.linked = d.flag()
	for range d.count() {
		p := d.text()
		s.files[p] = d.text()
	}
	for range d.count() {
		k := problemKey{file: d.text(), job: d.text()}
		s.problems[k] = d.fileError()
	}
	n := d.count()
	loaded := make([]*affected.Loaded, 0, n)
	for range n {
		loaded = append(loaded, d.loaded())
	}
	if d.err != nil || len(d.rest) > 0 {
		return nil, errDamaged
	}
	s.anchor = affected.NewAnchor(loaded)
	s.revision = s.anchor.With(s.changed)
	return s, nil
}
