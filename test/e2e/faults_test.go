//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/ratelimit"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// The following tests stop the receiver or the controller, so no other test runs until it
// is back. Those that kill come first: comments that a run was writing at that moment could
// exist twice for two minutes.

func TestKilledInTheMiddle(t *testing.T) {
	s := tell(t, waiting("pull-widget-unit", t.Name()), failing("pull-widget-lint", "too long a line")).open()
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	s.until("one job to wait and the other to fail", func(ctx context.Context) (string, bool, error) {
		states, err := s.States(ctx)
		return states, states == "pull-widget-lint is failure, pull-widget-unit is pending", err
	})
	for _, deployment := range []string{rig.Receiver, rig.Controller} {
		n, err := s.Cluster.Kill(s.ctx, deployment)
		s.must(err)
		if n == 0 {
			t.Fatalf("no process of %s was found", deployment)
		}
	}
	for _, deployment := range []string{rig.Receiver, rig.Controller} {
		s.must(s.Cluster.WaitReady(s.ctx, deployment))
	}
	s.beside()
	world.gates.Open(t.Name())
	body := s.result(v1alpha1.RunFailed, 1, 1, "too long a line")
	s.row(body, "pull-widget-unit", "passed")
	pipelineRuns, err := s.PipelineRuns(s.ctx)
	s.must(err)
	comments, err := s.Comments(s.ctx, rig.RunComment)
	s.must(err)
	if len(pipelineRuns) != 1 || len(comments) != 1 {
		t.Errorf("%d PipelineRuns and %d comments with a result, want one of each", len(pipelineRuns), len(comments))
	}
}

// window is how long GitHub refuses calls: longer than a restart takes.
const window = 75 * time.Second

// TestRateLimitAcrossARestart makes GitHub refuse the calls of one installation of the App:
// that of an organisation of its own.
func TestRateLimitAcrossARestart(t *testing.T) {
	s := stage(t, limitedOrg(), limitedRepo, 10*time.Minute)
	s.publish(false, passing("pull-widget-unit"))
	s.open()
	s.planned()
	fault, err := s.Hub.AddFault(s.ctx, github.SecondaryLimit("", fmt.Sprintf("/repos/%s/%s/**", s.Pull.Org, s.Pull.Repo), 1, window))
	s.must(err)
	var until time.Time
	s.until("the window to be stored", func(ctx context.Context) (string, bool, error) {
		known, err := (&ratelimit.Store{ConfigMaps: s.Cluster.Kube.CoreV1().ConfigMaps(rig.Namespace)}).Load(ctx)
		until = known[fmt.Sprintf("installation-%d", world.installations[s.Pull.Org])]
		return until.String(), time.Until(until) > window/2, err
	})
	n, err := s.Cluster.Kill(s.ctx, rig.Controller)
	s.must(err)
	if n == 0 {
		t.Fatal("no process of the controller was found")
	}
	s.say(maintainer, "/pj-rehearse")
	s.until("the conditions to say when it goes on", func(ctx context.Context) (string, bool, error) {
		rehearsal, err := s.Rehearsal(ctx)
		if err != nil || rehearsal == nil {
			return "", false, err
		}
		c := rehearsal.Status.GetCondition(v1alpha1.ConditionReported)
		return c.GetReason() + ": " + c.GetMessage(), c.GetReason() == "RateLimited" &&
			strings.Contains(c.GetMessage(), until.UTC().Format(time.RFC3339)), nil
	})
	s.beside()
	s.result(v1alpha1.RunPassed, 1, 0)
	calls, err := s.Hub.Calls(s.ctx, github.CallQuery{User: bot})
	s.must(err)
	inside, begun := 0, false
	for _, call := range calls.Calls {
		limited := call.Grant != nil && call.Grant.Installation == world.installations[s.Pull.Org]
		if begun && call.At.Before(until) && limited && !byGit(call) {
			inside++
		}
		begun = begun || call.Fault == fault.ID
	}
	if !begun || inside != 0 {
		t.Errorf("the window was opened: %t, and %d calls were made inside it", begun, inside)
	}
}

func TestCommentWhileReceiverIsDown(t *testing.T) {
	s := tell(t, passing("pull-widget-unit")).open()
	s.planned()
	t.Cleanup(func() { scaleUp(t) })
	s.must(s.Cluster.Stop(s.ctx, rig.Receiver))
	comment := s.say(maintainer, "/pj-rehearse")
	_, err := s.Hub.WaitDeliveries(s.ctx, github.None{})
	s.must(err)
	if d := delivery(s, comment); d.Delivered() {
		t.Fatalf("the webhook was delivered: %+v", d.Attempts)
	}
	s.until("the run to begin", func(ctx context.Context) (string, bool, error) {
		runs, err := s.Runs(ctx)
		return fmt.Sprintf("%d runs", len(runs)), len(runs) == 1, err
	})
	scaleUp(t)
	s.beside()
	s.result(v1alpha1.RunPassed, 1, 0, "passed")
}

func scaleUp(t *testing.T) {
	t.Helper()
	ctx := context.WithoutCancel(world.ctx)
	if err := world.cluster.Scale(ctx, rig.Receiver, 1); err != nil {
		t.Error(err)
	}
	if err := world.cluster.WaitReady(ctx, rig.Receiver); err != nil {
		t.Error(err)
	}
}

// delivery finds the webhook for a comment.
func delivery(s *story, comment github.Comment) github.Delivery {
	s.t.Helper()
	all, err := s.Hub.ListDeliveries(s.ctx, github.DeliveryQuery{Event: "issue_comment", Action: "created"})
	s.must(err)
	for _, d := range all {
		var payload struct{ Comment struct{ ID int64 } }
		s.must(json.Unmarshal(d.Payload, &payload))
		if payload.Comment.ID == comment.ID {
			return d
		}
	}
	s.t.Fatalf("no webhook told of comment %d", comment.ID)
	return github.Delivery{}
}

