package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/tektoncd/pipeline/pkg/apis/pipeline"
	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

const (
	// patience is how long the API server, and the controller behind the webhook, may be
	// unreachable at the start.
	patience = 5 * time.Minute
	// grace is how long aborting may take: pods get 30 seconds to stop.
	grace = 20 * time.Second
	// watchPause is the time between two watches of the TaskRun.
	watchPause = 5 * time.Second
)

// task is one job of a run.
type task struct {
	*prowjob.Connection
	namespace string
	configMap string
	name      string
	taskRun   string
	// pipelineRun is the PipelineRun of the TaskRun; empty if unknown.
	pipelineRun string
	out         io.Writer
	// stored is the rendered ProwJob, once it has been read.
	stored *prowapi.ProwJob
	// made says that the ProwJob was created or adopted.
	made bool
}

// splitJob splits CONFIGMAP/PROWJOB.
func splitJob(s string) (configMap, name string, err error) {
	configMap, name, ok := strings.Cut(s, "/")
	if !ok || configMap == "" || name == "" || strings.Contains(name, "/") {
		return "", "", fmt.Errorf("--job is %q, not CONFIGMAP/PROWJOB", s)
	}
	return configMap, name, nil
}

// run attends the job to its end and returns whether it succeeded.
func (t *task) run(ctx context.Context) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go t.watchTaskRun(ctx, cancel)
	pj, err := t.attend(ctx)
	if ctx.Err() != nil {
		t.stopped(context.WithoutCancel(ctx))
		return false
	}
	if err != nil {
		t.say("%v", err)
		return false
	}
	o := prowjob.Observe(run.Job{Name: jobName(pj)}, pj)
	sentence := o.Name + " " + string(o.Verdict)
	if d := o.Duration().Round(time.Second); d > 0 {
		sentence += " after " + d.String()
	}
	if o.Detail != "" {
		sentence += ": " + o.Detail
	}
	t.say("%s", sentence)
	return o.Verdict == run.Passed
}

// exitCode returns the exit status of the task. A special status tells the controller
// that a signal came before a ProwJob existed: then another task does the job, as if this
// one had been killed.
func (t *task) exitCode(passed, told bool) int {
	switch {
	case passed:
		return 0
	case told && !t.made:
		return 128 + int(syscall.SIGTERM)
	}
	return 1
}

// attend creates or adopts the ProwJob and follows it to its end.
func (t *task) attend(ctx context.Context) (*prowapi.ProwJob, error) {
	var pj *prowapi.ProwJob
	first := false
	err := prowjob.Persist(ctx, patience, t.sayWhatFails(func(ctx context.Context) error {
		var err error
		if t.stored, err = run.ReadProwJob(ctx, t.Kube.CoreV1().ConfigMaps(t.namespace), t.configMap, t.name); err != nil {
			return err
		}
		if err = run.CheckApproval(t.stored); err != nil {
			return err
		}
		t.Find(t.stored.Namespace, t.stored.Spec.Namespace)
		if err = t.EnsureInputs(ctx, t.namespace, t.stored); err != nil {
			return err
		}
		pj, first, err = prowjob.Ensure(ctx, t.ProwJobs, t.stored)
		t.made = err == nil
		return err
	}))
	if err != nil {
		return nil, err
	}
	t.sayWhatItReads(pj)
	t.say("%s runs as the ProwJob %s/%s in the cluster %s", jobName(pj), pj.Namespace, pj.Name, pj.ClusterAlias())
	if first {
		t.startOthers(ctx)
	}
	attendant := prowjob.Attendant{ProwJobs: t.ProwJobs, Logs: t.Logs, Out: t.out}
	return attendant.Attend(ctx, pj.Name)
}

// sayWhatFails prints why a call is repeated, each reason once.
func (t *task) sayWhatFails(call func(context.Context) error) func(context.Context) error {
	said := ""
	var rights prowjob.Rights
	return func(ctx context.Context) error {
		err := call(ctx)
		if err != nil && !rights.Final(err) && err.Error() != said {
			said = err.Error()
			t.say("%s; trying again, for up to %s", said, patience)
		}
		return err
	}
}

// startOthers creates the ProwJobs of other tasks while their pods start. It does so only
// in the first PipelineRun of a run, which has the run's name: in a later one, a missing
// ProwJob may have been deleted by somebody, and must not be created again.
func (t *task) startOthers(ctx context.Context) {
	if t.pipelineRun == "" || t.pipelineRun != t.stored.Labels[run.LabelRun] {
		return
	}
	if n := t.StartOthers(ctx, t.namespace, t.configMap, t.stored); n > 0 {
		t.say("created %d more ProwJobs of this run: their own tasks are still starting", n)
	}
}

