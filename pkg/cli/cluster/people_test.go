package cluster

import (
	"context"
	"strings"
	"testing"
	"time"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	tektonfake "github.com/tektoncd/pipeline/pkg/client/clientset/versioned/fake"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubefake "k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	prowfake "sigs.k8s.io/prow/pkg/client/clientset/versioned/fake"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/client/clientset/versioned/fake"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/rehearsal/resources"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// noon is the current time in tests.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

const (
	head = "0123456789abcdef0123456789abcdef01234567"
	base = "89abcdef0123456789abcdef0123456789abcdef"
)

// stage is a cluster in memory. The user is alice.
type stage struct {
	*cluster
	t       *testing.T
	ours    *fake.Clientset
	tekton  *tektonfake.Clientset
	prow    *prowfake.Clientset
	kube    *kubefake.Clientset
	user    string
	present *v1alpha1.Rehearsal
}

func newStage(t *testing.T, all ...*v1alpha1.Rehearsal) *stage {
	t.Helper()
	s := &stage{t: t, ours: fake.NewSimpleClientset(), tekton: tektonfake.NewSimpleClientset(), prow: prowfake.NewSimpleClientset(), kube: kubefake.NewSimpleClientset(), user: "alice"}
	for _, rh := range all {
		s.present = rh
		_, err := s.ours.RehearsalV1alpha1().Rehearsals("rehearsals").Create(t.Context(), rh, metav1.CreateOptions{})
		s.must(err)
	}
	s.kube.PrependReactor("create", "selfsubjectreviews", func(clienttesting.Action) (bool, runtime.Object, error) {
		review := &authenticationv1.SelfSubjectReview{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(noon)}}
		review.Status.UserInfo.Username = s.user
		return true, review, nil
	})
	_, err := s.kube.CoreV1().ConfigMaps("rehearsals").Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: settings.ConfigMap},
		Data:       map[string]string{settings.File: "prefixes: [/try]\nprow: {prowjob_namespace: jobs}\ngithub: {git_endpoint: https://github.example.com}\n"},
	}, metav1.CreateOptions{})
	s.must(err)
	s.cluster = &cluster{
		namespace: "rehearsals", host: "https://cluster.example.com",
		users: s.kube.AuthenticationV1().SelfSubjectReviews(), configMaps: s.kube.CoreV1().ConfigMaps("rehearsals"),
		rehearsals:   s.ours.RehearsalV1alpha1().Rehearsals("rehearsals"),
		pipelineRuns: s.tekton.TektonV1().PipelineRuns("rehearsals"), prowJobs: s.prow.ProwV1(),
	}
	return s
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// status changes the status of the Rehearsal, as the controller would.
func (s *stage) status(change func(*v1alpha1.Rehearsal)) {
	s.t.Helper()
	rh, err := s.rehearsals.Get(s.t.Context(), s.present.Name, metav1.GetOptions{})
	s.must(err)
	change(rh)
	_, err = s.rehearsals.UpdateStatus(s.t.Context(), rh, metav1.UpdateOptions{})
	s.must(err)
}

// pull returns a Rehearsal without commands.
func pull(org, repo string, number int) *v1alpha1.Rehearsal {
	of := v1alpha1.Pull{Org: org, Repo: repo, Number: number}
	return &v1alpha1.Rehearsal{
		ObjectMeta: metav1.ObjectMeta{Name: event.Name(of), Namespace: "rehearsals", UID: "u-1"},
		Spec:       v1alpha1.RehearsalSpec{Pull: of},
		Status: v1alpha1.RehearsalStatus{
			Pull: &v1alpha1.PullStatus{Head: head, BaseRef: "main", Base: base, Author: "carol", Title: "Move to Go 1.26", Open: true, ReadAt: metav1.NewTime(noon)},
			Plan: &v1alpha1.PlanStatus{Head: head, Base: base, Jobs: 70, Affected: 4, Offered: 3, Excluded: 1},
		},
	}
}

