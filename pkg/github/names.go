package github

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// What GitHub and git accept as a name. Anything else in the path of a call could
// turn it into another call, so an invalid name gives a *NotFoundError without a
// call.
var (
	owners       = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$`)
	repositories = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)
	// logins are those of people and Apps.
	logins = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}(\[bot\])?$`)
	slugs  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,254}$`)
	shas   = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
)

const (
	// longestRef and longestPath are in bytes: git's own limits on names of files.
	longestRef  = 255
	longestPath = 4096
)

func isOwner(name string) bool { return owners.MatchString(name) }

func isRepository(name string) bool {
	lower := strings.ToLower(name)
	return repositories.MatchString(name) && name != "." && name != ".." &&
		!strings.HasSuffix(lower, ".git") && !strings.HasSuffix(lower, ".wiki")
}

func isLogin(name string) bool { return logins.MatchString(name) }

func isTeam(slug string) bool { return slugs.MatchString(slug) }

func isSHA(name string) bool { return shas.MatchString(name) }

// isRef reports whether a name is valid for a branch or tag, see
// https://git-scm.com/docs/git-check-ref-format.
func isRef(name string) bool {
	if name == "" || name == "@" || len(name) > longestRef || !plain(name) || name[0] == '-' ||
		strings.HasSuffix(name, ".") || strings.Contains(name, "..") || strings.Contains(name, "@{") || strings.ContainsAny(name, ` ~^:?*[\`) {
		return false
	}
	return !slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool {
		return part == "" || part[0] == '.' || strings.HasSuffix(part, ".lock")
	})
}

// isPath reports whether a path can be that of a file in a repository.
func isPath(path string) bool {
	if len(path) > longestPath || !plain(path) {
		return false
	}
	return !slices.ContainsFunc(strings.Split(path, "/"), func(part string) bool {
		return part == "" || part == "." || part == ".."
	})
}

// plain reports whether a text is valid UTF-8 without control characters.
func plain(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar })
}

// noName returns the error for an invalid name.
func noName(what, name string) error {
	const most = 100
	if len(name) > most {
		name = name[:most] + "…"
	}
	return &NotFoundError{Op: fmt.Sprintf("looking for %s %q, which is not the name of one", what, name)}
}

func checkRepository(org, repo string) error {
	if !IsRepository(org, repo) {
		return noName("repository", org+"/"+repo)
	}
	return nil
}

// IsRepository reports whether a name is valid for a repository.
func IsRepository(org, repo string) bool { return isOwner(org) && isRepository(repo) }
