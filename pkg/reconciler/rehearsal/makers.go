package rehearsal

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
)

// The events that tell of a head.
const (
	eventOpened   = "opened"
	eventReopened = "reopened"
)

// maker is somebody who made the pull request what it is, and how: the reason for
// which they are no second person.
type maker struct {
	policy.Person
	how string
}

// makers are all of them: the author, everybody who has pushed to the pull request,
// this head or an older one, and who is named in the commits of the head.
func makers(rh *v1alpha1.Rehearsal) []maker {
	pull := rh.Status.Pull
	all := []maker{{policy.Person{Login: pull.Author, ID: pull.AuthorID}, v1alpha1.ReasonOwnPull}}
	for _, login := range slices.Sorted(maps.Keys(rh.Spec.Pushes)) {
		if p := rh.Spec.Pushes[login]; p.Event != eventReopened || !pushed(rh, p.Head) {
			all = append(all, maker{policy.Person{Login: p.By, ID: p.ID}, v1alpha1.ReasonOwnPush})
		}
	}
	if c := contributors(pull); c != nil {
		for _, p := range c.People {
			all = append(all, maker{policy.Person{Login: p.Login, ID: p.ID}, v1alpha1.ReasonOwnCommit})
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

// contributors are those of the head, nil as long as GitHub has not told.
func contributors(pull *v1alpha1.PullStatus) *v1alpha1.Contributors {
	if c := pull.Contributors; c != nil && c.Head == pull.Head && c.BaseRef == pull.BaseRef {
		return c
	}
	return nil
}

// makersUnknown says why the makers may not be all; empty when they are. It is a
// sentence. A commit by somebody unknown is the matter of whoever has pushed it, where
// that is known.
func makersUnknown(rh *v1alpha1.Rehearsal) string {
	c := contributors(rh.Status.Pull)
	switch {
	case c == nil:
		return "GitHub has not told yet who wrote the commits."
	case c.Because != "":
		return fmt.Sprintf("Nobody can tell who made this head: %s. Combine its commits into fewer, and write this again.", c.Because)
	case len(rh.Spec.Pushes) >= v1alpha1.MaxPushers:
		return "Nobody can tell who made this pull request: too many people have pushed to it. Open another one."
	case c.Unmapped != "" && !pushed(rh, rh.Status.Pull.Head):
		return fmt.Sprintf("Nobody can tell who made this head: commit %.12s is by somebody whose e-mail address belongs to no account on GitHub, and who pushed it was not heard. Push once more, or commit under an address that GitHub knows, and write this again.", c.Unmapped)
	}
	return ""
}

// readContributors asks GitHub who wrote the commits, once for a head; where that did
// not tell all, whenever the pull request is read.
func (t *turn) readContributors(ctx context.Context) error {
	pull := t.rh.Status.Pull
	if c := contributors(pull); c != nil && c.Because == "" && c.Unmapped == "" {
		return nil
	}
	found, err := t.GitHub.Contributors(ctx, t.rh.Spec.Pull.Org, t.rh.Spec.Pull.Repo, t.pull.NodeID)
	if err != nil {
		return err
	}
	if found.Head != pull.Head {
		return &requeue.Later{After: lagPause, Reason: "GitHub does not list the commits of the head yet"}
	}
	pull.Contributors = newContributors(found, pull.BaseRef)
	return nil
}

func newContributors(found *github.Contributors, baseRef string) *v1alpha1.Contributors {
	c := &v1alpha1.Contributors{Head: found.Head, BaseRef: baseRef, Unmapped: found.Unmapped, Because: found.Because}
	for _, p := range found.People {
		c.People = append(c.People, v1alpha1.Contributor(p))
	}
	return c
}

// question is what the policy is to know of the pull request.
func (t *turn) question() policy.Question {
	pull := t.rh.Status.Pull
	q := policy.Question{Author: pull.Author, Labels: t.pull.Labels, Unknown: pull.Open && makersUnknown(t.rh) != ""}
	for _, m := range makers(t.rh) {
		q.Others = append(q.Others, m.Person)
	}
	return q
}

// permit asks the policy whether somebody may do something. As long as GitHub has
// not told who made the pull request, nothing is denied for that.
func (t *turn) permit(ctx context.Context, q policy.Question, in *circumstances) ([]string, error) {
	d, err := t.decide(ctx, func(known policy.Facts) policy.Decision { return t.repo.Policy.Decide(q, known) })
	in.allowed, in.own = d.Allowed, ""
	switch {
	case err != nil || d.Allowed:
		return nil, err
	case d.Own:
		in.own = howMade(t.rh, q.By, q.ByID)
	case contributors(t.rh.Status.Pull) == nil && in.pull.Open:
		return nil, &requeue.Later{After: time.Second, Reason: "it is not known who wrote the commits"}
	case d.Unknown:
		in.own = v1alpha1.ReasonMakersUnknown
		return []string{makersUnknown(t.rh)}, nil
	}
	return d.Because, nil
}

// howMade is the reason for which somebody is no second person; empty for all
// others.
func howMade(rh *v1alpha1.Rehearsal, login string, id int64) string {
	for _, m := range makers(rh) {
		if strings.EqualFold(m.Login, login) || id != 0 && m.ID == id {
			return m.how
		}
	}
	return ""
}

// authorID is the id of who wrote the comment with a command, once it was read; 0
// for what was not written in one.
func (t *turn) authorID(c v1alpha1.Command) int64 {
	id, inComment := event.CommentID(c.ID)
	if inComment && t.known.comment != nil && t.known.comment.ID == id {
		return t.known.comment.AuthorID
	}
	return 0
}

// disown takes back the words of those who turn out to be no second person: that
// they had pushed the head was heard after what they wrote.
func disown(rh *v1alpha1.Rehearsal) {
	var word string
	own := func(login, head string) bool {
		if head != rh.Status.Pull.Head || howMade(rh, login, 0) == "" {
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
		abortRuns(rh, word+", who has allowed something of it, has made this pull request as well",
			func(*v1alpha1.RunStatus) bool { return true })
	}
}

// distrust ends what was started before it was heard that somebody who is not trusted
// had pushed the head of an author who is.
func distrust(rh *v1alpha1.Rehearsal) {
	pull := rh.Status.Pull
	if by := pull.Distrusted; by != "" && !strings.EqualFold(by, pull.Author) && !rh.Status.HeadApproval.Holds(pull) {
		abortRuns(rh, by+", who is not trusted, has a part in this head, and nobody has approved it",
			func(r *v1alpha1.RunStatus) bool { return r.State != v1alpha1.RunPending })
	}
}

// theirTime is GitHub's time, to the second: what GitHub dates is compared with it.
func (t *turn) theirTime() time.Time {
	ahead, _ := t.GitHub.Skew()
	return t.now.Add(ahead)
}

// mostBehind is how far our clock may be behind GitHub's.
const mostBehind = time.Minute

// clockIsRight refuses to judge with a clock that is behind, or may be: what was written
// after something could seem to have been there before it.
func (t *turn) clockIsRight() error {
	behind, known := t.GitHub.Skew()
	switch {
	case len(unjudged(t.rh)) == 0:
		return nil
	case !known:
		return &requeue.Later{After: time.Minute, Reason: "GitHub's answers do not tell its time, and nothing is decided without it"}
	case behind <= mostBehind:
		return nil
	}
	return &requeue.Later{After: time.Minute, Reason: fmt.Sprintf(
		"the controller's clock is %s behind GitHub's, and nothing is decided until it is set right", behind.Round(time.Second))}
}
