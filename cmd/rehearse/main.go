// Command rehearse shows authors of config-repository pull requests which Prow jobs a
// change affects, and what their rehearsals would look like, before they push. It also
// runs, watches and aborts rehearsals on a cluster. Called as kubectl-rehearse, it is a
// kubectl plugin.
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
