package plane

import (
	"context"
	"sync"

	"github.com/tektoncd/pipeline/pkg/apis/pipeline"
	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"knative.dev/pkg/apis"
	"knative.dev/pkg/kmeta"

	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// perform does what Tekton does with a PipelineRun: it runs all tasks at once, then the
// finally task. TaskRuns are deleted with it, as by the garbage collector.
func (pl *Player) perform(pr *pipelinev1.PipelineRun) {
	start := metav1.Now()
	pl.setStatus(pr.Name, func(s *pipelinev1.PipelineRunStatus) {
		s.StartTime, s.PipelineSpec = &start, pr.Spec.PipelineSpec
		s.ChildReferences = children(pr, pr.Spec.PipelineSpec.Tasks)
		s.SetCondition(succeeded(corev1.ConditionUnknown, pipelinev1.PipelineRunReasonRunning.String()))
	})
	passed := pl.performTasks(pr, pr.Spec.PipelineSpec.Tasks, func() bool { return pl.cancelled(pr) })
	if pl.cancelled(pr) != pl.ended(pr) || !pl.cancelled(pr) { // run the finally task, unless the PipelineRun is Cancelled
		passed = pl.performTasks(pr, pr.Spec.PipelineSpec.Finally, func() bool { return pl.ended(pr) }) && passed
	}
	end := metav1.Now()
	pl.setStatus(pr.Name, func(s *pipelinev1.PipelineRunStatus) {
		s.CompletionTime = &end
		s.ChildReferences = append(s.ChildReferences, children(pr, pr.Spec.PipelineSpec.Finally)...)
		switch {
		case pl.cancelled(pr):
			s.SetCondition(succeeded(corev1.ConditionFalse, pipelinev1.PipelineRunReasonCancelled.String()))
		case passed:
			s.SetCondition(succeeded(corev1.ConditionTrue, pipelinev1.PipelineRunReasonSuccessful.String()))
		default:
			s.SetCondition(succeeded(corev1.ConditionFalse, pipelinev1.PipelineRunReasonFailed.String()))
		}
	})
	for !pl.gone(pr) {
		if !pl.pause(10 * lookAgain) {
			return
		}
	}
	pl.insist(func(ctx context.Context) error {
		return pl.taskRuns().DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: pipeline.PipelineRunLabelKey + "=" + pr.Name})
	})
}

// children returns the references to TaskRuns as Tekton writes them.
func children(pr *pipelinev1.PipelineRun, tasks []pipelinev1.PipelineTask) []pipelinev1.ChildStatusReference {
	list := make([]pipelinev1.ChildStatusReference, 0, len(tasks))
	for _, task := range tasks {
		list = append(list, pipelinev1.ChildStatusReference{
			TypeMeta: kindOfTaskRun, Name: taskRunName(pr, task), PipelineTaskName: task.Name, DisplayName: task.DisplayName,
		})
	}
	return list
}

var kindOfTaskRun = runtime.TypeMeta{APIVersion: "tekton.dev/v1", Kind: "TaskRun"}

func taskRunName(pr *pipelinev1.PipelineRun, task pipelinev1.PipelineTask) string {
	return kmeta.ChildName(pr.Name, "-"+task.Name)
}

// performTasks runs tasks to their ends, and returns whether all of them succeeded. If they
// are cancelled, running tasks are told to end.
func (pl *Player) performTasks(pr *pipelinev1.PipelineRun, tasks []pipelinev1.PipelineTask, cancelled func() bool) bool {
	results := make([]bool, len(tasks))
	var group sync.WaitGroup
	for i, task := range tasks {
		group.Go(func() { results[i] = pl.performTask(pr, task, cancelled) })
	}
	group.Wait()
	for _, passed := range results {
		if !passed {
			return false
		}
	}
	return true
}

