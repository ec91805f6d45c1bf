// Package planning keeps the plan of a pull request: the affected jobs of the head, their
// rehearsals, and what holds them. It gets the plan from the planner, and answers what the
// comments and runs need to know about it.
package planning

import (
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/lookup"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// Planner plans in the background, see queue.Queue.
type Planner interface {
	Get(key string, req plan.Request) (result *plan.Result, err error, done bool)
	Forget(req plan.Request)
}

// Plan is the plan of a pull request in its current state. If Result and Err are nil, it is
// not known yet.
type Plan struct {
	Rehearsal  *v1alpha1.Rehearsal
	Repository settings.Repository
	Settings   *settings.Settings
	Now        time.Time

	Planner Planner
	GitHub  lookup.GitHub
	Lookups *lookup.Memory

	Result *plan.Result
	// Jobs are the affected jobs with their rehearsals.
	Jobs []render.Job
	Err  error
	// later says that the plan lacks something that GitHub could not be asked for now.
	later bool
}

// Known reports whether planning has ended, with a result or an error.
func (p *Plan) Known() bool { return p.Result != nil || p.Err != nil }

// Forget makes the plan unknown again.
func (p *Plan) Forget() { p.Fail(nil) }

// Fail replaces the plan with the reason why there is none.
func (p *Plan) Fail(err error) { p.Result, p.Jobs, p.Err = nil, nil, err }

// LateError says why there is no plan yet, in sentences for people.
type LateError struct{ Sentences string }

func (e *LateError) Error() string { return e.Sentences }

// Outlived reports whether status has an older plan of the same head, which is better than
// the current error.
func (p *Plan) Outlived() bool {
	var late *LateError
	return errors.As(p.Err, &late) && HasJobs(p.Rehearsal.Status.PlanOfHead())
}

// HasJobs reports whether status has a plan, and not an error instead.
func HasJobs(known *v1alpha1.PlanStatus) bool { return known != nil && known.Error == "" }

// Affected returns the affected jobs; nil if there is no plan.
func (p *Plan) Affected() *affected.Result {
	if p.Result == nil {
		return nil
	}
	return &p.Result.Result
}

// Get asks for the plan, unless planning of this head was stopped before.
func (p *Plan) Get() (result *plan.Result, err error, done bool) {
	if stopped := p.Stopped(); stopped != nil {
		return nil, stopped, true
	}
	return p.Planner.Get(p.key(), p.request())
}

// Stopped returns why the current head is not planned again; nil if it may be.
func (p *Plan) Stopped() error {
	known, pull := p.Rehearsal.Status.PlanOfHead(), p.Rehearsal.Status.Pull
	if known == nil || known.Stopped == nil || known.Stopped.Limits != p.limits().String() {
		return nil
	}
	if known.Stopped.ReadingBase && known.Base != pull.Base {
		return nil
	}
	return &plan.StoppedError{Why: known.Stopped.Why, Base: known.Stopped.ReadingBase}
}

// Details handles an error of a question about the plan. If planning is stopped while it
// answers, that counts as a head that cannot be planned.
func (p *Plan) Details(err error) error {
	var stopped *plan.StoppedError
	switch {
	case errors.Is(err, plan.ErrBusy):
		return &requeue.Later{After: time.Second, Reason: err.Error()}
	case errors.Is(err, plan.ErrForgotten):
		p.Planner.Forget(p.request())
		return &requeue.Later{After: time.Second, Reason: err.Error()}
	case errors.As(err, &stopped):
		p.Fail(stopped)
		p.Rehearsal.Status.Plan = p.Status()
		p.Rehearsal.Status.MarkNotPlanned("Stopped", stopped.Error())
		return &requeue.Later{After: time.Second, Reason: stopped.Error()}
	}
	return err
}

func (p *Plan) key() string {
	return types.NamespacedName{Namespace: p.Rehearsal.Namespace, Name: p.Rehearsal.Name}.String()
}

func (p *Plan) limits() plan.Limits {
	of := p.Settings.Planning
	return plan.Limits{Timeout: of.Timeout, BaseTimeout: of.BaseTimeout, Memory: int64(of.MemoryMiB) << 20}
}

func (p *Plan) request() plan.Request {
	of, pull := p.Rehearsal.Spec.Pull, p.Rehearsal.Status.Pull
	return plan.Request{
		Org: of.Org, Repo: of.Repo, Number: of.Number,
		Layout: p.Repository.Layout,
		Gates:  p.Repository.Gates,
		Limits: p.limits(), Author: pull.Author,
		BaseRef: pull.BaseRef, Base: pull.Base, Head: pull.Head,
	}
}
