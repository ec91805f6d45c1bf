package resources

import (
	"strconv"
	"time"

	"github.com/tektoncd/pipeline/pkg/apis/pipeline/pod"
	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"knative.dev/pkg/kmeta"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// The names of the Tasks in tasks/.
const (
	prowjobTask = "rehearsal-prowjob"
	collateTask = "rehearsal-collate"

	commentParam = "comment"
	jobParam     = "job"
)

// reportAllowance is the time for the finally task after the deadline of the ProwJobs.
const reportAllowance = 10 * time.Minute

// PipelineRun returns one attempt at a run: a task for each of jobs, and the finally task
// that reports all jobs of the manifest. timeout is how long the ProwJobs may take, waiting
// included.
func PipelineRun(rh *v1alpha1.Rehearsal, m run.Manifest, jobs []run.Job, attempt int, comment int64, timeout time.Duration) *pipelinev1.PipelineRun {
	return &pipelinev1.PipelineRun{
		ObjectMeta: metav1.ObjectMeta{
			Name:            PipelineRunName(m.Name, attempt),
			Namespace:       rh.Namespace,
			OwnerReferences: []metav1.OwnerReference{*kmeta.NewControllerRef(rh)},
			Labels:          Labels(rh, m.Name),
		},
		Spec: pipelinev1.PipelineRunSpec{
			PipelineSpec: &pipelinev1.PipelineSpec{
				DisplayName: m.Command,
				Tasks:       fanOut(jobs, timeout),
				Finally: []pipelinev1.PipelineTask{{
					Name:        run.CollateTask,
					DisplayName: "result",
					TaskRef:     &pipelinev1.TaskRef{Kind: pipelinev1.NamespacedTaskKind, Name: collateTask},
					Timeout:     &metav1.Duration{Duration: timeout + reportAllowance},
					Params: pipelinev1.Params{
						stringParam("run", m.Name),
						stringParam(commentParam, strconv.FormatInt(comment, 10)),
					},
				}},
			},
			TaskRunTemplate: pipelinev1.PipelineTaskRunTemplate{
				ServiceAccountName: TaskServiceAccount,
				PodTemplate:        restricted(),
			},
			TaskRunSpecs: []pipelinev1.PipelineTaskRunSpec{{
				PipelineTaskName:   run.CollateTask,
				ServiceAccountName: CollateServiceAccount,
			}},
			// By default, Tekton ends a PipelineRun after an hour.
			Timeouts: &pipelinev1.TimeoutFields{
				Pipeline: &metav1.Duration{Duration: 2*timeout + reportAllowance},
				Tasks:    &metav1.Duration{Duration: timeout},
				Finally:  &metav1.Duration{Duration: timeout + reportAllowance},
			},
		},
	}
}

// restricted returns what PodSecurity "restricted" requires of a pod. Its requirements for
// containers are met in the Tasks.
func restricted() *pod.Template {
	return &pod.Template{SecurityContext: &corev1.PodSecurityContext{
		RunAsNonRoot:   ptr.To(true),
		RunAsUser:      ptr.To[int64](65532),
		RunAsGroup:     ptr.To[int64](65532),
		FSGroup:        ptr.To[int64](65532),
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}}
}

func fanOut(jobs []run.Job, timeout time.Duration) []pipelinev1.PipelineTask {
	tasks := make([]pipelinev1.PipelineTask, 0, len(jobs))
	for _, job := range jobs {
		tasks = append(tasks, pipelinev1.PipelineTask{
			Name:        job.Task,
			DisplayName: job.DisplayName,
			TaskRef:     &pipelinev1.TaskRef{Kind: pipelinev1.NamespacedTaskKind, Name: prowjobTask},
			Timeout:     &metav1.Duration{Duration: timeout},
			Params:      pipelinev1.Params{stringParam(jobParam, job.ConfigMap+"/"+job.ProwJob)},
		})
	}
	return tasks
}

// SetDeadline records on a PipelineRun when the jobs of its run have to be done.
func SetDeadline(pr *pipelinev1.PipelineRun, deadline time.Time) {
	metav1.SetMetaDataAnnotation(&pr.ObjectMeta, run.AnnotationDeadline, deadline.UTC().Format(time.RFC3339))
}

// Deadline returns what SetDeadline recorded; nil if nothing is recorded.
func Deadline(pr *pipelinev1.PipelineRun) *metav1.Time {
	at, err := time.Parse(time.RFC3339, pr.Annotations[run.AnnotationDeadline])
	if err != nil {
		return nil
	}
	return &metav1.Time{Time: at}
}

// Comment returns the id of the comment that a PipelineRun reports to; 0 if it has none.
func Comment(pr *pipelinev1.PipelineRun) int64 {
	if pr.Spec.PipelineSpec == nil {
		return 0
	}
	for _, task := range pr.Spec.PipelineSpec.Finally {
		for _, p := range task.Params {
			if p.Name == commentParam {
				id, _ := strconv.ParseInt(p.Value.StringVal, 10, 64)
				return id
			}
		}
	}
	return 0
}

func stringParam(name, value string) pipelinev1.Param {
	return pipelinev1.Param{Name: name, Value: *pipelinev1.NewStructuredValues(value)}
}

// Labels returns the labels of every object that belongs to a run.
func Labels(rh *v1alpha1.Rehearsal, runName string) map[string]string {
	return map[string]string{
		run.LabelRehearsal:    rh.Name,
		run.LabelRehearsalUID: string(rh.UID),
		run.LabelRun:          runName,
	}
}
