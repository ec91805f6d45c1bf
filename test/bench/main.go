// Command bench generates config repositories and measures how long it takes to find the
// affected jobs of a change: by loading the complete configuration twice, as the existing
// plugins do, and by package plan. All numbers in a table come from one run. Each
// measurement has a process of its own, so that its peak memory is its own.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sirupsen/logrus"

	"github.com/rehearsal-dev/rehearsal/pkg/plan/worker"
)

// sizes are the numbers of jobs in kubernetes/test-infra, in a mid-size openshift/release,
// and in the largest one.
const sizes = "3800,19000,77000"

func main() {
	if worker.Called(os.Args) {
		os.Exit(worker.Main(os.Args, worker.Incremental))
	}
	logrus.SetOutput(io.Discard)
	jobs := flag.String("jobs", sizes, "numbers of jobs to generate, separated by commas")
	dir := flag.String("dir", "", "where to generate (default: a temporary directory)")
	measure := flag.String("measure", "", "for the benchmark itself: make one kind of measurement and print it")
	command := flag.String("rehearse", "", "the rehearse command to measure; empty skips it")
	flag.Parse()
	var err error
	if *measure != "" {
		err = child(*measure, *dir, flag.Args())
	} else {
		err = bench(strings.Split(*jobs, ","), *dir, *command)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(sizes []string, dir, command string) error {
	if dir == "" {
		temp, err := os.MkdirTemp("", "rehearsal-bench-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(temp) }()
		dir = temp
	}
	printMachine()
	var tables []*table
	for _, size := range sizes {
		n, err := strconv.Atoi(strings.TrimSpace(size))
		if err != nil || n < 1 {
			return fmt.Errorf("-jobs: %q is not a number of jobs", size)
		}
		t, err := benchSize(filepath.Join(dir, strconv.Itoa(n)), n, command)
		if err != nil {
			return fmt.Errorf("%d jobs: %w", n, err)
		}
		t.print()
		tables = append(tables, t)
	}
	printLegend()
	printGrowth(tables)
	return nil
}

func benchSize(dir string, n int, command string) (*table, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	// Generating also has a process of its own, because a process inherits the peak memory
	// of the one that starts it.
	if _, err := measured(dir, "generate", strconv.Itoa(n)); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, jobConfig, "*", "*", "*.yaml"))
	if err != nil {
		return nil, err
	}
	t := &table{jobs: n, files: len(files) + 2, megabytes: megabytes(files)}
	changes := changesOf(len(files))
	one := changes[0]
	if err := t.measure(dir, rowFull, "full", one.heads[:1]); err != nil {
		return nil, err
	}
	if err := t.measure(dir, rowCold, "cold", one.heads[:1]); err != nil {
		return nil, err
	}
	if t.find(rowCold).Affected != t.find(rowFull).Affected {
		return nil, fmt.Errorf("the full load finds %d affected jobs, we find %d", t.find(rowFull).Affected, t.find(rowCold).Affected)
	}
	for _, c := range changes {
		if err := t.measure(dir, "git commands alone, "+c.name, "git", c.heads); err != nil {
			return nil, err
		}
	}
	if err := t.measureWarm(dir, "warm", "warm, ", changes); err != nil {
		return nil, err
	}
	if err := t.measureWarm(dir, "here", "warm, without a process of its own, ", changes[:1]); err != nil {
		return nil, err
	}
	global := changes[len(changes)-1]
	if err := t.measure(dir, "cold, "+global.name, "cold", global.heads[:1]); err != nil {
		return nil, err
	}
	if command != "" {
		return t, t.measureCommand(dir, command, one)
	}
	return t, nil
}

func megabytes(files []string) float64 {
	var total int64
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			total += info.Size()
		}
	}
	return float64(total) / 1e6
}
