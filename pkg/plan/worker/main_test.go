package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// The test binary is also the program of the children. A special cache directory makes a
// child follow the orders of a test.
func TestMain(m *testing.M) {
	if Called(os.Args) {
		makePlanner := Incremental
		if strings.HasSuffix(os.Args[3], "obedient") {
			makePlanner = func(func(context.Context, plan.Request) (*repo.Mirror, error), string) plan.Planner {
				return &obedient{}
			}
		}
		os.Exit(Main(os.Args, makePlanner))
	}
	goleak.VerifyTestMain(m, goleak.IgnoreCurrent())
}

// obedient is a planner that follows the order in the name of Prow's main file. If that
// begins with "base ", it does so while it reads the base.
type obedient struct {
	plans int
}

func (o *obedient) Plan(ctx context.Context, req plan.Request) (*plan.Result, error) {
	o.plans++
	order, base := strings.CutPrefix(req.Layout.ProwConfig, "base ")
	if !base {
		plan.TellBaseRead(ctx)
	}
	result := &plan.Result{Result: affected.Result{Base: req.Base, Head: req.Head, Jobs: os.Getpid(), Affected: []affected.Job{}, Removed: []affected.Ref{}}}
	if once, ok := strings.CutPrefix(order, "unless first "); ok {
		if order = once; o.plans == 1 {
			order = ""
		}
	}
	switch verb, rest, _ := strings.Cut(order, " "); verb {
	case "refuse":
		return result, &plan.RefusedError{Reason: "no", File: "f", Line: 3}
	case "conflict":
		return nil, &plan.ConflictError{Files: []string{"a", "b"}}
	case "fail":
		return nil, errors.New(rest)
	case "lie":
		switch rest {
		case "about the head":
			result.Head = "another"
		case "about the number":
			result.Jobs = -1
		}
	case "blame":
		return nil, &plan.StoppedError{Why: "took too long", Base: true}
	case "chatter":
		return nil, &plan.RefusedError{Reason: strings.Repeat("x", 1<<20), File: strings.Repeat("y", 1<<20)}
	case "list":
		return nil, &plan.ConflictError{Files: strings.Split(strings.Repeat("f,", 1<<20), ",")}
	case "large":
		result.Affected = large(500, 64<<10)
	case "asked":
		result.Details = asked{order: rest}
	default:
		o.misbehave(verb, rest, result)
	}
	return result, nil
}

// large returns changed jobs with a script of so many bytes each.
func large(n, size int) []affected.Job {
	var jobs []affected.Job
	for i := range n {
		job := func(word string) affected.Effective {
			spec := &corev1.PodSpec{Containers: []corev1.Container{{Args: []string{strings.Repeat(word, size/len(word)) + strconv.Itoa(i)}}}}
			return affected.Effective{Presubmit: &config.Presubmit{JobBase: config.JobBase{Name: strconv.Itoa(i), Spec: spec}}}
		}
		before, after := job("before "), job("after ")
		jobs = append(jobs, affected.Job{Ref: affected.Ref{Name: strconv.Itoa(i)}, Effective: after, Before: before, Baseline: []affected.Effective{before}})
	}
	return jobs
}

// asked follows an order when it is asked about the plan.
type asked struct {
	plan.Details
	order string
}

func (a asked) ConfigMaps(context.Context, []affected.Job) ([]affected.ConfigMapContent, error) {
	if a.order == "forget" {
		return nil, plan.ErrForgotten
	}
	(&obedient{}).misbehave(a.order, "", nil)
	return nil, nil
}

func (a asked) Effective(context.Context, []affected.Job) ([]affected.Job, error) {
	return []affected.Job{{Ref: affected.Ref{Name: "another"}}}, nil
}

var sink [][]byte

func (o *obedient) misbehave(verb, rest string, result *plan.Result) {
	switch verb {
	case "panic":
		panic("here")
	case "panic-elsewhere":
		go func() { panic("elsewhere") }()
		select {}
	case "recurse":
		recurse(0)
	case "loop":
		for {
			o.plans++
		}
	case "hang":
		select {}
	case "eat":
		for {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = 1
			}
			sink = append(sink, b)
		}
	case "talk":
		result.Warnings = []string{strings.Repeat("x", maxFrame)}
	case "garbage":
		_, _ = fmt.Fprint(stdout(), "this is no frame at all")
	case "endless":
		for {
			_, _ = fmt.Fprint(stdout(), "a\x00\x0f\xff\xff")
			_, _ = stdout().Write(make([]byte, 0xfffff))
		}
	case "stale":
		_ = writeFrame(stdout(), frameAnswer, []byte("0 0\nsomething else"))
	case "longer":
		_, _ = fmt.Fprint(stdout(), "a\xff\xff\xff\xff")
	case "kill":
		self, _ := os.FindProcess(os.Getpid())
		_ = self.Kill()
		select {}
	case "exit":
		os.Exit(0)
	case "leave":
		// A process that outlives the child and keeps its output open.
		cmd := exec.Command("sleep", "1000")
		cmd.Stdout, cmd.Stderr = stdout(), os.Stderr
		if err := cmd.Start(); err != nil {
			panic(err)
		}
		if rest != "" {
			_ = os.WriteFile(rest, []byte(strconv.Itoa(cmd.Process.Pid)), 0o600)
		}
		self, _ := os.FindProcess(os.Getpid())
		_ = self.Kill()
		select {}
	case "sleep":
		pause, _ := time.ParseDuration(rest)
		time.Sleep(pause)
	}
}

// stdout returns the file that frames are written to.
func stdout() *os.File { return os.NewFile(1, "stdout") }

//go:noinline
func recurse(n int) int {
	var room [1024]int
	room[n%1024] = recurse(n+1) + n //nolint:staticcheck // SA5007: that it never ends is what is tested
	return room[(n+1)%1024]
}
