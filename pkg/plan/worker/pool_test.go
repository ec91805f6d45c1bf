package worker

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
)

// newPool returns a pool whose children follow orders. No process of them may be left at
// the end.
func newPool(t *testing.T, size int) *Pool {
	t.Helper()
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	p, err := NewPool(Options{Dir: func(plan.Request) string { return "/nowhere" }, CacheDir: filepath.Join(temp, "obedient"), Size: size, Log: func(message string, kv ...any) { t.Log(append([]any{message}, kv...)...) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		if left, _ := filepath.Glob(filepath.Join(temp, "rehearsal-plan-*")); len(left) > 0 {
			t.Errorf("directories are left: %v", left)
		}
		if left := childrenOf(t, os.Getpid()); len(left) > 0 {
			t.Errorf("processes are left: %v", left)
		}
	})
	return p
}

// childrenOf returns the live processes that have a given parent, or a process group that
// began as one of its children.
func childrenOf(t *testing.T, parent int) []string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, stat := range stats {
		raw, err := os.ReadFile(stat)
		if err != nil {
			continue // It has ended meanwhile.
		}
		_, rest, _ := strings.Cut(string(raw), ") ")
		if fields := strings.Fields(rest); fields[1] == strconv.Itoa(parent) {
			found = append(found, string(raw))
		}
	}
	return found
}

// ordered returns a request with an order for a child.
func ordered(order string) plan.Request {
	return plan.Request{
		Org: "org", Repo: "config", Head: order, Layout: layout.Layout{ProwConfig: order},
		Limits: plan.Limits{Timeout: time.Minute, BaseTimeout: time.Minute, Memory: 256 << 20},
	}
}

func TestWhateverAPlanDoes(t *testing.T) {
	for _, tc := range []struct {
		order, want string
		base        bool
	}{
		{order: "panic", want: "broke down"},
		{order: "panic-elsewhere", want: "broke down"},
		{order: "recurse", want: "came upon something too deeply nested, or too long for one expression: it needed more than 64 MiB of stack"},
		{order: "exit", want: "broke down"},
		{order: "garbage", want: "broke down"},
		{order: "stale", want: "broke down"},
		{order: "endless", want: "broke down"},
		{order: "eat", want: "needed more than 256 MiB of memory"},
		{order: "talk", want: "has an answer that is too large (more than 64 MiB)"},
		{order: "longer", want: "has an answer that is too large (more than 64 MiB)"},
		{order: "kill", want: "was ended from outside 3 times"},
		{order: "leave", want: "was ended from outside 3 times"},
		{order: "base panic", want: "broke down", base: true},
		{order: "base eat", want: "needed more than 256 MiB of memory", base: true},
		{order: "base kill", want: "was ended from outside 3 times", base: true},
	} {
		t.Run(tc.order, func(t *testing.T) {
			if !boundsMemory && strings.HasSuffix(tc.order, "eat") {
				t.Skip("the race detector leaves memory without a bound")
			}
			p := newPool(t, 1)
			req := ordered(tc.order)
			if tc.order == "talk" {
				req.Limits.Memory = 1 << 30
			}
			result, err := p.Plan(t.Context(), req)
			var stopped *plan.StoppedError
			if !errors.As(err, &stopped) || stopped.Why != tc.want || stopped.Base != tc.base || result != nil {
				t.Errorf("got %v, %v", result, err)
			}
			if result, err := p.Plan(t.Context(), ordered("")); err != nil || result.Jobs == 0 {
				t.Errorf("afterwards: %v, %v", result, err)
			}
		})
	}
}

// TestLargeJobs checks that the largest run, with scripts of the maximum length, can be
// planned with the memory in the settings.
func TestLargeJobs(t *testing.T) {
	req := ordered("large")
	req.Limits = plan.DefaultLimits
	result, err := newPool(t, 1).Plan(t.Context(), req)
	if err != nil || len(result.Affected) != 500 {
		t.Fatalf("%v, %v", result, err)
	}
	if script := result.Affected[499].Base().Spec.Containers[0].Args[0]; !strings.HasSuffix(script, "after 499") {
		t.Errorf("a script ends with %q", script[len(script)-20:])
	}
}

