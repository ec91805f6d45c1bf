package plan

import (
	"fmt"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// modeTooLarge marks entries that are not read for their size.
const modeTooLarge = "too large"

// modeMisnamed marks a directory of job files that is called like a file.
const modeMisnamed = "misnamed"

// readable reports whether an entry leads to content.
func readable(e repo.Entry) bool {
	switch e.Mode {
	case repo.ModeSymlink, modeLinkedDirectory, modeTooLarge, modeMisnamed:
		return false
	}
	return true
}

// unreadable is a file that Prow, or we, cannot read.
func unreadable(e repo.Entry) *affected.Loaded {
	message := "symbolic link to a file that does not exist in the repository"
	switch e.Mode {
	case modeTooLarge:
		message = fmt.Sprintf("larger than %d KiB", maxIgnoreFile>>10)
	case modeMisnamed:
		message = "Prow does not load a directory that is called like a YAML file"
	case modeLinkedDirectory:
		message = "symbolic link to a directory, which Prow does not follow"
	}
	return &affected.Loaded{Path: e.Path, Blob: e.Blob, Err: &affected.FileError{File: e.Path, Message: message}}
}
