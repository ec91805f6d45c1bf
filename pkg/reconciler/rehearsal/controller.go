package rehearsal

import (
	"context"
	"fmt"
	"time"

	tektonclient "github.com/tektoncd/pipeline/pkg/client/injection/client"
	pipelineruninformer "github.com/tektoncd/pipeline/pkg/client/injection/informers/pipeline/v1/pipelinerun"
	taskruninformer "github.com/tektoncd/pipeline/pkg/client/injection/informers/pipeline/v1/taskrun"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"
	kubeclient "knative.dev/pkg/client/injection/kube/client"
	"knative.dev/pkg/configmap"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/kmeta"
	"knative.dev/pkg/logging"
	"knative.dev/pkg/system"
	prowclient "sigs.k8s.io/prow/pkg/client/clientset/versioned"
	prowinformers "sigs.k8s.io/prow/pkg/client/informers/externalversions"

	rehearsalclient "github.com/rehearsal-dev/rehearsal/pkg/client/injection/client"
	rehearsalinformer "github.com/rehearsal-dev/rehearsal/pkg/client/injection/informers/rehearsal/v1alpha1/rehearsal"
	reconcilerv1alpha1 "github.com/rehearsal-dev/rehearsal/pkg/client/injection/reconciler/rehearsal/v1alpha1/rehearsal"
	"github.com/rehearsal-dev/rehearsal/pkg/kvstore"
	"github.com/rehearsal-dev/rehearsal/pkg/leader"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/queue"
	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/runs"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
	"github.com/rehearsal-dev/rehearsal/pkg/settings/live"
	"github.com/rehearsal-dev/rehearsal/pkg/sweep"
)

const (
	// quickPlaces and longPlaces are how many pull requests are planned at a time: plans
	// that have just begun, and plans that take longer.
	quickPlaces, longPlaces = 2, 1
	// Planners is the maximum number of planner processes.
	Planners = quickPlaces + longPlaces
	// keptPlans is how many plans stay in memory.
	keptPlans = 64
	// resync is how often an informer delivers all objects again.
	resync = 10 * time.Hour
)

// Plans makes plans, see queue.Options. Close ends the planner; it may be nil.
type Plans struct {
	plan.Planner
	Fetch, Repair func(ctx context.Context, req plan.Request) error
	Close         func()
}

// Options are the parts of the controller that main makes.
type Options struct {
	GitHub  GitHub
	Planner Plans
	// Mirrors are the mirrors that the planner reads.
	Mirrors  Mirrors
	Prow     prowclient.Interface
	Logs     *prowjob.Logs
	Settings *settings.Store
	// Turns tracks the reconciles of the controller. Whoever stops the controller drains
	// them first.
	Turns *leader.Turns
}

