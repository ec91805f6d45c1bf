package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// measurement has the results, phase by phase.
type measurement struct {
	*installation
	options options
	audit   auditReader
	sizes   sizes
	phases  []phase
	// prowJobs is the time from the command of the large run to its last ProwJob.
	prowJobs time.Duration
}

// phase is a part of the measurement.
type phase struct {
	name  string
	span  time.Duration
	calls calls
	asked asked
	turns turns
	peak  usage // memory, the maximum of each
	cpu   time.Duration
	// all and ours are the processor time of the machine, and of everything that is
	// measured.
	all, ours  time.Duration
	heap       float64
	goroutines float64
}

// all runs all phases.
func (m *measurement) all(ctx context.Context) error {
	for _, p := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"first sight", m.firstSight},
		{"it settles", m.settle},
		{"idle", func(ctx context.Context) error { return m.watch(ctx, m.options.idle) }},
		{"runs start", m.start},
		{"the large run starts", m.startLarge},
		{"runs go on", func(ctx context.Context) error { return m.watch(ctx, m.options.active) }},
		{"runs end", m.end},
	} {
		say(p.name)
		if err := m.phase(ctx, p.name, p.do); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		if err := m.sizes.measure(ctx, m.plane.kube.CoreV1().RESTClient()); err != nil {
			return err
		}
	}
	return nil
}

// phase measures a phase from its start to its end.
func (m *measurement) phase(ctx context.Context, name string, do func(context.Context) error) error {
	if _, err := m.audit.read(0); err != nil {
		return err
	}
	if err := m.world.reset(ctx); err != nil {
		return err
	}
	before, _ := m.turns(ctx) // there are none before the first reconcile
	controller, began := m.programs["controller"], time.Now()
	p := phase{name: name, cpu: -controller.look().cpu}
	all, ours := machine()
	sampling, stop := context.WithCancel(ctx)
	peak := make(chan usage)
	go func() { peak <- controller.peak(sampling) }()
	err := do(ctx)
	stop()
	p.peak = <-peak
	if err != nil {
		return err
	}
	p.span = time.Since(began)
	p.cpu += controller.look().cpu
	p.all, p.ours = machine()
	p.all, p.ours = p.all-all, p.ours-ours
	if p.calls, err = m.world.count(ctx, began); err != nil {
		return err
	}
	if p.asked, err = m.audit.read(p.span); err != nil {
		return err
	}
	after, err := m.turns(ctx)
	if err != nil {
		return err
	}
	p.turns = after.since(before)
	families, err := rig.Scrape(ctx, m.metrics)
	if err != nil {
		return err
	}
	p.heap, p.goroutines = families.Sum("go_memory_used_bytes"), families.Sum("go_goroutine_count")
	m.phases = append(m.phases, p)
	say(p.String())
	return nil
}

func (p phase) String() string {
	return fmt.Sprintf("%s: %s, %d turns (%d over 1s, p99 ≤ %s), API %.1f/s, of the controller %.1f/s, GitHub %d and %d for free, controller %d MiB and %d MiB in children, CPU %.2f",
		p.name, p.span.Round(time.Second), p.turns.count, p.turns.longer(time.Second), p.turns.within(), p.asked.perSecond(p.asked.all()),
		p.asked.perSecond(p.asked.by["rehearsal-controller"]), p.calls.charged, p.calls.free, p.peak.own>>20, p.peak.children>>20, p.cpu.Seconds()/p.span.Seconds())
}

// peak samples the usage of a program until the context ends.
func (p *program) peak(ctx context.Context) usage {
	var most usage
	tick := time.NewTicker(time.Second / 2)
	defer tick.Stop()
	for {
		now := p.look()
		most.own, most.children = max(most.own, now.own), max(most.children, now.children)
		select {
		case <-ctx.Done():
			return most
		case <-tick.C:
		}
	}
}

func (m *measurement) turns(ctx context.Context) (turns, error) {
	families, err := rig.Scrape(ctx, m.metrics)
	if err != nil {
		return turns{}, err
	}
	return turnsOf(families)
}

func (m *measurement) watch(ctx context.Context, span time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(span):
		return m.dead()
	}
}

func (m *measurement) firstSight(ctx context.Context) error {
	if err := m.world.open(ctx); err != nil {
		return err
	}
	return m.waitShown(ctx, m.options.pulls)
}

func (m *measurement) settle(ctx context.Context) error {
	var last uint64
	since := time.Now()
	return m.until(ctx, "silence", func(ctx context.Context) (string, bool, error) {
		now, err := m.turns(ctx)
		if now.count != last {
			last, since = now.count, time.Now()
		}
		return fmt.Sprintf("%d turns", last), time.Since(since) > m.options.settled, err
	})
}

// start starts all runs except the large one.
func (m *measurement) start(ctx context.Context) error {
	for n := 1; n < m.options.runs; n++ {
		if err := m.world.command(ctx, n); err != nil {
			return err
		}
	}
	want := (m.options.runs - 1) * m.options.jobs
	return m.until(ctx, "ProwJobs", func(ctx context.Context) (string, bool, error) {
		got, err := m.installation.prowJobs(ctx, "")
		return fmt.Sprintf("%d of %d", got, want), got == want, err
	})
}

func (m *measurement) startLarge(ctx context.Context) error {
	began := metav1.Now()
	if err := m.world.command(ctx, 0); err != nil {
		return err
	}
	pull := m.world.large.PullID
	name := event.Name(v1alpha1.Pull{Org: pull.Org, Repo: pull.Repo, Number: pull.Number})
	err := m.until(ctx, "ProwJobs of the large run", func(ctx context.Context) (string, bool, error) {
		got, err := m.installation.prowJobs(ctx, name)
		if _, over, e := m.runs(ctx); got == 0 && e == nil && over > 0 {
			err = errors.New("a run is over already: it was refused")
		}
		return fmt.Sprintf("%d of %d", got, m.options.largeJobs), got == m.options.largeJobs, err
	})
	m.prowJobs = time.Since(began.Time)
	if err != nil {
		return err
	}
	return m.until(ctx, "active runs", func(ctx context.Context) (string, bool, error) {
		active, done, err := m.runs(ctx)
		return fmt.Sprintf("%d of %d, %d are over", active, m.options.runs, done), active == m.options.runs, err
	})
}

// end lets the jobs end, and waits for the reports.
func (m *measurement) end(ctx context.Context) error {
	close(m.node.release)
	return m.until(ctx, "runs to be over", func(ctx context.Context) (string, bool, error) {
		_, done, err := m.runs(ctx)
		return fmt.Sprintf("%d of %d", done, m.options.runs), done == m.options.runs, err
	})
}
