package judging

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
)

// The events that tell of a head.
const (
	EventOpened   = "opened"
	eventReopened = "reopened"
)

// Maker is somebody who made the pull request what it is, and how: the reason for
// which they are no second person.
type Maker struct {
	policy.Person
	How string
}

// Makers are all of them: the author, everybody who has pushed to the pull request,
// this head or an older one, and who is named in the commits of the head.
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

// pushed says that it was heard who pushed a head. Whoever opened the pull request
// has shown it as theirs; whoever opened it again may find in it what others have
// pushed meanwhile.
func pushed(rh *v1alpha1.Rehearsal, head string) bool {
	for _, p := range rh.Spec.Pushes {
		if p.Head == head && p.Event != eventReopened {
			return true
		}
	}
	return false
}

// ContributorsOf are those of the head, nil as long as GitHub has not told.
func ContributorsOf(pull *v1alpha1.PullStatus) *v1alpha1.Contributors {
	if c := pull.Contributors; c != nil && c.Head == pull.Head && c.BaseRef == pull.BaseRef {
		return c
	}
	return nil
}

// MakersUnknown says why the makers may not be all; empty when they are. It is a
// sentence. A commit by somebody unknown is the matter of whoever has pushed it, where
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

// HowMade is the reason for which somebody is no second person; empty for all
// others.
func HowMade(rh *v1alpha1.Rehearsal, login string, id int64) string {
	for _, m := range Makers(rh) {
		if strings.EqualFold(m.Login, login) || id != 0 && m.ID == id {
			return m.How
		}
	}
	return ""
}

// Disown takes back the words of those who turn out to be no second person: that
// they had pushed the head was heard after what they wrote.
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

// Distrust ends what was started before it was heard that somebody who is not trusted
// had pushed the head of an author who is.
func Distrust(rh *v1alpha1.Rehearsal) {
	pull := rh.Status.Pull
	if by := pull.Distrusted; by != "" && !strings.EqualFold(by, pull.Author) && !rh.Status.HeadApproval.Holds(pull) {
		rh.Status.AbortRuns(by+", who is not trusted, contributed to this head, and nobody has approved it",
			func(r *v1alpha1.RunStatus) bool { return r.State != v1alpha1.RunPending })
	}
}
