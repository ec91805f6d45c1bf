package rehearsal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// inOrder returns the commands in the order in which they were given: the sweep
// may find an earlier comment after a later one.
func inOrder(rh *v1alpha1.Rehearsal) []v1alpha1.Command {
	at, on := map[string]time.Time{}, verdictsOf(rh)
	for _, c := range rh.Spec.Commands {
		at[c.ID] = givenAt(c, on[c.ID])
	}
	sorted := slices.Clone(rh.Spec.Commands)
	slices.SortStableFunc(sorted, func(a, b v1alpha1.Command) int { return at[a.ID].Compare(at[b.ID]) })
	return sorted
}

// givenAt is when a command counts as given: v is the verdict on it, if any.
func givenAt(c v1alpha1.Command, v *v1alpha1.CommandStatus) time.Time {
	if v != nil && v.At != nil {
		return v.At.Time
	}
	return c.At.Time
}

// timeToJudge is how far from the time of the verdict the command line's own
// time counts: longer than it mostly takes to judge, and too short to get ahead
// of others by it.
const timeToJudge = time.Minute

// boundTime is the time of a command that is judged now. On the command line
// anybody may write any time into the log, GitHub tells that of the others.
func boundTime(c v1alpha1.Command, now time.Time) metav1.Time {
	earliest := now.Add(-timeToJudge)
	switch {
	case !event.FromCommandLine(c.ID):
		return c.At
	case c.At.After(now):
		return metav1.NewTime(now)
	case c.At.Time.Before(earliest):
		return metav1.NewTime(earliest)
	}
	return c.At
}

// unjudged returns the commands without a verdict, in order.
func unjudged(rh *v1alpha1.Rehearsal) []v1alpha1.Command {
	var left []v1alpha1.Command
	on := verdictsOf(rh)
	for _, c := range inOrder(rh) {
		if on[c.ID] == nil {
			left = append(left, c)
		}
	}
	return left
}

// verdictsOf are the verdicts by the ids of the commands. They are those of status as
// long as that gets no other.
func verdictsOf(rh *v1alpha1.Rehearsal) map[string]*v1alpha1.CommandStatus {
	on := make(map[string]*v1alpha1.CommandStatus, len(rh.Status.Commands))
	for i := range rh.Status.Commands {
		on[rh.Status.Commands[i].ID] = &rh.Status.Commands[i]
	}
	return on
}

// runsOf are the runs by their ids, in the same way.
func runsOf(rh *v1alpha1.Rehearsal) map[string]*v1alpha1.RunStatus {
	of := make(map[string]*v1alpha1.RunStatus, len(rh.Status.Runs))
	for i := range rh.Status.Runs {
		of[rh.Status.Runs[i].ID] = &rh.Status.Runs[i]
	}
	return of
}

func verdictOn(rh *v1alpha1.Rehearsal, id string) *v1alpha1.CommandStatus {
	for i := range rh.Status.Commands {
		if rh.Status.Commands[i].ID == id {
			return &rh.Status.Commands[i]
		}
	}
	return nil
}

// circumstances are what the verdict on a command depends on besides its words.
type circumstances struct {
	pull *v1alpha1.PullStatus
	// unmapped says that nobody knows who gave it.
	unmapped bool
	// allowed is what the policy says of its author at this moment.
	allowed bool
	// own is the reason why it takes somebody who did not make the pull request;
	// empty when it does not.
	own string
	// doubt is why it does not count as what its author said; empty if it does.
	doubt string
	// unseen is why the command is not about the head; empty if it is.
	unseen string
	// flooded says that its author has had as many answers as they may.
	flooded bool
	// approved says that the head may run: for its author, or by somebody's word.
	approved bool
	// plan is that of the head; nil while there is none to see.
	plan *v1alpha1.PlanStatus
	// altered says that the comment that shows it is not as it was written.
	altered bool
	// overlooked says that it may have been denied before.
	overlooked bool
	// runs counts those of the pull request that are not over.
	runs int
	now  time.Time
}

// maxRuns is how many runs of a pull request may be under way or wait: status
// must have room for them, and one run can have many jobs.
const maxRuns = 25

// judge decides about one command.
func judge(c v1alpha1.Command, said event.Command, in circumstances) v1alpha1.CommandStatus {
	at := boundTime(c, in.now)
	status := v1alpha1.CommandStatus{ID: c.ID, Head: in.pull.Head, At: &at}
	status.Verdict, status.Reason = verdict(c, said, in)
	// A question has its answer due as soon as it is judged: many may be at once.
	status.Told = said.Kind().IsQuestion() && (status.Verdict == v1alpha1.VerdictAccepted || status.Verdict == v1alpha1.VerdictUnknown)
	return status
}

