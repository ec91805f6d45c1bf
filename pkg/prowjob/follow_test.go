package prowjob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

// buffer is an io.Writer for several goroutines.
type buffer struct {
	mutex sync.Mutex
	bytes bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.bytes.Write(p)
}

func (b *buffer) lines() []string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	s := strings.TrimSuffix(b.bytes.String(), "\n")
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

func TestStreamCopiesEachLineOnce(t *testing.T) {
	const day = "2026-11-20T10:00:"
	cases := []struct {
		name     string
		readings []string // the last read is final
		want     []string
	}{
		{"in one read", []string{day + "00.1Z a\n" + day + "00.2Z b\n"}, []string{"a", "b"}},
		{"empty log", []string{""}, nil},
		{"cut within a second", []string{
			day + "00.1Z a\n" + day + "01.1Z b\n" + day + "01.1Z c\n",
			day + "01.1Z b\n" + day + "01.1Z c\n" + day + "01.1Z d\n" + day + "02Z e\n",
		}, []string{"a", "b", "c", "d", "e"}},
		{"out of order within a second", []string{
			day + "01.5Z a\n" + day + "01.1Z b\n",
			day + "01.5Z a\n" + day + "01.1Z b\n" + day + "01.2Z c\n",
		}, []string{"a", "b", "c"}},
		{"cut within a line", []string{
			day + "01.1Z a\n" + day + "01.2Z half of b",
			day + "01.1Z a\n" + day + "01.2Z half of b and the rest\n",
		}, []string{"a", "half of b and the rest"}},
		{"last line without a line feed", []string{day + "01.1Z a"}, []string{"a"}},
		{"log rotated between reads", []string{
			day + "01.1Z a\n" + day + "01.2Z b\n",
			day + "01.9Z c\n",
		}, []string{"a", "b", "c"}},
		{"empty lines", []string{day + "01.1Z \n" + day + "01.1Z a\n"}, []string{"", "a"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, out := &stream{}, &buffer{}
			for i, reading := range c.readings {
				if err := s.copy(strings.NewReader(reading), &lines{to: out}, i == len(c.readings)-1); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(theirs(c.want...), out.lines()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// theirs returns the lines of a job as they are printed.
func theirs(lines ...string) []string {
	var out []string
	for _, line := range lines {
		out = append(out, terminal.Theirs+line)
	}
	return out
}

func TestStreamPassesLongLinesOn(t *testing.T) {
	long := strings.Repeat("x", 3*maxLine)
	s, out := &stream{}, &buffer{}
	if err := s.copy(strings.NewReader("2026-11-20T10:00:00Z "+long+"\n2026-11-20T10:00:00Z b\n"), &lines{to: out}, false); err != nil {
		t.Fatal(err)
	}
	if got := strings.ReplaceAll(strings.Join(out.lines(), ""), terminal.Theirs, ""); got != long+"b" {
		t.Errorf("%d bytes, want %d", len(got), len(long)+1)
	}
	if s.copied != 2 {
		t.Errorf("counted %d lines", s.copied)
	}
}

// kubelet serves one pod and its logs.
type kubelet struct {
	mutex sync.Mutex
	pod   *corev1.Pod
	// logs are the contents for successive reads by container; the last one is repeated.
	logs map[string][]string
	// asked are the queries for logs.
	asked []string
	// events are served unchanged.
	events corev1.EventList
	status int
}

func (k *kubelet) set(change func()) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	change()
}

func (k *kubelet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	switch {
	case k.status != 0:
		w.WriteHeader(k.status)
	case strings.HasSuffix(r.URL.Path, "/events"):
		answer(w, &k.events)
	case k.pod == nil || !strings.Contains(r.URL.Path, "/namespaces/test-pods/pods/"+k.pod.Name):
		w.WriteHeader(http.StatusNotFound)
	case strings.HasSuffix(r.URL.Path, "/log"):
		container := r.URL.Query().Get("container")
		k.asked = append(k.asked, container+" "+r.URL.Query().Get("sinceTime"))
		readings := k.logs[container]
		if len(readings) == 0 {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		if len(readings) > 1 {
			k.logs[container] = readings[1:]
		}
		_, _ = io.WriteString(w, readings[0])
	default:
		answer(w, k.pod)
	}
}

func answer(w http.ResponseWriter, object k8sruntime.Object) {
	w.Header().Set("Content-Type", "application/json")
	_ = scheme.Codecs.LegacyCodec(corev1.SchemeGroupVersion).Encode(object, w)
}

// client returns a client for the kubelet.
func (k *kubelet) client(t *testing.T) kubernetes.Interface {
	t.Helper()
	server := httptest.NewServer(k)
	t.Cleanup(server.Close)
	client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL, QPS: -1})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func newPod(phase corev1.PodPhase, containers ...corev1.ContainerStatus) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "job-1", Namespace: "test-pods", UID: "pod-1"}}
	pod.Status.Phase = phase
	for _, c := range containers {
		pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: c.Name})
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, c)
	}
	return pod
}

