package gate

import (
	"net/url"
	"slices"
	"strings"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// hiddenRepo returns the first entry of deck.hidden_repos that hides a checkout of the job.
func hiddenRepo(change Change) string {
	if len(change.HiddenRepos) == 0 {
		return ""
	}
	all := allRefs(change.Head.Spec)
	for _, at := range sortedKeys(all) {
		for _, hidden := range change.HiddenRepos {
			if hides(hidden, all[at]) {
				return hidden
			}
		}
	}
	return ""
}

// Names reports whether an entry of deck.hidden_repos is this repository (org/repo) or its
// organisation.
func Names(hidden, repository string) bool {
	org, _, _ := strings.Cut(repository, "/")
	return strings.EqualFold(hidden, org) || strings.EqualFold(hidden, repository)
}

// hides reports whether an entry of deck.hidden_repos hides a checkout, however the
// checkout spells the repository and from wherever it is cloned.
func hides(hidden string, ref prowapi.Refs) bool {
	hidden, all := strings.CutSuffix(hidden, "/*")
	what, org := placeOf(hidden), placeOf(ref.Org)
	if what.host != "" && len(what.path) == 0 {
		all = true
	}
	for _, address := range []string{ref.Org + "/" + ref.Repo, ref.CloneURI, ref.RepoLink} {
		if address == "" {
			continue
		}
		is := placeOf(address)
		if what.host != "" && what.host != is.host {
			continue
		}
		n := len(what.path)
		switch {
		case slices.Equal(what.path, is.path):
			return true
		case n > len(is.path) || !slices.Equal(what.path, is.path[:n]):
		case all, n == 1 && what.host == "", what.host != "" && slices.Equal(what.path, org.path):
			return true
		}
	}
	return false
}

// place is the normalised location of a repository: the host, empty if only a name is
// known, and the parts of its path.
type place struct {
	host string
	path []string
}

// placeOf parses an address, or the name of a repository or an organisation.
func placeOf(address string) place {
	var p place
	path := address
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		p.host, path = strings.ToLower(u.Hostname()), u.Path
	} else if scpAddress.MatchString(address) {
		_, rest, _ := strings.Cut(address, "@")
		p.host, path, _ = strings.Cut(rest, ":")
		p.host = strings.ToLower(p.host)
	}
	for name := range strings.SplitSeq(strings.ToLower(path), "/") {
		if name != "" && name != "." {
			p.path = append(p.path, name)
		}
	}
	if n := len(p.path); n > 0 {
		for strings.HasSuffix(p.path[n-1], ".git") {
			p.path[n-1] = strings.TrimSuffix(p.path[n-1], ".git")
		}
	}
	return p
}
