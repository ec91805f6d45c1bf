package rehearsal

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/logging"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/conversation"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/runs"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

// tellStories runs a story for each of several seeds: a few (at most 15 in a short run), as
// many as REHEARSAL_SEEDS says, or for as long as REHEARSAL_SOAK says (10m). A story that
// fails shows its seed; REHEARSAL_SEED sets the first one. Over a long time, neither
// goroutines nor memory may grow.
func tellStories(t *testing.T, few int, story func(t *testing.T, seed uint64)) {
	t.Helper()
	number := func(name string, otherwise int) int {
		if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
			return n
		}
		return otherwise
	}
	if testing.Short() {
		few = min(few, 15)
	}
	most, first, end := number("REHEARSAL_SEEDS", few), number("REHEARSAL_SEED", 0), time.Now()
	if soak, err := time.ParseDuration(os.Getenv("REHEARSAL_SOAK")); err == nil {
		end, first = end.Add(soak), number("REHEARSAL_SEED", int(end.Unix()))
	}
	var use []usage
	told := 0
	for ; told < most || time.Now().Before(end); told++ {
		seed := uint64(first + told)
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { story(t, seed) })
		if told%200 == 199 {
			u := measure()
			u.heap -= min(u.heap, uint64(told)*namesOfTests)
			use = append(use, u)
		}
	}
	t.Logf("%d stories told, from seed %d on; goroutines and heap: %v", told, first, use)
	if len(use) > 10 {
		steady(t, use[2:])
	}
}

// namesOfTests is how many bytes package testing keeps for each story.
const namesOfTests = 200

// usage is what the process uses.
type usage struct {
	goroutines int
	heap       uint64
}

func (u usage) String() string { return fmt.Sprintf("%d/%d KiB", u.goroutines, u.heap>>10) }

func measure() usage {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // the second one frees objects with finalizers
	runtime.ReadMemStats(&stats)
	return usage{runtime.NumGoroutine(), stats.HeapAlloc}
}

// steady compares the first half of the measurements with the second.
func steady(t *testing.T, use []usage) {
	t.Helper()
	worst := func(part []usage) (u usage) {
		for _, m := range part {
			u.goroutines, u.heap = max(u.goroutines, m.goroutines), max(u.heap, m.heap)
		}
		return u
	}
	before, after := worst(use[:len(use)/2]), worst(use[len(use)/2:])
	if after.goroutines > before.goroutines || after.heap > before.heap+before.heap/20 {
		t.Errorf("goroutines and heap went from %s to %s", before, after)
	}
}

// calm runs passes without faults until no comment is in doubt any more.
func (w *world) calm(l *luck, turns int) {
	*l = luck{Rand: l.Rand}
	w.pass(l, turns)
	w.clock.SetTime(w.clock.Now().Add(conversation.DoubtTime))
	w.pass(l, 5)
}

// plots are the ways in which a story may go, and how its run ends.
var plots = []struct {
	name string
	goes func(w *world, l *luck)
	end  v1alpha1.RunState
	// attempts is the maximum number of PipelineRuns.
	attempts int
}{
	{"passes", func(w *world, l *luck) { w.works(l, prowapi.SuccessState, true) }, v1alpha1.RunPassed, 1},
	{"fails", func(w *world, l *luck) { w.works(l, prowapi.FailureState, true) }, v1alpha1.RunFailed, 1},
	{"is not reported by its task", func(w *world, l *luck) { w.works(l, prowapi.SuccessState, false) }, v1alpha1.RunPassed, 1},
	{"is pushed away", func(w *world, l *luck) {
		w.hub.pull.Head = strings.Repeat("b", 40)
		w.rh.Generation++
		w.ends(l)
	}, v1alpha1.RunAborted, 1},
	{"is closed", func(w *world, l *luck) {
		w.hub.pull.Open = false
		w.rh.Generation++
		w.ends(l)
	}, v1alpha1.RunAborted, 1},
	{"is aborted by a comment", func(w *world, l *luck) {
		c := command("comment-2-0", "/pj-rehearse abort", 0)
		c.At = metav1.NewTime(w.clock.Now())
		w.rh.Spec.Commands = append(w.rh.Spec.Commands, c)
		w.rh.Generation++
		w.ends(l)
	}, v1alpha1.RunAborted, 1},
	{"is continued", func(w *world, l *luck) {
		w.endPipelineRuns(false)
		w.pass(l, 10)
		w.works(l, prowapi.SuccessState, false)
	}, v1alpha1.RunPassed, runs.MaxAttempts},
}

// works has tasks and jobs do their work.
func (w *world) works(l *luck, state prowapi.ProwJobState, reported bool) {
	w.createProwJobs()
	w.pass(l, l.IntN(4))
	w.endProwJobs(state)
	w.pass(l, l.IntN(3))
	w.endPipelineRuns(reported)
}

// ends has the tasks create ProwJobs while the run is being aborted.
func (w *world) ends(l *luck) {
	w.pass(l, l.IntN(3))
	w.createProwJobs()
	w.pass(l, 4)
	w.endProwJobs(prowapi.SuccessState)
	w.endPipelineRuns(false)
}