func running(name string) corev1.ContainerStatus {
	return corev1.ContainerStatus{Name: name, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}
}

func ended(name string, code int32) corev1.ContainerStatus {
	return corev1.ContainerStatus{Name: name, State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code}}}
}

func waiting(name, reason, message string) corev1.ContainerStatus {
	return corev1.ContainerStatus{Name: name, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}}
}

func newFollower(k *kubelet, t *testing.T, out io.Writer) *follower {
	return &follower{pods: k.client(t).CoreV1().Pods("test-pods"), name: "job-1", out: &lines{to: out}, interval: time.Millisecond}
}

// eventually waits for a condition that other goroutines fulfil.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestFollowFromWaitingToTheEnd(t *testing.T) {
	const at = "2026-11-20T10:00:01."
	pod := newPod(corev1.PodPending, waiting("test", "ErrImagePull", "no such image"), waiting("sidecar", "PodInitializing", ""))
	k := &kubelet{pod: pod, logs: map[string][]string{"test": {
		at + "1Z a\n",                 // the connection drops
		at + "1Z a\n" + at + "2Z b\n", // it drops again
		at + "1Z a\n" + at + "2Z b\n" + at + "3Z c\n" + at + "4Z d", // the last read
	}}}
	out := &buffer{}
	f := newFollower(k, t, out)
	done := make(chan error, 1)
	go func() { done <- f.run(context.Background()) }()

	eventually(t, "the reason for waiting is told", func() bool { return len(out.lines()) >= 1 })
	k.set(func() { k.pod = newPod(corev1.PodRunning, running("test"), running("sidecar")) })
	eventually(t, "two lines are copied", func() bool { return len(out.lines()) >= 3 })
	k.set(func() { k.pod = newPod(corev1.PodFailed, ended("test", 1), ended("sidecar", 1)) })
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	want := []string{"» the pod is waiting: container test: ErrImagePull: no such image", "│ a", "│ b", "│ c", "│ d"}
	if diff := cmp.Diff(want, out.lines()); diff != "" {
		t.Error(diff)
	}
	if k.asked[0] != "test " || k.asked[1] != "test 2026-11-20T10:00:01Z" {
		t.Errorf("asked for %q", k.asked)
	}
	if err := f.run(context.Background()); err != nil || len(out.lines()) != len(want) {
		t.Errorf("run again: %v, %q", err, out.lines())
	}
}

