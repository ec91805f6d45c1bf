package main

import (
	"context"
	"fmt"
	"time"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// plainTask is the Task that does nothing, in a namespace of its own that Tekton's
// defaults hold for.
const (
	plainNamespace = "rehearsal-fanout"
	plainTask      = "nothing"
)

func (b *bench) preparePlain(ctx context.Context) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: plainNamespace}}
	if _, err := b.cluster.Kube.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("create namespace %s, which an earlier measurement may have left: %w", plainNamespace, err)
	}
	if err := rig.Until(ctx, time.Minute, "the service account of the namespace", func(ctx context.Context) (string, bool, error) {
		_, err := b.cluster.Kube.CoreV1().ServiceAccounts(plainNamespace).Get(ctx, "default", metav1.GetOptions{})
		return "none yet", err == nil, err
	}); err != nil {
		return err
	}
	task := &pipelinev1.Task{
		ObjectMeta: metav1.ObjectMeta{Name: plainTask, Namespace: plainNamespace},
		Spec: pipelinev1.TaskSpec{Steps: []pipelinev1.Step{{
			Name: "run", Image: b.cluster.Image, Command: []string{"/bin/true"},
		}}},
	}
	_, err := b.cluster.Tekton.TektonV1().Tasks(plainNamespace).Create(ctx, task, metav1.CreateOptions{})
	return err
}

// runPlain is the time from the creation of a PipelineRun to the last of its pods
// started.
func (b *bench) runPlain(ctx context.Context, n int) (time.Duration, error) {
	tasks := make([]pipelinev1.PipelineTask, 0, b.jobs)
	for i := range b.jobs {
		tasks = append(tasks, pipelinev1.PipelineTask{
			Name:    jobName(i),
			TaskRef: &pipelinev1.TaskRef{Kind: pipelinev1.NamespacedTaskKind, Name: plainTask},
		})
	}
	pr := &pipelinev1.PipelineRun{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("plain-%d", n), Namespace: plainNamespace},
		Spec:       pipelinev1.PipelineRunSpec{PipelineSpec: &pipelinev1.PipelineSpec{Tasks: tasks}},
	}
	pods := b.cluster.Kube.CoreV1().Pods(plainNamespace)
	started, err := watchFor(ctx, pods, "tekton.dev/pipelineRun="+pr.Name, podStarted)
	if err != nil {
		return 0, err
	}
	defer started.stop()
	begin := time.Now()
	runs := b.cluster.Tekton.TektonV1().PipelineRuns(plainNamespace)
	if _, err := runs.Create(ctx, pr, metav1.CreateOptions{}); err != nil {
		return 0, err
	}
	took, err := started.last(ctx, b.jobs, begin)
	if err != nil {
		return 0, fmt.Errorf("pods of the plain PipelineRun: %w", err)
	}
	if err := rig.Until(ctx, patience, "the end of the plain PipelineRun", func(ctx context.Context) (string, bool, error) {
		pr, err := runs.Get(ctx, pr.Name, metav1.GetOptions{})
		return "it runs", pr.IsDone(), err
	}); err != nil {
		return 0, err
	}
	background := metav1.DeletePropagationBackground
	if err := runs.Delete(ctx, pr.Name, metav1.DeleteOptions{PropagationPolicy: &background}); err != nil {
		return 0, err
	}
	return took, b.gone(ctx, plainNamespace, "")
}

// podStarted says whether a container of the pod's own has run.
func podStarted(pod *corev1.Pod) bool {
	for _, c := range pod.Status.ContainerStatuses {
		if c.State.Running != nil || c.State.Terminated != nil {
			return true
		}
	}
	return false
}
