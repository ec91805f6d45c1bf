package rehearsal

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/conversation"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/runs"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// Limits of status, so that etcd stores it together with a full command log: numbers of
// entries, and bytes of a text as event.Shorten counts them.
const (
	maxDone     = 100 // runs that are over
	maxComments = 150
	maxNote     = 150 // of a decision
	maxReason   = 300 // of a run
	maxText     = 1000
)

// boundStatus makes status fit the limits. What it drops is shown on the pull request, or
// can be found there again.
func boundStatus(rh *v1alpha1.Rehearsal) {
	s := &rh.Status
	for i := range s.Conditions {
		s.Conditions[i].Message = event.Shorten(s.Conditions[i].Message, maxText)
	}
	if p := s.Pull; p != nil {
		p.Title = event.Shorten(p.Title, maxText)
		if c := p.Contributors; c != nil {
			c.Because = event.Shorten(c.Because, maxText)
		}
	}
	if p := s.Plan; p != nil {
		p.Error = event.Shorten(p.Error, maxText)
		if p.Stopped != nil {
			p.Stopped.Why = event.Shorten(p.Stopped.Why, maxText)
		}
	}
	for i := range s.Commands {
		s.Commands[i].Message = event.Shorten(s.Commands[i].Message, maxNote)
	}
	boundRuns(rh)
	boundComments(s)
	conversation.BoundDoubts(s)
}

// boundRuns keeps the active runs, and the latest of the others. Lists of jobs that never
// started are kept while they fit, the latest first. The objects of dropped runs are found
// by their labels, see cleanLeft.
func boundRuns(rh *v1alpha1.Rehearsal) {
	over, unscheduled := 0, 0
	on := rh.Status.Verdicts()
	for i := len(rh.Status.Runs) - 1; i >= 0; i-- {
		r := &rh.Status.Runs[i]
		r.AbortReason, r.Message = event.Shorten(r.AbortReason, maxReason), event.Shorten(r.Message, maxReason)
		if end := r.PipelineRunEnd; end != nil {
			if unscheduled += len(end.Unscheduled); unscheduled > runs.MaxJobEnds {
				end.Unscheduled = nil
			}
		}
		if !r.State.Done() {
			continue
		}
		v := on[r.ID]
		if over++; over > maxDone && (v == nil || v.Answered) {
			if v != nil {
				v.Over = true
			}
			rh.Status.Uncleaned = rh.Status.Uncleaned || !r.Cleaned
			rh.Status.Runs = slices.Delete(rh.Status.Runs, i, i+1)
		}
	}
}

// boundComments drops the oldest entries for denials. A dropped comment is found by its
// marker.
func boundComments(s *v1alpha1.RehearsalStatus) {
	if len(s.Comments) <= maxComments {
		return
	}
	names := slices.DeleteFunc(slices.Collect(maps.Keys(s.Comments)), func(name string) bool {
		return name == planComment || name == fullComment || strings.HasPrefix(name, runs.WaitComments)
	})
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(s.Comments[a].ID, s.Comments[b].ID) })
	for _, name := range names[:min(len(names), len(s.Comments)-maxComments)] {
		delete(s.Comments, name)
	}
}

const fullComment = "full"

// tellRefused comments that the command log was full, for the people whose commands did not
// fit.
func (t *marks) tellRefused(ctx context.Context) error {
	if len(t.rh.Spec.Refused) == 0 || t.rh.Status.Pull == nil {
		return nil
	}
	var refused []report.Refusal
	for _, r := range t.rh.Spec.Refused {
		refused = append(refused, report.Refusal{By: r.By, At: r.At.Time})
	}
	return t.talk.Say(ctx, fullComment, report.Full(refused))
}
