package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	tektonfake "github.com/tektoncd/pipeline/pkg/client/clientset/versioned/fake"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	kubefake "k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"
	"k8s.io/utils/ptr"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	prowfake "sigs.k8s.io/prow/pkg/client/clientset/versioned/fake"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/pages"
	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

var now = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

// page is a comment whose first edits fail with the given errors.
type page struct {
	errs  []error
	calls int
	body  string
}

func (p *page) EditComment(_ context.Context, org, repo string, id int64, body string) (*github.Comment, error) {
	p.calls++
	if len(p.errs) > 0 {
		err := p.errs[0]
		p.errs = p.errs[1:]
		return nil, err
	}
	if org != "acme" || repo != "release" || id != 42 {
		return nil, &github.NotFoundError{Op: "editing the comment"}
	}
	p.body = body
	return &github.Comment{ID: id, Body: body}, nil
}

func prowJob(name string, state prowapi.ProwJobState, complete bool) *prowapi.ProwJob {
	pj := &prowapi.ProwJob{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "prow", Labels: map[string]string{run.LabelRun: "run-1"}}, Status: prowapi.ProwJobStatus{State: state}}
	if complete {
		done := metav1.NewTime(now)
		pj.Status.CompletionTime = &done
	}
	return pj
}

func pipelineRun(reason string, status pipelinev1.PipelineRunSpecStatus) *pipelinev1.PipelineRun {
	pr := &pipelinev1.PipelineRun{ObjectMeta: metav1.ObjectMeta{Name: "run-1", Namespace: "rehearsals"}, Spec: pipelinev1.PipelineRunSpec{Status: status}}
	if reason != "" {
		pr.Annotations = map[string]string{run.AnnotationAbortReason: reason}
	}
	return pr
}

func newCollator(t *testing.T, p *page, pr *pipelinev1.PipelineRun, jobs ...k8sruntime.Object) (*collator, *prowfake.Clientset, *bytes.Buffer) {
	t.Helper()
	m := run.Manifest{Name: "run-1", ID: "comment-5-0", Org: "acme", Repo: "release", Number: 7, Time: time.Hour, Page: "https://rehearsals.example.com/run-1", ProwJobNamespace: "prow", PodNamespace: "test-pods", GitHubEndpoint: "https://ghe.example/api/v3"}
	for _, name := range []string{"a", "b"} {
		m.Jobs = append(m.Jobs, run.Job{Name: "pull-" + name, ProwJob: name, Type: "presubmit", Repo: "acme/widget"})
	}
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	meta := metav1.ObjectMeta{
		Name: "run-1", Namespace: "rehearsals", Labels: map[string]string{run.LabelRun: "run-1"},
		OwnerReferences: []metav1.OwnerReference{{Kind: "Rehearsal", Name: "acme-release-7", BlockOwnerDeletion: ptr.To(true)}},
	}
	cm := &corev1.ConfigMap{ObjectMeta: meta, Data: map[string]string{run.ManifestKey: string(raw)}}
	prow, out := prowfake.NewSimpleClientset(jobs...), &bytes.Buffer{}
	return &collator{
		Connection: &prowjob.Connection{
			Kube: kubefake.NewSimpleClientset(cm), Tekton: tektonfake.NewSimpleClientset(pr),
			Prow: prow, Logs: &prowjob.Logs{},
		},
		newEditor: func(got run.Manifest) (editor, error) {
			if got.GitHubEndpoint != m.GitHubEndpoint {
				t.Errorf("the comment is sent to %s", got.GitHubEndpoint)
			}
			return p, nil
		},
		out: out, now: func() time.Time { return now }, interval: time.Millisecond, backoff: time.Millisecond,
		namespace: "rehearsals", run: "run-1", comment: 42, pipelineRun: "run-1", finalGrace: time.Minute,
	}, prow, out
}

// TestDeadlineOfThePipelineRun checks that the deadline in the PipelineRun counts,
// because the time of a run starts with its first PipelineRun.
func TestDeadlineOfThePipelineRun(t *testing.T) {
	pr := pipelineRun("", "")
	pr.Annotations = map[string]string{run.AnnotationDeadline: "2026-11-20T18:00:00Z"}
	c, _, out := newCollator(t, &page{}, pr, prowJob("a", prowapi.PendingState, false))
	clock := now
	c.now = func() time.Time { clock = clock.Add(time.Hour); return clock }
	if err := c.collate(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "Waiting until 2026-11-20T18:00:00Z for: pull-a") {
		t.Errorf("it says %s", out)
	}
}

