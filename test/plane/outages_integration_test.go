//go:build integration

package plane

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/test/github"
)

// soak is what REHEARSAL_SOAK says; short is when it says nothing.
func soak(short time.Duration) time.Duration {
	if d, err := time.ParseDuration(os.Getenv("REHEARSAL_SOAK")); err == nil {
		return d
	}
	return short
}

// TestLeaderKilled kills whoever leads ten seconds after it came to, while stories are
// told.
func TestLeaderKilled(t *testing.T) {
	p := startStories(t, 3, 1)
	l := newTeller(t, p, 6)
	kills := 0
	for end := time.Now().Add(soak(35 * time.Second)); time.Now().Before(end) && !t.Failed(); {
		l.keep()
		time.Sleep(10 * time.Second) // the pace of the killings
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

// TestOutages takes the API server and etcd away while stories are told. The receiver
// says so, and whatever was under way goes on.
func TestOutages(t *testing.T) {
	const short = 12 * time.Second
	away := short
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
		time.Sleep(5 * time.Second) // so that some of the stories are in their middle
		start := time.Now()
		back := outage.by(outage.of)
		l.keep()
		lost := p.sayDuring(away)
		back()
		p.check(p.WaitForAPI(t.Context()))
		returned := time.Now()
		l.end()
		t.Logf("%s for %s: %d deliveries were refused, and all stories had ended %s after its return", outage.name,
			returned.Sub(start).Round(time.Second), lost, time.Since(returned).Round(time.Second))
		if lost == 0 {
			t.Errorf("%s: no webhook came meanwhile", outage.name)
		}
	}
	t.Log(l.end())
}

// sayDuring has somebody ask for help again and again while the API server is away, and
// counts the webhooks that were refused. None may be taken.
func (p *Plane) sayDuring(d time.Duration) (refused int) {
	p.t.Helper()
	start, pull := time.Now(), p.OpenPull(otherJob)
	for i, end := 0, start.Add(d); time.Now().Before(end); i++ {
		p.Say(pull, Maintainer, fmt.Sprint("/pj-rehearse help ", i))
		time.Sleep(d / 6)
	}
	all, err := p.Hub.ListDeliveries(p.ctx, github.DeliveryQuery{Event: "issue_comment", Action: "created"})
	p.check(err)
	for _, delivery := range all {
		var payload struct{ Comment struct{ Body string } }
		p.check(json.Unmarshal(delivery.Payload, &payload))
		if !strings.HasPrefix(payload.Comment.Body, "/pj-rehearse help") {
			continue
		}
		for _, attempt := range delivery.Attempts {
			if attempt.At.Before(start.Add(2 * time.Second)) {
				continue // it may have come before the API server went
			}
			refused++
			if attempt.Status >= 200 && attempt.Status < 300 {
				p.t.Errorf("a comment is answered with %d while nothing can be stored", attempt.Status)
			}
		}
	}
	return refused
}