// TestStories tells stories of one run each, in which the controller dies before or after
// any write to any API, another one takes over in the middle of a pass, responses are lost,
// informers lag, and GitHub's lists do not show the latest writes.
func TestStories(t *testing.T) {
	tellStories(t, 150, func(t *testing.T, seed uint64) {
		l := &luck{rand.New(rand.NewPCG(seed, 7)), 0.4, 0.05, 0.4, 0.2, 0.2}
		w := newWorld(t, command(wholeRun, "/pj-rehearse auto-ack", -1), command("comment-3-0", "/pj-rehearse list", -1))
		w.ctx = logging.WithLogger(w.ctx, logging.FromContext(context.Background()).WithOptions(wordless))
		if l.IntN(2) == 0 {
			w.hub.lateness = time.Duration(l.IntN(60)) * time.Second
		}
		plot := plots[seed%uint64(len(plots))]
		for n := 0; n < 6 || len(w.rh.Status.Runs) == 0 || w.rh.Status.Runs[0].State != v1alpha1.RunRunning; n++ {
			w.pass(l, 1)
			if n > 200 {
				t.Fatalf("%s: the run does not start: %+v", plot.name, w.rh.Status.Runs)
			}
		}
		plot.goes(w, l)
		w.pass(l, 20)
		w.calm(l, 30)
		var bodies []string
		for _, c := range w.hub.comments {
			bodies = append(bodies, c.Body)
		}
		w.wantInvariants(plot.name, plot.end, plot.attempts, bodies)
	})
}

// TestStoriesOnGitHub tells stories of GitHub's outages: 30 % of all calls fail, one write
// in ten succeeds without a response, calls hang and drop, and lists of comments lag. The
// controller also crashes now and then.
func TestStoriesOnGitHub(t *testing.T) {
	tellStories(t, 15, func(t *testing.T, seed uint64) {
		l := &luck{rand.New(rand.NewPCG(seed, 11)), 0.1, 0, 0.2, 0.1, 0}
		w := newWorld(t)
		w.ctx = logging.WithLogger(w.ctx, logging.FromContext(context.Background()).WithOptions(wordless))
		server, _ := onStandIn(t, w)
		pull := standin.PullID{Org: "acme", Repo: "config", Number: 1}
		asked, err := server.CreateComment(t.Context(), standin.NewComment{PullID: pull, By: "bob", Body: "/pj-rehearse auto-ack"})
		w.check(err)
		c := command(fmt.Sprintf("comment-%d-0", asked.ID), "/pj-rehearse auto-ack", 0)
		c.At.Time = asked.CreatedAt
		w.rh.Spec.Commands = append(w.rh.Spec.Commands, c)
		w.rh.Generation++
		for _, f := range []standin.Fault{
			{Method: "POST", Probability: 0.1, Kind: standin.LoseAnswer},
			{Method: "PATCH", Probability: 0.1, Kind: standin.LoseAnswer},
			{Probability: 0.05, Kind: standin.Hang, Delay: standin.Duration(time.Millisecond)},
			{Probability: 0.05, Kind: standin.Drop},
			{Probability: 0.2, Status: 502},
			{Method: "GET", Kind: standin.Late, Delay: standin.Duration(time.Duration(l.IntN(60)) * time.Second)},
		} {
			f.Seed = l.Uint64()
			_, err := server.AddFault(t.Context(), f)
			w.check(err)
		}
		for n := 0; len(w.rh.Status.Runs) == 0 || w.rh.Status.Runs[0].State != v1alpha1.RunRunning; n++ {
			if w.pass(l, 1); n > 500 {
				t.Fatalf("the run does not start: %+v", w.rh.Status)
			}
		}
		w.works(l, prowapi.SuccessState, false)
		for n := 0; !w.rh.Status.Runs[0].State.Done() || !w.rh.Status.GetCondition(v1alpha1.ConditionReported).IsTrue(); n++ {
			if w.pass(l, 1); n > 500 {
				t.Fatalf("the run does not end: %+v", w.rh.Status)
			}
		}
		_, err = server.ClearFaults(t.Context(), standin.None{})
		w.check(err)
		w.calm(l, 10)
		comments, err := server.ListComments(t.Context(), pull)
		w.check(err)
		var ours []string
		for _, c := range comments {
			if c.Author == "rehearsal-bot" {
				ours = append(ours, c.Body)
			}
		}
		w.wantInvariants("on a bad day", v1alpha1.RunPassed, 1, ours)
	})
}

// wantInvariants checks what must be true at the end of every story.
func (w *world) wantInvariants(plot string, end v1alpha1.RunState, attempts int, comments []string) {
	w.t.Helper()
	problem := func(format string, args ...any) { w.t.Helper(); w.t.Errorf(plot+": "+format, args...) }
	for _, c := range w.rh.Spec.Commands {
		if v := w.rh.Status.VerdictOn(c.ID); v == nil || !v.Answered {
			problem("the command %s has no answer: %+v", c.ID, v)
		}
	}
	if got := w.rh.Status.Runs; len(got) != 1 || got[0].State != end {
		problem("the runs are %+v, want one that is %s", got, end)
	}
	seen := map[string]int{}
	for _, body := range comments {
		marker, _ := report.FindMarker(body)
		seen[marker]++
	}
	for marker, n := range seen {
		if n != 1 {
			problem("%d comments %s", n, marker)
		}
	}
	if seen[report.PlanMarker()] != 1 || seen[report.RunMarker(w.rh.Spec.Commands[0].ID)] != 1 || w.rh.Status.LookForDoubles != nil {
		problem("comments: %v; doubles are looked for at %v", seen, w.rh.Status.LookForDoubles)
	}
	_, _, _, pipelineRuns, prowJobs := w.counts()
	if pipelineRuns > attempts || prowJobs > 2 {
		problem("%d PipelineRuns and %d ProwJobs", pipelineRuns, prowJobs)
	}
	pjs, err := w.prow.ProwV1().ProwJobs("prow").List(context.Background(), metav1.ListOptions{})
	w.check(err)
	if end == v1alpha1.RunAborted && slices.ContainsFunc(pjs.Items, func(pj prowapi.ProwJob) bool { return !pj.Complete() }) {
		problem("a ProwJob was left behind")
	}
}

// wordless keeps the log of thousands of passes quiet.
var wordless = zap.IncreaseLevel(zap.FatalLevel)
