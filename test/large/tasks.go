package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// tasks does the work of a run's pods. A thousand processes of cmd/prowjob would need more
// memory than a machine has, so the same packages are used here: they make as many calls,
// watches and logs as the processes would. cmd/collate is a process.
type tasks struct {
	connection prowjob.Connection
	collate    string // the program
	env        []string
	places     chan struct{} // for collate
}

// collators is the maximum number of cmd/collate processes at a time.
const collators = 3

// run returns whether the task succeeded.
func (t *tasks) run(ctx context.Context, pod *corev1.Pod) bool {
	var err error
	switch task := pod.Labels["tekton.dev/task"]; task {
	case "rehearsal-prowjob":
		err = t.attend(ctx, pod)
	case "rehearsal-collate":
		err = t.report(ctx, pod)
	default:
		err = fmt.Errorf("nobody knows the task %q", task)
	}
	if err != nil && !errors.Is(err, errFailed) && ctx.Err() == nil {
		_, _ = fmt.Fprintf(logFile, "task %s: %v\n", pod.Name, err)
	}
	return err == nil
}

// argument returns the value of a flag of the step.
func argument(pod *corev1.Pod, flag string) string {
	for _, c := range pod.Spec.Containers {
		for _, a := range c.Args {
			if value, ok := strings.CutPrefix(a, "--"+flag+"="); ok {
				return value
			}
		}
	}
	return ""
}

// attend creates the ProwJob of a task and waits for it, like cmd/prowjob.
func (t *tasks) attend(ctx context.Context, pod *corev1.Pod) error {
	c := t.connection
	logs := *c.Logs
	c.Logs = &logs
	configMap, name, _ := strings.Cut(argument(pod, "job"), "/")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go t.watchTaskRun(ctx, pod.Labels["tekton.dev/taskRun"], cancel)
	var stored, created *prowapi.ProwJob
	first := false
	err := prowjob.Persist(ctx, 5*time.Minute, func(ctx context.Context) error {
		var err error
		stored, err = run.ReadProwJob(ctx, c.Kube.CoreV1().ConfigMaps(rig.Namespace), configMap, name)
		if err != nil {
			return err
		}
		if err := run.CheckApproval(stored); err != nil {
			return err
		}
		c.Find(stored.Namespace, stored.Spec.Namespace)
		created, first, err = prowjob.Ensure(ctx, c.ProwJobs, stored)
		return err
	})
	if err != nil {
		return err
	}
	if first && pod.Labels["tekton.dev/pipelineRun"] == stored.Labels[run.LabelRun] {
		c.StartOthers(ctx, rig.Namespace, configMap, stored)
	}
	attendant := prowjob.Attendant{ProwJobs: c.ProwJobs, Logs: c.Logs, Out: io.Discard}
	pj, err := attendant.Attend(ctx, created.Name)
	if err == nil && pj.Status.State != prowapi.SuccessState {
		return errFailed
	}
	return err
}

var errFailed = errors.New("the job failed")

// watchTaskRun watches the TaskRun, like the real task, and ends the task with it.
func (t *tasks) watchTaskRun(ctx context.Context, name string, cancel func()) {
	only := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()}
	for ctx.Err() == nil {
		if w, err := t.connection.Tekton.TektonV1().TaskRuns(rig.Namespace).Watch(ctx, only); err == nil {
			for e := range w.ResultChan() {
				if tr, ok := e.Object.(*pipelinev1.TaskRun); ok && tr.IsCancelled() {
					cancel()
				}
			}
		}
		_ = prowjob.Sleep(ctx, 5*time.Second) // the loop checks ctx
	}
}

// report runs cmd/collate.
func (t *tasks) report(ctx context.Context, pod *corev1.Pod) error {
	select {
	case t.places <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-t.places }()
	cmd := exec.CommandContext(ctx, t.collate, "--run="+argument(pod, "run"), "--comment="+argument(pod, "comment"))
	cmd.Env = append(append(os.Environ(), t.env...), "NAMESPACE="+rig.Namespace, "PIPELINERUN="+pod.Labels["tekton.dev/pipelineRun"])
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}
