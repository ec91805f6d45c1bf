package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

func printHead(jobs int, jobPods bool) {
	fmt.Printf("%d jobs; seconds since the command, or since the plain PipelineRun was created: to the first and to the last\n", jobs)
	if jobPods {
		fmt.Println("Prow starts the pods of the jobs at once, on the same machine")
	} else {
		fmt.Println("Prow starts the pods of the jobs after the last ProwJob: an installation has other machines for them")
	}
}

func printPair(n int, p pair) {
	fmt.Printf("\npair %-14d %13s %16s\n", n+1, "rehearsal", "plain")
	fmt.Printf("%-19s %13s %16s\n", "PipelineRun created", seconds(p.ours.pipelineRun), seconds(0))
	for _, row := range []struct {
		name        string
		ours, plain span
	}{
		{"pod created", p.ours.tasks.created, p.plain.tasks.created},
		{"pod scheduled", p.ours.tasks.scheduled, p.plain.tasks.scheduled},
		{"pod started", p.ours.tasks.started, p.plain.tasks.started},
		{"program began", p.ours.tasks.running, p.plain.tasks.running},
	} {
		fmt.Printf("%-19s %13s %16s\n", row.name, row.ours, row.plain)
	}
	fmt.Printf("%-19s %13s %16s   ratio to the last pod started: %.2f\n", "ProwJob created", p.ours.prowJobs, "", p.ratio())
	fmt.Printf("%-19s %13s %16s\n", "CPU seconds, of all", p.ours.cost.cpu(), p.plain.cost.cpu())
	fmt.Printf("%-19s %13d %16d\n", "API requests", p.ours.cost.requests, p.plain.cost.requests)
}

func printMedian(pairs []pair) {
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Compare(a.ratio(), b.ratio()) })
	fmt.Printf("\nmedian of the ratios, last ProwJob over plain last pod started: %.2f\n", pairs[len(pairs)/2].ratio())
}

func (s span) String() string { return seconds(s.first) + " " + seconds(s.last) }

// cpu returns the used share of the CPU time.
func (c cost) cpu() string { return fmt.Sprintf("%.0f of %.0f", c.busy.Seconds(), c.elapsed.Seconds()) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()) }
