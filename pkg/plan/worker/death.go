package worker

import (
	"fmt"
	"regexp"
	"strings"
	"syscall"
)

// death is how a child ended while it answered a question.
type death struct {
	// outside says that the child was killed from outside.
	outside bool
	// unbounded says that the child could not set its own limits, and read nothing.
	unbounded bool
	// base says that only the base branch had been read.
	base bool
	// why completes a sentence about planning, as in plan.StoppedError.
	why string
	// said is the last output of the child, for the log.
	said string
}

func (d *death) Error() string {
	return strings.TrimSpace("a planner ended unexpectedly, planning " + d.why + ": " + d.said)
}

// saying returns the last output of a child, if the child ended.
func (d *death) saying() string {
	if d == nil {
		return ""
	}
	return d.said
}

// outOfMemory matches the messages of Go and Git about failed allocations.
var outOfMemory = regexp.MustCompile(`(?i)out of memory|cannot allocate memory|can't create new thread|failed to create new OS thread`)

// outOfStack matches the messages of Go about infinite recursion.
var outOfStack = regexp.MustCompile(`(?m)^(runtime: goroutine stack exceeds \d+-byte limit|fatal error: stack overflow)$`)

// brokeDown is why planning stopped when the child ended by itself.
const brokeDown = "broke down"

// exitFatal is the exit status of a Go program that panics, or runs out of memory.
const exitFatal = 2

// deathOf says why a child ended without an answer.
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
