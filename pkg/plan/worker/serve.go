package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"syscall"

	"github.com/sirupsen/logrus"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/wire"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// exitUnbounded is the exit status of a child that could not set its own limits.
const exitUnbounded = 3

// Limits of a child, and of each Git command that it runs, besides memory.
const (
	maxFile      = 1 << 30
	maxOpenFiles = 256
	maxStack     = 64 << 20
)

// Main is the child. It answers questions until its input ends, and returns the exit
// status.
func Main(args []string, makePlanner Maker) int {
	// Only frames may be written to standard output. The logs of Prow's packages contain
	// text from the pull request, so they are discarded.
	out := os.Stdout
	os.Stdout = os.Stderr
	logrus.SetOutput(io.Discard)
	if len(args) != 4 {
		_, _ = fmt.Fprintf(os.Stderr, "%s is for the controller to call\n", Argument)
		return exitUnbounded
	}
	memory, err := strconv.ParseUint(args[2], 10, 62)
	if err == nil {
		err = bound(memory)
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "setting limits:", err)
		return exitUnbounded
	}
	s := &server{out: out, dirs: map[string]string{}, memory: int64(memory)} //nolint:gosec // parsed as 62 bits.
	s.planner = makePlanner(s.mirror, args[3])
	questions := questionsFrom(os.Stdin)
	for q := range questions {
		if err := s.serve(context.Background(), q); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return 0
}

// bound sets limits for the process and those that it starts. RLIMIT_DATA counts writable
// memory, of which Go reserves no more than it is about to use. The garbage collector
// works harder before that limit is reached.
func bound(memory uint64) error {
	debug.SetMaxStack(maxStack)
	debug.SetMemoryLimit(int64(min(memory, math.MaxInt64) / 4 * 3)) //nolint:gosec // bounded.
	for _, limit := range []struct {
		what int
		max  uint64
	}{
		{syscall.RLIMIT_DATA, memory}, {syscall.RLIMIT_CORE, 0}, {syscall.RLIMIT_FSIZE, maxFile}, {syscall.RLIMIT_NOFILE, maxOpenFiles},
	} {
		if limit.what == syscall.RLIMIT_DATA && !boundsMemory {
			continue
		}
		var now syscall.Rlimit
		if err := syscall.Getrlimit(limit.what, &now); err != nil {
			return err
		}
		most := min(limit.max, now.Max)
		if err := syscall.Setrlimit(limit.what, &syscall.Rlimit{Cur: most, Max: most}); err != nil {
			return err
		}
	}
	return nil
}

// questionsFrom reads questions. When the input ends, because the parent is gone, it
// kills the process group, whatever that is doing.
func questionsFrom(in io.Reader) <-chan question {
	questions := make(chan question)
	go func() {
		r := bufio.NewReader(in)
		for {
			var q question
			f, err := readFrame(r)
			if err == nil {
				err = json.Unmarshal(f.payload, &q)
			}
			if err != nil || f.kind != frameQuestion {
				if syscall.Getpgrp() == os.Getpid() {
					_ = syscall.Kill(-os.Getpid(), syscall.SIGKILL)
				}
				os.Exit(0)
			}
			questions <- q
		}
	}()
	return questions
}

// server answers questions, one at a time.
type server struct {
	planner plan.Planner
	out     io.Writer
	// dirs are the Git directories, by repository.
	dirs   map[string]string
	kept   kept
	memory int64

	// number is the number of the question. base says that only the base branch has been
	// read.
	number int
	base   bool
}

func (s *server) mirror(_ context.Context, req plan.Request) (*repo.Mirror, error) {
	return repo.OpenClone(s.dirs[req.Org+"/"+req.Repo]), nil
}

func (s *server) serve(ctx context.Context, q question) error {
	s.dirs[q.Request.Org+"/"+q.Request.Repo] = q.Dir
	s.base = q.Op == opPlan
	s.number = q.Number
	body, err := s.answer(ctx, q)
	a := answer{number: q.Number, body: body, fault: faultOf(err, s.base, s.memory)}
	err = s.write(a)
	if errors.Is(err, errFrameTooLong) {
		err = s.write(answer{number: q.Number, fault: &fault{Stopped: tooLarge()}})
	}
	return err
}

