package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// The limits.
const (
	largestObject  = 600 << 10
	hourlyCalls    = 500 // a tenth of what GitHub accepts
	mostMemory     = 512 << 20
	longestTurn    = time.Second
	shareOfTurns   = 0.99
	rowFormat      = "| %s | %s | %s | %s |\n"
	phaseRowFormat = "| %s | %s | %d | %s | %d | %.1f | %.1f | %d | %d | %d | %.2f | %.2f | %.2f |\n"
)

// row is a measured value with its limit.
type row struct {
	what, value, bound string
	kept               bool
}

// print prints the measurements. It fails if a limit is exceeded.
func (m *measurement) print(w io.Writer) error {
	o := m.options
	_, _ = fmt.Fprintf(w, "%d open pull requests of %d repositories, %d runs of %d jobs, one of %d jobs with %d KiB each\n\n",
		o.pulls, o.repositories, o.runs, o.jobs, o.largeJobs, o.specKiB)
	_, _ = fmt.Fprintf(w, rowFormat+"|---|---|---|---|\n", "what", "measured", "bound", "kept")
	over := false
	for _, r := range m.rows() {
		kept := "yes"
		if r.bound == "" {
			kept = ""
		} else if !r.kept {
			kept, over = "**over**", true
		}
		_, _ = fmt.Fprintf(w, rowFormat, r.what, r.value, r.bound, kept)
	}
	_, _ = fmt.Fprintf(w, "\n| phase | took | turns | p99 at most | over 1 s | API calls/s | of the controller | GitHub calls | answered 304 | peak memory, MiB | processors | of all that is measured | of others |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, p := range m.phases {
		_, _ = fmt.Fprintf(w, phaseRowFormat, p.name, p.span.Round(time.Second), p.turns.count, p.turns.within(), p.turns.longer(longestTurn),
			p.asked.perSecond(p.asked.all()), p.asked.perSecond(p.asked.by["rehearsal-controller"]), p.calls.charged, p.calls.free,
			p.peak.own>>20, p.processors(p.cpu), p.processors(p.ours), p.processors(p.all-p.ours))
	}
	m.printCalls(w)
	if over {
		return errors.New("a bound is not kept")
	}
	return nil
}

func (m *measurement) rows() []row {
	var rows []row
	for _, kind := range slices.Sorted(maps.Keys(m.sizes)) {
		s := m.sizes[kind]
		// The size of a pod depends only on Prow and Tekton.
		rows = append(rows, row{"largest " + kind + ", " + s.name, fmt.Sprintf("%.1f KiB", float64(s.largest)/1024), "600 KiB", s.largest <= largestObject})
	}
	var memory, children int64
	var all turns
	for _, p := range m.phases {
		memory, children = max(memory, p.peak.own), max(children, p.peak.children)
		all = all.plus(p.turns)
	}
	idle := m.named("idle")
	rows = append(rows,
		row{"GitHub calls an hour, idle", fmt.Sprintf("%.0f, and %.0f for free", idle.calls.hourly(idle.calls.charged), idle.calls.hourly(idle.calls.free)),
			fmt.Sprint(hourlyCalls), idle.calls.hourly(idle.calls.charged) <= hourlyCalls},
		row{"memory of the controller, at most", fmt.Sprintf("%d MiB", memory>>20), "512 MiB", memory <= mostMemory},
		row{"memory of its planners and git, at most", fmt.Sprintf("%d MiB", children>>20), "", true},
		row{"99 % of the turns, of " + fmt.Sprint(all.count), "at most " + all.within().String(), longestTurn.String(), all.within() <= longestTurn},
		row{"turns over 1 s, over 10 s", fmt.Sprintf("%d, %d", all.longer(longestTurn), all.longer(10*time.Second)), "", true},
		row{"command to the last of the large run's ProwJobs", m.prowJobs.Round(time.Second / 10).String(), "", true},
	)
	return rows
}

// processors returns how many processors were busy on average.
func (p phase) processors(of time.Duration) float64 { return of.Seconds() / p.span.Seconds() }

// plus adds the reconciles of another phase.
func (t turns) plus(other turns) turns {
	if t.bounds == nil {
		return other
	}
	sum := turns{bounds: t.bounds, count: t.count + other.count}
	for i := range t.counts {
		sum.counts = append(sum.counts, t.counts[i]+other.counts[i])
	}
	return sum
}

func (m *measurement) named(name string) phase {
	for _, p := range m.phases {
		if p.name == name {
			return p
		}
	}
	return phase{}
}

// printCalls prints the calls to the API server and to GitHub, by caller and kind.
func (m *measurement) printCalls(w io.Writer) {
	for _, p := range m.phases {
		_, _ = fmt.Fprintf(w, "\n%s: heap %.0f MiB, %.0f goroutines\n", p.name, p.heap/(1<<20), p.goroutines)
		for _, user := range slices.Sorted(maps.Keys(p.asked.by)) {
			_, _ = fmt.Fprintf(w, "  %-22s %7.1f/s: %s\n", user, p.asked.perSecond(p.asked.by[user]), strings.Join(p.asked.most(user, 6), ", "))
		}
		for _, route := range slices.Sorted(maps.Keys(p.calls.routes)) {
			_, _ = fmt.Fprintf(w, "  GitHub %6d %s\n", p.calls.routes[route], route)
		}
	}
}