// TestRefusedPipelineRun has a quota of our namespace refuse the PipelineRun: the pull
// request says so, and the run starts once the quota allows it.
func TestRefusedPipelineRun(t *testing.T) {
	s := tell(t, passing("pull-widget-unit")).open()
	s.planned()
	quotas := s.Cluster.Kube.CoreV1().ResourceQuotas(rig.Namespace)
	quota := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "no-runs"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{"count/pipelineruns.tekton.dev": resource.MustParse("0")}},
	}
	_, err := quotas.Create(s.ctx, quota, metav1.CreateOptions{})
	s.must(err)
	remove := func() error {
		err := quotas.Delete(context.WithoutCancel(s.ctx), quota.Name, metav1.DeleteOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	}
	t.Cleanup(func() {
		if err := remove(); err != nil {
			t.Error(err)
		}
	})
	s.say(maintainer, "/pj-rehearse")
	s.comment(rig.RunComment, "This run has not started yet: the API server says", "no-runs", "the quota of the namespace `"+rig.Namespace+"`")
	s.must(remove())
	s.beside()
	s.result(v1alpha1.RunPassed, 1, 0, "passed")
}

// The following tests only affect their own pull request.

func TestWebhookRepeated(t *testing.T) {
	parallel(t)
	s := tell(t, passing("pull-widget-unit")).open()
	s.planned()
	d := delivery(s, s.say(maintainer, "/pj-rehearse"))
	var together sync.WaitGroup
	for range 20 {
		together.Go(func() {
			if err := repeat(s.ctx, d); err != nil {
				t.Error(err)
			}
		})
	}
	together.Wait()
	s.result(v1alpha1.RunPassed, 1, 0)
	rehearsal, err := s.Rehearsal(s.ctx)
	s.must(err)
	if n := len(rehearsal.Spec.Commands); n != 1 {
		t.Errorf("%d commands are recorded, want 1", n)
	}
}

// repeat sends a webhook again, under the same id.
func repeat(ctx context.Context, d github.Delivery) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(d.Payload))
	if err != nil {
		return err
	}
	req.Header = d.Header.Clone()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		err = fmt.Errorf("the receiver answers %s", resp.Status)
	}
	if cerr := resp.Body.Close(); err == nil {
		err = cerr
	}
	return err
}

func TestWatcherPodDeleted(t *testing.T) {
	parallel(t)
	s := tell(t, waiting("pull-widget-unit", t.Name())).open()
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	s.started()
	s.deletePod(func(task string) bool { return task != run.CollateTask })
	world.gates.Open(t.Name())
	body := s.result(v1alpha1.RunPassed, 1, 0)
	s.row(body, "pull-widget-unit", "passed")
}

// TestReportingPodDeleted: without its watcher, a job is left to the finally task; without
// the finally task, to the controller. Tekton may restart a pod that is gone, so the pods
// of watchers are deleted until the finally task runs.
func TestReportingPodDeleted(t *testing.T) {
	parallel(t)
	s := tell(t, waiting("pull-widget-unit", t.Name())).open()
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	s.started()
	for s.deletePod(anyTask) != run.CollateTask {
	}
	world.gates.Open(t.Name())
	body := s.result(v1alpha1.RunPassed, 1, 0)
	s.row(body, "pull-widget-unit", "passed")
}

func anyTask(string) bool { return true }

// deletePod deletes a pod of the only PipelineRun's tasks once it runs, and returns its
// task.
func (s *story) deletePod(is func(task string) bool) string {
	s.t.Helper()
	var pod, of string
	s.until("the pod of a task to run", func(ctx context.Context) (string, bool, error) {
		runs, err := s.PipelineRuns(ctx)
		if err != nil || len(runs) != 1 {
			return fmt.Sprintf("%d PipelineRuns", len(runs)), false, err
		}
		pods, err := s.Cluster.Kube.CoreV1().Pods(rig.Namespace).List(ctx, metav1.ListOptions{
			LabelSelector: "tekton.dev/pipelineRun=" + runs[0].Name,
		})
		if err != nil {
			return "", false, err
		}
		for i := range pods.Items {
			p := &pods.Items[i]
			task := p.Labels["tekton.dev/pipelineTask"]
			if is(task) && p.Status.Phase == corev1.PodRunning && p.DeletionTimestamp == nil {
				pod, of = p.Name, task
			}
		}
		return fmt.Sprintf("%d other pods", len(pods.Items)), pod != "", nil
	})
	s.must(s.Cluster.Kube.CoreV1().Pods(rig.Namespace).Delete(s.ctx, pod, metav1.DeleteOptions{}))
	return of
}

func TestGitHubFailsTenTimes(t *testing.T) {
	parallel(t)
	s := tell(t, passing("pull-widget-unit"))
	fault, err := s.Hub.AddFault(s.ctx, github.Fault{
		Path: fmt.Sprintf("/repos/%s/%s/**", s.Pull.Org, s.Pull.Repo), Times: 10, Status: http.StatusBadGateway,
	})
	s.must(err)
	s.open()
	s.planned()
	s.say(maintainer, "/pj-rehearse")
	s.result(v1alpha1.RunPassed, 1, 0)
	faults, err := s.Hub.ListFaults(s.ctx, github.None{})
	s.must(err)
	for _, f := range faults {
		if f.ID == fault.ID && f.Struck != 10 {
			t.Errorf("GitHub failed %d times, want 10", f.Struck)
		}
	}
}
