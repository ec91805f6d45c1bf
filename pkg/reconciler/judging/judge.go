package judging

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// InOrder returns the commands in the order in which they were given: the sweep may find an
// earlier comment after a later one.
func InOrder(rh *v1alpha1.Rehearsal) []v1alpha1.Command {
	at, on := map[string]time.Time{}, rh.Status.Verdicts()
	for _, c := range rh.Spec.Commands {
		at[c.ID] = GivenAt(c, on[c.ID])
	}
	sorted := slices.Clone(rh.Spec.Commands)
	slices.SortStableFunc(sorted, func(a, b v1alpha1.Command) int { return at[a.ID].Compare(at[b.ID]) })
	return sorted
}

// GivenAt returns when a command counts as given; v is the decision on it, if any.
func GivenAt(c v1alpha1.Command, v *v1alpha1.CommandStatus) time.Time {
	if v != nil && v.At != nil {
		return v.At.Time
	}
	return c.At.Time
}

// TimeToJudge is how long before its decision a command on the command line may be dated:
// longer than a decision usually takes, and too short to get ahead of other commands.
const TimeToJudge = time.Minute

// BoundTime returns the time of a command that is decided now. Users of the command line
// can write any time into the command log; the other times come from GitHub.
func BoundTime(c v1alpha1.Command, now time.Time) metav1.Time {
	earliest := now.Add(-TimeToJudge)
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

// Unjudged returns the commands without a decision, in order.
func Unjudged(rh *v1alpha1.Rehearsal) []v1alpha1.Command {
	var left []v1alpha1.Command
	on := rh.Status.Verdicts()
	for _, c := range InOrder(rh) {
		if on[c.ID] == nil {
			left = append(left, c)
		}
	}
	return left
}

// Circumstances are what the decision on a command depends on besides its text.
type Circumstances struct {
	Pull *v1alpha1.PullStatus
	// Unmapped says that the GitHub login of the author is not known.
	Unmapped bool
	// Allowed says that the policy allows the command to its author now.
	Allowed bool
	// Own is the reason why the author, as a contributor, may not give the command; empty
	// if they may.
	Own string
	// Doubt is the reason why the command may not be what its author wrote; empty if it is.
	Doubt string
	// Unseen is the reason why the command is not about the head; empty if it is.
	Unseen string
	// Flooded says that the author has reached the limit of answers.
	Flooded bool
	// Approved says that the head may run: its author is trusted, or it was approved.
	Approved bool
	// Plan is the plan of the head; nil while no comment shows it.
	Plan *v1alpha1.PlanStatus
	// Altered says that somebody else changed the comment with the plan.
	Altered bool
	// Overlooked says that the command may have been denied before.
	Overlooked bool
	// Runs counts the runs of the pull request that are not over.
	Runs int
	Now  time.Time
}

// MaxRuns is how many active or waiting runs a pull request may have: status must hold
// them, and one run can have many jobs.
const MaxRuns = 25

// Judge decides on one command.
func Judge(c v1alpha1.Command, said event.Command, in Circumstances) v1alpha1.CommandStatus {
	at := BoundTime(c, in.Now)
	status := v1alpha1.CommandStatus{ID: c.ID, Head: in.Pull.Head, At: &at}
	status.Verdict, status.Reason = verdict(c, said, in)
	// The answer to a question is due as soon as the question is decided, because many may
	// be decided at once.
	status.Told = said.Kind().IsQuestion() && (status.Verdict == v1alpha1.VerdictAccepted || status.Verdict == v1alpha1.VerdictUnknown)
	return status
}

// AcceptedBefore returns the decision on a command whose run has already begun at a head.
func AcceptedBefore(c v1alpha1.Command, head string, now time.Time) v1alpha1.CommandStatus {
	at := BoundTime(c, now)
	return v1alpha1.CommandStatus{ID: c.ID, Head: head, At: &at, Verdict: v1alpha1.VerdictAccepted}
}

func Expired(c v1alpha1.Command, now time.Time) bool { return now.Sub(c.At.Time) > event.MaxAge }

func verdict(c v1alpha1.Command, said event.Command, in Circumstances) (v1alpha1.Verdict, string) {
	verb, kind := said.Verb, said.Kind()
	denied := func(reason string) (v1alpha1.Verdict, string) { return v1alpha1.VerdictDenied, reason }
	switch {
	case Expired(c, in.Now), in.Overlooked:
		return v1alpha1.VerdictExpired, v1alpha1.ReasonTooOld
	case in.Unmapped:
		return denied(v1alpha1.ReasonUnmappedUser)
	case in.Own != "":
		return denied(in.Own)
	case !in.Allowed:
		return denied(v1alpha1.ReasonNotAllowed)
	case in.Doubt != "":
		return denied(in.Doubt)
	case in.Flooded && kind.IsQuestion():
		return v1alpha1.VerdictTooMany, v1alpha1.ReasonTooManyQuestions
	case verb == event.Unknown:
		return v1alpha1.VerdictUnknown, v1alpha1.ReasonNotUnderstood
	case !in.Pull.Open && kind.OnlyOpen():
		return denied(v1alpha1.ReasonClosed)
	case in.Pull.OtherBase && kind.BindsToHead():
		return denied(v1alpha1.ReasonOtherBase)
	case in.Pull.Untrusted && kind.NeedsTrust():
		return denied(v1alpha1.ReasonUntrusted)
	case in.Unseen != "" && kind.BindsToHead():
		return denied(in.Unseen)
	case !in.Approved && kind.NeedsTrust():
		return denied(v1alpha1.ReasonHeadNotApproved)
	case kind.Effect == event.Starts && in.Runs >= MaxRuns:
		return denied(v1alpha1.ReasonTooManyRuns)
	case verb == event.AllowPrivileges && in.Plan == nil:
		return denied(v1alpha1.ReasonNotPlanned)
	case verb == event.AllowPrivileges && in.Plan.Asks == "":
		return denied(v1alpha1.ReasonNothingAsked)
	case verb == event.AllowPrivileges && meansAJob(said, in.Plan):
		return denied(v1alpha1.ReasonHeadUnknown)
	case verb == event.AllowPrivileges && (in.Altered || !shownBefore(c, in)):
		return denied(v1alpha1.ReasonNotPlanned)
	case verb == event.AllowPrivileges && !shownWhole(said.Jobs, in):
		return denied(v1alpha1.ReasonNotShown)
	}
	return v1alpha1.VerdictAccepted, ""
}

// shownBefore reports whether the requests of jobs were shown before a command was written.
// GitHub's times are whole seconds.
func shownBefore(c v1alpha1.Command, in Circumstances) bool {
	at, since := BoundTime(c, in.Now), in.Plan.AsksSince
	return since != nil && at.Truncate(time.Second).After(since.Truncate(time.Second))
}

// meansAJob reports whether the only word after a command may be the name of a job instead
// of the beginning of a commit. Its author may have meant that one job, so it must not
// allow the privileges of all jobs.
func meansAJob(said event.Command, plan *v1alpha1.PlanStatus) bool {
	return len(said.Jobs) == 0 && slices.ContainsFunc(plan.Asking, func(j v1alpha1.AskingJob) bool {
		name, _, _ := strings.Cut(j.Job, "@")
		return strings.EqualFold(name, said.SHA)
	})
}

// shownWhole reports whether the comment showed all requests that would be allowed. Others
// cannot be allowed.
func shownWhole(jobs []string, in Circumstances) bool {
	if len(jobs) == 0 {
		return in.Plan.AsksShown
	}
	return !slices.ContainsFunc(jobs, func(name string) bool {
		return !slices.ContainsFunc(in.Plan.Asking, func(j v1alpha1.AskingJob) bool { return j.Job == name })
	})
}

// Fold turns the decided commands into runs: each accepted run command has a run, and each
// accepted abort of everything aborts the runs of earlier commands. It returns how many
// runs each of these aborts found.
func Fold(rh *v1alpha1.Rehearsal, prefixes []string) (aborted map[string]int) {
	aborted = map[string]int{}
	before, on, runs := map[string]bool{}, rh.Status.Verdicts(), rh.Status.RunsByID()
	for _, c := range InOrder(rh) {
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
		case said.Verb == event.Abort && len(said.Jobs) > 0: // see JobAborts
		case said.Verb == event.Abort:
			aborted[c.ID] = rh.Status.AbortRuns(byWord(c, v), asked)
		}
	}
	return aborted
}