func TestTimeout(t *testing.T) {
	for order, base := range map[string]bool{"hang": false, "loop": false, "base loop": true} {
		t.Run(order, func(t *testing.T) {
			p := newPool(t, 1)
			req := ordered(order)
			req.Limits.Timeout, req.Limits.BaseTimeout = 100*time.Millisecond, 20*time.Second
			want := "planning took more than 100ms"
			if base {
				req.Limits.Timeout, req.Limits.BaseTimeout = 20*time.Second, 100*time.Millisecond
				want = "reading the base branch took more than 100ms"
			}
			_, err := p.Plan(t.Context(), req)
			var stopped *plan.StoppedError
			if !errors.As(err, &stopped) || stopped.Base != base || err.Error() != want {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestErrorsCross(t *testing.T) {
	p := newPool(t, 1)
	result, err := p.Plan(t.Context(), ordered("refuse"))
	var refused *plan.RefusedError
	if !errors.As(err, &refused) || *refused != (plan.RefusedError{Reason: "no", File: "f", Line: 3}) || result == nil || result.Head != "refuse" {
		t.Errorf("got %v, %v", result, err)
	}
	var conflict *plan.ConflictError
	if _, err := p.Plan(t.Context(), ordered("conflict")); !errors.As(err, &conflict) || len(conflict.Files) != 2 {
		t.Errorf("got %v", err)
	}
	if _, err := p.Plan(t.Context(), ordered("fail for once")); err == nil || err.Error() != "for once" || plan.Terminal(err) {
		t.Errorf("got %v", err)
	}
	var stopped *plan.StoppedError
	if _, err := p.Plan(t.Context(), ordered("fail git merge-tree: fatal: Out of memory, malloc failed")); !errors.As(err, &stopped) || stopped.Why != "needed more than 256 MiB of memory" {
		t.Errorf("got %v", err)
	}
	var damaged *plan.DamagedError
	if _, err := p.Plan(t.Context(), ordered("fail x")); errors.As(err, &damaged) {
		t.Errorf("got %v", err)
	}
}

// A child is kept for the next plan. If it ended, what it kept of other plans may be to
// blame, so another child has to repeat the plan.
func TestChildrenStay(t *testing.T) {
	p := newPool(t, 1)
	pid := func(order string) int {
		t.Helper()
		result, err := p.Plan(t.Context(), ordered(order))
		if err != nil {
			t.Fatal(err)
		}
		return result.Jobs
	}
	first := pid("")
	if second := pid(""); second != first {
		t.Error("the child does not stay")
	}
	if third := pid("unless first panic"); third == first {
		t.Error("a child that panics answers")
	}
	if _, err := p.Plan(t.Context(), ordered("panic")); err == nil {
		t.Error("what ends every child is planned")
	}
}

func TestEndingAPlan(t *testing.T) {
	p := newPool(t, 1)
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	ctx = plan.WithTrace(ctx, plan.Trace{BaseRead: func() { cancel(cause) }})
	if _, err := p.Plan(ctx, ordered("loop")); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
}

// The processes that a child started end with it.
func TestNothingIsLeft(t *testing.T) {
	p := newPool(t, 1)
	file := filepath.Join(t.TempDir(), "pid")
	if _, err := p.Plan(t.Context(), ordered("leave "+file)); err == nil {
		t.Fatal("no error")
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(raw))
	if err != nil {
		t.Fatal(err)
	}
	for running(pid) {
		if t.Context().Err() != nil {
			t.Fatal("it still runs")
		}
	}
}

// running reports whether a process exists and is not a zombie.
func running(pid int) bool {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, state, _ := strings.Cut(string(raw), ") ")
	return err == nil && !strings.HasPrefix(state, "Z")
}

// A child ends with its parent, whatever it is doing.
func TestParentDies(t *testing.T) {
	if os.Getenv("WORKER_TEST_PARENT") != "" {
		p, err := NewPool(Options{Dir: func(plan.Request) string { return "" }, CacheDir: "obedient", Size: 1})
		if err != nil {
			t.Fatal(err)
		}
		result, err := p.Plan(t.Context(), ordered(""))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stdout.WriteString("child " + strconv.Itoa(result.Jobs) + "\n"); err != nil {
			t.Fatal(err)
		}
		_, _ = p.Plan(t.Context(), ordered("loop"))
		return
	}
	t.Setenv("TMPDIR", t.TempDir())
	parent := exec.Command(os.Args[0], "-test.run=^TestParentDies$")
	parent.Env = append(os.Environ(), "WORKER_TEST_PARENT=1")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 64)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(string(line[:n]), "child ")))
	if err != nil || !running(pid) {
		t.Fatalf("no child: %q, %v", line[:n], err)
	}
	if err := parent.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	for running(pid) {
		if t.Context().Err() != nil {
			t.Fatal("the child still runs")
		}
	}
}

// The environment of a child contains no credentials.
func TestEnvironment(t *testing.T) {
	t.Setenv("GITHUB_TOKEN", "canary")
	t.Setenv("KUBECONFIG", "/canary")
	p := newPool(t, 1)
	result, err := p.Plan(t.Context(), ordered(""))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(result.Jobs) + "/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, variable := range strings.Split(strings.Trim(string(raw), "\x00"), "\x00") {
		switch name, _, _ := strings.Cut(variable, "="); name {
		case "PATH", "HOME", "TMPDIR", "GOTRACEBACK":
		default:
			t.Errorf("a child has %s", variable)
		}
	}
}