// sayWhatItReads prints the commits that the job checks out and the ConfigMaps that were
// created for it.
func (t *task) sayWhatItReads(pj *prowapi.ProwJob) {
	if refs := pj.Spec.Refs; refs != nil {
		for _, pull := range refs.Pulls {
			t.say("checks out %s/%s %s at %s with #%d at %s", refs.Org, refs.Repo, refs.BaseRef, refs.BaseSHA, pull.Number, pull.SHA)
		}
	}
	for _, ref := range pj.Spec.ExtraRefs {
		at := " at " + ref.BaseSHA
		if ref.BaseSHA == "" {
			at = ", whatever its commit is then"
		}
		t.say("checks out %s/%s %s%s", ref.Org, ref.Repo, ref.BaseRef, at)
	}
	for _, place := range strings.Fields(pj.Annotations[run.AnnotationInputs]) {
		_, name, _ := strings.Cut(place, "/")
		t.say("reads the ConfigMap %s, which has the content of the pull request", name)
	}
}

// watchTaskRun ends the task when its TaskRun is cancelled. If Tekton keeps the pods of
// cancelled TaskRuns, its entrypoint kills the step without a signal that could be
// caught.
func (t *task) watchTaskRun(ctx context.Context, cancel context.CancelFunc) {
	if t.taskRun == "" {
		return
	}
	only := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, t.taskRun).String()}
	var rights prowjob.Rights
	for ctx.Err() == nil {
		w, err := t.Tekton.TektonV1().TaskRuns(t.namespace).Watch(ctx, only)
		if apierrors.IsForbidden(err) && !rights.MayCome(err) {
			return
		}
		if err == nil {
			if cancelledIn(ctx, w) {
				cancel()
			}
			w.Stop()
		}
		if prowjob.Sleep(ctx, watchPause) != nil {
			return
		}
	}
}

// cancelledIn follows a watch of a TaskRun until the watch ends or the TaskRun is
// cancelled.
func cancelledIn(ctx context.Context, w watch.Interface) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case event, ok := <-w.ResultChan():
			if !ok {
				return false
			}
			if tr, ok := event.Object.(*pipelinev1.TaskRun); ok && tr.IsCancelled() {
				return true
			}
		}
	}
}

// stopped aborts the ProwJob if the end of the task requires that.
func (t *task) stopped(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	if why := t.goesOn(ctx); why != "" {
		t.say("the ProwJob %s continues: %s", t.name, why)
		return
	}
	if err := prowjob.Abort(ctx, t.ProwJobs, t.name, "The rehearsal was cancelled."); err != nil {
		t.say("%v", err)
		return
	}
	t.say("the run was cancelled: aborted the ProwJob %s", t.name)
}

// goesOn says why this task must not abort the ProwJob; empty if it must. Pods are also
// deleted by drained nodes and by hand. Their jobs continue, and the task that reports
// the run waits for them. A ProwJob may be shared with another run, and only the
// controller knows which runs share it. The controller aborts ProwJobs itself, so in
// doubt the task leaves the ProwJob alone.
func (t *task) goesOn(ctx context.Context) string {
	if t.stored == nil {
		return "this pod had not created it yet"
	}
	if t.taskRun == "" {
		return ""
	}
	tr, err := t.Tekton.TektonV1().TaskRuns(t.namespace).Get(ctx, t.taskRun, metav1.GetOptions{})
	switch {
	case err != nil:
		return fmt.Sprintf("reading the TaskRun %s: %v", t.taskRun, err)
	case !tr.IsCancelled():
		return "this pod was told to stop, but nobody cancelled the run"
	case tr.Spec.StatusMessage == pipelinev1.TaskRunCancelledByPipelineTimeoutMsg:
		return "the run timed out, and the controller aborts what no other run needs"
	case t.stored.Labels[run.LabelRun] != tr.Labels[run.LabelRun]:
		return "it belongs to another run, which this one has joined"
	}
	name := tr.Labels[pipeline.PipelineRunLabelKey]
	if name == "" {
		return ""
	}
	pr, err := t.Tekton.TektonV1().PipelineRuns(t.namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return fmt.Sprintf("reading the PipelineRun %s: %v", name, err)
	}
	if pr.Annotations[run.AnnotationAbortReason] != "" {
		return "the controller ends this run, and aborts what no other run needs"
	}
	return ""
}

// jobName returns the name of the job in the configuration.
func jobName(pj *prowapi.ProwJob) string {
	if name := pj.Annotations[run.AnnotationJob]; name != "" {
		return name
	}
	return pj.Spec.Job
}

func (t *task) say(format string, args ...any) {
	_ = terminal.Say(t.out, fmt.Sprintf(format, args...)) // there is no one to report an error to
}
