package plan

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// modeBadRules begins the mode of .prowignore files that cannot be followed; the
// line and the reason come behind it.
const modeBadRules = "rules "

// badRules is the mode of a .prowignore file that cannot be followed.
func badRules(err *ruleError) string {
	return fmt.Sprintf("%s%d %s", modeBadRules, err.line, err.message)
}

// modeMisnamed marks a directory of job files that is called like a file.
const modeMisnamed = "misnamed"

// readable reports whether an entry leads to content.
func readable(e repo.Entry) bool {
	switch e.Mode {
	case repo.ModeSymlink, modeLinkedDirectory, modeMisnamed:
		return false
	}
	return !strings.HasPrefix(e.Mode, modeBadRules)
}

// unreadable is a file that Prow, or we, cannot read.
func unreadable(e repo.Entry) *affected.Loaded {
	message, at := "symbolic link to a file that does not exist in the repository", 0
	if bad, ok := strings.CutPrefix(e.Mode, modeBadRules); ok {
		var line string
		line, message, _ = strings.Cut(bad, " ")
		at, _ = strconv.Atoi(line)
	}
	switch e.Mode {
	case modeMisnamed:
		message = "Prow does not load a directory that is called like a YAML file"
	case modeLinkedDirectory:
		message = "symbolic link to a directory, which Prow does not follow"
	}
	return &affected.Loaded{Path: e.Path, Blob: e.Blob, Err: &affected.FileError{File: e.Path, Line: at, Message: message}}
}
