//go:build integration

package plane

import (
	"os"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/test/github"
)

// soak is the duration in REHEARSAL_SOAK; short if it is not set.
func soak(short time.Duration) time.Duration {
	if d, err := time.ParseDuration(os.Getenv("REHEARSAL_SOAK")); err == nil {
		return d
	}
	return short
}

// TestLeaderKilled kills the leader every ten seconds while stories run.
func TestLeaderKilled(t *testing.T) {
	p := startStories(t, 3, 1)
	l := newTeller(t, p, 6)
	kills := 0
	for end := time.Now().Add(soak(35 * time.Second)); time.Now().Before(end) && !t.Failed(); {
		l.keep()
		time.Sleep(10 * time.Second) // the interval between kills
		if leader := p.Leader(); leader != nil {
			leader.Kill()
			kills++
		}
	}
	t.Logf("%d leaders killed; %s", kills, l.end())
	if kills < 2 || l.next < 6 {
		t.Error("that is too little to show anything")
	}
}

// TestOutages stops the API server and etcd while stories run. The receiver refuses
// webhooks meanwhile, and everything continues afterwards.
func TestOutages(t *testing.T) {
	away := 20 * time.Second
	if os.Getenv("REHEARSAL_SOAK") != "" {
		away = time.Minute
	}
	p := startStories(t, 2, 2)
	l := newTeller(t, p, 6)
	killed := func(s *Process) (back func()) {
		s.Stop()
		return func() { p.check(s.Start()) }
	}
	frozen := func(s *Process) (back func()) {
		s.Freeze()
		return s.Thaw
	}
	for _, outage := range []struct {
		name string
		of   *Process
		by   func(*Process) func()
	}{
		{"the API server is killed", p.API, killed}, {"etcd is killed", p.Etcd, killed},
		{"the API server hangs", p.API, frozen}, {"etcd hangs", p.Etcd, frozen},
	} {
		l.keep()
		time.Sleep(5 * time.Second) // so that some stories are half done
		start := time.Now()
		back := outage.by(outage.of)
		for time.Since(start) < away {
			l.keep()
			p.Say(p.OpenPull(otherJob), Maintainer, "/pj-rehearse help")
			time.Sleep(away / 10)
		}
		end := time.Now()
		back()
		p.check(p.WaitForAPI(t.Context()))
		returned := time.Now()
		l.work.Wait()
		t.Logf("%s for %s: %d deliveries were refused, and all stories had ended %s after its return", outage.name,
			returned.Sub(start).Round(time.Second), p.refused(outage.name, start, end), time.Since(returned).Round(time.Second))
	}
	t.Log(l.end())
}

// refused counts the webhooks that were refused while nothing could be stored, and checks
// that none was accepted.
func (p *Plane) refused(outage string, start, end time.Time) (n int) {
	p.t.Helper()
	_, err := p.Hub.WaitDeliveries(p.ctx, github.None{})
	p.check(err)
	all, err := p.Hub.ListDeliveries(p.ctx, github.DeliveryQuery{Action: "opened"})
	p.check(err)
	for _, delivery := range all {
		for _, attempt := range delivery.Attempts {
			// Times are in whole seconds, and GitHub waits up to ten seconds for a
			// response.
			answered := attempt.Status >= 200 && attempt.Status < 300
			switch {
			case attempt.At.Before(start.Add(time.Second)) || attempt.At.After(end):
			case !answered:
				n++
			case attempt.At.Before(end.Add(-10 * time.Second)):
				p.t.Errorf("%s: a webhook is answered with %d while nothing can be stored", outage, attempt.Status)
			}
		}
	}
	if n == 0 {
		p.t.Errorf("%s: no webhook came meanwhile", outage)
	}
	return n
}
