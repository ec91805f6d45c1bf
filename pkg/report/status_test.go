package report

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

func TestStatus(t *testing.T) {
	given := func(reason v1alpha1.AckReason) *Acknowledgement {
		return &Acknowledgement{By: "bob", Reason: reason, Acknowledged: true}
	}
	withdrawn := &Acknowledgement{By: "bob", Reason: v1alpha1.AckRejected}
	cases := []struct {
		name        string
		view        StatusView
		state, text string
	}{
		{"not planned", StatusView{}, "pending", "Finding the affected jobs"},
		{"no plan", StatusView{Problem: true}, "error", "No plan: see the comment on the pull request"},
		{"no plan, though acknowledged", StatusView{Problem: true, Acknowledgement: given(v1alpha1.AckByCommand)}, "error", "No plan: see the comment on the pull request"},
		{"nothing to rehearse", StatusView{Planned: true}, "success", "Nothing to rehearse"},
		{"nothing to rehearse, acknowledged", StatusView{Planned: true, Acknowledgement: given(v1alpha1.AckNothing)}, "success", "Nothing to rehearse"},
		{"jobs to rehearse", StatusView{Planned: true, Offered: 12}, "pending", "12 affected jobs; run or acknowledge them"},
		{"acknowledgement withdrawn", StatusView{Planned: true, Offered: 1, Acknowledgement: withdrawn}, "pending", "1 affected job; run or acknowledge them"},
		{"preparing", StatusView{Planned: true, Offered: 12, Run: &run.Tally{}}, "pending", "Preparing the rehearsals"},
		{"running", StatusView{Planned: true, Offered: 12, Run: &run.Tally{Total: 10, Passed: 7, Running: 2, Queued: 1}}, "pending", "Running 10 rehearsals"},
		{"running with a failure", StatusView{Planned: true, Offered: 12, Run: &run.Tally{Total: 10, Failed: 7, Running: 3}}, "pending", "Running 10 rehearsals"},
		{"failed", StatusView{Planned: true, Offered: 12, Run: &run.Tally{Total: 10, Passed: 8, Failed: 2}, RunOver: true}, "failure", "2 of 10 rehearsals failed"},
		{"failed, one never started", StatusView{Planned: true, Offered: 12, Run: &run.Tally{Total: 10, Passed: 9, NotStarted: 1}, RunOver: true}, "failure", "1 of 10 rehearsals did not finish"},
		{"aborted", StatusView{Planned: true, Offered: 12, Run: &run.Tally{Total: 10, Passed: 8, Aborted: 2}, RunOver: true}, "failure", "2 of 10 rehearsals aborted"},
		{"all passed", StatusView{Planned: true, Offered: 12, Run: &run.Tally{Total: 10, Passed: 10}, RunOver: true}, "pending", "All 10 rehearsals passed; not acknowledged"},
		{"only job passed", StatusView{Planned: true, Offered: 12, Run: &run.Tally{Total: 1, Passed: 1}, RunOver: true}, "pending", "The rehearsal passed; not acknowledged"},
		{"acknowledged", StatusView{Planned: true, Offered: 12, Acknowledgement: given(v1alpha1.AckByCommand)}, "success", "Acknowledged by bob"},
		{"acknowledged after a failure", StatusView{Planned: true, Offered: 12, Acknowledgement: given(v1alpha1.AckByCommand), Run: &run.Tally{Total: 1, Failed: 1}, RunOver: true}, "success", "Acknowledged by bob"},
		{"skipped", StatusView{Planned: true, Offered: 12, Acknowledgement: given(v1alpha1.AckSkipped)}, "success", "Acknowledged without a rehearsal by bob"},
		{"acknowledged by a run", StatusView{Planned: true, Offered: 12, Acknowledgement: given(v1alpha1.AckAuto)}, "success", "All rehearsals passed, acknowledged as bob asked"},
		{"long login", StatusView{Planned: true, Offered: 1, Acknowledgement: &Acknowledgement{By: strings.Repeat("é", 300), Acknowledged: true}}, "success", "Acknowledged by " + strings.Repeat("é", 123) + "…"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			state, text := Status(c.view)
			if state != c.state || text != c.text {
				t.Errorf("got %s: %s\nwant %s: %s", state, text, c.state, c.text)
			}
			if utf8.RuneCountInString(text) > 140 {
				t.Errorf("%d characters", utf8.RuneCountInString(text))
			}
		})
	}
}
