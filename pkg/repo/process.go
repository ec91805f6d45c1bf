package repo

import (
	"context"
	"os/exec"
	"time"
)

// waitDelay is how long a killed command may hold its pipes open: git can start programs
// that outlive it.
const waitDelay = 5 * time.Second

// ending makes a command end with its context, together with all processes that it
// started.
func ending(cmd *exec.Cmd) *exec.Cmd {
	inGroup(cmd)
	cmd.Cancel = func() error { return endGroup(cmd) }
	cmd.WaitDelay = waitDelay
	return cmd
}

// runWithin is run for a command that fetches data from others. The command and its
// children cannot write files or use memory beyond the limits.
func (g git) runWithin(ctx context.Context, l Limits, args ...string) ([]byte, error) {
	cmd := g.command(ctx, args...)
	var out, complaint tail
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Start(); err != nil {
		return nil, commandError(ctx, args, "", err)
	}
	// Git starts the programs that write and unpack much later, after the server's answer.
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

// keptOutput is how many bytes of a command's error output are kept: a server can make
// git print anything.
const keptOutput = 64 << 10

// tail keeps the end of its input.
type tail struct {
	kept []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p[max(0, len(p)-keptOutput):]...)
	if len(t.kept) > 2*keptOutput {
		t.kept = append(t.kept[:0], t.kept[len(t.kept)-keptOutput:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return string(t.kept[max(0, len(t.kept)-keptOutput):]) }
