package receiver

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// Reloaded is a value that is parsed from files, again when they change. Mounted
// Secrets and ConfigMaps are small and local, so they are simply read each time.
// While they are not valid, the last value stays.
type Reloaded[T any] struct {
	read  func() ([]byte, error)
	parse func([]byte) (T, error)
	log   *slog.Logger
	name  string

	mu    sync.Mutex
	raw   []byte
	value T
	// fault is the current problem with the files.
	fault error
	// refused is their content if it cannot be parsed, reason says why, and count is how
	// many versions could not be parsed.
	refused []byte
	reason  error
	count   int
}

// KeysFile reads the keys in a file. It fails if there are none.
func KeysFile(path string, log *slog.Logger) (*Reloaded[*Keys], error) {
	read := func() ([]byte, error) { return os.ReadFile(path) }
	return load("webhook secret", read, ParseKeys, log)
}

// SettingsDir reads the settings from a directory with a file per key, which is how a
// ConfigMap is mounted.
func SettingsDir(dir string, log *slog.Logger) (*Reloaded[*settings.Settings], error) {
	return load("settings", func() ([]byte, error) { return readDir(dir) }, parseSettings, log)
}

func load[T any](name string, read func() ([]byte, error), parse func([]byte) (T, error), log *slog.Logger) (*Reloaded[T], error) {
	r := &Reloaded[T]{read: read, parse: parse, log: log, name: name}
	if err := r.reload(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// Get returns the value as of now.
func (r *Reloaded[T]) Get() T {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.fault
	if r.fault = r.reload(); r.fault != nil && (before == nil || before.Error() != r.fault.Error()) {
		r.log.Error("cannot be reloaded; the previous one stays in force", "what", r.name, "error", r.fault)
	}
	return r.value
}

// State says whether the value is that of the current files, and how many versions
// were refused.
func (r *Reloaded[T]) State() (valid bool, refused int) {
	r.Get()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fault == nil, r.count
}

func (r *Reloaded[T]) reload() error {
	raw, err := r.read()
	switch {
	case err != nil:
		return err
	case r.raw != nil && bytes.Equal(raw, r.raw):
		r.refused = nil
		return nil
	case r.refused != nil && bytes.Equal(raw, r.refused):
		return r.reason
	}
	value, err := r.parse(raw)
	if err != nil {
		r.refused, r.reason = raw, err
		r.count++
		return err
	}
	r.refused = nil
	if r.raw != nil {
		r.log.Info("reloaded", "what", r.name)
	}
	r.raw, r.value = raw, value
	return nil
}

// separator cannot be in a ConfigMap's keys or text values.
const separator = "\x00"

// readDir returns the names and contents of the files in a directory, joined.
func readDir(dir string) ([]byte, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var parts []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "..") {
			continue // how kubelet swaps versions
		}
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		parts = append(parts, e.Name(), string(content))
	}
	return []byte(strings.Join(parts, separator)), nil
}

func parseSettings(joined []byte) (*settings.Settings, error) {
	data := map[string]string{}
	if len(joined) > 0 {
		parts := strings.Split(string(joined), separator)
		for i := 0; i+1 < len(parts); i += 2 {
			data[parts[i]] = parts[i+1]
		}
	}
	return settings.Parse(data)
}
