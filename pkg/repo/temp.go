package repo

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// tempDir is a directory that this process holds as long as it uses it, so that it
// can be told from what a process has left that was killed.
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

// Close removes the directory.
func (t *tempDir) Close() error {
	if t == nil {
		return nil
	}
	err := os.RemoveAll(t.path)
	if t.held != nil {
		_ = t.held.Close() // lets go of what is not there any more
	}
	return err
}

const (
	// youngTemp is how old a directory that nobody holds must be to be left over:
	// it is held a little after it is made.
	youngTemp = time.Minute
	// youngFile is the same for temporary files and locks, which are there for as
	// long as one command runs.
	youngFile = 10 * time.Minute
)

// temporary matches the directories that this package makes, beside mirrors and
// among the temporary files.
var temporary = regexp.MustCompile(`(^rehearsal-(objects|clone)-|\.git\.(new|fetch)-)\d+$`)

// SweepTemp removes from a directory what processes that were killed have left
// there, and says how many directories that were.
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

// removeUnheld removes a directory unless a process holds it.
func removeUnheld(path string) bool {
	held, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = held.Close() }()
	return lockDir(held) == nil && os.RemoveAll(path) == nil
}

// removeOld removes the files that match a pattern and have not been written to for
// a while.
func removeOld(pattern string, now time.Time) {
	files, _ := filepath.Glob(pattern) // the patterns are ours
	for _, path := range files {
		if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && now.Sub(info.ModTime()) >= youngFile {
			_ = os.Remove(path) // else the next look does
		}
	}
}
