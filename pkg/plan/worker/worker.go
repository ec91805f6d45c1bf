// Package worker makes plans in separate processes. A plan is made from hostile input,
// and whatever that does, it ends only the process that reads it. The parent (Pool)
// fetches, distributes the work, and ends children that take too long. The child (Main)
// has no credentials and needs no network. It limits its own memory before it reads
// anything, and keeps what it has learned of the base branches.
//
// A child works on one question at a time. Questions and answers are frames on its
// standard input and output.
package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/wire"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// Argument is the first argument of a program that runs as a child.
const Argument = "plan-worker"

// Called reports whether the program was started as a child. Then it must do nothing but
// call Main.
func Called(args []string) bool { return len(args) > 1 && args[1] == Argument }

// Maker makes the planner of a child. It only reads the mirrors.
type Maker func(mirror func(context.Context, plan.Request) (*repo.Mirror, error), cacheDir string) plan.Planner

// Incremental is the Maker for normal use.
func Incremental(mirror func(context.Context, plan.Request) (*repo.Mirror, error), cacheDir string) plan.Planner {
	return plan.NewPlanner(plan.Options{Mirror: mirror, CacheDir: cacheDir})
}

// The operations of a child.
const (
	opPlan       = "plan"
	opEffective  = "effective"
	opCheck      = "check"
	opConfigMaps = "configmaps"
	opLookup     = "lookup"
)

// question is a question to a child. Request identifies the plan.
type question struct {
	// Number is repeated in every frame that answers the question.
	Number  int
	Op      string
	Request plan.Request
	// Dir is the git directory to read.
	Dir string
	// Jobs are the keys of affected jobs, Names the names of any jobs.
	Jobs  []string `json:",omitempty"`
	Names []string `json:",omitempty"`
}

// fault is an error in the form that is sent to the parent.
type fault struct {
	Conflict  *plan.ConflictError    `json:",omitempty"`
	Refused   *plan.RefusedError     `json:",omitempty"`
	Missing   *plan.MissingPathError `json:",omitempty"`
	Stopped   *plan.StoppedError     `json:",omitempty"`
	Damaged   *plan.DamagedError     `json:",omitempty"`
	Forgotten bool                   `json:",omitempty"`
	Text      string                 `json:",omitempty"`
}

// faultOf translates an error. base says that only the base had been read when it
// occurred. If Git exceeded a limit, only its message shows that.
func faultOf(err error, base bool, memory int64) *fault {
	f := &fault{}
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f.Conflict), errors.As(err, &f.Refused), errors.As(err, &f.Missing), errors.As(err, &f.Stopped), errors.As(err, &f.Damaged):
	case errors.Is(err, plan.ErrForgotten):
		f.Forgotten = true
	case outOfMemory.MatchString(err.Error()):
		f.Stopped = &plan.StoppedError{Why: neededMemory(memory), Base: base}
	case strings.Contains(err.Error(), syscall.SIGXFSZ.String()):
		f.Stopped = &plan.StoppedError{Why: fmt.Sprintf("needed a file of more than %d MiB", maxFile>>20), Base: base}
	case repo.Corrupt(err):
		f.Damaged = &plan.DamagedError{Reason: err.Error()}
	default:
		f.Text = err.Error()
	}
	return f
}

// Limits on what a child says about an error, in bytes: the whole encoding, each text,
// and all file names together.
const (
	maxFault     = 4 << 20
	maxFaultText = 4 << 10
	maxFaultList = 32 << 10
)

// bounded shortens what a child says to the limits. It accepts a claim about the base
// branch only if nothing of the head had been read, which base says.
func (f *fault) bounded(base bool) *fault {
	if f == nil {
		return nil
	}
	f.Text = cut(f.Text)
	if c := f.Conflict; c != nil {
		left := maxFaultList
		for i := range c.Files {
			c.Files[i] = cut(c.Files[i])
			if left -= len(c.Files[i]) + 1; left < 0 {
				c.Files = c.Files[:i]
				break
			}
		}
	}
	if r := f.Refused; r != nil {
		r.Reason, r.File = cut(r.Reason), cut(r.File)
	}
	if m := f.Missing; m != nil {
		m.Path, m.Setting = cut(m.Path), cut(m.Setting)
	}
	if s := f.Stopped; s != nil {
		s.Why, s.Base = cut(s.Why), s.Base && base
	}
	if d := f.Damaged; d != nil {
		d.Reason = cut(d.Reason)
	}
	return f
}

