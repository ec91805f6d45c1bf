package rehearsal

import (
	"slices"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// TestRemovedPrefix checks that an accepted command is carried out although its prefix was
// removed since. A command without a decision has to be written again: it may be meant for
// another bot.
func TestRemovedPrefix(t *testing.T) {
	w := newWorld(t, command("comment-1-0", "/gone pull-unit", -1))
	chosen := w.reconciler.Settings()
	w.reconciler.Settings = func() *settings.Settings { return chosen }
	with := chosen.Prefixes
	chosen.Prefixes = append(slices.Clone(with), "/gone")
	w.reconcile()
	chosen.Prefixes = with
	w.hear("comment-2-0", "/gone pull-e2e")
	w.reconcile()
	if _, _, runs, pipelineRuns, _ := w.counts(); runs != 1 || pipelineRuns != 1 {
		t.Errorf("%d run comments, %d PipelineRuns; want one of each", runs, pipelineRuns)
	}
	if got := w.verdict("comment-2-0"); got != v1alpha1.ReasonOtherPrefix {
		t.Errorf("the other command is %s", got)
	}
	if body := w.comment(report.AnswerMarker("comment-2-0")); !strings.Contains(body, "/pj-rehearse") {
		t.Errorf("the answer is %s", body)
	}
}
