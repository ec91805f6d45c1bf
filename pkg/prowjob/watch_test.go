package prowjob

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	k8swatch "k8s.io/apimachinery/pkg/watch"
	k8stesting "k8s.io/client-go/testing"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	prowfake "sigs.k8s.io/prow/pkg/client/clientset/versioned/fake"
)

func version(pj *prowapi.ProwJob, v string) *prowapi.ProwJob {
	pj.ResourceVersion = v
	return pj
}

func TestWatch(t *testing.T) {
	triggered := func() *prowapi.ProwJob { return newJob(prowapi.TriggeredState, "") }
	pending := func() *prowapi.ProwJob { return version(newJob(prowapi.PendingState, ""), "2") }
	done := func() *prowapi.ProwJob { return version(completed(newJob(prowapi.SuccessState, "")), "3") }
	cases := []struct {
		name   string
		exists []k8sruntime.Object
		// say sends the events of the first watch. Afterwards the watch ends, and the
		// ProwJob is read again as done.
		say  func(w *k8swatch.FakeWatcher)
		want string
		err  error
	}{
		{
			name: "watched to the end", exists: []k8sruntime.Object{triggered()},
			say:  func(w *k8swatch.FakeWatcher) { w.Modify(pending()); w.Modify(done()) },
			want: "triggered pending success",
		},
		{name: "complete from the start", exists: []k8sruntime.Object{done()}, want: "success"},
		{
			name: "watch drops", exists: []k8sruntime.Object{triggered()},
			say:  func(w *k8swatch.FakeWatcher) { w.Modify(pending()); w.Stop() },
			want: "triggered pending success",
		},
		{
			name: "watch is too old", exists: []k8sruntime.Object{triggered()},
			say: func(w *k8swatch.FakeWatcher) {
				w.Error(&metav1.Status{Status: metav1.StatusFailure, Code: http.StatusGone, Reason: metav1.StatusReasonExpired})
			},
			want: "triggered success",
		},
		{
			name: "deleted while watched", exists: []k8sruntime.Object{triggered()},
			say:  func(w *k8swatch.FakeWatcher) { w.Delete(triggered()) },
			want: "triggered", err: &GoneError{Name: "job-1"},
		},
		{name: "ProwJob missing", err: &GoneError{Name: "job-1"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			client, clients := fakeProw(c.exists...)
			clients.PrependWatchReactor("prowjobs", func(k8stesting.Action) (bool, k8swatch.Interface, error) {
				w := k8swatch.NewFakeWithChanSize(10, false)
				c.say(w)
				if err := clients.Tracker().Update(prowapi.SchemeGroupVersion.WithResource("prowjobs"), done(), "prow"); err != nil {
					return true, nil, err
				}
				return true, w, nil
			})
			var seen []string
			pj, err := Watch(context.Background(), client, "job-1", func(pj *prowapi.ProwJob) { seen = append(seen, string(pj.Status.State)) })
			var gone *GoneError
			if (c.err != nil) != errors.As(err, &gone) {
				t.Fatalf("got error %v", err)
			}
			if c.err == nil && !pj.Complete() {
				t.Errorf("got %+v", pj)
			}
			if got := strings.Join(seen, " "); got != c.want {
				t.Errorf("saw %q, want %q", got, c.want)
			}
		})
	}
}

