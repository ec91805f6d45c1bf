package settings

import "strings"

// Split splits the name of a repository, org/repo.
func Split(repository string) (org, repo string) {
	org, repo, _ = strings.Cut(repository, "/")
	return org, repo
}