func TestFollow(t *testing.T) {
	initFailed := newPod(corev1.PodFailed, waiting("test", "PodInitializing", ""))
	initFailed.Status.InitContainerStatuses = []corev1.ContainerStatus{ended("clonerefs", 128)}
	cases := []struct {
		name string
		pod  *corev1.Pod
		logs map[string][]string
		want []string
	}{
		{name: "no pod"},
		{
			name: "pod ended before", pod: newPod(corev1.PodFailed, ended("b", 1)),
			logs: map[string][]string{"b": {"2026-11-20T10:00:00Z x\n"}},
			want: []string{"│ x"},
		},
		{
			name: "several containers", pod: newPod(corev1.PodFailed, ended("a", 0), ended("b", 1)),
			logs: map[string][]string{"a": {""}, "b": {"2026-11-20T10:00:00Z x\n"}},
			want: []string{"│ [b] x"},
		},
		{
			name: "init container failed", pod: initFailed,
			logs: map[string][]string{"clonerefs": {"fatal: no such ref\n"}},
			want: []string{"» container clonerefs failed:", "│ [clonerefs] fatal: no such ref"},
		},
		{
			name: "only the sidecar failed", pod: newPod(corev1.PodFailed, ended("test", 0), ended("sidecar", 1)),
			logs: map[string][]string{"test": {"2026-11-20T10:00:00Z fine\n"}, "sidecar": {"upload failed\n"}},
			want: []string{"│ fine", "» container sidecar failed:", "│ [sidecar] upload failed"},
		},
		{
			name: "log cannot be read", pod: newPod(corev1.PodFailed, ended("test", 0)),
			want: []string{"» the end of the log of container test could not be read: an error on the server (\"\") has prevented the request from succeeding (get pods job-1)"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			out := &buffer{}
			f := newFollower(&kubelet{pod: c.pod, logs: c.logs}, t, out)
			if err := f.run(context.Background()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, out.lines()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFollowReplacedPod(t *testing.T) {
	k := &kubelet{pod: newPod(corev1.PodSucceeded, ended("test", 0)), logs: map[string][]string{"test": {"2026-11-20T10:00:00Z x\n"}}}
	out := &buffer{}
	f := newFollower(k, t, out)
	for _, uid := range []types.UID{"pod-1", "pod-2"} {
		k.set(func() { k.pod.UID = uid })
		if err := f.run(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"│ x", "» the pod was replaced by another; its log starts anew", "│ x"}, out.lines()); diff != "" {
		t.Error(diff)
	}
}

func TestFollowEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	f := newFollower(&kubelet{pod: newPod(corev1.PodPending, waiting("test", "", ""))}, t, io.Discard)
	if err := f.run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("with its context: %v", err)
	}
	f = newFollower(&kubelet{status: http.StatusForbidden}, t, io.Discard)
	if err := f.run(context.Background()); !refused(err) {
		t.Errorf("when it may not read: %v", err)
	}
}

func TestWaitingFor(t *testing.T) {
	unscheduled := newPod(corev1.PodPending)
	unscheduled.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/3 nodes"}}
	cases := []struct {
		name string
		pod  *corev1.Pod
		want string
	}{
		{"unschedulable pod", unscheduled, "Unschedulable: 0/3 nodes"},
		{"image cannot be pulled", newPod(corev1.PodPending, waiting("test", "ImagePullBackOff", "")), "container test: ImagePullBackOff"},
		{"container being created", newPod(corev1.PodPending, waiting("test", "ContainerCreating", "")), ""},
		{"container running", newPod(corev1.PodRunning, running("test")), ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := waitingFor(c.pod); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTelling(t *testing.T) {
	cases := []struct {
		name string
		pod  *corev1.Pod
		want string
	}{
		{"job and sidecar failed", newPod(corev1.PodFailed, ended("test", 1), ended("sidecar", 1)), "[test]"},
		{"only the sidecar failed", newPod(corev1.PodFailed, ended("test", 0), ended("sidecar", 1)), "[test sidecar]"},
		{"one of two containers failed", newPod(corev1.PodFailed, ended("a", 0), ended("b", 1)), "[b]"},
		{"containers without an exit code", newPod(corev1.PodFailed, running("a"), running("b")), "[a b]"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := fmt.Sprint(telling(c.pod)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestAJobSpeaksForItself checks that neither a job's log nor Prow's description can
// imitate our lines or control the reader's terminal.
func TestAJobSpeaksForItself(t *testing.T) {
	s, out := &stream{}, &buffer{}
	to := &lines{to: out}
	day := "2026-11-20T10:00:00Z "
	if err := s.copy(strings.NewReader(day+"» pull-widget-e2e passed\n"+day+"x\r» pull-widget-e2e passed\n"+day+"\x1b]52;c;ZXZpbA==\x07\x1b[2A\x1b[32mok\n"), to, true); err != nil {
		t.Fatal(err)
	}
	pj := &prowapi.ProwJob{Status: prowapi.ProwJobStatus{
		State: prowapi.ErrorState, Description: "denied\n» pull-widget-e2e passed\x1b[2J", URL: "https://deck\x1b]0;x\x07",
	}}
	pj.Name, pj.Spec.Job = "job-1", "pull\u202ewidget"
	to.say(stateLine(pj))
	want := []string{
		"│ » pull-widget-e2e passed", "│ » pull-widget-e2e passed", "│ \x1b[32mok\x1b[0m",
		`» ProwJob job-1 (pull\u202ewidget): error: denied\n» pull-widget-e2e passed\x1b[2J https://deck\x1b]0;x\x07`,
	}
	if diff := cmp.Diff(want, out.lines()); diff != "" {
		t.Error(diff)
	}
}