func (pl *Player) performTask(pr *pipelinev1.PipelineRun, task pipelinev1.PipelineTask, cancelled func() bool) bool {
	if cancelled() {
		return false
	}
	labels := map[string]string{pipeline.PipelineRunLabelKey: pr.Name, pipeline.PipelineTaskLabelKey: task.Name}
	for key, value := range pr.Labels {
		labels[key] = value
	}
	tr := &pipelinev1.TaskRun{
		ObjectMeta: metav1.ObjectMeta{
			Name: taskRunName(pr, task), Namespace: pr.Namespace, Labels: labels,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(pr, pipelinev1.SchemeGroupVersion.WithKind("PipelineRun"))},
		},
		Spec: pipelinev1.TaskRunSpec{TaskRef: task.TaskRef, Params: task.Params},
	}
	pl.insist(func(ctx context.Context) error {
		_, err := pl.taskRuns().Create(ctx, tr, metav1.CreateOptions{})
		return err
	})
	start := metav1.Now()
	pl.setTaskStatus(tr.Name, func(s *pipelinev1.TaskRunStatus) {
		s.StartTime, s.PodName = &start, tr.Name+"-pod"
		s.SetCondition(succeeded(corev1.ConditionUnknown, pipelinev1.TaskRunReasonRunning.String()))
	})
	passed := pl.runTask(pr, tr, task, func() bool { return cancelled() && pl.cancelTaskRun(tr.Name) })
	end := metav1.Now()
	pl.setTaskStatus(tr.Name, func(s *pipelinev1.TaskRunStatus) {
		s.CompletionTime = &end
		switch {
		case cancelled():
			s.SetCondition(succeeded(corev1.ConditionFalse, pipelinev1.TaskRunReasonCancelled.String()))
		case passed:
			s.SetCondition(succeeded(corev1.ConditionTrue, pipelinev1.TaskRunReasonSuccessful.String()))
		default:
			s.SetCondition(succeeded(corev1.ConditionFalse, pipelinev1.TaskRunReasonFailed.String()))
		}
	})
	return passed && !cancelled()
}

// cancelTaskRun marks a TaskRun as cancelled, which Tekton does before it deletes the pod.
func (pl *Player) cancelTaskRun(name string) bool {
	patch := []byte(`{"spec":{"status":"` + pipelinev1.TaskRunSpecStatusCancelled + `","statusMessage":"` + pipelinev1.TaskRunCancelledByPipelineMsg + `"}}`)
	pl.insist(func(ctx context.Context) error {
		_, err := pl.taskRuns().Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
		return err
	})
	return true
}

func succeeded(status corev1.ConditionStatus, reason string) *apis.Condition {
	return &apis.Condition{Type: apis.ConditionSucceeded, Status: status, Reason: reason}
}

// cancelled reports whether a PipelineRun was told to end, or is gone.
func (pl *Player) cancelled(pr *pipelinev1.PipelineRun) bool {
	now, err := pl.pipelineRuns.PipelineRuns(pr.Namespace).Get(pr.Name)
	return err != nil || now.UID != pr.UID || now.Spec.Status != ""
}

// ended reports whether it was told to end without its finally task, or is gone.
func (pl *Player) ended(pr *pipelinev1.PipelineRun) bool {
	now, err := pl.pipelineRuns.PipelineRuns(pr.Namespace).Get(pr.Name)
	return err != nil || now.UID != pr.UID || now.Spec.Status == pipelinev1.PipelineRunSpecStatusCancelled
}

func (pl *Player) gone(pr *pipelinev1.PipelineRun) bool {
	now, err := pl.pipelineRuns.PipelineRuns(pr.Namespace).Get(pr.Name)
	return err != nil || now.UID != pr.UID
}

func (pl *Player) setStatus(name string, change func(*pipelinev1.PipelineRunStatus)) {
	pipelineRuns := pl.plane.Tekton.TektonV1().PipelineRuns(rig.Namespace)
	pl.insist(func(ctx context.Context) error {
		pr, err := pipelineRuns.Get(ctx, name, metav1.GetOptions{})
		if err == nil {
			change(&pr.Status)
			_, err = pipelineRuns.UpdateStatus(ctx, pr, metav1.UpdateOptions{})
		}
		return err
	})
}

func (pl *Player) setTaskStatus(name string, change func(*pipelinev1.TaskRunStatus)) {
	pl.insist(func(ctx context.Context) error {
		tr, err := pl.taskRuns().Get(ctx, name, metav1.GetOptions{})
		if err == nil {
			change(&tr.Status)
			_, err = pl.taskRuns().UpdateStatus(ctx, tr, metav1.UpdateOptions{})
		}
		return err
	})
}
