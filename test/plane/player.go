package plane

import (
	"context"
	"sync"
	"time"

	tektoninformers "github.com/tektoncd/pipeline/pkg/client/informers/externalversions"
	tektonlisters "github.com/tektoncd/pipeline/pkg/client/listers/pipeline/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/cache"
	prow "sigs.k8s.io/prow/pkg/client/clientset/versioned"
	prowinformers "sigs.k8s.io/prow/pkg/client/informers/externalversions"
	prowlisters "sigs.k8s.io/prow/pkg/client/listers/prowjobs/v1"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	"k8s.io/client-go/kubernetes"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// Tasks says which tasks of a run are the real programs, each a process of its own.
// Otherwise ProwJobs are created in this process, and the finally task fails, so that the
// controller writes the report.
type Tasks struct{ Jobs, Report bool }

// Verdict decides how a ProwJob ends, and how long after its start.
type Verdict func(pj *prowapi.ProwJob) (state prowapi.ProwJobState, after time.Duration)

// Player simulates Tekton and the kubelet, which run the tasks of PipelineRuns, and Prow's
// plank, which runs ProwJobs. It is never killed, and continues when the API server is
// back.
type Player struct {
	// OnTask, if set, is called with the gate of each task process before its start: task
	// is the name of the PipelineTask.
	OnTask func(pipelineRun, task string, gate *Gate)

	plane        *Plane
	ctx          context.Context
	cancel       context.CancelFunc
	work         sync.WaitGroup
	pipelineRuns tektonlisters.PipelineRunLister
	prowJobs     prowlisters.ProwJobLister
	// taskKube and taskProw have the permissions of a task that is not a process.
	taskKube kubernetes.Interface
	taskProw prow.Interface

	mu    sync.Mutex
	taken map[any]bool
}

// lookAgain is the interval of polling.
const lookAgain = 100 * time.Millisecond

func (p *Plane) startPlayer() error {
	ctx, cancel := context.WithCancel(p.ctx)
	pl := &Player{plane: p, ctx: ctx, cancel: cancel, taken: map[any]bool{}}
	p.Player = pl
	asTask := p.As(rig.ServiceAccount("rehearsal-task"))
	var err error
	if pl.taskKube, err = kubernetes.NewForConfig(asTask); err != nil {
		return err
	}
	if pl.taskProw, err = prow.NewForConfig(asTask); err != nil {
		return err
	}
	tektonFactory := tektoninformers.NewSharedInformerFactoryWithOptions(p.Tekton, 0, tektoninformers.WithNamespace(rig.Namespace))
	prowFactory := prowinformers.NewSharedInformerFactoryWithOptions(p.Prow, 0, prowinformers.WithNamespace(rig.ProwJobNamespace))
	pipelineRuns, prowJobs := tektonFactory.Tekton().V1().PipelineRuns(), prowFactory.Prow().V1().ProwJobs()
	pl.pipelineRuns, pl.prowJobs = pipelineRuns.Lister(), prowJobs.Lister()
	if _, err := pipelineRuns.Informer().AddEventHandler(onChange(func(pr *pipelinev1.PipelineRun) {
		if !pr.IsDone() && pl.take(pr.UID) {
			pl.background(func() { pl.perform(pr) })
		}
	})); err != nil {
		return err
	}
	if _, err := prowJobs.Informer().AddEventHandler(onChange(func(pj *prowapi.ProwJob) {
		switch {
		case pj.Complete():
		case pj.Status.State == prowapi.AbortedState:
			pl.background(func() { pl.bury(pj.Name) })
		case pj.Status.State == prowapi.TriggeredState && pl.take(pj.UID):
			pl.background(func() { pl.attend(pj) })
		}
	})); err != nil {
		return err
	}
	tektonFactory.Start(ctx.Done())
	prowFactory.Start(ctx.Done())
	tektonFactory.WaitForCacheSync(ctx.Done())
	prowFactory.WaitForCacheSync(ctx.Done())
	pl.background(func() {
		<-ctx.Done()
		tektonFactory.Shutdown()
		prowFactory.Shutdown()
	})
	return nil
}

func (pl *Player) stop() {
	pl.cancel()
	pl.work.Wait()
}

func (pl *Player) background(do func()) {
	pl.work.Add(1)
	go func() {
		defer pl.work.Done()
		do()
	}()
}

// onChange handles objects that are new or have changed.
func onChange[T any](do func(T)) cache.ResourceEventHandlerFuncs {
	handle := func(o any) {
		if object, ok := o.(T); ok {
			do(object)
		}
	}
	return cache.ResourceEventHandlerFuncs{AddFunc: handle, UpdateFunc: func(_, o any) { handle(o) }}
}

// take returns whether the key is taken for the first time.
func (pl *Player) take(key any) bool {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	taken := pl.taken[key]
	pl.taken[key] = true
	return !taken
}

// insist retries until the call succeeds, the object is gone, or the plane ends.
func (pl *Player) insist(call func(ctx context.Context) error) {
	for pl.ctx.Err() == nil {
		err := call(pl.ctx)
		if err == nil || apierrors.IsNotFound(err) || apierrors.IsAlreadyExists(err) {
			return
		}
		pl.pause(lookAgain)
	}
}

// pause waits, and returns whether the plane continues.
func (pl *Player) pause(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-pl.ctx.Done():
		return false
	}
}