// byWord returns the reason of an abort by command.
func byWord(c v1alpha1.Command, v *v1alpha1.CommandStatus) string {
	return fmt.Sprintf("%s wrote %s", report.Person(c.ID, LoginOf(c, v)), Brief(c.Text))
}

// Brief shortens text that status quotes.
func Brief(text string) string { return event.Shorten(text, 200) }

// LoginOf returns the login of the author of a decided command.
func LoginOf(c v1alpha1.Command, v *v1alpha1.CommandStatus) string { return cmp.Or(v.By, c.By) }

func newRun(rh *v1alpha1.Rehearsal, c v1alpha1.Command, v *v1alpha1.CommandStatus) v1alpha1.RunStatus {
	return v1alpha1.RunStatus{ID: c.ID, Head: v.Head, BaseRef: rh.Status.Pull.BaseRef, By: LoginOf(c, v), State: v1alpha1.RunPending}
}

// JobAbort is a command to abort jobs of a run.
type JobAbort struct {
	Command string
	// Names are as written in the command, and may contain asterisks.
	Names  []string
	Reason string
}

// Matches reports whether an abort is meant for a job.
func (a JobAbort) Matches(job run.Job) bool {
	return slices.ContainsFunc(a.Names, func(name string) bool { return render.MatchName(name, job) })
}