func (s *server) write(a answer) error {
	payload, err := a.encode()
	if err != nil {
		return err
	}
	return writeFrame(s.out, frameAnswer, payload)
}

func tooLarge() *plan.StoppedError {
	return &plan.StoppedError{Why: fmt.Sprintf("has an answer that is too large (more than %d MiB)", maxFrame>>20)}
}

func (s *server) answer(ctx context.Context, q question) ([]byte, error) {
	if q.Op == opPlan {
		return s.plan(ctx, q.Request)
	}
	result := s.kept.find(q.Request.Key())
	if result == nil {
		return nil, plan.ErrForgotten
	}
	jobs, err := result.Effective(ctx, find(result, q.Jobs))
	if err != nil {
		return nil, err
	}
	switch q.Op {
	case opEffective:
		return wire.EncodeJobs(forController(jobs))
	case opCheck:
		return asJSON(result.Check(ctx, jobs))
	case opConfigMaps:
		return asJSON(result.ConfigMaps(ctx, jobs))
	case opLookup:
		return asJSON(result.Lookup(ctx, q.Names...))
	}
	return nil, fmt.Errorf("unknown question %q", q.Op)
}

func (s *server) plan(ctx context.Context, req plan.Request) ([]byte, error) {
	var lost error
	ctx = plan.WithTrace(ctx, plan.Trace{BaseRead: func() {
		s.base = false
		lost = writeFrame(s.out, frameBaseRead, strconv.AppendInt(nil, int64(s.number), 10))
	}})
	result, err := s.planner.Plan(ctx, req)
	if lost != nil {
		return nil, lost
	}
	if result == nil {
		return nil, err
	}
	s.kept.add(req.Key(), result)
	short := *result
	short.Affected = forController(result.Affected)
	body, encodeErr := wire.EncodeResult(&short)
	if encodeErr != nil {
		return nil, encodeErr
	}
	return body, err
}

// forController returns jobs without what the controller does not need. The controller
// compares nothing itself. It needs jobs at base, which are half of an answer, only where
// they decide whether a job can run: for postsubmits.
func forController(jobs []affected.Job) []affected.Job {
	jobs = slices.Clone(jobs)
	for i := range jobs {
		j := &jobs[i]
		j.Before = affected.Effective{}
		if j.Postsubmit == nil {
			j.Baseline = nil
		}
	}
	return jobs
}

func asJSON[T any](v T, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

// find returns the affected jobs with the given keys, in the order of the keys.
func find(r *plan.Result, keys []string) []affected.Job {
	at := make(map[string]int, len(keys))
	for i, key := range keys {
		at[key] = i
	}
	found := make([]affected.Job, len(keys))
	for _, j := range r.Affected {
		if i, ok := at[j.Key()]; ok {
			found[i] = j
		}
	}
	return slices.DeleteFunc(found, func(j affected.Job) bool { return j.Name == "" })
}

// kept has the most recent plans, for questions about them.
type kept struct {
	plans []keptPlan
}

type keptPlan struct {
	key    string
	result *plan.Result
}

// Limits on what is kept: plans, and the affected jobs in all of them.
const (
	keptPlans = 16
	keptJobs  = 100_000
)

func (k *kept) find(key string) *plan.Result {
	for _, p := range k.plans {
		if p.key == key {
			return p.result
		}
	}
	return nil
}

func (k *kept) add(key string, r *plan.Result) {
	k.plans = slices.DeleteFunc(k.plans, func(p keptPlan) bool { return p.key == key })
	k.plans = slices.Insert(k.plans, 0, keptPlan{key, r})
	jobs := 0
	for i, p := range k.plans {
		if jobs += len(p.result.Affected); i > 0 && (jobs > keptJobs || i >= keptPlans) {
			clear(k.plans[i:])
			k.plans = k.plans[:i]
			return
		}
	}
}
