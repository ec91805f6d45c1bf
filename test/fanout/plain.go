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

// plainTask is the Task that does nothing, in a namespace of its own with Tekton's
// defaults.
const (
	plainNamespace = "rehearsal-fanout"
	plainTask      = "nothing"
)

// prowJobTask is the Task of a rehearsal's jobs, see tasks/.
const prowJobTask = "rehearsal-prowjob"

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

// plain has the times of a plain PipelineRun since its creation.
type plain struct {
	tasks stages
	cost  cost
}

// runPlain measures until the last pod of a PipelineRun has started.
func (b *bench) runPlain(ctx context.Context, n int) (p plain, err error) {
	pr := b.plainPipelineRun(n)
	selector := "tekton.dev/pipelineRun=" + pr.Name
	pods, err := watchStages(ctx, b.cluster.Kube, plainNamespace, selector)
	if err != nil {
		return p, err
	}
	defer pods.stop()
	stop, err := b.meter(ctx)
	if err != nil {
		return p, err
	}
	begin := time.Now()
	runs := b.cluster.Tekton.TektonV1().PipelineRuns(plainNamespace)
	if _, err := runs.Create(ctx, pr, metav1.CreateOptions{}); err != nil {
		return p, err
	}
	if err := p.tasks.read(ctx, pods, b.jobs, begin); err != nil {
		return p, fmt.Errorf("the plain PipelineRun: %w", err)
	}
	if p.cost, err = stop(); err != nil {
		return p, err
	}
	if err := rig.Until(ctx, patience, "the end of the plain PipelineRun", func(ctx context.Context) (string, bool, error) {
		pr, err := runs.Get(ctx, pr.Name, metav1.GetOptions{})
		return "it runs", pr.IsDone(), err
	}); err != nil {
		return p, err
	}
	if p.tasks.running, err = processes(ctx, b.cluster.Kube, plainNamespace, selector, b.jobs, begin); err != nil {
		return p, err
	}
	background := metav1.DeletePropagationBackground
	if err := runs.Delete(ctx, pr.Name, metav1.DeleteOptions{PropagationPolicy: &background}); err != nil {
		return p, err
	}
	return p, b.gone(ctx, plainNamespace, "tekton.dev/pipelineRun")
}

func (b *bench) plainPipelineRun(n int) *pipelinev1.PipelineRun {
	tasks := make([]pipelinev1.PipelineTask, 0, b.jobs)
	for i := range b.jobs {
		tasks = append(tasks, pipelinev1.PipelineTask{
			Name:    jobName(i),
			TaskRef: &pipelinev1.TaskRef{Kind: pipelinev1.NamespacedTaskKind, Name: plainTask},
		})
	}
	return &pipelinev1.PipelineRun{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("plain-%d", n), Namespace: plainNamespace},
		Spec:       pipelinev1.PipelineRunSpec{PipelineSpec: &pipelinev1.PipelineSpec{Tasks: tasks}},
	}
}

// pullImage makes the node pull the image of our tasks, because it already has the other
// images: an installation pulls it once.
func (b *bench) pullImage(ctx context.Context) error {
	task, err := b.cluster.Tekton.TektonV1().Tasks(rig.Namespace).Get(ctx, prowJobTask, metav1.GetOptions{})
	if err != nil {
		return err
	}
	step := task.Spec.Steps[0]
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "image", Namespace: plainNamespace},
		Spec: corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{
			Name: step.Name, Image: step.Image, Command: step.Command, Args: []string{"--help"},
		}}},
	}
	pods := b.cluster.Kube.CoreV1().Pods(plainNamespace)
	if _, err := pods.Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		return err
	}
	if err := rig.Until(ctx, patience, "the image of the tasks", func(ctx context.Context) (string, bool, error) {
		pod, err := pods.Get(ctx, pod.Name, metav1.GetOptions{})
		return string(pod.Status.Phase), pod.Status.Phase == corev1.PodSucceeded, err
	}); err != nil {
		return err
	}
	return pods.Delete(ctx, pod.Name, metav1.DeleteOptions{})
}
