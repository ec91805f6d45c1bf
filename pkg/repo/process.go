package repo

import (
	"bytes"
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
	var out, complaint bytes.Buffer
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
		return out.Bytes(), commandError(ctx, args, complaint.String(), err)
	}
	return out.Bytes(), nil
}