func TestCollate(t *testing.T) {
	cases := []struct {
		name string
		pr   *pipelinev1.PipelineRun
		jobs []k8sruntime.Object
		// clock is how far the clock advances each time that it is read.
		clock time.Duration
		want  string
		// goesOn says that the controller will start the remaining jobs.
		goesOn bool
	}{
		{
			name: "all jobs passed", pr: pipelineRun("", ""),
			jobs: []k8sruntime.Object{prowJob("a", prowapi.SuccessState, true), prowJob("b", prowapi.SuccessState, true)},
			want: "✅ **All 2 rehearsals passed**",
		},
		{
			name: "one job failed", pr: pipelineRun("", ""),
			jobs: []k8sruntime.Object{prowJob("a", prowapi.SuccessState, true), prowJob("b", prowapi.FailureState, true)},
			want: "❌ **1 of 2 rehearsals failed**: 1 passed.",
		},
		{
			name: "one job left for the next PipelineRun", pr: pipelineRun("", ""),
			jobs: []k8sruntime.Object{prowJob("a", prowapi.FailureState, true)},
			want: "⏳ **Running 1 of 2 rehearsals**: 1 failed, 1 not started.", goesOn: true,
		},
		{
			name: "one job never ends", pr: pipelineRun("", ""), clock: 10 * time.Minute,
			jobs: []k8sruntime.Object{prowJob("a", prowapi.SuccessState, true), prowJob("b", prowapi.PendingState, false)},
			want: "❌ **1 of 2 rehearsals did not finish**: 1 passed, 1 running.",
		},
		{
			name: "run aborted", pr: pipelineRun("a new push", pipelinev1.PipelineRunSpecStatusCancelledRunFinally),
			jobs: []k8sruntime.Object{prowJob("a", prowapi.AbortedState, true)},
			want: "🛑 **Aborted**: a new push. 1 not started.",
		},
		{
			name: "run aborted while plank is down", pr: pipelineRun("a new push", ""), clock: time.Second,
			jobs: []k8sruntime.Object{prowJob("a", prowapi.AbortedState, false)},
			want: "🛑 **Aborted**: a new push. 1 not started.",
		},
		{
			name: "PipelineRun cancelled by hand", pr: pipelineRun("", pipelinev1.PipelineRunSpecStatusCancelledRunFinally),
			jobs: []k8sruntime.Object{prowJob("a", prowapi.SuccessState, true), prowJob("b", prowapi.AbortedState, true)},
			want: "🛑 **Aborted**: the PipelineRun was cancelled. 1 passed.",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := &page{}
			collator, _, out := newCollator(t, p, c.pr, c.jobs...)
			clock := now
			collator.now = func() time.Time { clock = clock.Add(c.clock); return clock }
			if err := collator.collate(context.Background()); err != nil {
				t.Fatal(err)
			}
			if first, _, _ := strings.Cut(p.body, "\n"); first != c.want {
				t.Errorf("reports %q, want %q", first, c.want)
			}
			if m, ok := report.FindMarker(p.body); !ok || m != report.RunMarker("comment-5-0") {
				t.Errorf("marker %q", m)
			}
			if got := report.InProgress(p.body); got != c.goesOn {
				t.Errorf("in progress: %v", got)
			}
			_, err := pages.Read(context.Background(), collator.Kube.CoreV1().ConfigMaps("rehearsals"), "run-1")
			linked := strings.Contains(p.body, "(https://rehearsals.example.com/run-1)")
			if (err == nil) == c.goesOn || linked == c.goesOn {
				t.Errorf("page stored: %v, linked: %v", err, linked)
			}
			if p.calls != 1 || !strings.Contains(out.String(), "pull-a") || !strings.Contains(out.String(), "Written to comment 42") {
				t.Errorf("%d calls, log:\n%s", p.calls, out)
			}
		})
	}
}

func TestStorePage(t *testing.T) {
	passed := []k8sruntime.Object{prowJob("a", prowapi.SuccessState, true), prowJob("b", prowapi.SuccessState, true)}
	refuse := func(verb string) func(*kubefake.Clientset) {
		return func(kube *kubefake.Clientset) {
			kube.PrependReactor(verb, "configmaps", func(k8stesting.Action) (bool, k8sruntime.Object, error) {
				return true, nil, apierrors.NewForbidden(corev1.Resource("configmaps"), "run-1.page", errors.New("no"))
			})
		}
	}
	cases := []struct {
		name   string
		kube   func(*kubefake.Clientset)
		twice  bool
		linked bool
	}{
		{name: "page stored", kube: refuse("update"), linked: true},
		{name: "page stored by an earlier attempt", kube: refuse("update"), twice: true, linked: true},
		{name: "page refused", kube: refuse("create")},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := &page{}
			collator, _, out := newCollator(t, p, pipelineRun("", ""), passed...)
			kube := collator.Kube.(*kubefake.Clientset)
			c.kube(kube)
			for range map[bool]int{false: 1, true: 2}[c.twice] {
				if err := collator.collate(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
			if strings.Contains(p.body, "/run-1)") != c.linked || strings.Contains(out.String(), "was not stored") == c.linked {
				t.Errorf("comment:\n%s\nlog:\n%s", p.body, out)
			}
			if !c.linked {
				return
			}
			cm, err := kube.CoreV1().ConfigMaps("rehearsals").Get(context.Background(), pages.Name("run-1"), metav1.GetOptions{})
			if err != nil || cm.Labels[run.LabelRun] != "run-1" || len(cm.OwnerReferences) != 1 || cm.OwnerReferences[0].BlockOwnerDeletion != nil {
				t.Errorf("got %v, %+v", err, cm)
			}
		})
	}
}

