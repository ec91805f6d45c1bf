// Package planview converts the results of the planner and the renderer into views of a
// plan for package report. It is separate from report so that programs that only report a
// run need not link Prow's configuration.
package planview

import (
	"cmp"
	"errors"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// New fills in the jobs of a plan. Result may be nil if there is no plan; jobs are its
// affected jobs as they would be rendered.
func New(result *affected.Result, jobs []render.Job) report.PlanView {
	v := report.PlanView{}
	if result == nil {
		return v
	}
	v.Head, v.Base, v.Total, v.Warnings = result.Head, result.Base, result.Jobs, result.Warnings
	for _, j := range jobs {
		v.Jobs = append(v.Jobs, planJob(j))
	}
	for _, r := range result.Removed {
		v.Removed = append(v.Removed, report.PlanJob{Name: r.Name, Type: string(r.Type), Repo: r.Repo})
	}
	for _, f := range result.Incomplete {
		v.Unread = append(v.Unread, report.FileProblem{File: f.File, Line: f.Line, Message: f.Message})
	}
	return v
}

// Acknowledgement translates an acknowledgement or the permission to use the network from
// the status of a Rehearsal; nil if there is none worth mentioning.
func Acknowledgement(a *v1alpha1.Acknowledgement, label string) *report.Acknowledgement {
	if a == nil || a.State == v1alpha1.StateRequired || a.State == v1alpha1.StateHeld {
		return nil
	}
	out := &report.Acknowledgement{
		By: report.Person(a.Command, a.By), Head: cmp.Or(a.Given, a.Head), Reason: a.Reason, Runs: a.Runs, Label: label,
		Acknowledged: a.State == v1alpha1.StateAcknowledged,
	}
	if a.At != nil {
		out.At = a.At.Time
	}
	return out
}

// Approval translates an approval from the status of a Rehearsal; nil if there is none.
func Approval(a *v1alpha1.Approval) *report.Approval {
	if a == nil {
		return nil
	}
	out := &report.Approval{By: report.Person(a.Command, a.By), Head: a.Head, At: a.At.Time}
	for _, j := range a.Jobs {
		out.Jobs = append(out.Jobs, j.Job)
	}
	return out
}

func planJob(j render.Job) report.PlanJob {
	out := report.PlanJob{
		Name: j.Name, Type: string(j.Type), Repo: j.Repo, Branch: j.Branch,
		Key: j.Key(), Argument: j.Argument, Change: string(j.Change),
	}
	if !j.Offered() {
		out.Excluded = j.NotOffered()
	}
	if !j.Hold.Zero() && j.Problem == "" {
		out.Held = &report.Held{New: j.Hold.New, Asks: report.NewAsks(j.Hold.Asks)}
	}
	for _, r := range j.Reasons {
		out.Reasons = append(out.Reasons, report.Reason{File: r.File, Path: r.Path, Old: r.Old, New: r.New})
	}
	return out
}

// Problem translates the planning errors that are shown on the pull request; nil for all
// others.
func Problem(err error) *report.Problem {
	var conflict *plan.ConflictError
	var refused *plan.RefusedError
	var missing *plan.MissingPathError
	var stopped *plan.StoppedError
	var unfetched *plan.UnfetchedError
	switch {
	case errors.As(err, &conflict):
		return &report.Problem{Conflicts: conflict.Files}
	case errors.As(err, &refused):
		return &report.Problem{
			Refused:    &report.FileProblem{File: refused.File, Line: refused.Line, Message: refused.Reason},
			BaseBroken: refused.BaseBroken, TooLarge: refused.TooLarge,
		}
	case errors.As(err, &unfetched):
		return &report.Problem{Unfetched: unfetched.Error()}
	case errors.As(err, &missing):
		return &report.Problem{Missing: missing.Path, Setting: missing.Setting}
	case errors.As(err, &stopped):
		return &report.Problem{Stopped: stopped.Why, BaseBroken: stopped.Base}
	}
	return nil
}
