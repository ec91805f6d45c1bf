package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// child makes one measurement and prints it.
func child(what, branch, dir string) error {
	if what == "generate" {
		return generateBranches(dir, branch)
	}
	ctx := context.Background()
	m := repo.OpenClone(filepath.Join(dir, ".git"))
	measure := map[string]func(context.Context, *repo.Mirror, string, string) (sample, error){
		"full": full, "git": gitAlone, "cold": cold, "warm": warm,
	}[what]
	if measure == nil {
		return fmt.Errorf("no measurement is called %q", what)
	}
	s, err := measure(ctx, m, branch, dir)
	if err != nil {
		return err
	}
	s.PeakMiB = peakMemory()
	return json.NewEncoder(os.Stdout).Encode(s)
}

func generateBranches(dir, size string) error {
	n, err := strconv.Atoi(size)
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
	fmt.Println("{}")
	return nil
}

// peakMemory is the largest resident size of this process so far, in MiB.
func peakMemory() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(status), "\n") {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmHWM:" {
			kib, _ := strconv.ParseFloat(fields[1], 64)
			return kib / 1024
		}
	}
	return 0
}

// stopwatch measures from its creation.
type stopwatch struct {
	start time.Time
	cpu   float64
}

func newStopwatch() stopwatch { return stopwatch{time.Now(), cpu()} }

func (w stopwatch) sample(affected int) sample {
	return sample{Seconds: time.Since(w.start).Seconds(), CPU: cpu() - w.cpu, Affected: affected}
}

func request(ctx context.Context, m *repo.Mirror, base, head string) (plan.Request, error) {
	req := plan.Request{
		Org: "org", Repo: "config",
		Settings: plan.Settings{ProwConfig: prowConfig, JobConfig: jobConfig, PluginConfig: pluginConfig},
	}
	var err error
	if req.Base, err = m.Resolve(ctx, base); err != nil {
		return req, err
	}
	req.Head, err = m.Resolve(ctx, head)
	return req, err
}

func newPlanner(m *repo.Mirror) *plan.Incremental {
	return plan.NewPlanner(plan.Options{Mirror: func(context.Context, plan.Request) (*repo.Mirror, error) { return m, nil }})
}

// full loads both revisions from directories that are there already, which
// spares it the checkouts that the plugins make.
func full(ctx context.Context, m *repo.Mirror, branch, dir string) (sample, error) {
	merged, err := m.Merge(ctx, "moved", branch)
	if err != nil {
		return sample{}, err
	}
	defer func() { _ = merged.Close() }()
	var dirs []string
	for i, tree := range []string{"moved", merged.Tree} {
		entries, err := merged.List(ctx, tree)
		if err != nil {
			return sample{}, err
		}
		out := filepath.Join(dir, ".git", fmt.Sprintf("bench-full-%d", i))
		if err := merged.Materialise(ctx, entries, out); err != nil {
			return sample{}, err
		}
		defer func() { _ = os.RemoveAll(out) }()
		dirs = append(dirs, out)
	}
	watch := newStopwatch()
	var loaded []*config.Config
	for _, d := range dirs {
		c, err := config.Load(filepath.Join(d, prowConfig), filepath.Join(d, jobConfig), nil, "")
		if err != nil {
			return sample{}, err
		}
		loaded = append(loaded, c)
	}
	result := affected.Configs(loaded[0], loaded[1])
	return watch.sample(len(result.Affected)), nil
}

func cold(ctx context.Context, m *repo.Mirror, branch, _ string) (sample, error) {
	return timed(ctx, newPlanner(m), m, "moved", branch)
}

// warm has planned another pull request on an older base before.
func warm(ctx context.Context, m *repo.Mirror, branch, _ string) (sample, error) {
	p := newPlanner(m)
	if _, err := timed(ctx, p, m, "main", "earlier"); err != nil {
		return sample{}, err
	}
	return timed(ctx, p, m, "moved", branch)
}

func timed(ctx context.Context, p plan.Planner, m *repo.Mirror, base, head string) (sample, error) {
	req, err := request(ctx, m, base, head)
	if err != nil {
		return sample{}, err
	}
	watch := newStopwatch()
	result, err := p.Plan(ctx, req)
	if err != nil {
		return sample{}, err
	}
	return watch.sample(len(result.Affected)), nil
}

// gitAlone is the floor: merge, compare the base with the one before and with
// the merge, and read the blobs.
func gitAlone(_ context.Context, _ *repo.Mirror, branch, dir string) (sample, error) {
	git := func(in string, args ...string) (string, error) {
		cmd := exec.Command("git", append([]string{"--git-dir=" + filepath.Join(dir, ".git")}, args...)...)
		cmd.Stdin = strings.NewReader(in)
		out, err := cmd.Output()
		return strings.TrimSpace(string(out)), err
	}
	var best sample
	for range 5 {
		watch := newStopwatch()
		tree, err := git("", "merge-tree", "--write-tree", "moved", branch)
		if err != nil {
			return sample{}, err
		}
		if _, err := git("", "diff-tree", "-r", "main", "moved"); err != nil {
			return sample{}, err
		}
		diff, err := git("", "diff-tree", "-r", "moved", tree)
		if err != nil {
			return sample{}, err
		}
		var blobs []string
		for _, line := range strings.Split(diff, "\n") {
			blobs = append(blobs, strings.Fields(line)[2:4]...)
		}
		if _, err := git(strings.Join(blobs, "\n")+"\n", "cat-file", "--batch"); err != nil {
			return sample{}, err
		}
		if s := watch.sample(0); best.Seconds == 0 || s.Seconds < best.Seconds {
			best = s
		}
	}
	return best, nil
}
