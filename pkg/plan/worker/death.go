package worker

import (
	"fmt"
	"regexp"
	"strings"
	"syscall"
)

// death is how a child ended while it was asked something.
type death struct {
	// outside says that it was not its own doing.
	outside bool
	// unbounded says that it could not bound itself, and read nothing.
	unbounded bool
	// base says that it had not got beyond the base branch.
	base bool
	// why completes a sentence about planning, as in plan.StoppedError.
	why string
	// said is what it wrote last, for the log.
	said string
}

func (d *death) Error() string {
	return strings.TrimSpace("a planner ended unexpectedly, planning " + d.why + ": " + d.said)
}

// saying is what a child wrote last, where it ended.
func (d *death) saying() string {
	if d == nil {
		return ""
	}
	return d.said
}

// outOfMemory matches what Go and git say when they get no more.
var outOfMemory = regexp.MustCompile(`(?i)out of memory|cannot allocate memory|can't create new thread|failed to create new OS thread`)

// outOfStack matches what Go says of a function that calls itself without end.
var outOfStack = regexp.MustCompile(`(?m)^(runtime: goroutine stack exceeds \d+-byte limit|fatal error: stack overflow)$`)

// brokeDown is a planner that ended by itself.
const brokeDown = "broke down"

// exitFatal is the status of a Go program that panics, or gets no memory.
const exitFatal = 2

// deathOf says what became of a child that has ended without an answer.
func deathOf(status syscall.WaitStatus, said string, memory int64) *death {
	d := &death{said: said, why: brokeDown}
	switch {
	case status.Signaled():
		d.outside, d.why = true, "was ended from outside"
	case status.ExitStatus() == exitUnbounded:
		d.unbounded = true
	case status.ExitStatus() == exitFatal && outOfMemory.MatchString(said):
		d.why = neededMemory(memory)
	case status.ExitStatus() == exitFatal && outOfStack.MatchString(said):
		d.why = fmt.Sprintf("came upon something too deeply nested, or too long for one expression: it needed more than %d MiB of stack", maxStack>>20)
	}
	return d
}

func neededMemory(memory int64) string {
	return fmt.Sprintf("needed more than %d MiB of memory", memory>>20)
}
