package prowjob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	prowclient "sigs.k8s.io/prow/pkg/client/clientset/versioned/typed/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/secrets"
)

const (
	// drain bounds the wait for the last lines of a complete job.
	drain = time.Minute
	// lookAgain is the first pause between two reads of a pod.
	lookAgain = time.Second
)

// Attendant follows one ProwJob to its end and prints what happens.
type Attendant struct {
	ProwJobs prowclient.ProwJobInterface
	Logs     *Logs
	Out      io.Writer
}

// Attend prints each change of the ProwJob's state and the log of its pod. It returns the
// ProwJob once it is complete and its log is printed.
func (a *Attendant) Attend(ctx context.Context, name string) (*prowapi.ProwJob, error) {
	out := &lines{to: a.Out}
	following, stop := context.WithCancel(ctx)
	defer stop()
	complete := make(chan struct{})
	var copied chan struct{}
	reported := ""
	pj, err := Watch(ctx, a.ProwJobs, name, func(pj *prowapi.ProwJob) {
		if s := stateLine(pj); s != reported {
			reported = s
			out.say(s)
		}
		if copied == nil && hasPod(pj) {
			copied = make(chan struct{})
			go func() {
				defer close(copied)
				a.follow(following, pj, out, complete)
			}()
		}
	})
	if err != nil {
		stop()
		wait(copied, drain)
		return pj, err
	}
	close(complete)
	if !wait(copied, drain) {
		out.say("the rest of the log did not arrive in time")
		stop()
		wait(copied, drain)
	}
	if out.passed() == 0 && hasPod(pj) && !neverRan(pj) {
		a.printDeck(ctx, pj, out)
	}
	return pj, nil
}

// follow copies the log until it has ended and the ProwJob is complete. There may be
// several pods, because plank replaces an evicted one.
func (a *Attendant) follow(ctx context.Context, pj *prowapi.ProwJob, out *lines, complete <-chan struct{}) {
	client, err := a.Logs.cluster(pj)
	if err != nil {
		out.say(fmt.Sprintf("the log cannot be followed: %v", err))
		return
	}
	f := &follower{pods: client.CoreV1().Pods(a.Logs.Namespace), name: pj.Name, out: out, interval: lookAgain}
	again, of := backoff(lookAgain), f.uid
	for {
		last := done(complete)
		if err := f.run(ctx); err != nil {
			if !errors.Is(err, context.Canceled) {
				out.say(fmt.Sprintf("the log cannot be shown: %v", err))
			}
			return
		}
		if last {
			return
		}
		if f.uid != of {
			again, of = backoff(lookAgain), f.uid
		}
		select {
		case <-complete:
		case <-ctx.Done():
			return
		case <-time.After(again.Step()):
		}
	}
}

// printDeck prints the end of the log from Deck, for pods in a cluster without
// kubeconfig.
func (a *Attendant) printDeck(ctx context.Context, pj *prowapi.ProwJob, out *lines) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	log, err := a.Logs.deckTail(ctx, pj)
	if err != nil {
		out.say(fmt.Sprintf("no log was read: %v", err))
		return
	}
	out.say("the end of the log, from Deck:")
	for line := range strings.Lines(log) {
		out.line("", strings.TrimRight(line, "\n"))
	}
}

// hasPod reports whether the ProwJob has or had a pod.
func hasPod(pj *prowapi.ProwJob) bool {
	return pj.Status.PodName != "" || pj.Status.State == prowapi.PendingState
}

func stateLine(pj *prowapi.ProwJob) string {
	s := fmt.Sprintf("ProwJob %s (%s): %s", pj.Name, pj.Spec.Job, pj.Status.State)
	if pj.Status.Description != "" {
		s += ": " + secrets.Censor(pj.Status.Description, nil)
	}
	if pj.Status.URL != "" {
		s += " " + pj.Status.URL
	}
	return s
}

func done(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// wait waits until a channel is closed, and returns false after the limit. A nil channel
// counts as closed.
func wait(c <-chan struct{}, limit time.Duration) bool {
	if c == nil {
		return true
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-c:
		return true
	case <-timer.C:
		return false
	}
}
