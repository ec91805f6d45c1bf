package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
)

// Acknowledgement is who vouched for a pull request, or allowed it something,
// or that this does not hold any more.
type Acknowledgement struct {
	// By is the login of who did it; empty where it followed from the plan or
	// from a push.
	By string
	// Head is the full SHA that it was said of, and At when; At may be zero.
	Head string
	At   time.Time
	// Reason is how it came about.
	Reason v1alpha1.AckReason
	// Runs are the ids of the runs that it rests on.
	Runs []string
	// Label is on the pull request as long as it holds.
	Label string
	// Acknowledged says that it holds.
	Acknowledged bool
}

const maxRuns = 5

// AckWords are the words for how an acknowledgement came about, in a list.
func AckWords(reason v1alpha1.AckReason) string {
	switch reason {
	case v1alpha1.AckByCommand:
		return "ack"
	case v1alpha1.AckSkipped:
		return "skip"
	case v1alpha1.AckAuto:
		return "auto"
	case v1alpha1.AckNothing:
		return "nothing to rehearse"
	case v1alpha1.AckRejected:
		return "reject"
	case v1alpha1.AckPushed:
		return "push"
	case v1alpha1.AckRetarget:
		return "retarget"
	}
	return string(reason)
}

// acknowledgement is the line of the plan comment on who vouches for the pull
// request; empty when nobody ever did.
func acknowledgement(v PlanView) string {
	a := v.Acknowledgement
	switch {
	case a == nil:
		return ""
	case !a.Acknowledged:
		return "\n" + withdrawn(*a, "No longer acknowledged", v.Commands.line("ack")) + "\n"
	}
	s := "**Acknowledged** by " + code(a.By) + since(*a)
	switch a.Reason {
	case v1alpha1.AckSkipped:
		s = "**Acknowledged without a rehearsal** by " + code(a.By) + since(*a)
	case v1alpha1.AckAuto:
		s = "**Acknowledged** because all jobs passed, as " + code(a.By) + " asked" + since(*a)
	case v1alpha1.AckNothing:
		s = "**Acknowledged** because there is nothing to rehearse" + since(*a)
	}
	return "\n☑️ " + s + rests(*a) + kept(*a, v.Head) + labelled(a.Label) + ".\n"
}

// networkAccess is the line on whether rehearsals may use the network.
func networkAccess(v PlanView) string {
	a := v.NetworkAccess
	switch {
	case a == nil:
		return ""
	case !a.Acknowledged:
		return "\n" + withdrawn(*a, "Network access is no longer allowed", v.Commands.line("network-access-allowed")) + "\n"
	}
	return "\n🌐 **Network access is allowed** by " + code(a.By) + since(*a) + kept(*a, v.Head) + labelled(a.Label) + ".\n"
}

// withdrawn says what ended an acknowledgement, and how to give it anew.
func withdrawn(a Acknowledgement, what, again string) string {
	s := "⚠️ **" + what + "**"
	switch a.Reason {
	case v1alpha1.AckRejected:
		s += ": " + code(a.By) + " withdrew it" + since(a) + "."
	case v1alpha1.AckRetarget:
		s += ": the base branch of the pull request has changed."
	case v1alpha1.AckPushed:
		s += ": " + sha(a.Head) + " was pushed afterwards."
	default:
		s += "."
	}
	return s + " To renew this, review the pull request as it is now and write " + code(again) + "."
}

func since(a Acknowledgement) string {
	s := ""
	if a.Head != "" {
		s = " for " + sha(a.Head)
	}
	if !a.At.IsZero() {
		s += ", " + a.At.UTC().Format("2 January 15:04 MST")
	}
	return s
}

// rests says which runs an acknowledgement rests on.
func rests(a Acknowledgement) string {
	switch {
	case a.Reason == v1alpha1.AckSkipped || a.Reason == v1alpha1.AckNothing:
		return ""
	case len(a.Runs) == 0:
		return ", although no run had passed"
	}
	var runs []string
	for _, id := range a.Runs[:min(len(a.Runs), maxRuns)] {
		runs = append(runs, runLink(id))
	}
	s := ", based on " + strings.Join(runs, ", ")
	if left := len(a.Runs) - len(runs); left > 0 {
		s += " and " + count(left) + " more"
	}
	return s
}

// runLink leads to the comment that asked for a run.
func runLink(id string) string {
	if comment, ok := event.CommentID(id); ok {
		return fmt.Sprintf("[this run](#issuecomment-%d)", comment)
	}
	if event.FromDescription(id) {
		return "the run requested in the description"
	}
	return strings.TrimSpace("the run " + code(id))
}

// kept says that an acknowledgement of an older head still holds.
func kept(a Acknowledgement, head string) string {
	if head == "" || a.Head == "" || a.Head == head {
		return ""
	}
	return "; it also covers what was pushed afterwards"
}

func labelled(label string) string {
	if label == "" {
		return ""
	}
	return " (label " + said(label) + ")"
}
