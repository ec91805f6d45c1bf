package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/wire"
)

// Limits on questions about a plan, for which a caller waits: the time until the child is
// free, and the time for its answer.
const (
	busyTime   = 3 * time.Second
	answerTime = 30 * time.Second
)

// details asks the child that made the plan.
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
	found, err := wire.DecodeJobs(body)
	if errors.Is(err, wire.ErrTooLarge) {
		return nil, tooLarge()
	}
	if err == nil && !slices.Equal(keysOf(found), keysOf(jobs)) {
		err = fmt.Errorf("a planner tells of %d other jobs than the %d that it was asked about", len(found), len(jobs))
	}
	return found, err
}

// Check implements plan.Details. The child has to read the jobs again.
func (d *details) Check(ctx context.Context, jobs []affected.Job) (map[string]gate.Finding, error) {
	var findings map[string]gate.Finding
	return findings, d.askFor(ctx, question{Op: opCheck, Jobs: keysOf(jobs)}, &findings)
}

// ConfigMaps implements plan.Details.
func (d *details) ConfigMaps(ctx context.Context, jobs []affected.Job) ([]affected.ConfigMapContent, error) {
	var contents []affected.ConfigMapContent
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
	if err := wire.DecodeAnswer(body, answer); errors.Is(err, wire.ErrTooLarge) {
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
	if err == nil {
		err = fault.err()
	} else if errors.As(err, &died) {
		err = plan.ErrForgotten
	}
	if !errors.Is(err, plan.ErrForgotten) {
		d.pool.answered(d.request)
		return body, err
	}
	if why := d.pool.lostOver(d.request, died); why != "" {
		d.pool.options.Log("Questions about a plan are not answered", "repository", q.Request.Org+"/"+q.Request.Repo, "pull", q.Request.Number, "head", q.Request.Head, "why", why, "said", died.saying())
		return nil, &plan.StoppedError{Why: why}
	}
	return nil, err
}

const (
	// maxLosses limits the heads for which unanswered questions are remembered.
	maxLosses = 1000
	// maxDeaths is how many children may end during questions about a plan: what the
	// first child kept of other plans may be to blame. maxForgotten is how often in a row
	// a plan may be made again because the child no longer has it.
	maxDeaths    = 2
	maxForgotten = 10
)

// losses are the consecutive unanswered questions about a plan: children that ended by
// themselves, children that were killed from outside, and plans that were forgotten.
type losses struct {
	deaths, outside, forgotten int
}

// answered removes the losses of a plan, because a question about it was answered.
func (p *Pool) answered(req plan.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.lost, req.Key())
}

// lostOver counts an unanswered question about a plan. It says why no more questions are
// asked; "" if the plan can be made again to repeat the question.
func (p *Pool) lostOver(req plan.Request, died *death) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.lost) >= maxLosses {
		clear(p.lost)
	}
	l := p.lost[req.Key()]
	defer func() { p.lost[req.Key()] = l }()
	switch {
	case died == nil:
		if l.forgotten++; l.forgotten >= maxForgotten {
			return fmt.Sprintf("was forgotten %d times", l.forgotten)
		}
	case died.outside:
		if l.outside++; l.outside >= maxAttempts {
			return fmt.Sprintf("%s %d times", died.why, l.outside)
		}
	default:
		if l.deaths++; l.deaths >= maxDeaths {
			return died.why
		}
	}
	return ""
}

// takeThis takes a slot together with a given child, if the child still exists.
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
		// Others can use the slot meanwhile.
		<-p.places
		select {
		case <-freed:
		case <-wanted.gone:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
