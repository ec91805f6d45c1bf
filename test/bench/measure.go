package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/worker"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/test/oracle"
)

// sample is one measurement, or the median of several.
type sample struct {
	// Seconds is the elapsed time, CPU the time of all processors. Both include the git
	// commands.
	Seconds float64
	CPU     float64
	// PeakMiB is the largest resident size of the process while it was measured; 0 if it
	// was another process.
	PeakMiB  float64
	Affected int
	Repeats  int
}

// median returns the median sample by time.
func median(samples []sample) sample {
	slices.SortFunc(samples, func(a, b sample) int { return cmp.Compare(a.Seconds, b.Seconds) })
	middle := samples[len(samples)/2]
	for _, s := range samples {
		middle.PeakMiB = max(middle.PeakMiB, s.PeakMiB)
	}
	middle.Repeats = len(samples)
	return middle
}

// measured makes measurements in a process of their own.
func measured(dir, what string, args ...string) ([]sample, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, append([]string{"-measure", what, "-dir", dir}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("measuring %s: %w", what, err)
	}
	var s []sample
	return s, json.Unmarshal(out, &s)
}

// child makes the measurements of one kind and prints them. For warm plans, each argument
// is a change: its heads, separated by commas.
func child(what, dir string, args []string) error {
	ctx := context.Background()
	b := bench1{dir: dir, mirror: repo.OpenClone(filepath.Join(dir, ".git"))}
	var samples []sample
	var err error
	switch what {
	case "generate":
		err = generateAll(dir, args)
	case "full":
		samples, err = b.each(ctx, args, b.full)
	case "cold":
		samples, err = b.each(ctx, args, b.cold)
	case "git":
		samples, err = b.each(ctx, args, b.git)
	case "warm":
		samples, err = b.inChild(func(p plan.Planner) ([]sample, error) { return b.warm(ctx, p, args) })
	case "here":
		samples, err = b.warm(ctx, b.planner(), args)
	default:
		err = errors.New("no such measurement")
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(samples)
}

func generateAll(dir string, args []string) error {
	n, err := strconv.Atoi(strings.Join(args, ""))
	if err != nil {
		return err
	}
	r, err := generate(dir, n)
	if err != nil {
		return err
	}
	if err := r.branches(); err != nil {
		return err
	}
	// A clone or mirror that has been in use for a while is packed.
	return r.git("repack", "-a", "-d", "--quiet")
}

// bench1 measures one repository.
type bench1 struct {
	dir    string
	mirror *repo.Mirror
}

func (b bench1) each(ctx context.Context, heads []string, do func(context.Context, int, string) (sample, error)) ([]sample, error) {
	var samples []sample
	for i, head := range heads {
		s, err := do(ctx, i, head)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", head, err)
		}
		samples = append(samples, s)
	}
	return []sample{median(samples)}, nil
}

// full loads both revisions from existing directories, which saves the checkouts that the
// plugins make.
func (b bench1) full(ctx context.Context, i int, head string) (sample, error) {
	merged, err := b.mirror.Merge(ctx, base(i+1), head)
	if err != nil {
		return sample{}, err
	}
	defer func() { _ = merged.Close() }()
	var dirs []string
	for side, tree := range []string{base(i + 1), merged.Tree} {
		entries, err := merged.List(ctx, tree)
		if err != nil {
			return sample{}, err
		}
		out := filepath.Join(b.dir, ".git", fmt.Sprintf("bench-full-%d", side))
		if err := merged.Materialise(ctx, entries, out); err != nil {
			return sample{}, err
		}
		defer func() { _ = os.RemoveAll(out) }()
		dirs = append(dirs, out)
	}
	watch := start()
	var loaded []*config.Config
	for _, d := range dirs {
		c, err := config.Load(filepath.Join(d, prowConfig), filepath.Join(d, jobConfig), nil, "")
		if err != nil {
			return sample{}, err
		}
		loaded = append(loaded, c)
	}
	return watch.stop(len(oracle.Compare(loaded[0], loaded[1]).Affected)), nil
}

func (b bench1) planner() *plan.Incremental {
	return plan.NewPlanner(plan.Options{Mirror: func(context.Context, plan.Request) (*repo.Mirror, error) { return b.mirror, nil }})
}

