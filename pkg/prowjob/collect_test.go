package prowjob

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	k8stesting "k8s.io/client-go/testing"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

func warning(reason, message string, at time.Time) corev1.Event {
	return corev1.Event{
		Type: corev1.EventTypeWarning, Reason: reason, Message: message, LastTimestamp: metav1.NewTime(at),
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: "job-1"},
	}
}

func TestCollectExplains(t *testing.T) {
	withPod := func(pj *prowapi.ProwJob) *prowapi.ProwJob {
		pj.Status.PodName = "job-1"
		return completed(pj)
	}
	now := time.Now()
	failedPod := newPod(corev1.PodFailed, ended("test", 1))
	cases := []struct {
		name    string
		job     *prowapi.ProwJob
		kubelet *kubelet
		verdict run.Verdict
		detail  string
		excerpt []string
	}{
		{
			name: "job failed", job: withPod(newJob(prowapi.FailureState, "Job failed.")),
			kubelet: &kubelet{pod: failedPod, logs: map[string][]string{"test": {"ok\nError: token is canary-4711\n"}}},
			verdict: run.Failed, excerpt: []string{"ok", "Error: token is [censored]"},
		},
		{
			name: "timeout of the entrypoint", job: withPod(newJob(prowapi.FailureState, "Job failed.")),
			kubelet: &kubelet{pod: failedPod, logs: map[string][]string{"test": {`{"component":"entrypoint","level":"error","msg":"Process did not finish before 1h0m0s timeout"}` + "\n"}}},
			verdict: run.TimedOut, detail: "it did not finish within 1h0m0s", excerpt: []string{"entrypoint: Process did not finish before 1h0m0s timeout"},
		},
		{
			name: "log no longer available", job: withPod(newJob(prowapi.FailureState, "Job failed.")), kubelet: &kubelet{},
			verdict: run.Failed, detail: "its log could not be read here",
		},
		{
			name: "no node for the pod", job: withPod(newJob(prowapi.ErrorState, "Pod scheduling timeout.")),
			kubelet: &kubelet{events: corev1.EventList{Items: []corev1.Event{
				warning("FailedScheduling", "0/1 nodes: token=canary-4711", now), warning("FailedScheduling", "older", now.Add(-time.Minute)),
			}}},
			verdict: run.Unschedulable, detail: "no node took its pod in time; FailedScheduling: 0/1 nodes: token=[censored]",
		},
		{
			name: "no node for the pod, events forbidden", job: withPod(newJob(prowapi.ErrorState, "Pod scheduling timeout.")),
			kubelet: &kubelet{status: http.StatusForbidden},
			verdict: run.Unschedulable, detail: "no node took its pod in time",
		},
		{
			name: "refused with a secret in the message", job: completed(newJob(prowapi.ErrorState, "Pod can not be created: hook says canary-4711, password=hunter2")),
			kubelet: &kubelet{},
			verdict: run.Errored, detail: "Pod can not be created: hook says [censored], password=[censored]",
		},
		{name: "job passed", job: withPod(newJob(prowapi.SuccessState, "")), kubelet: &kubelet{status: http.StatusTeapot}, verdict: run.Passed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			client, _ := fakeProw(c.job)
			collector := Collector{ProwJobs: client, Logs: &Logs{
				Secrets:   func() []string { return []string{"canary-4711"} },
				Namespace: "test-pods", Clusters: Clusters{"default": c.kubelet.client(t)},
			}}
			outcomes, err := collector.Collect(context.Background(), run.Manifest{Name: "run-1", Jobs: []run.Job{{Name: "a", ProwJob: "job-1"}, {Name: "b", ProwJob: "job-2"}}})
			if err != nil {
				t.Fatal(err)
			}
			o := outcomes[0]
			if o.Verdict != c.verdict || o.Detail != c.detail {
				t.Errorf("got %q, %q", o.Verdict, o.Detail)
			}
			if diff := cmp.Diff(c.excerpt, o.Excerpt); diff != "" {
				t.Error(diff)
			}
			if outcomes[1].Verdict != run.NotStarted || outcomes[1].Name != "b" {
				t.Errorf("the missing one is %+v", outcomes[1])
			}
		})
	}
}

