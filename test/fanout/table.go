package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

const line = "%-8s %13s %10s %10s %10s %16s %7s\n"

func printHead(jobs int) {
	fmt.Printf("%d jobs; seconds since the command, or since the plain PipelineRun was created\n\n", jobs)
	fmt.Printf(line, "", "PipelineRun", "first pod", "last pod", "last ProwJob", "plain, last pod", "ratio")
}

func printPair(n int, p pair) {
	fmt.Printf(line, fmt.Sprintf("pair %d", n+1), seconds(p.ours.pipelineRun), seconds(p.ours.firstPod), seconds(p.ours.tasks),
		seconds(p.ours.prowJobs), seconds(p.plain), fmt.Sprintf("%.2f", p.ratio()))
}

func printMedian(pairs []pair) {
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Compare(a.ratio(), b.ratio()) })
	fmt.Printf("\nmedian of the ratios, last ProwJob over plain last pod: %.2f\n", pairs[len(pairs)/2].ratio())
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()) }
