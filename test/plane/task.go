package plane

import (
	"context"
	"path/filepath"
	"strings"
	"syscall"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	tektonclient "github.com/tektoncd/pipeline/pkg/client/clientset/versioned/typed/pipeline/v1"
	corev1 "k8s.io/api/core/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

func (pl *Player) taskRuns() tektonclient.TaskRunInterface {
	return pl.plane.Tekton.TektonV1().TaskRuns(rig.Namespace)
}

// runTask does what the pod of a task does, and returns whether it succeeded. It keeps
// checking whether the task is cancelled.
func (pl *Player) runTask(pr *pipelinev1.PipelineRun, tr *pipelinev1.TaskRun, task pipelinev1.PipelineTask, cancelled func() bool) bool {
	params := map[string]string{}
	for _, p := range task.Params {
		params[p.Name] = p.Value.StringVal
	}
	switch {
	case task.Name == run.CollateTask && pl.plane.Tasks.Report:
		return pl.process(pr, tr, task.Name, "rehearsal-collate", cancelled, "collate", "--run="+params["run"], "--comment="+params["comment"])
	case task.Name == run.CollateTask:
		return false
	case pl.plane.Tasks.Jobs:
		return pl.process(pr, tr, task.Name, "rehearsal-task", cancelled, "prowjob", "--job="+params["job"])
	}
	configMap, name, _ := strings.Cut(params["job"], "/")
	return pl.job(configMap, name, cancelled)
}

// job creates or adopts a ProwJob, and waits for its end.
func (pl *Player) job(configMap, name string, cancelled func() bool) bool {
	created := false
	pl.insist(func(ctx context.Context) error {
		if cancelled() {
			return nil
		}
		pj, err := run.ReadProwJob(ctx, pl.taskKube.CoreV1().ConfigMaps(rig.Namespace), configMap, name)
		if err == nil {
			_, _, err = prowjob.Ensure(ctx, pl.taskProw.ProwV1().ProwJobs(rig.ProwJobNamespace), pj)
		}
		created = err == nil
		return err
	})
	for created && !cancelled() && pl.pause(lookAgain) {
		if pj, err := pl.prowJobs.ProwJobs(rig.ProwJobNamespace).Get(name); err == nil && pj.Complete() {
			return pj.Status.State == prowapi.SuccessState
		}
	}
	return false
}

// process runs the real program of a task, with a gate of its own.
func (pl *Player) process(pr *pipelinev1.PipelineRun, tr *pipelinev1.TaskRun, task, account string, cancelled func() bool, program string, args ...string) bool {
	p := pl.plane
	var process *Process
	gate, err := p.startGate(rig.ServiceAccount(account), func() { process.Kill() })
	if err != nil {
		p.t.Errorf("the gate of a task: %v", err)
		return false
	}
	defer gate.close()
	kubeconfig, err := p.kubeconfig(tr.Name, gate.URL)
	if err != nil {
		p.t.Errorf("the kubeconfig of a task: %v", err)
		return false
	}
	env := []string{
		"NAMESPACE=" + rig.Namespace, "TASKRUN=" + tr.Name, "PIPELINERUN=" + pr.Name, "KUBECONFIG=" + kubeconfig,
		"GITHUB_CREDENTIALS=" + p.credentials(), "HTTP_PROXY=" + gate.URL,
	}
	process = newProcess(p.dir, tr.Name, false, env, append([]string{filepath.Join(p.Programs, program)}, args...)...)
	if pl.OnTask != nil {
		pl.OnTask(pr.Name, task, gate)
	}
	if err := process.Start(); err != nil {
		p.t.Errorf("a task: %v", err)
		return false
	}
	ended := make(chan int, 1)
	go func() { ended <- process.wait() }()
	told := false
	for {
		select {
		case code := <-ended:
			pl.noteExit(tr.Name, code)
			return code == 0
		case <-pl.ctx.Done():
			process.Stop()
			return <-ended == 0
		default:
		}
		if !told && cancelled() {
			told = true
			go process.Terminate()
		}
		pl.pause(lookAgain)
	}
}

// noteExit sets the exit status of a task's step; -1 stands for SIGKILL.
func (pl *Player) noteExit(taskRun string, code int) {
	if code < 0 {
		code = 128 + int(syscall.SIGKILL)
	}
	pl.setTaskStatus(taskRun, func(s *pipelinev1.TaskRunStatus) {
		end := &corev1.ContainerStateTerminated{ExitCode: int32(code)}
		s.Steps = []pipelinev1.StepState{{ContainerState: corev1.ContainerState{Terminated: end}, Name: "run"}}
	})
}
