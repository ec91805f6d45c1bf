package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// measureCommand measures the command line, with a process for each plan: without a cache,
// with the cache of another pull request, and with no work to do.
func (t *table) measureCommand(dir, command string, c change) error {
	cache := filepath.Join(dir, ".git", "bench-cache")
	affected := func(base, head string) (sample, error) {
		return ran(command, "affected", "--git-dir", filepath.Join(dir, ".git"), "--base", base, "--head", head,
			"--prow-config", prowConfig, "--job-config", jobConfig, "--plugin-config", pluginConfig, "--cache-dir", cache, "-o", "json")
	}
	s, err := affected(base(0), earlier)
	if err != nil {
		return err
	}
	t.add("command, no cache, 1 file", s)
	var warm, start []sample
	for i, head := range c.heads {
		if s, err = affected(base(i+1), head); err != nil {
			return err
		}
		warm = append(warm, s)
		if s, err = ran(command, "--help"); err != nil {
			return err
		}
		start = append(start, s)
	}
	t.add(rowCommand, median(warm))
	t.add("command, --help only", median(start))
	return nil
}

// ran runs a command, which may print a plan as JSON.
func ran(command string, args ...string) (sample, error) {
	cmd := exec.Command(command, args...)
	begin := time.Now()
	out, err := cmd.Output()
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w", command, err)
	}
	s := sample{Seconds: time.Since(begin).Seconds(), Repeats: 1}
	s.CPU = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.PeakMiB = float64(usage.Maxrss) / 1024
	}
	var result struct{ Affected []any }
	if json.Unmarshal(out, &result) == nil {
		s.Affected = len(result.Affected)
	}
	return s, nil
}
