// Command rehearse tells authors of config-repository pull requests, before
// they push, which Prow jobs a change affects and what their rehearsals would
// look like; and it runs, watches and aborts rehearsals on a cluster. Called
// kubectl-rehearse, it is a plugin of kubectl.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/rehearsal-dev/rehearsal/pkg/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := cli.Execute(ctx, os.Args, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}
