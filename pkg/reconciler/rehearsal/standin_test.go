package rehearsal

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/apis"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/ratelimit"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

// onStandIn connects the world to a stand-in for GitHub, with a pull request by alice on
// acme/config. It returns the server, and a function that makes the client of a restarted
// controller.
func onStandIn(t *testing.T, w *world) (*standin.Server, func() *github.Client) {
	t.Helper()
	server, err := standin.Start("", standin.WithToken("t0ken", "rehearsal-bot"), standin.WithClock(w.clock.Now))
	w.check(err)
	t.Cleanup(func() { w.check(server.Close()) })
	_, err = server.CreateRepo(t.Context(), standin.NewRepo{Org: "acme", Repo: "config", Files: map[string]string{"a": "1"},
		Roles: map[string]string{"rehearsal-bot": "write", "bob": "write", "alice": "write"}})
	w.check(err)
	pull, err := server.OpenPull(t.Context(), standin.NewPull{Org: "acme", Repo: "config", Author: "alice", Labels: []string{"x"},
		Change: standin.Change{Files: map[string]string{"a": "2"}}})
	w.check(err)
	w.rh.Spec.Pull.Number, w.rh.Name = 1, "acme-config-1"
	w.rh.Spec.Observed = &v1alpha1.Observed{Event: "opened", Head: pull.HeadSHA, At: metav1.NewTime(w.clock.Now())}
	w.check(w.rehearsals.Tracker().Add(w.rh.DeepCopy()))
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	restart := func() *github.Client {
		client, err := github.New(github.Options{
			Endpoint: server.APIURL(), Transport: transport, Now: w.clock.Now,
			Token:   func(context.Context) (string, error) { return "t0ken", nil },
			Windows: &ratelimit.Store{ConfigMaps: w.kube.CoreV1().ConfigMaps("rehearsals")},
		})
		w.check(err)
		w.reconciler.GitHub = client
		return client
	}
	restart()
	return server, restart
}

