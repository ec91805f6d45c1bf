package event

import (
	"fmt"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
)

// maxName leaves room for what child objects append to the name: their names are
// label values too, which have at most 63 characters.
const maxName = 40

// Name is the name of the Rehearsal of a pull request: org-repo-number in lower case,
// because GitHub's names are case-insensitive. This is unambiguous only if the
// organisation has no dash and the repository has only letters, digits and dashes.
// Otherwise, or if it is too long, a hash is appended; it starts with a letter, so
// that it cannot look like a number.
func Name(pull v1alpha1.Pull) string {
	org, repo := strings.ToLower(pull.Org), strings.ToLower(pull.Repo)
	full := fmt.Sprintf("%s-%s-%d", org, repo, pull.Number)
	slug := slugify(full)
	if slug == full && !strings.Contains(org, "-") && len(full) <= maxName {
		return full
	}
	suffix := fmt.Sprintf("-%d-x%s", pull.Number, hash(fmt.Sprintf("%s/%s#%d", org, repo, pull.Number), 8))
	slug = slugify(org + "-" + repo)
	if room := maxName - len(suffix); len(slug) > room {
		slug = slug[:room]
	}
	return strings.TrimLeft(strings.Trim(slug, "-")+suffix, "-")
}

// slugify replaces what may not be in a DNS label.
func slugify(s string) string {
	slug := strings.Map(func(r rune) rune {
		if isAlphanumeric(r) {
			return r
		}
		return '-'
	}, s)
	return strings.Trim(slug, "-")
}