// acceptedBefore is the verdict on a command that has begun a run at a head.
func acceptedBefore(c v1alpha1.Command, head string, now time.Time) v1alpha1.CommandStatus {
	at := boundTime(c, now)
	return v1alpha1.CommandStatus{ID: c.ID, Head: head, At: &at, Verdict: v1alpha1.VerdictAccepted}
}

func expired(c v1alpha1.Command, now time.Time) bool { return now.Sub(c.At.Time) > event.MaxAge }

func verdict(c v1alpha1.Command, said event.Command, in circumstances) (v1alpha1.Verdict, string) {
	verb, kind := said.Verb, said.Kind()
	denied := func(reason string) (v1alpha1.Verdict, string) { return v1alpha1.VerdictDenied, reason }
	switch {
	case expired(c, in.now), in.overlooked:
		return v1alpha1.VerdictExpired, v1alpha1.ReasonTooOld
	case in.unmapped:
		return denied(v1alpha1.ReasonUnmappedUser)
	case in.own != "":
		return denied(in.own)
	case !in.allowed:
		return denied(v1alpha1.ReasonNotAllowed)
	case in.doubt != "":
		return denied(in.doubt)
	case in.flooded && kind.IsQuestion():
		return v1alpha1.VerdictTooMany, v1alpha1.ReasonTooManyQuestions
	case verb == event.Unknown:
		return v1alpha1.VerdictUnknown, v1alpha1.ReasonNotUnderstood
	case !in.pull.Open && kind.OnlyOpen():
		return denied(v1alpha1.ReasonClosed)
	case in.pull.OtherBase && kind.BindsToHead():
		return denied(v1alpha1.ReasonOtherBase)
	case in.pull.Untrusted && kind.NeedsTrust():
		return denied(v1alpha1.ReasonUntrusted)
	case in.unseen != "" && kind.BindsToHead():
		return denied(in.unseen)
	case !in.approved && kind.NeedsTrust():
		return denied(v1alpha1.ReasonHeadNotApproved)
	case kind.Effect == event.Starts && in.runs >= maxRuns:
		return denied(v1alpha1.ReasonTooManyRuns)
	case verb == event.AllowPrivileges && in.plan == nil:
		return denied(v1alpha1.ReasonNotPlanned)
	case verb == event.AllowPrivileges && in.plan.Asks == "":
		return denied(v1alpha1.ReasonNothingAsked)
	case verb == event.AllowPrivileges && meansAJob(said, in.plan):
		return denied(v1alpha1.ReasonHeadUnknown)
	case verb == event.AllowPrivileges && (in.altered || !shownBefore(c, in)):
		return denied(v1alpha1.ReasonNotPlanned)
	case verb == event.AllowPrivileges && !shownWhole(said.Jobs, in):
		return denied(v1alpha1.ReasonNotShown)
	}
	return v1alpha1.VerdictAccepted, ""
}

// shownBefore says that what jobs ask for was there to see when a command was
// written: GitHub's times are whole seconds.
func shownBefore(c v1alpha1.Command, in circumstances) bool {
	at, since := boundTime(c, in.now), in.plan.AsksSince
	return since != nil && at.Truncate(time.Second).After(since.Truncate(time.Second))
}

// meansAJob says that the only word after a command may be the name of a job, and
// not the beginning of a commit: whoever meant the one must not allow it to all jobs.
func meansAJob(said event.Command, plan *v1alpha1.PlanStatus) bool {
	return len(said.Jobs) == 0 && slices.ContainsFunc(plan.Asking, func(j v1alpha1.AskingJob) bool {
		name, _, _ := strings.Cut(j.Job, "@")
		return strings.EqualFold(name, said.SHA)
	})
}

// shownWhole says that nobody allows what there was no room to show.
func shownWhole(jobs []string, in circumstances) bool {
	if len(jobs) == 0 {
		return in.plan.AsksShown
	}
	return !slices.ContainsFunc(jobs, func(name string) bool {
		return !slices.ContainsFunc(in.plan.Asking, func(j v1alpha1.AskingJob) bool { return j.Job == name })
	})
}

