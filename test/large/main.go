// Command large measures an installation as large as the largest ones: a thousand open pull
// requests, two hundred runs at a time, one of them with five hundred large jobs. etcd, the
// API server, Tekton, Prow's plank and our programs are the real ones, as processes. GitHub
// is test/github, and the kubelet is simulated.
//
// The command prints the measurements with their limits, and fails if a limit is exceeded.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
)

// patience is the time limit for any condition on a busy machine.
const patience = 40 * time.Minute

// options say what is measured.
type options struct {
	pulls, repositories, runs, jobs, largeJobs, specKiB int
	// idle and active are how long to watch while nothing happens, and while all runs go
	// on; spread is the time over which the jobs end. Settled is how long there must be no
	// reconcile before the installation counts as idle.
	settled, idle, active, spread, sweep time.Duration
	bins, dir                            string
	keep                                 bool
}

func main() {
	var o options
	flag.IntVar(&o.pulls, "pulls", 1000, "open pull requests")
	flag.IntVar(&o.repositories, "repositories", 3, "config repositories that they are in")
	flag.IntVar(&o.runs, "runs", 200, "runs at a time, the large one included")
	flag.IntVar(&o.jobs, "jobs", 4, "jobs of each run but the large one")
	flag.IntVar(&o.largeJobs, "large-jobs", 500, "jobs of the large run")
	flag.IntVar(&o.specKiB, "spec-kib", 64, "size of the specification of each job of the large run, in KiB")
	// New comments are looked for again after two minutes.
	flag.DurationVar(&o.settled, "settled", 150*time.Second, "how long there has to be nothing to do before it is idle")
	flag.DurationVar(&o.idle, "idle", 5*time.Minute, "how long to watch it idle")
	flag.DurationVar(&o.active, "active", 3*time.Minute, "how long to watch it while all runs go on")
	flag.DurationVar(&o.spread, "spread", 2*time.Minute, "over how long the jobs end")
	flag.DurationVar(&o.sweep, "sweep", 0, "time between two sweeps; 0 is the default of the settings")
	flag.StringVar(&o.bins, "bin", "bin/large", "directory with the programs")
	flag.StringVar(&o.dir, "dir", "", "where to keep the data and logs; a temporary directory by default")
	flag.BoolVar(&o.keep, "keep", false, "keep the data and the logs")
	flag.Parse()
	klog.SetLogger(logr.Discard()) // the errors of clients while programs end
	ctrllog.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := measure(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "large:", err)
		os.Exit(1)
	}
}

// logFile has the errors of the kubelet.
var logFile io.Writer = io.Discard

func measure(ctx context.Context, o options) error {
	if o.pulls < o.runs || o.runs < 1 || o.repositories < 1 {
		return errors.New("there have to be as many pull requests as runs, and one of each")
	}
	dir, err := os.MkdirTemp(o.dir, "rehearsal-large-")
	if err != nil {
		return err
	}
	defer func() {
		if o.keep {
			say("data and logs are in " + dir)
		} else if err := os.RemoveAll(dir); err != nil {
			say(err.Error())
		}
	}()
	if log, err := os.Create(filepath.Join(dir, "kubelet.log")); err == nil {
		defer log.Close() //nolint:errcheck // it was written
		logFile = log
	}
	ctx, cancel := context.WithCancel(ctx)
	i, err := newInstallation(ctx, dir, o)
	defer func() {
		cancel()
		i.stop()
	}()
	if err != nil {
		return err
	}
	m := &measurement{installation: i, options: o, audit: auditReader{path: i.plane.audit}, sizes: sizes{}}
	if err := m.all(ctx); err != nil {
		return err
	}
	return m.print(os.Stdout)
}

// say prints what is going on.
func say(what string) {
	fmt.Fprintf(os.Stderr, "%s large: %s\n", time.Now().Format(time.TimeOnly), what)
}

// told is when progress was last printed.
var told time.Time

func progress(what, found string) {
	if time.Since(told) > 15*time.Second {
		told = time.Now()
		say("waits for " + what + ": " + found)
	}
}
