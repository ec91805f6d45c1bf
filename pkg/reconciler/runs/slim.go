package runs

import (
	"fmt"

	"github.com/tektoncd/pipeline/pkg/apis/pipeline"
	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
	duckv1 "knative.dev/pkg/apis/duck/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
)

// ByPipelineRun is the index of TaskRuns by NAMESPACE/NAME of their PipelineRun.
const ByPipelineRun = "pipelineRun"

var TaskRunIndexers = cache.Indexers{ByPipelineRun: func(o any) ([]string, error) {
	tr, ok := o.(*pipelinev1.TaskRun)
	if !ok || tr.Labels[pipeline.PipelineRunLabelKey] == "" {
		return nil, nil
	}
	return []string{tr.Namespace + "/" + tr.Labels[pipeline.PipelineRunLabelKey]}, nil
}}

// Slim drops the fields of an object that nobody here reads, before an informer stores it:
// megabytes for each large run. Objects are changed in place, before anybody else has them,
// and never written back whole.
func Slim(o any) (any, error) {
	if object, ok := o.(metav1.Object); ok {
		object.SetManagedFields(nil)
	}
	switch o := o.(type) {
	case *pipelinev1.PipelineRun:
		if o.Spec.PipelineSpec != nil {
			// The finally task has the id of the comment to report to.
			o.Spec.PipelineSpec = &pipelinev1.PipelineSpec{Finally: o.Spec.PipelineSpec.Finally}
		}
		o.Spec.TaskRunSpecs, o.Spec.TaskRunTemplate = nil, pipelinev1.PipelineTaskRunTemplate{}
		o.Status.PipelineRunStatusFields = pipelinev1.PipelineRunStatusFields{
			StartTime: o.Status.StartTime, CompletionTime: o.Status.CompletionTime,
		}
	case *pipelinev1.TaskRun:
		o.Spec = pipelinev1.TaskRunSpec{}
		var ends []pipelinev1.StepState
		for _, step := range o.Status.Steps {
			if step.Terminated != nil && step.Terminated.ExitCode != 0 {
				ended := &corev1.ContainerStateTerminated{ExitCode: step.Terminated.ExitCode}
				ends = append(ends, pipelinev1.StepState{ContainerState: corev1.ContainerState{Terminated: ended}})
			}
		}
		o.Status = pipelinev1.TaskRunStatus{
			Status:              duckv1.Status{Conditions: o.Status.Conditions},
			TaskRunStatusFields: pipelinev1.TaskRunStatusFields{PodName: o.Status.PodName, Steps: ends},
		}
	case *prowapi.ProwJob:
		prowjob.Slim(o)
	}
	return o, nil
}

// Slimmed sets Slim for an informer, which must not have been started.
func Slimmed(informer cache.SharedIndexInformer) cache.SharedIndexInformer {
	if err := informer.SetTransform(Slim); err != nil {
		panic(fmt.Sprintf("setting what an informer keeps: %v", err))
	}
	return informer
}
