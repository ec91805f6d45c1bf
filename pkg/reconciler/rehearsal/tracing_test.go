package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/codes"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/controller"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
	"github.com/rehearsal-dev/rehearsal/pkg/telemetry"
	"github.com/rehearsal-dev/rehearsal/pkg/telemetry/telemetrytest"
	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

// TestTrace follows the first reconcile of a pull request that has an unanswered question.
func TestTrace(t *testing.T) {
	w := newWorld(t)
	server, _ := onStandIn(t, w)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	client, err := github.New(github.Options{
		Endpoint: server.APIURL(), Transport: github.Traced(transport), Now: w.clock.Now,
		Token: func(context.Context) (string, error) { return "t0ken", nil },
	})
	w.check(err)
	w.reconciler.GitHub = client
	pull := standin.PullID{Org: "acme", Repo: "config", Number: 1}
	c, err := server.CreateComment(t.Context(), standin.NewComment{PullID: pull, By: "bob", Body: "words of bob's\n/pj-rehearse explain bobs-job"})
	w.check(err)
	said := by("bob", fmt.Sprintf("comment-%d-0", c.ID), "/pj-rehearse explain bobs-job")
	said.At = metav1.NewTime(w.clock.Now())
	w.rh.Spec.Commands = append(w.rh.Spec.Commands, said)
	w.sync()

	before := len(calls(t, server))
	spans, ctx := telemetrytest.Record(t)
	err = w.reconciler.ReconcileKind(ctx, w.rh.DeepCopy())
	if waits, _ := controller.IsRequeueKey(err); err != nil && !waits {
		t.Fatal(err)
	}
	want := []string{
		"reconcile",
		"  readPull",
		"    HTTP GET",
		"  readLinkKey",
		"  judgeCommands",
		"    HTTP POST",
		"    HTTP GET",
		"  react",
		"    HTTP POST",
		"  makePlan",
		"  keepAcknowledged",
		"  showPlan",
		"    HTTP GET",
		"    HTTP POST",
		"  advanceRuns",
		"  answerCommands",
		"    HTTP GET",
		"    HTTP POST",
		"  tellRefused",
		"  showStatus",
		"    HTTP POST",
		"  removeDoubles",
		"  clean",
		"  tidy",
	}
	if diff := cmp.Diff(want, spans.Tree()); diff != "" {
		t.Errorf("spans differ (-want +got):\n%s", diff)
	}
	if got, want := spans.Count("HTTP "), len(calls(t, server))-before; got != want {
		t.Errorf("%d spans of %d requests to GitHub", got, want)
	}
	if diff := cmp.Diff([]string{"rehearsal.pull=acme/config#1", "rehearsal.uid=u-1"}, telemetrytest.Attributes(spans.Only(t, telemetry.Reconcile.Name))); diff != "" {
		t.Error(diff)
	}
	all := spans.Text()
	for _, private := range []string{"t0ken", "words of bob", "bobs-job", "pj-rehearse"} {
		if strings.Contains(all, private) {
			t.Errorf("spans have %q:\n%s", private, all)
		}
	}
}

// TestTraceOfFailures checks that a failure is an error on its own span and on that of the
// whole reconcile, and on no other.
func TestTraceOfFailures(t *testing.T) {
	w := newWorld(t)
	w.broken()
	spans, ctx := telemetrytest.Record(t)
	if err := w.reconciler.ReconcileKind(ctx, w.rh.DeepCopy()); err == nil {
		t.Fatal("nothing has failed")
	}
	for name, failed := range map[string]bool{"reconcile": true, "readPull": true, "readLinkKey": true, "react": false, "tidy": false} {
		s := spans.Only(t, name)
		if (s.Status.Code == codes.Error) != failed || failed && (!strings.Contains(s.Status.Description, errAway.Error()) || len(s.Events) != 1) {
			t.Errorf("%s: %+v, %v", name, s.Status, s.Events)
		}
	}
}

// TestWaitingIsNoFailure checks that waiting is not an error on a span.
func TestWaitingIsNoFailure(t *testing.T) {
	later := &requeue.Later{After: time.Minute, Reason: "the pull request has changed"}
	limited := &github.RateLimitedError{Until: noon}
	for name, tc := range map[string]struct {
		err    error
		failed bool
	}{
		"no error":             {nil, false},
		"a wait":               {later, false},
		"a rate limit":         {errors.Join(limited, later), false},
		"a failure":            {errAway, true},
		"a failure and a wait": {errors.Join(later, errAway), true},
	} {
		t.Run(name, func(t *testing.T) {
			spans, ctx := telemetrytest.Record(t)
			if err := (phase{"x", func(context.Context) error { return tc.err }}).run(ctx); !errors.Is(err, tc.err) {
				t.Errorf("the phase returns %v", err)
			}
			if s := spans.Only(t, "x"); (s.Status.Code == codes.Error) != tc.failed {
				t.Errorf("its span is %+v", s.Status)
			}
		})
	}
}
