package repo

import (
	"context"
	"os/exec"
	"time"
)

// waitDelay is how long a command that was ended may hold its pipes open: git
// starts programs that outlive it.
const waitDelay = 5 * time.Second

// command ends with its context, and with it all that it has started.
func ending(cmd *exec.Cmd) *exec.Cmd {
	inGroup(cmd)
	cmd.Cancel = func() error { return endGroup(cmd) }
	cmd.WaitDelay = waitDelay
	return cmd
}

// runWithin is run for a command that fetches what others have written: neither it
// nor what it starts may write a file or take memory beyond the limits.
func (g git) runWithin(ctx context.Context, l Limits, args ...string) ([]byte, error) {
	cmd := g.command(ctx, args...)
	var out, complaint tail
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Start(); err != nil {
		return nil, commandError(ctx, args, "", err)
	}
	// What writes and what unpacks is started much later, once a server has answered.
	limitErr := restrict(cmd.Process.Pid, l)
	if limitErr != nil {
		_ = cmd.Cancel()
	}
	err := cmd.Wait()
	if err != nil || limitErr != nil {
		_ = endGroup(cmd)
	}
	if limitErr != nil {
		return nil, commandError(ctx, args, "", limitErr)
	}
	if err != nil {
		return nil, commandError(ctx, args, complaint.String(), err)
	}
	return []byte(out.String()), nil
}

// keptOutput is how much is kept of what a command says beside its answer, in bytes:
// a server can have it say what it likes.
const keptOutput = 64 << 10

// tail keeps the end of what is written.
type tail struct {
	kept []byte
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p[max(0, len(p)-keptOutput):]...)
	if len(t.kept) > 2*keptOutput {
		t.kept = append(t.kept[:0], t.kept[len(t.kept)-keptOutput:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return string(t.kept[max(0, len(t.kept)-keptOutput):]) }
