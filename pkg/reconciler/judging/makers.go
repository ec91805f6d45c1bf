package judging

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
)

// The events that report a head.
const (
	EventOpened   = "opened"
	eventReopened = "reopened"
)

// Maker is a contributor, and how they contributed: the reason why they cannot approve.
type Maker struct {
	policy.Person
	How string
}

// Makers returns all contributors: the author, everybody who has pushed to the pull
// request, this head or an older one, and everybody named in the commits of the head.
func Makers(rh *v1alpha1.Rehearsal) []Maker {
	pull := rh.Status.Pull
	all := []Maker{{policy.Person{Login: pull.Author, ID: pull.AuthorID}, v1alpha1.ReasonOwnPull}}
	for _, login := range slices.Sorted(maps.Keys(rh.Spec.Pushes)) {
		if p := rh.Spec.Pushes[login]; p.Event != eventReopened || !pushed(rh, p.Head) {
			all = append(all, Maker{policy.Person{Login: p.By, ID: p.ID}, v1alpha1.ReasonOwnPush})
		}
	}
	if c := ContributorsOf(pull); c != nil {
		for _, p := range c.People {
			all = append(all, Maker{policy.Person{Login: p.Login, ID: p.ID}, v1alpha1.ReasonOwnCommit})
		}
	}
	return all
}

// pushed reports whether an event says who pushed a head. The person who opened the pull
// request counts as having pushed it; a person who reopens it may find pushes of others in
// it.
func pushed(rh *v1alpha1.Rehearsal, head string) bool {
	for _, p := range rh.Spec.Pushes {
		if p.Head == head && p.Event != eventReopened {
			return true
		}
	}
	return false
}

// ContributorsOf returns the contributors of the head according to GitHub; nil until GitHub
// has listed them.
func ContributorsOf(pull *v1alpha1.PullStatus) *v1alpha1.Contributors {
	if c := pull.Contributors; c != nil && c.Head == pull.Head && c.BaseRef == pull.BaseRef {
		return c
	}
	return nil
}

// MakersUnknown returns a sentence that says why not all contributors may be known; empty
// if they are. A commit by an unknown author is attributed to the person who pushed it, if
// that is known.
func MakersUnknown(rh *v1alpha1.Rehearsal) string {
	c := ContributorsOf(rh.Status.Pull)
	switch {
	case c == nil:
		return "GitHub does not show yet who wrote the commits."
	case c.Because != "":
		return fmt.Sprintf("It is not known who contributed to this head: %s. Combine its commits into fewer, and write this again.", c.Because)
	case len(rh.Spec.Pushes) >= v1alpha1.MaxPushers:
		return "It is not known who contributed to this pull request: too many people have pushed to it. Open a new one."
	case c.Unmapped != "" && !pushed(rh, rh.Status.Pull.Head):
		return fmt.Sprintf("It is not known who contributed to this head: the author of commit %.12s has an e-mail address without an account on GitHub, and no webhook said who pushed it. Push again, or commit under an address that GitHub knows, and write this again.", c.Unmapped)
	}
	return ""
}

// HowMade returns the reason why somebody cannot approve as a second person; empty if they
// can.
func HowMade(rh *v1alpha1.Rehearsal, login string, id int64) string {
	for _, m := range Makers(rh) {
		if strings.EqualFold(m.Login, login) || id != 0 && m.ID == id {
			return m.How
		}
	}
	return ""
}

// Disown withdraws the approvals of people who turn out to be contributors, because their
// push was reported after their command, and aborts the runs.
func Disown(rh *v1alpha1.Rehearsal) {
	var word string
	own := func(login, head string) bool {
		if head != rh.Status.Pull.Head || HowMade(rh, login, 0) == "" {
			return false
		}
		word = login
		return true
	}
	if a := rh.Status.HeadApproval; a != nil && own(a.By, a.Head) {
		rh.Status.HeadApproval = nil
	}
	if a := rh.Status.PrivilegeApproval; a != nil && own(a.By, a.Head) {
		rh.Status.PrivilegeApproval = nil
	}
	if a := rh.Status.NetworkAccess; a != nil && given(a) && own(a.By, a.Head) {
		rh.Status.NetworkAccess = restart(rh, a)
	}
	if word != "" {
		rh.Status.AbortRuns(word+", who allowed something on this pull request, also contributed to it",
			func(*v1alpha1.RunStatus) bool { return true })
	}
}

// Distrust aborts the runs of a trusted author's head that started before it was reported
// that somebody else, who is not trusted, had contributed to it.
func Distrust(rh *v1alpha1.Rehearsal) {
	pull := rh.Status.Pull
	if by := pull.Distrusted; by != "" && !strings.EqualFold(by, pull.Author) && !rh.Status.HeadApproval.Holds(pull) {
		rh.Status.AbortRuns(by+", who is not trusted, contributed to this head, and nobody has approved it",
			func(r *v1alpha1.RunStatus) bool { return r.State != v1alpha1.RunPending })
	}
}
