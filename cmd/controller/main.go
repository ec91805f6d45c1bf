// Command controller reconciles Rehearsals.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"time"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset/typed/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"
	kubeclient "knative.dev/pkg/client/injection/kube/client"
	"knative.dev/pkg/configmap"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/injection"
	"knative.dev/pkg/injection/sharedmain"
	"knative.dev/pkg/logging"
	"knative.dev/pkg/signals"
	"knative.dev/pkg/system"
	"knative.dev/pkg/webhook"
	"knative.dev/pkg/webhook/certificates"
	prowclient "sigs.k8s.io/prow/pkg/client/clientset/versioned"

	"github.com/rehearsal-dev/rehearsal/pkg/admission"
	rehearsalinformer "github.com/rehearsal-dev/rehearsal/pkg/client/injection/informers/rehearsal/v1alpha1/rehearsal"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/leader"
	"github.com/rehearsal-dev/rehearsal/pkg/pages"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/mirrors"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/worker"
	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/ratelimit"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/rehearsal"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
	"github.com/rehearsal-dev/rehearsal/pkg/telemetry"
)

const (
	// workers is the number of concurrent reconciles. It is high, because they mostly wait
	// for the API server, for GitHub, and for logs.
	workers = 8
	// drain is how long the API server may take to notice that we are shutting down.
	drain = 2 * time.Second
)

// Rate limits of each client for the API server: calls per second, and in a burst. A
// reconcile makes about five calls. With the limits of the tasks, eight workers would
// mostly wait for their own clients.
const (
	qps   = 200
	burst = 400
)

// At shutdown, the controller lets its reconciles finish for drainTime. It exits after
// exitTime in any case, before Kubernetes kills it.
const (
	drainTime = 15 * time.Second
	exitTime  = 25 * time.Second
)

func main() {
	if worker.Called(os.Args) {
		os.Exit(worker.Main(os.Args, worker.Incremental))
	}
	var (
		mirrors     = flag.String("mirrors", "/var/cache/rehearsal", "directory for the mirrors of config repositories; it may be lost at any time")
		credentials = flag.String("github-credentials", "/etc/github", "directory with the file token, or with private-key and app-id of a GitHub App")
		pages       = flag.String("pages-address", ":8081", "address for the pages with what is too long for a comment")
		webhookPort = flag.Int("webhook-port", 8443, "address for the admission webhook of ProwJobs")
		probesPort  = flag.Int("probes-port", injection.HealthCheckDefaultPort, "address for the probes /health and /readiness")
		kubeconfigs = flag.String("kubeconfig-dir", "/etc/kubeconfigs", "directory with a kubeconfig for each cluster alias that pods run in; it may be missing")
	)
	config := injection.ParseAndGetRESTConfigOrDie()
	config.QPS, config.Burst = qps, burst
	controller.DefaultThreadsPerController = workers
	turns := leader.NewTurns(clock.RealClock{})
	ctx := injection.WithNamespaceScope(drained(signals.NewContext(), turns), system.Namespace())

	options, err := newOptions(ctx, config, *mirrors, *credentials, *kubeconfigs)
	if err != nil {
		log.Fatal("the controller cannot start: ", err)
	}
	options.Turns = turns
	if ctx, err = withMetrics(ctx, config); err != nil {
		log.Fatal("the controller cannot start: ", err)
	}
	ctx = webhook.WithOptions(ctx, webhook.Options{
		ServiceName: admission.Service, SecretName: admission.Service, Port: *webhookPort, GracePeriod: drain,
	})
	ctx = sharedmain.WithHealthProbesDisabled(ctx) // its port cannot be chosen
	admission.SeeOneSecret()
	sharedmain.MainWithConfig(ctx, "rehearsal-controller", config,
		func(ctx context.Context, cmw configmap.Watcher) *controller.Impl {
			go servePages(ctx, *pages)
			go serveProbes(ctx, *probesPort)
			return rehearsal.NewController(ctx, cmw, options)
		}, certificates.NewController, newAdmission(config))
}

// newAdmission answers the API server with clients of its own, so that requests of tasks
// do not slow down the reconciler.
func newAdmission(config *rest.Config) injection.ControllerConstructor {
	return func(ctx context.Context, cmw configmap.Watcher) *controller.Impl {
		return admission.NewController(ctx, cmw,
			kubernetes.NewForConfigOrDie(config).CoreV1().ConfigMaps(system.Namespace()),
			apiextensions.NewForConfigOrDie(config).CustomResourceDefinitions())
	}
}

// drained returns a context that ends after another one, once no reconcile is running.
// The lease is released when it ends. If a reconcile does not finish, the process exits
// and the lease expires.
func drained(ended context.Context, turns *leader.Turns) context.Context {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ended))
	context.AfterFunc(ended, func() {
		time.AfterFunc(exitTime, func() { log.Fatal("a reconcile does not finish") })
		patience, stop := context.WithTimeout(ctx, drainTime)
		defer stop()
		turns.Drain(patience)
		cancel()
	})
	return ctx
}