func calls(t *testing.T, server *standin.Server, methods ...string) []string {
	t.Helper()
	made, err := server.Calls(t.Context(), standin.CallQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range made.Calls {
		asks := c.Path == "/graphql" // GraphQL queries are POST requests
		if len(methods) == 0 || slices.Contains(methods, c.Method) && !asks {
			out = append(out, c.Method+" "+c.Path)
		}
	}
	return out
}

var writes = []string{http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete}

// TestDryRunWritesNothing goes through a whole conversation.
func TestDryRunWritesNothing(t *testing.T) {
	w := newWorld(t)
	server, _ := onStandIn(t, w)
	chosen, dry := w.reconciler.Settings, true
	w.reconciler.Settings = func() *settings.Settings {
		s := *chosen()
		s.DryRun = dry
		return &s
	}
	w.reconciler.GitHub = &dryRun{GitHub: w.reconciler.GitHub, on: func() bool { return dry }}
	core, logs := observer.New(zap.InfoLevel)
	w.ctx = logging.WithLogger(t.Context(), zap.New(core).Sugar())
	pull := standin.PullID{Org: "acme", Repo: "config", Number: 1}
	_, err := server.AddLabels(t.Context(), standin.PullLabels{PullID: pull, By: "bob", Labels: []string{"network-access-rehearsals-ok"}})
	w.check(err)
	w.reconcile()
	for i, text := range []string{"/pj-rehearse list", "/pj-rehearse", "/pj-rehearse pull-unit", "/pj-rehearse ack", "/pj-rehearse abort", "/pj-rehearse no-such-job"} {
		c, err := server.CreateComment(t.Context(), standin.NewComment{PullID: pull, By: "bob", Body: text})
		w.check(err)
		w.hear(fmt.Sprintf("comment-%d-0", c.ID), text)
		if made := calls(t, server, writes...); len(made) != 0 {
			t.Fatalf("command %d, %s: %q reached GitHub", i, text, made)
		}
	}
	if len(w.rh.Status.Runs) != 3 || w.rh.Status.Plan == nil || w.rh.Status.Plan.Affected != 2 {
		t.Errorf("status does not tell: %+v", w.rh.Status)
	}
	for _, r := range w.rh.Status.Runs[:2] { // the third names a job that is not affected
		if r.State != v1alpha1.RunRejected || !strings.Contains(r.Message, "dry run") {
			t.Errorf("run %s is %s: %s", r.ID, r.State, r.Message)
		}
	}
	if _, _, _, pipelineRuns, prowJobs := w.counts(); pipelineRuns+prowJobs != 0 {
		t.Errorf("%d PipelineRuns and %d ProwJobs were created", pipelineRuns, prowJobs)
	}
	if cms, err := w.kube.CoreV1().ConfigMaps("rehearsals").List(t.Context(), metav1.ListOptions{}); err != nil || slices.ContainsFunc(cms.Items, func(cm corev1.ConfigMap) bool { return cm.Data[run.ManifestKey] != "" }) {
		t.Errorf("jobs were stored for a run: %v", err)
	}
	before := logs.FilterMessageSnippet("Dry run").Len()
	w.reconcile()
	w.reconcile()
	if again := logs.FilterMessageSnippet("Dry run").Len() - before; again != 0 {
		t.Errorf("%d lines were logged again", again)
	}
	said := map[string]int{}
	for _, line := range logs.FilterMessageSnippet("Dry run").All() {
		said[line.Message]++
		if body, has := line.ContextMap()["body"]; has && (body == "" || strings.Contains(body.(string), "\n")) {
			t.Errorf("%s shows %q of a comment", line.Message, body)
		}
	}
	if said["Dry run: would create a PipelineRun"] != 2 || said["Dry run: would comment"] < 4 || said["Dry run: would add a label"] != 1 || said["Dry run: would set a status"] < 2 {
		t.Errorf("the log says %v", said)
	}

	dry = false
	w.rh.Generation++
	w.reconcile()
	comments, err := server.ListComments(t.Context(), pull)
	w.check(err)
	ours := slices.DeleteFunc(comments, func(c standin.Comment) bool { return c.Author != "rehearsal-bot" })
	if len(ours) == 0 || !slices.ContainsFunc(calls(t, server, http.MethodPost), func(c string) bool { return strings.HasSuffix(c, "/labels") }) {
		t.Errorf("after the dry run there are %d comments of ours, and %q was called", len(ours), calls(t, server, writes...))
	}
	if removed := calls(t, server, http.MethodDelete); len(removed) != 0 {
		t.Errorf("after the dry run what people had set was removed: %q", removed)
	}
}

// TestWindowAcrossARestart checks that a controller which starts during a rate limit makes
// no calls until it ends, reports it, and then resumes.
func TestWindowAcrossARestart(t *testing.T) {
	w := newWorld(t)
	server, restart := onStandIn(t, w)
	_, err := server.AddFault(t.Context(), standin.SecondaryLimit("", "/repos/**", 1, 10*time.Minute))
	w.check(err)
	turn := func() (after time.Duration) {
		rh := w.rh.DeepCopy()
		err := w.reconciler.ReconcileKind(w.ctx, rh)
		w.rh = rh
		requeue, after := controller.IsRequeueKey(err)
		if err != nil && !requeue {
			t.Fatal(err)
		}
		return after
	}
	until := w.clock.Now().Truncate(time.Second).Add(10 * time.Minute)
	if after := turn(); after < 10*time.Minute || after > 10*time.Minute+spreadTime {
		t.Errorf("the next look is in %s, want 10m and a little more", after)
	}
	before := len(calls(t, server))
	for range 5 {
		restart()
		w.clock.SetTime(w.clock.Now().Add(time.Minute))
		turn()
		if _, err := w.reconciler.GitHub.OpenPulls(t.Context(), "acme", "config"); err == nil {
			t.Error("a sweep looks inside the window")
		}
	}
	if made := calls(t, server)[before:]; len(made) != 0 {
		t.Errorf("inside the window, after restarts, GitHub was called: %q", made)
	}
	for _, condition := range []string{"Pulled", "Reported"} {
		c := w.rh.Status.GetCondition(apis.ConditionType(condition))
		if c.GetReason() != reasonLimited || !strings.Contains(c.GetMessage(), until.UTC().Format(time.RFC3339)) {
			t.Errorf("condition %s is %s: %s; want the time when it goes on", condition, c.GetReason(), c.GetMessage())
		}
	}
	w.clock.SetTime(until)
	restart()
	w.reconcile()
	if !w.rh.Status.GetCondition(v1alpha1.ConditionReported).IsTrue() {
		t.Errorf("after the window: %+v", w.rh.Status.Conditions)
	}
}

// TestSweepOfNothingCostsNothing counts calls as GitHub counts them.
func TestSweepOfNothingCostsNothing(t *testing.T) {
	w := newWorld(t)
	server, restart := onStandIn(t, w)
	client := restart()
	s := w.newSweeper(client)
	pull := standin.PullID{Org: "acme", Repo: "config", Number: 1}
	used := func() int {
		budget, err := client.Budget(t.Context(), "acme", "config")
		w.check(err)
		return budget.Limit - budget.Remaining
	}
	sweep := func() {
		s.clock.Step(time.Minute)
		w.clock.SetTime(w.clock.Now().Add(time.Minute))
		w.check(s.Sweep(t.Context(), "acme/config"))
	}
	sweep()
	first := used()
	for range 50 {
		sweep()
	}
	if cost := used() - first; first == 0 || cost != 0 {
		t.Errorf("the first sweep cost %d calls, and fifty of nothing cost %d", first, cost)
	}
	_, err := server.CreateComment(t.Context(), standin.NewComment{PullID: pull, By: "bob", Body: "/pj-rehearse"})
	w.check(err)
	sweep()
	if rh, err := s.store.Get(t.Context(), "acme-config-1", metav1.GetOptions{}); err != nil || len(rh.Spec.Commands) != 1 {
		t.Errorf("a command was not found: %v", err)
	}
	after := used()
	for range 5 {
		sweep()
	}
	if cost := used() - after; cost > 1 {
		t.Errorf("five sweeps after it cost %d calls", cost)
	}
}
