package report

import (
	"fmt"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// StatusView has the content of the aggregate commit status of a pull request.
type StatusView struct {
	// Planned says that the affected jobs are known.
	Planned bool
	// Problem says that there can be no plan until somebody fixes something.
	Problem bool
	// Offered counts the affected jobs that can be rehearsed.
	Offered int
	// Acknowledgement says who acknowledged the pull request; nil for nobody.
	Acknowledgement *Acknowledgement
	// Run counts the jobs of the latest run of the head; nil if there was none. RunOver
	// says that it has ended.
	Run     *run.Tally
	RunOver bool
}

// maxDescription is how much of a commit status GitHub shows, in characters.
const maxDescription = 140

// Status returns the state (pending, success, failure or error, in GitHub's terms) and the
// description of the commit status: success once the pull request is acknowledged or has
// nothing to rehearse.
func Status(v StatusView) (state, description string) {
	state, description = status(v)
	return state, legible.Clip(oneLine(description), maxDescription)
}

func status(v StatusView) (state, description string) {
	a := v.Acknowledgement
	switch {
	case v.Problem:
		return "error", "No plan: see the comment on the pull request"
	case a != nil && a.Acknowledged:
		return "success", acknowledgedBy(*a)
	case !v.Planned:
		return "pending", "Finding the affected jobs"
	case v.Offered == 0:
		return "success", "Nothing to rehearse"
	case v.Run == nil:
		return "pending", plural(v.Offered, "affected job") + "; run or acknowledge them"
	}
	return runStatus(*v.Run, v.RunOver)
}

func acknowledgedBy(a Acknowledgement) string {
	switch {
	case a.Reason == v1alpha1.AckNothing:
		return "Nothing to rehearse"
	case a.Reason == v1alpha1.AckAuto:
		return "All rehearsals passed, acknowledged as " + a.By + " asked"
	case a.Reason == v1alpha1.AckSkipped:
		return "Acknowledged without a rehearsal by " + a.By
	}
	return "Acknowledged by " + a.By
}

func runStatus(t run.Tally, over bool) (state, description string) {
	switch {
	case t.Total == 0:
		return "pending", "Preparing the rehearsals"
	case !over && t.Unfinished() > 0:
		// The number of ended jobs is left out: GitHub keeps only 1,000 statuses per
		// commit.
		return "pending", "Running " + plural(t.Total, "rehearsal")
	case t.AllPassed() && t.Total == 1:
		return "pending", "The rehearsal passed; not acknowledged"
	case t.AllPassed():
		return "pending", fmt.Sprintf("All %d rehearsals passed; not acknowledged", t.Total)
	case t.Failed > 0:
		return "failure", ofTotal(t.Failed, t.Total, "failed")
	case t.Unfinished() > 0:
		return "failure", ofTotal(t.Unfinished(), t.Total, "did not finish")
	}
	return "failure", ofTotal(t.Aborted, t.Total, "aborted")
}
