package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
)

// Bounds of questions about a plan, which somebody waits for: how long for the
// child to have time, and for its answer at most.
const (
	busyTime   = 3 * time.Second
	answerTime = 30 * time.Second
)

// details asks the child that has made a plan.
type details struct {
	pool    *Pool
	process *process
	request plan.Request
}

// Effective implements plan.Details.
func (d *details) Effective(ctx context.Context, jobs []affected.Job) ([]affected.Job, error) {
	body, err := d.ask(ctx, question{Op: opEffective, Jobs: keysOf(jobs)})
	if err != nil {
		return nil, err
	}
	found, err := plan.DecodeJobs(body)
	if errors.Is(err, plan.ErrTooLarge) {
		return nil, tooLarge()
	}
	if err == nil && len(found) != len(jobs) {
		err = fmt.Errorf("%d of %d jobs are in the plan", len(found), len(jobs))
	}
	return found, err
}

// Judge implements plan.Details. The child has to read the jobs again.
func (d *details) Judge(ctx context.Context, jobs []affected.Job) (map[string]gate.Finding, error) {
	var findings map[string]gate.Finding
	return findings, d.askFor(ctx, question{Op: opJudge, Jobs: keysOf(jobs)}, &findings)
}

// ConfigMaps implements plan.Details.
func (d *details) ConfigMaps(ctx context.Context, jobs []affected.Job) ([]plan.ConfigMapContent, error) {
	var contents []plan.ConfigMapContent
	return contents, d.askFor(ctx, question{Op: opConfigMaps, Jobs: keysOf(jobs)}, &contents)
}

// Lookup implements plan.Details.
func (d *details) Lookup(ctx context.Context, names []string) ([]plan.Located, error) {
	var located []plan.Located
	return located, d.askFor(ctx, question{Op: opLookup, Names: names}, &located)
}

func (d *details) askFor(ctx context.Context, q question, answer any) error {
	body, err := d.ask(ctx, q)
	if err != nil {
		return err
	}
	if err := plan.DecodeAnswer(body, answer); errors.Is(err, plan.ErrTooLarge) {
		return tooLarge()
	} else if err != nil {
		return fmt.Errorf("reading what a planner answers: %w", err)
	}
	return nil
}

func (d *details) ask(ctx context.Context, q question) ([]byte, error) {
	q.Request, q.Dir = d.request, d.pool.options.Dir(d.request)
	if err := d.pool.takeThis(ctx, d.process); err != nil {
		return nil, err
	}
	defer d.pool.give(d.process)
	limits := d.request.Limits
	limits.Timeout = min(limits.Timeout, answerTime)
	body, fault, err := d.process.answer(ctx, q, limits)
	var died *death
	switch {
	case !errors.As(err, &died):
	case died.outside, d.pool.diedOver(d.request) < 2:
		// What the child held of others may be to blame.
		return nil, plan.ErrForgotten
	default:
		d.pool.options.Log("A planner ended unexpectedly", "repository", q.Request.Org+"/"+q.Request.Repo, "pull", q.Request.Number, "head", q.Request.Head, "why", died.why, "said", died.said)
		return nil, &plan.StoppedError{Why: died.why}
	}
	if err == nil {
		err = fault.err()
	}
	return body, err
}

// maxDeaths bounds the heads of which it is remembered that children ended over
// them.
const maxDeaths = 1000

// diedOver counts the children that ended over questions about a plan.
func (p *Pool) diedOver(req plan.Request) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.deaths) >= maxDeaths {
		clear(p.deaths)
	}
	p.deaths[req.Key()]++
	return p.deaths[req.Key()]
}

// takeThis takes a place with a child that is still there.
func (p *Pool) takeThis(ctx context.Context, wanted *process) error {
	ctx, cancel := context.WithTimeoutCause(ctx, busyTime, plan.ErrBusy)
	defer cancel()
	for {
		select {
		case <-wanted.killed:
			return plan.ErrForgotten
		case <-wanted.gone:
			return plan.ErrForgotten
		default:
		}
		p.mu.Lock()
		freed := p.freed
		p.mu.Unlock()
		w, err := p.take(ctx, func(w *process) int {
			if w == wanted {
				return 1
			}
			return 0
		})
		if w != nil || err != nil {
			return err
		}
		// The place is for others meanwhile.
		<-p.places
		select {
		case <-freed:
		case <-wanted.gone:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
