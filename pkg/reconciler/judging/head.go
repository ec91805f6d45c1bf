package judging

import (
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
)

// Arrival is what is known of when a head became the head of its pull request. Times are
// GitHub's, in whole seconds: of two events in the same second, neither counts as later.
type Arrival struct {
	Head string
	// opened says that the pull request was opened with this head; pushed is when the head
	// was pushed. Both are empty if no event said so.
	opened bool
	pushed *metav1.Time
	// shown is when a comment or status of ours first named the head, which was pushed
	// before that.
	shown *metav1.Time
}

func ArrivalOf(rh *v1alpha1.Rehearsal) Arrival {
	pull := rh.Status.Pull
	a := Arrival{Head: pull.Head, opened: pull.HeadTold && pull.HeadSince == nil, pushed: pull.HeadSince}
	if plan := rh.Status.Plan; plan != nil && plan.Head == pull.Head {
		a.shown = plan.Shown
	}
	if s := rh.Status.CommitStatus; s != nil && s.Head == pull.Head && s.Since != nil && (a.shown == nil || s.Since.Before(a.shown)) {
		a.shown = s.Since
	}
	return a
}

// AboutHead returns the reason why a command is not about the head, if it is not; open says
// that only GitHub's timeline can tell. Commands on the command line name the head that
// their author saw.
func (a Arrival) AboutHead(c v1alpha1.Command, said event.Command) (reason string, open bool) {
	switch {
	case said.SHA != "" && !strings.HasPrefix(a.Head, said.SHA):
		return v1alpha1.ReasonOtherCommit, false
	case event.FromCommandLine(c.ID) && c.Head != a.Head:
		return v1alpha1.ReasonPushedSince, false
	case event.FromCommandLine(c.ID), said.SHA == a.Head, a.opened:
		return "", false
	case a.pushed != nil && writtenAfter(c, a.pushed.Time):
		return "", false
	case a.pushed != nil:
		return v1alpha1.ReasonPushedSince, false
	case a.shown != nil && writtenAfter(c, a.shown.Time):
		return "", false
	}
	return "", true
}

// ByTimeline is AboutHead after the timeline was read, in which only GitHub's own times
// count. An abbreviated SHA counts only if no other commit that was pushed begins with it:
// it is easy to make two such commits.
func (a Arrival) ByTimeline(c v1alpha1.Command, said event.Command, pushes *github.Pushes) (reason string) {
	if n := len(pushes.Forced); n > 0 {
		last := pushes.Forced[n-1]
		switch {
		case !writtenAfter(c, last.At):
			// The timeline no longer lists the commits of that time.
			return v1alpha1.ReasonPushedSince
		case last.Head == a.Head:
			return ""
		}
	}
	if said.SHA == "" {
		return v1alpha1.ReasonHeadUnknown
	}
	all := slices.Clone(pushes.Commits)
	for _, p := range pushes.Forced {
		all = append(all, p.Head)
	}
	other := func(sha string) bool { return sha != a.Head && strings.HasPrefix(sha, said.SHA) }
	if !slices.Contains(pushes.Commits, a.Head) || slices.ContainsFunc(all, other) {
		return v1alpha1.ReasonHeadUnknown
	}
	return ""
}

func writtenAfter(c v1alpha1.Command, at time.Time) bool {
	return c.At.Truncate(time.Second).After(at.Truncate(time.Second))
}
