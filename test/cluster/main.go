// Command cluster runs a real Kubernetes cluster on this machine, for the demonstration and
// the end-to-end tests: etcd, the Kubernetes servers, containerd, an image registry, Tekton
// and Prow, built from their Go modules and Debian packages. Nothing important may depend
// on this cluster: the data is not synced to disk, and `down` removes all of it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

const help = `A real Kubernetes cluster with Tekton and Prow on this machine.

Usage, from the top of the repository:

  go -C test/cluster run . up       start it, or finish starting it, or see that it runs
  go -C test/cluster run . down     remove every trace of it
  go -C test/cluster run . status   what runs, and how much memory it takes
  go -C test/cluster run . env      shell lines to work with it:
                                      eval "$(go -C test/cluster run . env)"
  go -C test/cluster run . build    only compile Kubernetes and print the directory with
                                    etcd, kube-apiserver and kubectl, for tests that need
                                    an API server and no node; needs no root

It needs Linux, root, Go, git 2.38 or newer and iptables; on Debian, ` + "`up`" + ` installs
the packages that are missing. The first time it compiles for a quarter of an hour;
after that, starting takes under a minute.

What is where:

  %-28s everything ` + "`up`" + ` makes: certificates, data, logs, kubeconfig
  %-28s compiled programs and images, by version; removing it is safe
  %-28s pods; the host is %s for them
  %-28s services
  %-28s image registry
  http://198.19.0.20           Deck: jobs and their logs, which are on http://198.19.0.21:9000
  hook, crier and tide         in namespace prow; off until somebody brings a GitHub (test/rig)
  contexts default, build01    the cluster aliases Prow knows, in kubeconfig-build
  namespaces prow, test-pods   ProwJobs, and their pods (under both aliases: plank has
                               one pod namespace)

Nothing leaves the machine: pods reach each other and the host, and there is no DNS.

When something fails, look at the logs in %s/log and at
  kubectl get pods,events -A
`

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	l, err := newLayout()
	if err != nil {
		return err
	}
	switch strings.Join(os.Args[1:], " ") {
	case "up":
		return exclusive(ctx, l, up)
	case "down":
		return exclusive(ctx, l, down)
	case "status":
		return status(ctx, l, os.Stdout)
	case "env":
		return printEnvironment(l, os.Stdout)
	case "build":
		return buildOnly(ctx, l, newProgress(os.Stderr))
	case "help", "-h", "-help", "--help":
		fmt.Printf(help, l.state, l.cache, podRange, hostAddress, serviceRange, registryAddress, l.state)
		return nil
	default:
		return errors.New("say one of up, down, status, env, build; --help explains them")
	}
}

// exclusive runs an action that changes the machine, one at a time.
func exclusive(ctx context.Context, l layout, action func(context.Context, layout, *progress) error) error {
	if os.Geteuid() != 0 {
		return checkMachine(l.source)
	}
	release, err := acquireLock(lockPath)
	if err != nil {
		return err
	}
	defer release()
	return action(ctx, l, newProgress(os.Stderr))
}
