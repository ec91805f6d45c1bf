package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
)

// makePlan finds the affected jobs where somebody needs them: for the plan
// comment after a push, for runs that are to start, for a list.
func (t *turn) makePlan(ctx context.Context) error {
	pull := t.rh.Status.Pull
	if pull == nil || !t.fresh || !pull.Open || !t.needsPlan() {
		return nil
	}
	result, err, done := t.Plans.Get(t.key(), t.planRequest())
	if !done {
		t.rh.Status.MarkPlanning("Planning", "the affected jobs are being looked for")
		return nil
	}
	if err != nil && !told(err) {
		t.rh.Status.MarkPlanning(whyNotYet(err), err.Error())
		return fmt.Errorf("planning: %w", err)
	}
	t.plan = outcome{result: result, err: err}
	if result != nil {
		if err := t.describeJobs(ctx); err != nil {
			t.plan = outcome{}
			return err
		}
	}
	t.rh.Status.Plan = t.newPlanStatus()
	if err != nil {
		t.rh.Status.MarkNotPlanned("Refused", err.Error())
	} else {
		t.rh.Status.MarkPlanned()
	}
	return nil
}

// told says whether an error of planning is for the pull request to know.
func told(err error) bool {
	var conflict *plan.ConflictError
	var refused *plan.RefusedError
	var missing *plan.MissingPathError
	var unfetched *plan.UnfetchedError
	return errors.As(err, &unfetched) || errors.As(err, &conflict) || errors.As(err, &refused) || errors.As(err, &missing)
}

// needsPlan says whether anything waits for the plan of the current head. The
// base moves with every merge of others, which only matters to what starts now.
func (t *turn) needsPlan() bool {
	pull, known := t.rh.Status.Pull, t.rh.Status.Plan
	if known == nil || known.Head != pull.Head || known.BaseRef != pull.BaseRef || t.rh.Status.Comments[planComment].ID == 0 {
		return true
	}
	if known.Noted != t.noted() || known.LookAgain != nil && !t.now.Before(known.LookAgain.Time) {
		return true
	}
	for _, r := range t.activeRuns() {
		if r.State == v1alpha1.RunPending && r.AbortReason == "" {
			return true
		}
	}
	return slices.ContainsFunc(t.unanswered(), commandVerdict.needsPlan)
}

func (t *turn) key() string {
	return types.NamespacedName{Namespace: t.rh.Namespace, Name: t.rh.Name}.String()
}

func (t *turn) planRequest() plan.Request {
	p, pull := t.rh.Spec.Pull, t.rh.Status.Pull
	return plan.Request{
		Org: p.Org, Repo: p.Repo, Number: p.Number,
		Settings: plan.Settings{
			ProwConfig:                 t.repo.ProwConfig,
			JobConfig:                  t.repo.JobConfig,
			SupplementalProwConfigDirs: t.repo.SupplementalProwConfigDirs,
			PluginConfig:               t.repo.PluginConfig,
		},
		Gates:   t.repo.Gates,
		BaseRef: pull.BaseRef, Base: pull.Base, Head: pull.Head,
	}
}

// describeJobs works out what the rehearsals of the affected jobs would be.
func (t *turn) describeJobs(ctx context.Context) error {
	jobs := t.plan.result.Affected
	in := t.renderInput()
	var err error
	in.DefaultBranches, in.Unknown, err = t.defaultBranches(ctx, render.NeedDefaultBranch(jobs, in))
	if err != nil {
		return err
	}
	t.plan.jobs = render.Jobs(jobs, in)
	return nil
}

func (t *turn) newPlanStatus() *v1alpha1.PlanStatus {
	pull := t.rh.Status.Pull
	status := &v1alpha1.PlanStatus{Head: pull.Head, Base: pull.Base, BaseRef: pull.BaseRef, LookAgain: t.lookAgain()}
	if err := t.plan.err; err != nil {
		status.Error = err.Error()
	}
	if r := t.plan.result; r != nil {
		status.Tree, status.Jobs, status.Affected, status.Removed = r.Tree, r.Jobs, len(r.Affected), len(r.Removed)
		status.Digest = r.Digest()
		for _, job := range t.plan.jobs {
			switch {
			case job.Offered():
				status.Offered++
			case job.Problem == "" && !job.Hold.Zero():
				status.Held++
			default:
				status.Excluded++
			}
			if job.Rehearse {
				status.Due++
			}
		}
		status.Asks = t.asks()
		if known := planOfHead(t.rh); known != nil && known.Asks == status.Asks {
			status.AsksSince, status.AsksShown, status.Asking = known.AsksSince, known.AsksShown, known.Asking
		}
		status.Rendered = render.Digest(t.plan.jobs, t.renderInput())
	}
	return status
}

func affectedResult(o outcome) *affected.Result {
	if o.result == nil {
		return nil
	}
	return &o.result.Result
}