// inChild measures plans in a process of their own, as in the controller.
func (b bench1) inChild(do func(plan.Planner) ([]sample, error)) ([]sample, error) {
	cache, err := os.MkdirTemp("", "rehearsal-bench-cache-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(cache) }()
	pool, err := worker.NewPool(worker.Options{Dir: func(plan.Request) string { return b.mirror.Dir() }, CacheDir: cache, Size: 1})
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	return do(pool)
}

func (b bench1) cold(ctx context.Context, i int, head string) (sample, error) {
	return b.plan(ctx, b.planner(), base(i+1), head)
}

// warm plans heads that were never seen, after another pull request on an older base. The
// base moves by one commit before every plan.
func (b bench1) warm(ctx context.Context, p plan.Planner, changes []string) ([]sample, error) {
	if _, err := b.plan(ctx, p, base(0), earlier); err != nil {
		return nil, err
	}
	i := 0
	var out []sample
	for _, c := range changes {
		medians, err := b.each(ctx, strings.Split(c, ","), func(ctx context.Context, _ int, head string) (sample, error) {
			i++
			return b.plan(ctx, p, base(i), head)
		})
		if err != nil {
			return nil, err
		}
		out = append(out, medians...)
	}
	return out, nil
}

func (b bench1) plan(ctx context.Context, p plan.Planner, base, head string) (sample, error) {
	req := plan.Request{
		Org: "org", Repo: "config",
		Layout: layout.Layout{ProwConfig: prowConfig, JobConfig: jobConfig, PluginConfig: pluginConfig},
	}
	var err error
	if req.Base, err = b.mirror.Resolve(ctx, base); err != nil {
		return sample{}, err
	}
	if req.Head, err = b.mirror.Resolve(ctx, head); err != nil {
		return sample{}, err
	}
	watch := start()
	result, err := p.Plan(ctx, req)
	if err != nil {
		return sample{}, err
	}
	return watch.stop(len(result.Affected)), nil
}

// git measures the lower bound: merge, compare the base with the previous one and with the
// merge, and read the blobs that differ.
func (b bench1) git(_ context.Context, i int, head string) (sample, error) {
	git := func(in string, args ...string) (string, error) {
		cmd := exec.Command("git", append([]string{"--git-dir=" + filepath.Join(b.dir, ".git")}, args...)...)
		cmd.Stdin = strings.NewReader(in)
		out, err := cmd.Output()
		return strings.TrimSpace(string(out)), err
	}
	watch := start()
	tree, err := git("", "merge-tree", "--write-tree", base(i+1), head)
	if err != nil {
		return sample{}, err
	}
	moved, err := git("", "diff-tree", "-r", "--no-commit-id", base(i), base(i+1))
	if err != nil {
		return sample{}, err
	}
	diff, err := git("", "diff-tree", "-r", "--no-commit-id", base(i+1), tree)
	if err != nil {
		return sample{}, err
	}
	var blobs []string
	for _, line := range strings.Split(moved+"\n"+diff, "\n") {
		blobs = append(blobs, strings.Fields(line)[2:4]...)
	}
	if _, err := git(strings.Join(blobs, "\n")+"\n", "cat-file", "--batch"); err != nil {
		return sample{}, err
	}
	s := watch.stop(0)
	s.PeakMiB = 0
	return s, nil
}

// stopwatch measures from its start.
type stopwatch struct {
	begin time.Time
	cpu   float64
}

// start frees as much of the heap as possible, and resets the peak memory of the process
// and its children.
func start() stopwatch {
	debug.FreeOSMemory()
	// Where that is not possible, the peak is since the start of the process.
	for _, pid := range family() {
		_ = os.WriteFile("/proc/"+pid+"/clear_refs", []byte("5"), 0)
	}
	return stopwatch{time.Now(), cpu()}
}

func (w stopwatch) stop(affected int) sample {
	return sample{Seconds: time.Since(w.begin).Seconds(), CPU: cpu() - w.cpu, PeakMiB: peakMemory(), Affected: affected}
}

// family returns this process and its children.
func family() []string {
	self := strconv.Itoa(os.Getpid())
	out := []string{self}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, stat := range stats {
		if fields := statOf(stat); len(fields) > 1 && fields[1] == self {
			out = append(out, filepath.Base(filepath.Dir(stat)))
		}
	}
	return out
}

// statOf returns the fields of a process, starting with its state.
func statOf(file string) []string {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	_, rest, _ := strings.Cut(string(raw), ") ")
	return strings.Fields(rest)
}

// cpu returns the time used by this process, its children, and the processes for which they
// waited.
func cpu() float64 {
	const ticks = 100 // per second, as everywhere
	var total float64
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(who, &u) == nil {
			total += seconds(u.Utime) + seconds(u.Stime)
		}
	}
	for _, pid := range family()[1:] {
		fields := statOf("/proc/" + pid + "/stat")
		for i := 11; i < 15 && len(fields) > 14; i++ {
			n, _ := strconv.ParseFloat(fields[i], 64)
			total += n / ticks
		}
	}
	return total
}

func seconds(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }

// peakMemory returns the largest resident size of this process and its children, in MiB.
func peakMemory() float64 {
	var total float64
	for _, pid := range family() {
		status, err := os.ReadFile("/proc/" + pid + "/status")
		if err != nil {
			continue
		}
		for _, line := range strings.Split(string(status), "\n") {
			if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmHWM:" {
				kib, _ := strconv.ParseFloat(fields[1], 64)
				total += kib / 1024
			}
		}
	}
	return total
}