func TestWatchOutlivesTheAPIServer(t *testing.T) {
	client, clients := fakeProw(completed(newJob(prowapi.SuccessState, "")))
	calls := 0
	clients.PrependReactor("get", "prowjobs", func(k8stesting.Action) (bool, k8sruntime.Object, error) {
		calls++
		return calls == 1, nil, errors.New("connection refused")
	})
	if _, err := Watch(context.Background(), client, "job-1", func(*prowapi.ProwJob) {}); err != nil {
		t.Error(err)
	}
	clients.PrependReactor("get", "prowjobs", func(k8stesting.Action) (bool, k8sruntime.Object, error) {
		return true, nil, apierrors.NewForbidden(prowjobs, "job-1", nil)
	})
	if _, err := Watch(context.Background(), client, "job-1", func(*prowapi.ProwJob) {}); !apierrors.IsForbidden(err) {
		t.Errorf("got %v, want what does not go away", err)
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	client, _ := fakeProw(newJob(prowapi.PendingState, ""))
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := Watch(ctx, client, "job-1", func(*prowapi.ProwJob) {}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestAttend(t *testing.T) {
	success := completed(newJob(prowapi.SuccessState, "Job succeeded."))
	success.Status.PodName = "job-1"
	success.Status.URL = "https://deck/view/gs/b/1"
	stuck := completed(newJob(prowapi.ErrorState, "Pod scheduling timeout."))
	stuck.Status.PodName = "job-1"
	elsewhere := success.DeepCopy()
	elsewhere.Spec.Cluster = "build01"
	log := map[string][]string{"test": {"2026-11-20T10:00:00Z x\n"}}
	cases := []struct {
		name string
		job  *prowapi.ProwJob
		pod  *corev1.Pod
		want []string
	}{
		{"log from the pod", success, newPod(corev1.PodSucceeded, ended("test", 0)),
			[]string{"» ProwJob job-1 (rehearse-7-pull-widget-e2e): success: Job succeeded. https://deck/view/gs/b/1", "│ x"}},
		{"pod never ran", stuck, nil, []string{"» ProwJob job-1 (rehearse-7-pull-widget-e2e): error: Pod scheduling timeout."}},
		{"cluster without kubeconfig", elsewhere, nil, []string{
			"» ProwJob job-1 (rehearse-7-pull-widget-e2e): success: Job succeeded. https://deck/view/gs/b/1",
			"» the log cannot be followed: cluster build01: no kubeconfig for this cluster",
			"» no log was read: the ProwJob does not say where Deck is",
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			client, _ := fakeProw(c.job)
			out := &buffer{}
			a := Attendant{ProwJobs: client, Out: out, Logs: &Logs{
				Namespace: "test-pods",
				Clusters:  Clusters{"default": (&kubelet{pod: c.pod, logs: log}).client(t)},
			}}
			pj, err := a.Attend(context.Background(), "job-1")
			if err != nil || !pj.Complete() {
				t.Fatalf("got %v, %v", pj, err)
			}
			if diff := cmp.Diff(c.want, out.lines()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRightsThatCome: an API server that has just started refuses everybody until it
// knows the Roles. The refusal of an admission policy is permanent.
func TestRightsThatCome(t *testing.T) {
	unknown := apierrors.NewForbidden(prowjobs, "job-1", errors.New(`User "system:serviceaccount:rehearsals:rehearsal-task" cannot get resource "prowjobs" in API group "prow.k8s.io" in the namespace "prow"`))
	denied := apierrors.NewForbidden(prowjobs, "job-1", errors.New("ValidatingAdmissionPolicy 'rehearsal-prowjobs' with binding 'rehearsal-prowjobs' denied request: no"))
	for _, c := range []struct {
		name  string
		err   error
		calls int
	}{{"Roles not known yet", unknown, 2}, {"unauthorized", apierrors.NewUnauthorized("no"), 2}, {"refused by an admission policy", denied, 1}} {
		calls := 0
		err := Persist(t.Context(), time.Minute, func(context.Context) error {
			if calls++; calls > 1 {
				return nil
			}
			return fmt.Errorf("reading: %w", c.err)
		})
		if calls != c.calls || (err == nil) != (c.calls > 1) {
			t.Errorf("%s: %d calls, %v", c.name, calls, err)
		}
	}
	pj := &prowapi.ProwJob{ObjectMeta: metav1.ObjectMeta{Name: "job-1", Namespace: "prow"}}
	pj.SetComplete()
	client := prowfake.NewSimpleClientset(pj)
	first := true
	client.PrependReactor("get", "prowjobs", func(k8stesting.Action) (bool, k8sruntime.Object, error) {
		refused := first
		first = false
		return refused, nil, unknown
	})
	if got, err := Watch(t.Context(), client.ProwV1().ProwJobs("prow"), "job-1", func(*prowapi.ProwJob) {}); err != nil || !got.Complete() {
		t.Errorf("watching: %v", err)
	}
}

// TestRightsThatDoNotCome checks that missing rights are permanent after a minute.
func TestRightsThatDoNotCome(t *testing.T) {
	rights := Rights{since: time.Now().Add(-2 * settling)}
	if rights.MayCome(apierrors.NewUnauthorized("no")) {
		t.Error("they are")
	}
}
