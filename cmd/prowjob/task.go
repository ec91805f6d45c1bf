package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

const (
	// patience is how long the API server may be away when we start.
	patience = 5 * time.Minute
	// grace is how long we take to abort: pods are given 30 seconds.
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
	out       io.Writer
}

// splitJob takes CONFIGMAP/PROWJOB apart.
func splitJob(s string) (configMap, name string, err error) {
	configMap, name, ok := strings.Cut(s, "/")
	if !ok || configMap == "" || name == "" || strings.Contains(name, "/") {
		return "", "", fmt.Errorf("--job is %q, not CONFIGMAP/PROWJOB", s)
	}
	return configMap, name, nil
}

// run sees the job through and says whether it succeeded.
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
	return o.Verdict == report.Passed
}

// attend creates or adopts the ProwJob and stays with it to its end.
func (t *task) attend(ctx context.Context) (*prowapi.ProwJob, error) {
	var pj *prowapi.ProwJob
	err := prowjob.Persist(ctx, patience, func(ctx context.Context) error {
		want, err := t.read(ctx)
		if err != nil {
			return err
		}
		pj, err = prowjob.Ensure(ctx, t.ProwJobs, want)
		return err
	})
	if err != nil {
		return nil, err
	}
	t.say("%s runs as the ProwJob %s/%s in the cluster %s", jobName(pj), pj.Namespace, pj.Name, pj.ClusterAlias())
	attendant := prowjob.Attendant{ProwJobs: t.ProwJobs, Logs: t.Logs, Out: t.out}
	return attendant.Attend(ctx, pj.Name)
}

// read gets the ProwJob as it was rendered.
func (t *task) read(ctx context.Context) (*prowapi.ProwJob, error) {
	cm, err := t.Kube.CoreV1().ConfigMaps(t.namespace).Get(ctx, t.configMap, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading the ConfigMap %s: %w", t.configMap, err)
	}
	raw, ok := cm.Data[t.name]
	if !ok {
		return nil, prowjob.Final(fmt.Errorf("the ConfigMap %s has no ProwJob %s", t.configMap, t.name))
	}
	pj := &prowapi.ProwJob{}
	if err := json.Unmarshal([]byte(raw), pj); err != nil {
		return nil, prowjob.Final(fmt.Errorf("reading the ProwJob %s in the ConfigMap %s: %w", t.name, t.configMap, err))
	}
	return pj, nil
}

// watchTaskRun ends the task when its TaskRun is cancelled: where Tekton keeps
// the pods of cancelled TaskRuns, its entrypoint kills the step without a
// signal that could be caught.
func (t *task) watchTaskRun(ctx context.Context, cancel context.CancelFunc) {
	if t.taskRun == "" {
		return
	}
	only := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, t.taskRun).String()}
	for ctx.Err() == nil {
		w, err := t.Tekton.TektonV1().TaskRuns(t.namespace).Watch(ctx, only)
		if apierrors.IsForbidden(err) {
			return
		}
		if err == nil {
			if cancelledIn(ctx, w) {
				cancel()
			}
			w.Stop()
		}
		select {
		case <-ctx.Done():
		case <-time.After(watchPause):
		}
	}
}

// cancelledIn follows a watch of a TaskRun to its end, or until the TaskRun is
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

// stopped decides what the end of the task means for the ProwJob.
func (t *task) stopped(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	if !t.cancelled(ctx) {
		t.say("this pod was told to stop, but nobody cancelled the run: the ProwJob %s goes on", t.name)
		return
	}
	if err := prowjob.Abort(ctx, t.ProwJobs, t.name, "The rehearsal was cancelled."); err != nil {
		t.say("%v", err)
		return
	}
	t.say("the run was cancelled: aborted the ProwJob %s", t.name)
}

// cancelled says whether it is the job that is to end. Pods are also deleted
// by drained nodes and by hand; their jobs go on, and whoever reports the run
// waits for them. When the TaskRun cannot be read the job goes on too: the
// controller aborts what is to be aborted by itself.
func (t *task) cancelled(ctx context.Context) bool {
	if t.taskRun == "" {
		return true
	}
	tr, err := t.Tekton.TektonV1().TaskRuns(t.namespace).Get(ctx, t.taskRun, metav1.GetOptions{})
	if err != nil {
		t.say("reading the TaskRun %s: %v", t.taskRun, err)
		return false
	}
	return tr.IsCancelled()
}

// jobName is the name of the job as it is configured.
func jobName(pj *prowapi.ProwJob) string {
	if name := pj.Annotations[run.AnnotationJob]; name != "" {
		return name
	}
	return pj.Spec.Job
}

func (t *task) say(format string, args ...any) {
	fmt.Fprintf(t.out, "» "+format+"\n", args...) //nolint:errcheck // nobody is left to tell
}