// NewController wires the reconciler to its informers.
func NewController(ctx context.Context, cmw configmap.Watcher, o Options) *controller.Impl {
	ctx = withRecorder(ctx)
	namespace := o.Settings.Get().Prow.ProwJobNamespace
	prowFactory := prowinformers.NewSharedInformerFactoryWithOptions(o.Prow, resync,
		prowinformers.WithNamespace(namespace),
		prowinformers.WithTweakListOptions(func(opts *metav1.ListOptions) { opts.LabelSelector = run.LabelRehearsalUID }))
	prowJobs := prowFactory.Prow().V1().ProwJobs()
	pipelineRuns, taskRuns := pipelineruninformer.Get(ctx), runs.Slimmed(taskruninformer.Get(ctx).Informer())
	if err := taskRuns.AddIndexers(runs.TaskRunIndexers); err != nil {
		panic(fmt.Sprintf("indexing TaskRuns: %v", err))
	}
	runs.Slimmed(pipelineRuns.Informer())
	runs.Slimmed(prowJobs.Informer())
	runs.Slimmed(rehearsalinformer.Get(ctx).Informer())
	gh := &dryRun{GitHub: o.GitHub, on: func() bool { return o.Settings.Get().DryRun }}

	r := &Reconciler{
		Clients: &runs.Clients{
			Kube:         kubeclient.Get(ctx),
			Tekton:       tektonclient.Get(ctx),
			Prow:         o.Prow,
			PipelineRuns: pipelineRuns.Lister(),
			TaskRuns:     taskRuns.GetIndexer(),
			ProwJobs:     prowJobs.Lister(),
			Lister:       rehearsalinformer.Get(ctx).Lister(),
			Logs:         o.Logs,
		},
		Rehearsals: rehearsalclient.Get(ctx),
		GitHub:     gh,
		Settings:   o.Settings.Get,
		Clock:      clock.RealClock{},
		LeadsSince: o.Turns.Since,
	}
	impl := reconcilerv1alpha1.NewImpl(ctx, r)
	impl.Reconciler = o.Turns.Around(requeue.NewRetrying(impl.Reconciler.(requeue.Leading)))
	follower := live.NewFollower(ctx, o.Settings)
	follower.Applied = func() { impl.GlobalResync(rehearsalinformer.Get(ctx).Informer()) }
	cmw.Watch(settings.ConfigMap, follower.Follow)
	background := queue.New(queue.Options{
		Planner: o.Planner.Planner, Fetch: o.Planner.Fetch, Repair: o.Planner.Repair,
		Quick: quickPlaces, Long: longPlaces, Keep: keptPlans,
		Notify: func(key string) { impl.EnqueueKey(parseKey(key)) },
		Log:    logging.FromContext(ctx).Errorw,
	})
	r.Plans = background
	context.AfterFunc(ctx, func() {
		background.Close()
		if o.Planner.Close != nil {
			o.Planner.Close()
		}
	})

	must(rehearsalinformer.Get(ctx).Informer().AddEventHandler(controller.HandleAll(impl.Enqueue)))
	must(pipelineRuns.Informer().AddEventHandler(controller.HandleAll(impl.EnqueueControllerOf)))
	must(taskRuns.AddEventHandler(controller.HandleAll(enqueueLabelled(impl))))
	must(prowJobs.Informer().AddEventHandler(controller.HandleAll(enqueueLabelled(impl))))
	prowFactory.Start(ctx.Done())
	prowFactory.WaitForCacheSync(ctx.Done())

	sweeper := &sweep.Sweeper{
		GitHub:     gh,
		Rehearsals: rehearsalclient.Get(ctx).RehearsalV1alpha1().Rehearsals(system.Namespace()),
		Lister:     rehearsalinformer.Get(ctx).Lister().Rehearsals(system.Namespace()),
		Memory:     sweep.Stored{Store: kvstore.Store{ConfigMaps: kubeclient.Get(ctx).CoreV1().ConfigMaps(system.Namespace()), Name: sweep.ConfigMap}},
		Settings:   o.Settings.Get,
		Identify:   (&identities{configMaps: kubeclient.Get(ctx).CoreV1().ConfigMaps(system.Namespace())}).check,
		Clock:      clock.RealClock{},
	}
	inputs := &inputSweeper{
		clusters: o.Logs.Clusters, namespace: o.Logs.Namespace, lister: sweeper.Lister, clock: clock.RealClock{},
	}
	orphans := &orphanSweeper{Reconciler: r}
	mirrors := &mirrorSweeper{mirrors: o.Mirrors, lister: sweeper.Lister, settings: o.Settings.Get, clock: clock.RealClock{}}
	for _, run := range []func(context.Context){sweeper.Run, inputs.run, mirrors.run, orphans.run} {
		go func() {
			if cache.WaitForCacheSync(ctx.Done(), rehearsalinformer.Get(ctx).Informer().HasSynced) {
				run(ctx)
			}
		}()
	}
	return impl
}

// must panics if an event handler cannot be added. That cannot happen to an informer that
// has not been started.
func must(_ cache.ResourceEventHandlerRegistration, err error) {
	if err != nil {
		panic(fmt.Sprintf("adding an event handler: %v", err))
	}
}

// enqueueLabelled enqueues the Rehearsal of a run's object, which may be in another
// namespace than the object.
func enqueueLabelled(impl *controller.Impl) func(any) {
	return func(obj any) {
		object, err := kmeta.DeletionHandlingAccessor(obj)
		if err != nil {
			return
		}
		if name := object.GetLabels()[run.LabelRehearsal]; name != "" {
			impl.EnqueueKey(types.NamespacedName{Namespace: system.Namespace(), Name: name})
		}
	}
}

func parseKey(key string) types.NamespacedName {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return types.NamespacedName{}
	}
	return types.NamespacedName{Namespace: namespace, Name: name}
}

// withRecorder writes events to the API server until the context ends.
func withRecorder(ctx context.Context) context.Context {
	broadcaster := record.NewBroadcaster(record.WithContext(ctx))
	broadcaster.StartRecordingToSink(&corev1client.EventSinkImpl{Interface: kubeclient.Get(ctx).CoreV1().Events("")})
	context.AfterFunc(ctx, broadcaster.Shutdown)
	return controller.WithEventRecorder(ctx, broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "rehearsal-controller"}))
}