// fold turns the judged log into runs: each accepted run command has one, and
// each accepted abort of everything ends those that were asked for before it.
// It returns how many runs each abort of everything found.
func fold(rh *v1alpha1.Rehearsal, prefixes []string) (aborted map[string]int) {
	aborted = map[string]int{}
	before, on, runs := map[string]bool{}, verdictsOf(rh), runsOf(rh)
	for _, c := range inOrder(rh) {
		v := on[c.ID]
		if v == nil || v.Verdict != v1alpha1.VerdictAccepted {
			continue
		}
		said := event.ParseStored(c.Text, prefixes)
		asked := func(r *v1alpha1.RunStatus) bool { return before[r.ID] }
		switch {
		case said.Kind().Effect == event.Starts:
			if runs[c.ID] == nil && !v.Over {
				rh.Status.Runs = append(rh.Status.Runs, newRun(rh, c, v))
			}
			before[c.ID] = true
		case said.Verb == event.Abort && len(said.Jobs) > 0: // see jobAborts
		case said.Verb == event.Abort:
			aborted[c.ID] = abortRuns(rh, byWord(c, v), asked)
		}
	}
	return aborted
}

// byWord is the reason of what somebody ended.
func byWord(c v1alpha1.Command, v *v1alpha1.CommandStatus) string {
	return fmt.Sprintf("%s wrote %s", report.Person(c.ID, loginOf(c, v)), brief(c.Text))
}

// brief bounds what status quotes.
func brief(text string) string { return event.Shorten(text, 200) }

// loginOf is the login of who gave a command that was judged.
func loginOf(c v1alpha1.Command, v *v1alpha1.CommandStatus) string { return cmp.Or(v.By, c.By) }

func newRun(rh *v1alpha1.Rehearsal, c v1alpha1.Command, v *v1alpha1.CommandStatus) v1alpha1.RunStatus {
	return v1alpha1.RunStatus{ID: c.ID, Head: v.Head, BaseRef: rh.Status.Pull.BaseRef, By: loginOf(c, v), State: v1alpha1.RunPending}
}

// jobAbort is that somebody wants to end jobs of a run.
type jobAbort struct {
	command string
	// names are as they were written: with asterisks, perhaps.
	names  []string
	reason string
}

// jobAborts are those of each run that is not over, by its id. They are read from
// the log each time: written to every run, they would fill status.
func jobAborts(rh *v1alpha1.Rehearsal, prefixes []string) map[string][]jobAbort {
	aborts := map[string][]jobAbort{}
	var before []string
	on, runs := verdictsOf(rh), runsOf(rh)
	for _, c := range inOrder(rh) {
		v := on[c.ID]
		if v == nil || v.Verdict != v1alpha1.VerdictAccepted {
			continue
		}
		if r := runs[c.ID]; r != nil && !r.State.Done() {
			before = append(before, c.ID)
		}
		said := event.ParseStored(c.Text, prefixes)
		if said.Verb != event.Abort || len(said.Jobs) == 0 {
			continue
		}
		for _, id := range before {
			aborts[id] = append(aborts[id], jobAbort{c.ID, said.Jobs, byWord(c, v)})
		}
	}
	return aborts
}

func runOf(rh *v1alpha1.Rehearsal, id string) *v1alpha1.RunStatus {
	for i := range rh.Status.Runs {
		if rh.Status.Runs[i].ID == id {
			return &rh.Status.Runs[i]
		}
	}
	return nil
}

// abortRuns gives the runs that match and are not over a reason to end. It
// counts those that are on their way to it and those that ended for it.
func abortRuns(rh *v1alpha1.Rehearsal, reason string, match func(*v1alpha1.RunStatus) bool) int {
	n := 0
	for i := range rh.Status.Runs {
		r := &rh.Status.Runs[i]
		switch {
		case !match(r):
		case r.State.Done():
			if r.AbortReason == reason {
				n++
			}
		default:
			n++
			r.Abort(reason)
		}
	}
	return n
}

// outdate ends the runs that the pull request has left behind.
func outdate(rh *v1alpha1.Rehearsal) {
	pull := rh.Status.Pull
	if !pull.Open {
		abortRuns(rh, "the pull request was closed", func(*v1alpha1.RunStatus) bool { return true })
		return
	}
	abortRuns(rh, fmt.Sprintf("a new push replaced the head with %.12s", pull.Head),
		func(r *v1alpha1.RunStatus) bool { return r.Head != pull.Head })
	abortRuns(rh, "the pull request is for the branch "+pull.BaseRef+" now",
		func(r *v1alpha1.RunStatus) bool { return r.BaseRef != pull.BaseRef })
}

// barred says why a run that was accepted may not start now; empty if it may.
// What was true when it was judged need not be when there is room for it.
func barred(rh *v1alpha1.Rehearsal, label string) string {
	pull := rh.Status.Pull
	switch {
	case pull.OtherBase:
		return "nothing is run of pull requests into the branch " + pull.BaseRef
	case pull.Untrusted:
		return "the pull request has the label " + label
	case !pull.AuthorTrusted && !rh.Status.HeadApproval.Holds(pull):
		return "nobody has approved this head"
	}
	return ""
}
