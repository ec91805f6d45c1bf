package prowjob

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8swatch "k8s.io/apimachinery/pkg/watch"
	kubefake "k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// crowd is an API server with many ProwJobs, which counts its calls.
type crowd struct {
	mutex  sync.Mutex
	jobs   []prowapi.ProwJob
	calls  int
	events chan k8swatch.Event
}

func newCrowd(n int) (*crowd, run.Manifest) {
	c, m := &crowd{events: make(chan k8swatch.Event)}, run.Manifest{Name: "run-1"}
	for i := range n {
		name := fmt.Sprintf("pj-%03d", i)
		pj := newJob(prowapi.PendingState, "")
		pj.TypeMeta = metav1.TypeMeta{APIVersion: "prow.k8s.io/v1", Kind: "ProwJob"}
		pj.Name, pj.Spec.PodSpec = name, &corev1.PodSpec{NodeName: "large"}
		c.jobs = append(c.jobs, *pj)
		m.Jobs = append(m.Jobs, run.Job{Name: name, ProwJob: name})
	}
	return c, m
}

func (c *crowd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mutex.Lock()
	c.calls++
	c.mutex.Unlock()
	w.Header().Set("Content-Type", "application/json")
	query := r.URL.Query()
	if query.Get("watch") != "" {
		w.(http.Flusher).Flush()
		for {
			select {
			case <-r.Context().Done():
				return
			case e := <-c.events:
				_ = json.NewEncoder(w).Encode(map[string]any{"type": e.Type, "object": e.Object})
				w.(http.Flusher).Flush()
			}
		}
	}
	if query.Get("labelSelector") != run.LabelRun+" in (run-0,run-1)" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	from, _ := strconv.Atoi(query.Get("continue"))
	limit, _ := strconv.Atoi(query.Get("limit"))
	to := min(from+limit, len(c.jobs))
	list := prowapi.ProwJobList{ListMeta: metav1.ListMeta{ResourceVersion: "1"}, Items: c.jobs[from:to]}
	if to < len(c.jobs) {
		list.Continue = strconv.Itoa(to)
	}
	_ = json.NewEncoder(w).Encode(list)
}