func TestCollectFailsWhole(t *testing.T) {
	client, clients := fakeProw()
	clients.PrependReactor("list", "prowjobs", func(k8stesting.Action) (bool, k8sruntime.Object, error) {
		return true, nil, errors.New("away")
	})
	collector := Collector{ProwJobs: client}
	if outcomes, err := collector.Collect(context.Background(), run.Manifest{Jobs: make([]run.Job, 9)}); err == nil {
		t.Errorf("got %v: half a report is a wrong one", outcomes)
	}
}

func TestTailFallsBackToDeck(t *testing.T) {
	var asked string
	deck := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		_, _ = w.Write([]byte(strings.Repeat("x", 3*maxTail) + "end"))
	}))
	t.Cleanup(deck.Close)
	pj := newJob(prowapi.FailureState, "")
	pj.Status.BuildID, pj.Status.URL = "17", deck.URL+"/view/gs/bucket/logs/x/17"
	logs := &Logs{Namespace: "test-pods", Clusters: Clusters{"default": (&kubelet{}).client(t)}, HTTP: deck.Client()}
	log, err := logs.Tail(context.Background(), pj)
	if err != nil {
		t.Fatal(err)
	}
	if len(log) != maxTail || !strings.HasSuffix(log, "end") {
		t.Errorf("%d bytes", len(log))
	}
	if asked != "/log?id=17&job=rehearse-7-pull-widget-e2e" {
		t.Errorf("asked for %s", asked)
	}
	for _, url := range []string{"", "https://storage.example.com/x", "::"} {
		pj.Status.URL = url
		if log, err := logs.Tail(context.Background(), pj); err == nil {
			t.Errorf("%q: got %q", url, log)
		}
	}
}

const kubeconfig = `apiVersion: v1
kind: Config
clusters:
- {name: c, cluster: {server: "https://127.0.0.1:1"}}
users:
- {name: u, user: {token: t}}
contexts:
`

func TestLoadClusters(t *testing.T) {
	context := func(name string) string { return "- {name: " + name + ", context: {cluster: c, user: u}}\n" }
	cases := []struct {
		name  string
		files map[string]string
		want  []string
		err   bool
	}{
		{name: "no files", want: []string{"default"}},
		{name: "one file with several contexts", files: map[string]string{"kubeconfig": kubeconfig + context("default") + context("build01")}, want: []string{"build01", "default"}},
		{name: "one file for each cluster", files: map[string]string{"build01.yaml": kubeconfig + context("admin@x"), "build02": kubeconfig + context("build02")}, want: []string{"build01", "build02", "default"}},
		{name: "one file for each cluster, same context name", files: map[string]string{"build01.kubeconfig": kubeconfig + context("admin@x"), "build02.kubeconfig": kubeconfig + context("admin@x")}, want: []string{"build01", "build02", "default"}},
		{name: "file named kubeconfig", files: map[string]string{"kubeconfig": kubeconfig + context("build01")}, want: []string{"build01", "default"}},
		{name: "hidden files of a mounted Secret", files: map[string]string{"..data": "{", ".hidden": "{"}, want: []string{"default"}},
		{name: "alias in two files", files: map[string]string{"a": kubeconfig + context("x") + context("y"), "b": kubeconfig + context("x") + context("z")}, err: true},
		{name: "invalid file", files: map[string]string{"a": "{"}, err: true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range c.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			clusters, err := LoadClusters(dir, &rest.Config{Host: "https://127.0.0.1:2"})
			if (err != nil) != c.err {
				t.Fatalf("got error %v", err)
			}
			if diff := cmp.Diff(c.want, slices.Sorted(maps.Keys(clusters))); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("default is our own cluster", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "build01.kubeconfig"), []byte(kubeconfig+context("default")), 0o600); err != nil {
			t.Fatal(err)
		}
		clusters, err := LoadClusters(dir, &rest.Config{Host: "https://127.0.0.1:2"})
		if err != nil {
			t.Fatal(err)
		}
		if host := clusters["default"].CoreV1().RESTClient().Get().URL().Host; host != "127.0.0.1:2" {
			t.Errorf("default is %s", host)
		}
	})
	if clusters, err := LoadClusters(filepath.Join(t.TempDir(), "missing"), nil); err != nil || len(clusters) != 0 {
		t.Errorf("got %v, %v", clusters, err)
	}
}
