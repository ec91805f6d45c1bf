// Command fanout compares how fast a rehearsal fans out with how fast Tekton does. It
// measures the time from a comment with the command to the last ProwJob created, and the
// time from a plain PipelineRun, with as many named tasks that do nothing, to its last pod
// started. Both run in alternating pairs on the local cluster, which must be up; everything
// except GitHub is real. Without -job-pods, Prow starts the pods of the jobs only after the
// last ProwJob, because they would run on the same machine.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	jobs := flag.Int("jobs", 35, "number of `jobs`, and of the plain PipelineRun's tasks")
	pairs := flag.Int("pairs", 5, "number of `pairs` to measure")
	jobPods := flag.Bool("job-pods", false, "let Prow start the pods of the jobs as soon as there are ProwJobs, on the same machine")
	flag.Usage = func() {
		fmt.Fprint(os.Stderr, `Usage: fanout [flags]

Measures the time from a command to the last ProwJob of its run on the local
cluster, beside that of a plain PipelineRun to the last of its pods. Prow
starts the pods of the jobs after that, unless -job-pods is given.

`)
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := measure(ctx, *jobs, *pairs, *jobPods); err != nil {
		fmt.Fprintln(os.Stderr, "fanout:", err)
		os.Exit(1)
	}
}

// pair has the measurements of one round.
type pair struct {
	ours  milestones
	plain plain
}

func (p pair) ratio() float64 {
	return p.ours.prowJobs.last.Seconds() / p.plain.tasks.started.last.Seconds()
}

func measure(ctx context.Context, jobs, pairs int, jobPods bool) error {
	b, err := prepare(ctx, jobs, jobPods)
	if err != nil {
		return err
	}
	defer b.close(context.WithoutCancel(ctx))
	printHead(jobs, jobPods)
	measured := make([]pair, 0, pairs)
	for n := range pairs {
		p, err := b.pair(ctx, n)
		if err != nil {
			return fmt.Errorf("pair %d: %w", n+1, err)
		}
		measured = append(measured, p)
		printPair(n, p)
	}
	printMedian(measured)
	return nil
}

// pair measures both, which take turns to go first.
func (b *bench) pair(ctx context.Context, n int) (pair, error) {
	var p pair
	steps := []func() error{
		func() (err error) { p.ours, err = b.rehearse(ctx, n); return err },
		func() (err error) { p.plain, err = b.runPlain(ctx, n); return err },
	}
	for i := range steps {
		if err := steps[(i+n)%2](); err != nil {
			return p, err
		}
	}
	return p, nil
}
