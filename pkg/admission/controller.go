package admission

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	pipelineruninformer "github.com/tektoncd/pipeline/pkg/client/injection/informers/pipeline/v1/pipelinerun"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	kubeclient "knative.dev/pkg/client/injection/kube/client"
	"knative.dev/pkg/configmap"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/injection"
	secretinformer "knative.dev/pkg/injection/clients/namespacedkube/informers/core/v1/secret"
	"knative.dev/pkg/injection/clients/namespacedkube/informers/factory"
	"knative.dev/pkg/logging"
	pkgreconciler "knative.dev/pkg/reconciler"
	"knative.dev/pkg/system"
	"knative.dev/pkg/webhook/certificates/resources"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

const (
	// Service is the Service that the API server calls, and the name of the Secret with
	// the certificate.
	Service = "rehearsal-webhook"
	// Configuration is the ValidatingWebhookConfiguration, and the name of its only
	// webhook.
	Configuration = "prowjobs.rehearsal.dev"
)

// SeeOneSecret limits the informer of Secrets that knative.dev/pkg/webhook uses to the
// Secret with the certificate, the only one that we may read. It must be called before
// injection is set up.
func SeeOneSecret() {
	injection.Default.RegisterInformerFactory(func(ctx context.Context) context.Context {
		return context.WithValue(ctx, factory.Key{}, informers.NewSharedInformerFactoryWithOptions(
			kubeclient.Get(ctx), controller.GetResyncPeriod(ctx), informers.WithNamespace(system.Namespace()),
			informers.WithTweakListOptions(func(o *metav1.ListOptions) {
				o.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, Service).String()
			})))
	})
}

// reconciler answers the API server, and tells it our certificate authority.
type reconciler struct {
	validator
	pkgreconciler.LeaderAwareFuncs
	key     types.NamespacedName
	client  kubernetes.Interface
	secrets corelisters.SecretLister
}

// NewController returns the controller of the webhook. ConfigMaps are those of our
// namespace.
func NewController(ctx context.Context, _ configmap.Watcher, configMaps run.ConfigMaps, crds CRDs) *controller.Impl {
	secrets := secretinformer.Get(ctx)
	key := types.NamespacedName{Name: Configuration}
	r := &reconciler{
		validator: validator{
			pipelineRuns: pipelineruninformer.Get(ctx).Lister().PipelineRuns(system.Namespace()),
			configMaps:   configMaps, crds: crds, memory: newMemory(),
		},
		LeaderAwareFuncs: pkgreconciler.LeaderAwareFuncs{
			PromoteFunc: func(b pkgreconciler.Bucket, enqueue func(pkgreconciler.Bucket, types.NamespacedName)) error {
				enqueue(b, key)
				return nil
			},
		},
		key: key, client: kubeclient.Get(ctx), secrets: secrets.Lister(),
	}
	const queue = "ProwJobWebhook"
	impl := controller.NewContext(ctx, r, controller.ControllerOptions{WorkQueueName: queue, Logger: logging.FromContext(ctx).Named(queue)})
	_, err := secrets.Informer().AddEventHandler(cache.FilteringResourceEventHandler{
		FilterFunc: controller.FilterWithNameAndNamespace(system.Namespace(), Service),
		Handler:    controller.HandleAll(func(any) { impl.EnqueueKey(key) }),
	})
	if err != nil {
		panic(fmt.Sprintf("adding an event handler to an informer that has not started: %v", err))
	}
	return impl
}

// Reconcile writes the certificate authority into the configuration of the webhook, and
// nothing else.
func (r *reconciler) Reconcile(ctx context.Context, key string) error {
	if !r.IsLeaderFor(r.key) {
		return controller.NewSkipKey(key)
	}
	secret, err := r.secrets.Secrets(system.Namespace()).Get(Service)
	if err != nil {
		return fmt.Errorf("reading the certificate of the webhook: %w", err)
	}
	authority := secret.Data[resources.CACert]
	if len(authority) == 0 {
		return nil // it is being created, and Reconcile is called again
	}
	configurations := r.client.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	found, err := configurations.Get(ctx, Configuration, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("reading the configuration of the webhook: %w", err)
	}
	for i, hook := range found.Webhooks {
		if hook.Name != Configuration || bytes.Equal(hook.ClientConfig.CABundle, authority) {
			continue
		}
		place := fmt.Sprintf("/webhooks/%d/", i)
		patch, err := json.Marshal([]map[string]any{
			{"op": "test", "path": place + "name", "value": Configuration},
			{"op": "add", "path": place + "clientConfig/caBundle", "value": authority},
		})
		if err != nil {
			return fmt.Errorf("encoding the CA certificate: %w", err)
		}
		if _, err := configurations.Patch(ctx, Configuration, types.JSONPatchType, patch, metav1.PatchOptions{}); err != nil {
			return fmt.Errorf("writing the CA certificate: %w", err)
		}
	}
	return nil
}