func TestCollateWaits(t *testing.T) {
	p := &page{}
	collator, prow, out := newCollator(t, p, pipelineRun("", ""), prowJob("a", prowapi.SuccessState, true), prowJob("b", prowapi.PendingState, false))
	looks := 0
	collator.now = func() time.Time {
		if looks++; looks == 5 {
			if err := prow.Tracker().Update(prowapi.SchemeGroupVersion.WithResource("prowjobs"), prowJob("b", prowapi.SuccessState, true), "prow"); err != nil {
				t.Error(err)
			}
		}
		return now
	}
	if err := collator.collate(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(p.body, "✅ **All 2 rehearsals passed**") || strings.Count(out.String(), "Waiting until 2026-11-20T11:00:00Z for: pull-b") != 1 {
		t.Errorf("got %.80q, log:\n%s", p.body, out)
	}
}

func TestPublishing(t *testing.T) {
	bad := errors.New("GitHub answers 502")
	cases := []struct {
		name  string
		errs  []error
		calls int
		ok    bool
	}{
		{"ten 502 errors", []error{bad, bad, bad, bad, bad, bad, bad, bad, bad, bad}, 11, true},
		{"rate limit that ends soon", []error{&github.RateLimitedError{Until: now.Add(time.Millisecond)}}, 2, true},
		{"rate limit for too long", []error{&github.RateLimitedError{Until: now.Add(time.Hour)}}, 1, false},
		{"comment deleted", []error{&github.NotFoundError{Op: "x"}}, 1, false},
		{"pull request locked", []error{&github.RefusedError{Op: "x", Status: 403}}, 1, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := &page{errs: c.errs}
			collator, _, _ := newCollator(t, p, pipelineRun("", ""), prowJob("a", prowapi.SuccessState, true), prowJob("b", prowapi.SuccessState, true))
			collator.backoff = time.Microsecond
			if err := collator.collate(context.Background()); (err == nil) != c.ok {
				t.Errorf("got error %v", err)
			}
			if p.calls != c.calls {
				t.Errorf("%d calls, want %d", p.calls, c.calls)
			}
		})
	}
}

func TestCollateSaysWhatIsMissing(t *testing.T) {
	collator, _, _ := newCollator(t, &page{}, pipelineRun("", ""))
	collator.run = "run-2"
	if err := collator.collate(context.Background()); err == nil || !strings.Contains(err.Error(), "reading ConfigMap run-2") {
		t.Errorf("got %v", err)
	}
	collator, _, _ = newCollator(t, &page{}, pipelineRun("", ""))
	collator.pipelineRun = "run-2"
	if err := collator.collate(context.Background()); err == nil || !strings.Contains(err.Error(), "reading the PipelineRun run-2") {
		t.Errorf("got %v", err)
	}
}

func TestFlags(t *testing.T) {
	cases := []struct {
		name string
		args []string
		want int
	}{
		{"help", []string{"--help"}, 0},
		{"no arguments", nil, 2},
		{"no comment", []string{"--run", "a"}, 2},
		{"unexpected argument", []string{"--run", "a", "--comment", "1", "b"}, 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := start(c.args); got != c.want {
				t.Errorf("exits with %d, want %d", got, c.want)
			}
		})
	}
}

// TestTimeThatIsNotKnown checks that a run from another version, without a time, is
// waited for.
func TestTimeThatIsNotKnown(t *testing.T) {
	c, _, out := newCollator(t, &page{}, pipelineRun("", ""), prowJob("a", prowapi.PendingState, false))
	configMaps := c.Kube.CoreV1().ConfigMaps("rehearsals")
	cm, err := configMaps.Get(t.Context(), "run-1", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cm.Data[run.ManifestKey] = strings.Replace(cm.Data[run.ManifestKey], `"time":3600000000000`, `"deadline":"2026-11-20T18:00:00Z"`, 1)
	if _, err := configMaps.Update(t.Context(), cm, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	clock := now
	c.now = func() time.Time { clock = clock.Add(10 * time.Hour); return clock }
	if err := c.collate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "Waiting until") {
		t.Errorf("it reports at once: %s", out)
	}
}