// JobAborts returns the aborts of jobs of each run that is not over, by its id. They are
// read from the command log each time, because copies in every run would fill status.
func JobAborts(rh *v1alpha1.Rehearsal, prefixes []string) map[string][]JobAbort {
	aborts := map[string][]JobAbort{}
	var before []string
	on, runs := rh.Status.Verdicts(), rh.Status.RunsByID()
	for _, c := range InOrder(rh) {
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
			aborts[id] = append(aborts[id], JobAbort{c.ID, said.Jobs, byWord(c, v)})
		}
	}
	return aborts
}

// Outdate aborts the runs that are no longer for the head, the base branch or an open pull
// request.
func Outdate(rh *v1alpha1.Rehearsal) {
	pull := rh.Status.Pull
	if !pull.Open {
		rh.Status.AbortRuns("the pull request was closed", func(*v1alpha1.RunStatus) bool { return true })
		return
	}
	rh.Status.AbortRuns(fmt.Sprintf("a new push replaced the head with %.12s", pull.Head),
		func(r *v1alpha1.RunStatus) bool { return r.Head != pull.Head })
	rh.Status.AbortRuns("the base branch of the pull request is now "+pull.BaseRef,
		func(r *v1alpha1.RunStatus) bool { return r.BaseRef != pull.BaseRef })
}

// Barred returns why an accepted run may not start now; empty if it may. What was true at
// the decision may have changed while the run waited.
func Barred(rh *v1alpha1.Rehearsal, label string) string {
	pull := rh.Status.Pull
	switch {
	case pull.OtherBase:
		return "nothing runs for pull requests into the branch " + pull.BaseRef
	case pull.Untrusted:
		return "the pull request has the label " + label
	case !pull.AuthorTrusted && !rh.Status.HeadApproval.Holds(pull):
		return "nobody has approved this head"
	}
	return ""
}