// serveProbes serves probes until the context ends. It starts once the Rehearsals are in
// the cache.
func serveProbes(ctx context.Context, port int) {
	if !cache.WaitForCacheSync(ctx.Done(), rehearsalinformer.Get(ctx).Informer().HasSynced) {
		return
	}
	if err := injection.ServeHealthProbes(ctx, port); err != nil {
		log.Fatal("the controller cannot be probed: ", err)
	}
}

// servePages serves pages until the context ends. Every replica does.
func servePages(ctx context.Context, address string) {
	core := kubeclient.Get(ctx).CoreV1()
	server := &http.Server{
		Addr:              address,
		Handler:           pages.Handler(core.ConfigMaps(system.Namespace()), core.Secrets(system.Namespace())),
		ReadHeaderTimeout: 10 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		logging.FromContext(ctx).Errorw("Pages are not served", "error", err)
	}
}

func newOptions(ctx context.Context, config *rest.Config, dir, credentials, kubeconfigs string) (rehearsal.Options, error) {
	var o rehearsal.Options
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		return o, fmt.Errorf("making a client: %w", err)
	}
	store, err := loadSettings(ctx, kube)
	if err != nil {
		return o, err
	}
	gh, err := connect(kube, store, credentials)
	if err != nil {
		return o, fmt.Errorf("connecting to GitHub: %w", err)
	}
	if err := telemetry.ObserveCachedAnswers(telemetry.Meter(), gh.KeptBytes); err != nil {
		return o, err
	}
	prow, err := prowclient.NewForConfig(config)
	if err != nil {
		return o, fmt.Errorf("making a client for ProwJobs: %w", err)
	}
	clusters, err := prowjob.LoadClusters(kubeconfigs, config)
	if err != nil {
		return o, err
	}
	kept := mirrors.New(dir, func(org, repo string) string {
		return store.Get().GitHub.GitEndpoint + "/" + org + "/" + repo + ".git"
	}, gh.Token)
	planner, err := newPlanner(ctx, dir, kept)
	if err != nil {
		return o, err
	}
	return rehearsal.Options{
		GitHub:   gh,
		Planner:  planner,
		Mirrors:  kept,
		Prow:     prow,
		Logs:     prowjob.NewLogs(clusters, store.Get().Prow.PodNamespace, gh.Secrets),
		Settings: store,
	}, nil
}

// newPlanner lets separate processes make plans, and fetches for them, because they have
// no credentials. Their cache is beside the mirrors.
func newPlanner(ctx context.Context, dir string, kept *mirrors.Mirrors) (rehearsal.Plans, error) {
	pool, err := worker.NewPool(worker.Options{
		Dir: kept.Dir, CacheDir: filepath.Join(dir, ".plans"), Size: rehearsal.Planners,
		Log: logging.FromContext(ctx).Errorw,
	})
	if err != nil {
		return rehearsal.Plans{}, err
	}
	return rehearsal.Plans{Planner: plan.Traced(pool), Fetch: plan.TracedFetch(kept.Fetch), Repair: kept.Repair, Close: pool.Close}, nil
}

// connect creates the client for GitHub. As an App it is limited to the repositories in
// the current settings.
func connect(kube kubernetes.Interface, store *settings.Store, credentials string) (*github.Client, error) {
	token, app, err := github.Credentials(credentials, store.Get().GitHub.AppID)
	if err != nil {
		return nil, err
	}
	if app != nil {
		app.Serves = func(org, repo string) bool {
			_, served := store.Get().Repository(org, repo)
			return served
		}
		app.Home = func() string {
			if repositories := store.Get().Repositories; len(repositories) > 0 {
				return repositories[0].Name
			}
			return ""
		}
	}
	return github.New(github.Options{
		Endpoint:  store.Get().GitHub.Endpoint,
		Token:     token,
		App:       app,
		UserAgent: "rehearsal-controller",
		Windows:   &ratelimit.Store{ConfigMaps: kube.CoreV1().ConfigMaps(system.Namespace())},
		Writes:    &ratelimit.WriteCounter{ConfigMaps: kube.CoreV1().ConfigMaps(system.Namespace())},
		Most:      github.Pace(store.Get().GitHub.Writes),
		Limited:   rehearsal.ReportLimit,
		Transport: github.Traced(http.DefaultTransport),
	})
}

// loadSettings reads the settings once. An informer follows later changes.
func loadSettings(ctx context.Context, kube kubernetes.Interface) (*settings.Store, error) {
	cm, err := kube.CoreV1().ConfigMaps(system.Namespace()).Get(ctx, settings.ConfigMap, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading the settings: %w", err)
	}
	chosen, err := settings.Parse(cm.Data)
	if err != nil {
		return nil, err
	}
	return settings.NewStore(chosen), nil
}