// connectTo connects in the same way as the tasks.
func connectTo(t *testing.T, handler http.Handler) *Connection {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	file := filepath.Join(t.TempDir(), "config")
	text := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"x","contexts":[{"name":"x","context":{"cluster":"x","user":"x"}}],"clusters":[{"name":"x","cluster":{"server":%q}}],"users":[{"name":"x","user":{}}]}`, server.URL)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", file)
	c, err := Places{Namespace: "rehearsals"}.Connect()
	if err != nil {
		t.Fatal(err)
	}
	c.Find("prow", "test-pods")
	return c
}

// TestFollowingManyJobs reads a run of 500 jobs a hundred times, with one list and one
// watch.
func TestFollowingManyJobs(t *testing.T) {
	server, m := newCrowd(500)
	m.Jobs[7].Run = "run-0" // the ProwJob of another run, which this run has joined
	c := connectTo(t, server)
	f := Follow(c.ProwJobs, m)
	defer f.Stop()
	for range 100 {
		look, over := context.WithCancel(t.Context())
		outcomes, _, err := f.Look(look)
		over() // Persist ends its context, too
		if err == nil {
			err = f.Wait(t.Context(), time.Millisecond)
		}
		if err != nil || len(outcomes) != 500 || outcomes[499].Verdict != run.Running {
			t.Fatalf("got %d outcomes, %v", len(outcomes), err)
		}
	}
	server.mutex.Lock()
	calls := server.calls
	server.mutex.Unlock()
	t.Logf("100 looks at 500 ProwJobs are %d calls", calls)
	if calls > 6 {
		t.Errorf("100 looks took %d calls", calls)
	}
	done := completed(server.jobs[499].DeepCopy())
	done.Status.State = prowapi.SuccessState
	go func() { server.events <- k8swatch.Event{Type: k8swatch.Modified, Object: done} }()
	for {
		outcomes, jobs, err := f.Look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if jobs[499].Spec.PodSpec != nil {
			t.Fatal("specifications of pods are kept")
		}
		if outcomes[499].Settled() {
			break
		}
		if err := f.Wait(t.Context(), time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFollowingWithoutAWatch checks that lists become less frequent if watches fail.
func TestFollowingWithoutAWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, clients := fakeProw(newJob(prowapi.PendingState, ""))
		clients.PrependWatchReactor("prowjobs", func(k8stesting.Action) (bool, k8swatch.Interface, error) {
			w := k8swatch.NewFake()
			w.Stop()
			return true, w, nil
		})
		f := Follow(client, run.Manifest{Name: "run-1", Jobs: []run.Job{{ProwJob: "job-1"}}})
		for begin := time.Now(); time.Since(begin) < 10*time.Minute; {
			if outcomes, _, err := f.Look(t.Context()); err != nil || outcomes[0].Verdict != run.Running {
				t.Fatalf("got %v, %v", outcomes, err)
			}
			if err := f.Wait(t.Context(), 3*time.Second); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(clients.Actions()); n > 50 {
			t.Errorf("10 minutes without a watch took %d calls", n)
		}
	})
}

// TestPendingPodIsWatched counts the calls for a pod that is pending for ten minutes.
func TestPendingPodIsWatched(t *testing.T) {
	for name, c := range map[string]struct {
		watch func(k8stesting.Action) (bool, k8swatch.Interface, error)
		most  int
	}{
		"watch allowed": {nil, 8},
		"watch forbidden": {func(k8stesting.Action) (bool, k8swatch.Interface, error) {
			return true, nil, fmt.Errorf("forbidden")
		}, 80},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "job-1", Namespace: "test-pods"}, Status: corev1.PodStatus{Phase: corev1.PodPending}}
				kube := kubefake.NewSimpleClientset(pod)
				if c.watch != nil {
					kube.PrependWatchReactor("pods", c.watch)
				}
				f := &follower{pods: kube.CoreV1().Pods("test-pods"), name: "job-1", out: &lines{to: io.Discard}, interval: lookAgain}
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
				defer cancel()
				if err := f.run(ctx); err == nil {
					t.Error("it did not wait")
				}
				n := len(kube.Actions())
				t.Logf("%d calls in 10 minutes", n)
				if n > c.most {
					t.Errorf("10 minutes took %d calls", n)
				}
			})
		})
	}
}

// TestPodThatStartsIsSeenAtOnce checks that the watch reports a pod that starts.
func TestPodThatStartsIsSeenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "job-1", Namespace: "test-pods"}, Status: corev1.PodStatus{Phase: corev1.PodPending}}
		kube := kubefake.NewSimpleClientset(pod)
		pods := kube.CoreV1().Pods("test-pods")
		f := &follower{pods: pods, name: "job-1", out: &lines{to: io.Discard}, interval: lookAgain}
		begin := time.Now()
		go func() {
			time.Sleep(time.Minute)
			other := pod.DeepCopy()
			other.Name = "job-2"
			if _, err := pods.Create(t.Context(), other, metav1.CreateOptions{}); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Second)
			running := newPod(corev1.PodRunning, running("test"))
			running.ObjectMeta = pod.ObjectMeta
			if _, err := pods.Update(t.Context(), running, metav1.UpdateOptions{}); err != nil {
				t.Error(err)
			}
		}()
		if got, err := f.started(t.Context()); err != nil || got == nil {
			t.Fatalf("got %v, %v", got, err)
		}
		if d := time.Since(begin); d != time.Minute+time.Second {
			t.Errorf("it was seen after %s", d)
		}
	})
}

// TestClientsAreNotHeldUp checks that client-go's default rate limits are not used.
func TestClientsAreNotHeldUp(t *testing.T) {
	c := connectTo(t, http.NotFoundHandler())
	for name, limiter := range map[string]interface{ QPS() float32 }{
		"Kubernetes": c.Kube.CoreV1().RESTClient().GetRateLimiter(), "Tekton": c.Tekton.TektonV1().RESTClient().GetRateLimiter(),
		"Prow": c.Prow.ProwV1().RESTClient().GetRateLimiter(), "default": c.Clusters["default"].CoreV1().RESTClient().GetRateLimiter(),
	} {
		if limiter.QPS() < QPS {
			t.Errorf("%s takes %v calls a second", name, limiter.QPS())
		}
	}
}
