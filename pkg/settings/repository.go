package settings

import "strings"

// Split takes the name of a repository, org/repo, apart.
func Split(repository string) (org, repo string) {
	org, repo, _ = strings.Cut(repository, "/")
	return org, repo
}
