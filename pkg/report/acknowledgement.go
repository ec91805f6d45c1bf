package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
)

// Acknowledgement says who acknowledged a pull request, or allowed network access, or that
// this no longer holds.
type Acknowledgement struct {
	// By is the login of the person; empty if no person did it, but the plan or a push.
	By string
	// Head is the full SHA to which it applies, and At the time; At may be zero.
	Head string
	At   time.Time
	// Reason is how it came about.
	Reason v1alpha1.AckReason
	// Runs are the ids of the runs on which it is based.
	Runs []string
	// Label is the label that the pull request has while it holds.
	Label string
	// Acknowledged says that it holds.
	Acknowledged bool
}

const maxRuns = 5

// AckWords returns a short name for the reason of an acknowledgement, for a list.
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

// acknowledgement returns the line of the plan comment on who acknowledged the pull
// request; empty if nobody ever did.
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

// networkAccess returns the line on whether rehearsals may use the network.
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

// withdrawn returns what ended an acknowledgement, and how to renew it.
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

// rests returns on which runs an acknowledgement is based.
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

// runLink links to the comment that requested a run.
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