// command adds a command to a pull request.
func command(rh *v1alpha1.Rehearsal, id, by, text string) {
	rh.Spec.Commands = append(rh.Spec.Commands, v1alpha1.Command{ID: id, By: by, Text: text, At: metav1.NewTime(noon.Add(-10 * time.Minute))})
}

func accept(rh *v1alpha1.Rehearsal, id string) {
	rh.Status.Commands = append(rh.Status.Commands, v1alpha1.CommandStatus{ID: id, Verdict: v1alpha1.VerdictAccepted, Head: head})
}

// running adds a run and returns its PipelineRun.
func running(rh *v1alpha1.Rehearsal, id string, jobs ...string) *pipelinev1.PipelineRun {
	name := resources.RunName(rh, id)
	m := run.Manifest{Name: name}
	for _, job := range jobs {
		m.Jobs = append(m.Jobs, run.Job{DisplayName: job, Task: job, ConfigMap: name, ProwJob: "pj-" + job})
	}
	pr := resources.PipelineRun(rh, m, m.Jobs, 1, 42, time.Hour)
	started := metav1.NewTime(noon.Add(-4 * time.Minute))
	rh.Status.Runs = append(rh.Status.Runs, v1alpha1.RunStatus{
		ID: id, Head: head, By: "alice", State: v1alpha1.RunRunning, PipelineRun: pr.Name, Attempt: 1, Comment: 42, Total: len(jobs), StartedAt: &started,
	})
	return pr
}

// prowJob returns a ProwJob that has been in a state for some minutes.
func prowJob(rh *v1alpha1.Rehearsal, job string, state prowapi.ProwJobState, said string) *prowapi.ProwJob {
	pj := &prowapi.ProwJob{
		ObjectMeta: metav1.ObjectMeta{Name: "pj-" + job, Namespace: "jobs", Labels: map[string]string{run.LabelRehearsalUID: string(rh.UID)}},
		Status:     prowapi.ProwJobStatus{State: state, Description: said, StartTime: metav1.NewTime(noon.Add(-3 * time.Minute))},
	}
	if state != prowapi.TriggeredState {
		pending := metav1.NewTime(noon.Add(-2 * time.Minute))
		pj.Status.PendingTime = &pending
		pj.Status.URL = "https://prow.example.com/view/s3/logs/pr-logs/pull/acme_release/7/rehearse-7-" + job + "/1857000000000000000"
	}
	if state != prowapi.TriggeredState && state != prowapi.PendingState {
		done := metav1.NewTime(noon.Add(-30 * time.Second))
		pj.Status.CompletionTime = &done
	}
	return pj
}

// has creates objects in the cluster.
func (s *stage) has(objects ...any) {
	s.t.Helper()
	for _, object := range objects {
		var err error
		switch o := object.(type) {
		case *pipelinev1.PipelineRun:
			_, err = s.pipelineRuns.Create(s.t.Context(), o, metav1.CreateOptions{})
		case *prowapi.ProwJob:
			_, err = s.prowJobs.ProwJobs(o.Namespace).Create(s.t.Context(), o, metav1.CreateOptions{})
		default:
			s.t.Fatalf("what is %T?", object)
		}
		s.must(err)
	}
}

// becomes replaces a ProwJob.
func (s *stage) becomes(pj *prowapi.ProwJob) {
	s.t.Helper()
	_, err := s.prowJobs.ProwJobs(pj.Namespace).Update(s.t.Context(), pj, metav1.UpdateOptions{})
	s.must(err)
}

// soon returns a context with a generous timeout.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// channel is a writer that sends what is written to a channel.
type channel struct{ written chan string }

func newChannel() channel { return channel{make(chan string, 1000)} }

func (l channel) Write(p []byte) (int, error) {
	l.written <- string(p)
	return len(p), nil
}

// until reads until a text has been written.
func (l channel) until(t *testing.T, what string) string {
	t.Helper()
	all := ""
	for end := time.After(time.Minute); ; {
		select {
		case text := <-l.written:
			if all += text; strings.Contains(all, what) {
				return all
			}
		case <-end:
			t.Fatalf("%q was never written, but:\n%s", what, all)
		}
	}
}
