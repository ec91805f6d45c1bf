package repo

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// tempDir is a directory that this process locks while it uses it. This distinguishes it
// from directories that killed processes have left.
type tempDir struct {
	path string
	held *os.File
}

func makeTemp(parent, pattern string) (*tempDir, error) {
	path, err := os.MkdirTemp(parent, pattern)
	if err != nil {
		return nil, ofDisk(err)
	}
	t := &tempDir{path: path}
	if t.held, err = os.Open(path); err == nil {
		err = lockDir(t.held)
	}
	if err != nil {
		_ = t.Close()
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	return t, nil
}

func (t *tempDir) Close() error {
	if t == nil {
		return nil
	}
	err := os.RemoveAll(t.path)
	if t.held != nil {
		_ = t.held.Close() // the directory is gone already
	}
	return err
}

const (
	// youngTemp is the age from which an unlocked directory counts as left over: it is
	// locked shortly after it is created.
	youngTemp = time.Minute
	// youngFile is the same for temporary files and locks, which exist while one command
	// runs.
	youngFile = 10 * time.Minute
)

// temporary matches the names of directories that this package creates, beside mirrors
// and in the directory for temporary files.
var temporary = regexp.MustCompile(`(^rehearsal-(objects|clone)-|\.git\.(new|fetch)-)\d+$`)

// SweepTemp removes the directories that killed processes have left in dir. It returns
// their number.
func SweepTemp(dir string, now time.Time) (removed int) {
	for _, e := range list(dir) {
		info, err := e.Info()
		if err != nil || !e.IsDir() || !temporary.MatchString(e.Name()) || now.Sub(info.ModTime()) < youngTemp {
			continue
		}
		if removeUnheld(filepath.Join(dir, e.Name())) {
			removed++
		}
	}
	return removed
}

// removeUnheld removes a directory unless a process has locked it.
func removeUnheld(path string) bool {
	held, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = held.Close() }()
	return lockDir(held) == nil && os.RemoveAll(path) == nil
}

// removeOld removes the files that match a pattern and were not modified for youngFile.
func removeOld(pattern string, now time.Time) {
	files, _ := filepath.Glob(pattern) // only a bad pattern is an error, and ours are valid
	for _, path := range files {
		if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && now.Sub(info.ModTime()) >= youngFile {
			_ = os.Remove(path) // the next sweep tries again
		}
	}
}
