package prowjob

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	k8stesting "k8s.io/client-go/testing"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	prowfake "sigs.k8s.io/prow/pkg/client/clientset/versioned/fake"
	prowclient "sigs.k8s.io/prow/pkg/client/clientset/versioned/typed/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

var prowjobs = schema.GroupResource{Group: "prow.k8s.io", Resource: "prowjobs"}

func newJob(state prowapi.ProwJobState, description string) *prowapi.ProwJob {
	return &prowapi.ProwJob{
		ObjectMeta: metav1.ObjectMeta{
			Name: "job-1", Namespace: "prow", ResourceVersion: "1",
			Labels:      map[string]string{run.LabelRehearsalUID: "uid-1", run.LabelRun: "run-1"},
			Annotations: map[string]string{run.AnnotationJob: "pull-widget-e2e"},
		},
		Spec:   prowapi.ProwJobSpec{Job: "rehearse-7-pull-widget-e2e", Cluster: "default"},
		Status: prowapi.ProwJobStatus{State: state, Description: description},
	}
}

func completed(pj *prowapi.ProwJob) *prowapi.ProwJob {
	pj.SetComplete()
	return pj
}

// fakeProw returns a client for a namespace with the given ProwJobs.
func fakeProw(jobs ...k8sruntime.Object) (prowclient.ProwJobInterface, *prowfake.Clientset) {
	clients := prowfake.NewSimpleClientset(jobs...)
	return clients.ProwV1().ProwJobs("prow"), clients
}

func TestEnsure(t *testing.T) {
	foreign := newJob(prowapi.PendingState, "")
	foreign.Labels = nil
	lost := errors.New("connection reset by peer")
	cases := []struct {
		name    string
		exists  []k8sruntime.Object
		answer  error // the response of create
		commits bool  // whether the ProwJob is created nevertheless
		want    error
	}{
		{name: "ProwJob created"},
		{name: "own ProwJob adopted", exists: []k8sruntime.Object{newJob(prowapi.PendingState, "")}},
		{name: "name taken by another ProwJob", exists: []k8sruntime.Object{foreign}, want: &ForeignError{Namespace: "prow", Name: "job-1"}},
		{name: "response lost", answer: lost, commits: true},
		{name: "request lost", answer: lost, want: lost},
		{name: "creation forbidden", answer: apierrors.NewForbidden(prowjobs, "job-1", nil), want: apierrors.NewForbidden(prowjobs, "job-1", nil)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			client, clients := fakeProw(c.exists...)
			clients.PrependReactor("create", "prowjobs", func(action k8stesting.Action) (bool, k8sruntime.Object, error) {
				if c.answer == nil {
					return false, nil, nil
				}
				if c.commits {
					created := action.(k8stesting.CreateAction).GetObject()
					if err := clients.Tracker().Create(prowapi.SchemeGroupVersion.WithResource("prowjobs"), created, "prow"); err != nil {
						t.Fatal(err)
					}
				}
				return true, nil, c.answer
			})
			want := newJob(prowapi.TriggeredState, "")
			got, created, err := Ensure(context.Background(), client, want)
			if c.want != nil {
				if err == nil || !errors.Is(err, c.want) && !sameKind(err, c.want) {
					t.Fatalf("got error %v, want %v", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.Name != "job-1" || len(c.exists) == 0 && got.Status.StartTime.IsZero() {
				t.Errorf("got %+v", got)
			}
			if created != (c.answer == nil && len(c.exists) == 0) {
				t.Errorf("created: %t", created)
			}
			if !want.Status.StartTime.IsZero() {
				t.Error("changed what it was given")
			}
		})
	}
}

func sameKind(got, want error) bool {
	var foreign *ForeignError
	if errors.As(want, &foreign) {
		return errors.As(got, &foreign)
	}
	return apierrors.ReasonForError(want) != metav1.StatusReasonUnknown && apierrors.ReasonForError(got) == apierrors.ReasonForError(want)
}

func TestAbort(t *testing.T) {
	cases := []struct {
		name      string
		job       *prowapi.ProwJob
		conflicts int
		patches   int
		wantErr   bool
		want      prowapi.ProwJobState
	}{
		{name: "ProwJob running", job: newJob(prowapi.PendingState, "Job triggered."), patches: 1, want: prowapi.AbortedState},
		{name: "ProwJob not started", job: newJob(prowapi.TriggeredState, ""), patches: 1, want: prowapi.AbortedState},
		{name: "plank was faster twice", job: newJob(prowapi.PendingState, ""), conflicts: 2, patches: 3, want: prowapi.AbortedState},
		{name: "plank is always faster", job: newJob(prowapi.PendingState, ""), conflicts: 100, patches: abortAttempts, wantErr: true, want: prowapi.PendingState},
		{name: "ProwJob complete", job: completed(newJob(prowapi.SuccessState, "Job succeeded.")), want: prowapi.SuccessState},
		{name: "aborted already", job: newJob(prowapi.AbortedState, "by somebody"), want: prowapi.AbortedState},
		{name: "ProwJob missing"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			client, clients := fakeProw()
			if c.job != nil {
				client, clients = fakeProw(c.job)
			}
			patches := 0
			clients.PrependReactor("patch", "prowjobs", func(action k8stesting.Action) (bool, k8sruntime.Object, error) {
				patches++
				checkAbortPatch(t, action.(k8stesting.PatchAction).GetPatch())
				if patches <= c.conflicts {
					return true, nil, apierrors.NewConflict(prowjobs, "job-1", nil)
				}
				return false, nil, nil
			})
			if err := Abort(context.Background(), client, "job-1", "a new push"); (err != nil) != c.wantErr {
				t.Fatalf("got error %v", err)
			}
			if patches != c.patches {
				t.Errorf("%d patches, want %d", patches, c.patches)
			}
			if c.job == nil {
				return
			}
			got, err := client.Get(context.Background(), "job-1", metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got.Status.State != c.want || got.Complete() != c.job.Complete() {
				t.Errorf("got %s, complete: %v", got.Status.State, got.Complete())
			}
		})
	}
}

// checkAbortPatch checks that the patch sets only the state and the description. Only
// plank may set the completion time: it ignores complete ProwJobs, and would leave the
// pod running.
func checkAbortPatch(t *testing.T, patch []byte) {
	t.Helper()
	var got struct {
		Metadata map[string]string `json:"metadata"`
		Status   map[string]string `json:"status"`
	}
	if err := json.Unmarshal(patch, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Metadata) != 1 || got.Metadata["resourceVersion"] != "1" {
		t.Errorf("metadata %v", got.Metadata)
	}
	if len(got.Status) != 2 || got.Status["state"] != "aborted" || got.Status["description"] != "a new push" {
		t.Errorf("status %v", got.Status)
	}
}

func TestPersist(t *testing.T) {
	final := &run.DamagedError{ConfigMap: "run-1", Key: "job-1"}
	cases := []struct {
		name  string
		err   error
		calls int
	}{
		{"call succeeds", nil, 1},
		{"call forbidden", apierrors.NewForbidden(prowjobs, "x", nil), 1},
		{"name taken by another ProwJob", &ForeignError{}, 1},
		{"stored ProwJob damaged", final, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			calls := 0
			err := Persist(context.Background(), time.Minute, func(context.Context) error { calls++; return c.err })
			if calls != c.calls || !errors.Is(err, c.err) {
				t.Errorf("%d calls, error %v", calls, err)
			}
		})
	}
	t.Run("time limit reached", func(t *testing.T) {
		err := Persist(context.Background(), time.Millisecond, func(context.Context) error { return errors.New("away") })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}
