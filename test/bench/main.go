// Command bench generates config repositories and measures how long it takes
// to find the affected jobs of a change: by loading the full configuration
// twice, as the existing plugins do, and by package plan. All numbers of a
// table come from one run; every measurement has a process of its own, so that
// its peak memory is its own.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sirupsen/logrus"
)

// sizes are those of kubernetes/test-infra, of a mid-size openshift/release,
// and of one as large as it gets.
const sizes = "3800,19000,77000"

func main() {
	logrus.SetOutput(io.Discard)
	jobs := flag.String("jobs", sizes, "numbers of jobs to generate, separated by commas")
	dir := flag.String("dir", "", "where to generate (default: a temporary directory)")
	measure := flag.String("measure", "", "for the benchmark itself: make one measurement and print it")
	command := flag.String("rehearse", "", "the rehearse command to measure; empty skips it")
	flag.Parse()
	var err error
	if *measure != "" {
		err = child(*measure, flag.Arg(0), *dir)
	} else {
		err = bench(strings.Split(*jobs, ","), *dir, *command)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// sample is one measurement.
type sample struct {
	Seconds float64
	// CPU is what the measured part took of all processors, with the git
	// commands it ran; on a busy machine it is the steadier number.
	CPU      float64
	PeakMiB  float64
	Affected int
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
	for _, size := range sizes {
		n, err := strconv.Atoi(size)
		if err != nil {
			return fmt.Errorf("-jobs: %w", err)
		}
		if err := benchSize(filepath.Join(dir, size), n, command); err != nil {
			return err
		}
	}
	return nil
}

func benchSize(dir string, n int, command string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	// Generating happens in a process of its own as well: a process that is
	// started inherits the peak memory of the one that starts it.
	if _, err := measured("generate", strconv.Itoa(n), dir); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(dir, jobConfig, "*", "*", "*.yaml"))
	if err != nil {
		return err
	}
	fmt.Printf("\n%d jobs in %d files, %.0f MB\n\n", n, len(files)+2, megabytes(files))
	fmt.Printf("%-44s %10s %10s %10s %10s %9s %9s\n", "", "time", "cpu", "peak MiB", "affected", "ratio", "cpu ratio")
	full, err := measured("full", "topic-1", dir)
	if err != nil {
		return err
	}
	report("full configuration, loaded twice", full, full)
	for _, m := range []struct{ name, what, branch string }{
		{"git commands alone", "git", "topic-1"},
		{"cold: caches empty, 1 file", "cold", "topic-1"},
		{"warm: 1 file", "warm", "topic-1"},
		{"warm: 10 files", "warm", "topic-10"},
		{fmt.Sprintf("warm: %d files", min(100, len(files))), "warm", "topic-100"},
		{fmt.Sprintf("warm: %d files", min(1000, len(files))), "warm", "topic-1000"},
		{"warm: one preset", "warm", "topic-preset"},
		{"warm: global (decoration of all jobs)", "warm", "topic-global"},
		{"cold: global", "cold", "topic-global"},
	} {
		s, err := measured(m.what, m.branch, dir)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		report(m.name, s, full)
	}
	if command == "" {
		return nil
	}
	return benchCommand(dir, command, full)
}

func report(name string, s, full sample) {
	fmt.Printf("%-44s %10s %10s %10.0f %10d %8.1fx %8.1fx\n",
		name, rounded(s.Seconds), rounded(s.CPU), s.PeakMiB, s.Affected, full.Seconds/s.Seconds, full.CPU/s.CPU)
}

func rounded(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d < time.Second {
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
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

// branches makes the changes to measure. The base moves by a commit that none
// of them has seen.
func (r *repository) branches() error {
	image, other := "registry/ci-operator:1", "registry/ci-operator:2"
	for _, n := range []int{1, 10, 100, 1000} {
		files := r.files[:min(n, len(r.files))]
		if err := r.branch(fmt.Sprintf("topic-%d", n), "main", image, other, files...); err != nil {
			return err
		}
	}
	for _, b := range []struct{ name, before, after, file string }{
		{"earlier", image, "registry/ci-operator:3", r.files[len(r.files)/2]},
		{"topic-preset", "value: one", "value: two", jobConfig + "/presets.yaml"},
		{"topic-global", "registry/sidecar:v1", "registry/sidecar:v2", prowConfig},
		{"moved", image, "registry/ci-operator:4", jobConfig + "/other.yaml"},
	} {
		if err := r.branch(b.name, "main", b.before, b.after, b.file); err != nil {
			return err
		}
	}
	return nil
}

// measured runs one measurement in a process of its own.
func measured(what, branch, dir string) (sample, error) {
	self, err := os.Executable()
	if err != nil {
		return sample{}, err
	}
	cmd := exec.Command(self, "-measure", what, "-dir", dir, branch)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return sample{}, err
	}
	var s sample
	return s, json.Unmarshal(out, &s)
}

// cpu is what a process and the children it waited for have used.
func cpu() float64 {
	var total float64
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(who, &u) == nil {
			total += seconds(u.Utime) + seconds(u.Stime)
		}
	}
	return total
}

func seconds(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }

// benchCommand measures the command line as a process, with a cache that an
// earlier one has left.
func benchCommand(dir, command string, full sample) error {
	cache := filepath.Join(dir, ".git", "bench-cache")
	affected := func(head string) (sample, error) {
		cmd := exec.Command(command, "affected", "--git-dir", filepath.Join(dir, ".git"), "--base", "moved", "--head", head,
			"--prow-config", prowConfig, "--job-config", jobConfig, "--plugin-config", pluginConfig, "--cache-dir", cache, "-o", "json")
		start := time.Now()
		out, err := cmd.Output()
		if err != nil {
			return sample{}, fmt.Errorf("%s: %w", command, err)
		}
		s := ended(start, cmd)
		var result struct{ Affected []any }
		err = json.Unmarshal(out, &result)
		s.Affected = len(result.Affected)
		return s, err
	}
	for _, m := range []struct{ name, head string }{
		{"command, no cache", "earlier"}, {"command, cache of another pull request", "topic-1"},
	} {
		s, err := affected(m.head)
		if err != nil {
			return err
		}
		report(m.name, s, full)
	}
	start := time.Now()
	help := exec.Command(command, "--help")
	if err := help.Run(); err != nil {
		return err
	}
	report("command, start of the process alone", ended(start, help), full)
	return nil
}

func ended(start time.Time, cmd *exec.Cmd) sample {
	s := sample{Seconds: time.Since(start).Seconds()}
	s.CPU = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.PeakMiB = float64(usage.Maxrss) / 1024
	}
	return s
}
