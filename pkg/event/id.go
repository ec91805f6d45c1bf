package event

import (
	"strconv"
	"strings"
)

// The id of a command says in which text it was written, and in which of its command
// lines, from 0: comment-1234-0, body-0123456789abcdef-0 or cli-{UUID}-0.
const (
	inComment     = "comment-"
	inDescription = "body-"
	onCommandLine = "cli-"
)

// CommentID returns the id of the comment that a command was written in, or
// false when it was written elsewhere.
func CommentID(commandID string) (int64, bool) {
	rest, ok := strings.CutPrefix(commandID, inComment)
	if !ok {
		return 0, false
	}
	number, _, _ := strings.Cut(rest, "-")
	id, err := strconv.ParseInt(number, 10, 64)
	return id, err == nil
}

// FromDescription reports whether a command was written in the description of a pull
// request.
func FromDescription(commandID string) bool { return strings.HasPrefix(commandID, inDescription) }

// FromCommandLine reports whether a command was given on the command line. The author of
// such a command is a Kubernetes user.
func FromCommandLine(commandID string) bool { return strings.HasPrefix(commandID, onCommandLine) }

// CommandLineID returns the id of a command given on the command line.
func CommandLineID(uuid string) string { return FirstID(onCommandLine + uuid) }

// TextID returns the part of a command's id that all commands of one text have in common.
func TextID(commandID string) string {
	if i := strings.LastIndexByte(commandID, '-'); i > 0 {
		return commandID[:i]
	}
	return commandID
}

// FirstID returns the id of the first command of a text.
func FirstID(textID string) string { return textID + "-0" }

// ShortID returns a command's id without the prefix of comment ids. It is still unique
// within a pull request.
func ShortID(commandID string) string { return strings.TrimPrefix(commandID, inComment) }