func cut(s string) string {
	if len(s) <= maxFaultText {
		return s
	}
	return strings.ToValidUTF8(s[:maxFaultText], "") + "…"
}

func (f *fault) err() error {
	switch {
	case f == nil:
		return nil
	case f.Conflict != nil:
		return f.Conflict
	case f.Refused != nil:
		return f.Refused
	case f.Missing != nil:
		return f.Missing
	case f.Stopped != nil:
		return f.Stopped
	case f.Damaged != nil:
		return f.Damaged
	case f.Forgotten:
		return plan.ErrForgotten
	}
	return errors.New(f.Text)
}

// Kinds of frames.
const (
	frameQuestion = 'q'
	frameBaseRead = 'b'
	frameAnswer   = 'a'
)

// maxFrame limits a frame, in bytes.
const maxFrame = 64 << 20

// frame is one message.
type frame struct {
	kind    byte
	payload []byte
}

var errFrameTooLong = errors.New("the frame is too long")

func writeFrame(w io.Writer, kind byte, payload []byte) error {
	if len(payload) > maxFrame {
		return errFrameTooLong
	}
	head := []byte{kind, byte(len(payload) >> 24), byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload))}
	if _, err := w.Write(head); err != nil {
		return err
	}
	_, err := w.Write(payload)
	return err
}

func readFrame(r io.Reader) (frame, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return frame{}, err
	}
	if !bytes.Contains([]byte{frameQuestion, frameBaseRead, frameAnswer}, head[:1]) {
		return frame{}, errGarbage
	}
	size := int(head[1])<<24 | int(head[2])<<16 | int(head[3])<<8 | int(head[4])
	if size > maxFrame {
		return frame{}, errFrameTooLong
	}
	// The length is only a claim, so memory is allocated as data arrives.
	payload, err := io.ReadAll(io.LimitReader(r, int64(size)))
	if err == nil && len(payload) < size {
		err = io.ErrUnexpectedEOF
	}
	return frame{head[0], payload}, err
}

// answer is the answer to a question: an error, a body, or both.
type answer struct {
	number int
	fault  *fault
	body   []byte
}

// encode writes a line with the number and the length of the error, the error, and
// the rest.
func (a answer) encode() ([]byte, error) {
	var head []byte
	if a.fault != nil {
		var err error
		if head, err = json.Marshal(a.fault); err != nil {
			return nil, fmt.Errorf("encoding an error: %w", err)
		}
	}
	out := fmt.Appendf(nil, "%d %d\n", a.number, len(head))
	return append(append(out, head...), a.body...), nil
}

var errGarbage = errors.New("the answer makes no sense")

func decodeAnswer(payload []byte) (answer, error) {
	line, rest, found := bytes.Cut(payload, []byte("\n"))
	number, length, _ := strings.Cut(string(line), " ")
	n, err := strconv.Atoi(number)
	if err != nil || !found {
		return answer{}, errGarbage
	}
	size, err := strconv.Atoi(length)
	if err != nil || size < 0 || size > min(len(rest), maxFault) {
		return answer{}, errGarbage
	}
	a := answer{number: n, body: rest[size:]}
	if size > 0 {
		a.fault = &fault{}
		if err := wire.DecodeAnswer(rest[:size], a.fault); err != nil {
			return answer{}, errGarbage
		}
	}
	return a, nil
}

// keysOf returns the keys that identify affected jobs in questions.
func keysOf(jobs []affected.Job) []string {
	keys := make([]string, len(jobs))
	for i := range jobs {
		keys[i] = jobs[i].Key()
	}
	return keys
}

// spoken returns a duration in the form that people write it.
func spoken(d time.Duration) string {
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		switch {
		case d == unit.of:
			return "1 " + unit.name
		case d > unit.of && d%unit.of == 0:
			return fmt.Sprintf("%d %ss", d/unit.of, unit.name)
		}
	}
	return d.String()
}
