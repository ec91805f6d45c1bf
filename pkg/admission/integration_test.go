//go:build integration

package admission

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsclient "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset/typed/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	pkgreconciler "knative.dev/pkg/reconciler"
	"knative.dev/pkg/webhook/certificates/resources"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	prowclient "sigs.k8s.io/prow/pkg/client/clientset/versioned"

	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

const (
	ours = "rehearsals"
	prow = "prow"
)

// world is a real API server that calls our webhook.
type world struct {
	t         *testing.T
	config    *rest.Config
	kube      *kubernetes.Clientset
	validator *validator
	server    *httptest.Server
	asked     atomic.Int32
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Setenv("SYSTEM_NAMESPACE", ours)
	server := logbooktest.Start(t)
	w := &world{t: t, config: server.Config()}
	w.kube = kubernetes.NewForConfigOrDie(w.config)
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/prow").Output()
	w.must(err)
	_, err = envtest.InstallCRDs(w.config, envtest.CRDInstallOptions{
		Paths: []string{filepath.Join(strings.TrimSpace(string(dir)), "config/prow/cluster/prowjob-crd")},
	})
	w.must(err)
	for _, name := range []string{prow, "test-pods"} {
		_, err = w.kube.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		w.must(err)
	}
	server.Install(t, "100-namespace.yaml", "200-serviceaccounts.yaml", "201-roles.yaml", "202-roles-prowjobs.yaml", "205-roles-webhook.yaml",
		"212-admission-webhook.yaml", "230-secrets.yaml")
	w.validator, _ = newJudge(t, handedOver(), func(*pipelinev1.PipelineRun) {})
	w.validator.configMaps = w.kube.CoreV1().ConfigMaps(ours)
	w.validator.crds = apiextensionsclient.NewForConfigOrDie(w.as("rehearsal-controller")).CustomResourceDefinitions()
	w.serve()
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// serve makes the API server call us at a URL, because it does not run in a cluster.
func (w *world) serve() {
	w.server = httptest.NewUnstartedServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.asked.Add(1)
		var review admissionv1.AdmissionReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil || r.URL.Path != w.validator.Path() {
			w.t.Errorf("%s: %v", r.URL.Path, err)
			return
		}
		review.Response = w.validator.Admit(r.Context(), review.Request)
		review.Response.UID = review.Request.UID
		if err := json.NewEncoder(out).Encode(review); err != nil {
			w.t.Error(err)
		}
	}))
	w.server.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	w.server.StartTLS()
	w.t.Cleanup(w.server.Close)
	url := w.server.URL + path
	w.configure(func(hook *admissionregistrationv1.ValidatingWebhook) {
		hook.ClientConfig = admissionregistrationv1.WebhookClientConfig{
			URL:      &url,
			CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.server.Certificate().Raw}),
		}
	})
}

func (w *world) configure(change func(*admissionregistrationv1.ValidatingWebhook)) {
	w.t.Helper()
	configurations := w.kube.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	found, err := configurations.Get(w.t.Context(), Configuration, metav1.GetOptions{})
	w.must(err)
	change(&found.Webhooks[0])
	_, err = configurations.Update(w.t.Context(), found, metav1.UpdateOptions{})
	w.must(err)
}

// as returns a configuration with the identity of one of our service accounts.
func (w *world) as(account string) *rest.Config {
	config := rest.CopyConfig(w.config)
	config.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + ours + ":" + account,
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:" + ours, "system:authenticated"},
	}
	return config
}

func (w *world) create(config *rest.Config, pj *prowapi.ProwJob) error {
	pj = pj.DeepCopy()
	if pj.Status.StartTime.IsZero() {
		pj.Status.StartTime = metav1.Now()
	}
	_, err := prowclient.NewForConfigOrDie(config).ProwV1().ProwJobs(prow).Create(w.t.Context(), pj, metav1.CreateOptions{})
	return err
}

// store writes what the controller hands over for a run with one job.
func (w *world) store(pj *prowapi.ProwJob) {
	w.t.Helper()
	_, kube := newJudge(w.t, pj, func(*pipelinev1.PipelineRun) {})
	list, err := kube.CoreV1().ConfigMaps(ours).List(w.t.Context(), metav1.ListOptions{})
	w.must(err)
	for _, cm := range list.Items {
		_, err = w.kube.CoreV1().ConfigMaps(ours).Update(w.t.Context(), &cm, metav1.UpdateOptions{})
		if apierrors.IsNotFound(err) {
			_, err = w.kube.CoreV1().ConfigMaps(ours).Create(w.t.Context(), &cm, metav1.CreateOptions{})
		}
		w.must(err)
	}
}

// TestProwJobsOnAPIServer checks which ProwJobs a real API server, with Prow's own
// CustomResourceDefinition, lets a task create.
func TestProwJobsOnAPIServer(t *testing.T) {
	w := newWorld(t)
	task := w.as("rehearsal-task")
	whole := handedOver()
	// A field with a default, a field that Prow does not keep, and durations.
	whole.Spec.PodSpec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 80}}
	whole.Spec.PodSpec.Containers[0].EnvFrom = []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{}}}
	override := "x"
	whole.Spec.PodSpec.HostnameOverride = &override
	whole.Spec.DecorationConfig = &prowapi.DecorationConfig{Timeout: &prowapi.Duration{Duration: time.Hour}}
	w.store(whole)
	w.until("the webhook is in force", func() bool { return apierrors.IsForbidden(w.create(task, w.other(whole))) })

	for name, change := range map[string]func(*prowapi.ProwJob){
		"an additional checkout":         func(pj *prowapi.ProwJob) { pj.Spec.ExtraRefs = []prowapi.Refs{{Org: "acme", Repo: "secret"}} },
		"another clone URL":              func(pj *prowapi.ProwJob) { pj.Spec.Refs.CloneURI = "https://evil.example/x.git" },
		"another pull request":           func(pj *prowapi.ProwJob) { pj.Spec.Refs.Pulls[0].Number = 8 },
		"another protocol of a port":     func(pj *prowapi.ProwJob) { pj.Spec.PodSpec.Containers[0].Ports[0].Protocol = "UDP" },
		"another timeout":                func(pj *prowapi.ProwJob) { pj.Spec.DecorationConfig.Timeout.Duration *= 2 },
		"no timeout":                     func(pj *prowapi.ProwJob) { pj.Spec.DecorationConfig = nil },
		"an approval by the task itself": func(pj *prowapi.ProwJob) { pj.Annotations[run.AnnotationApproved] = strings.Repeat("0", 64) },
		"an additional label":            func(pj *prowapi.ProwJob) { pj.Labels["x"] = "y" },
		"a final state":                  func(pj *prowapi.ProwJob) { pj.Status.State = prowapi.SuccessState; pj.SetComplete() },
		"a finalizer":                    func(pj *prowapi.ProwJob) { pj.Finalizers = []string{"example.com/x"} },
		"an owner": func(pj *prowapi.ProwJob) {
			pj.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "x", UID: "y"}}
		},
		"no labels and annotations": func(pj *prowapi.ProwJob) { pj.Labels, pj.Annotations = nil, nil },
		"a description":             func(pj *prowapi.ProwJob) { pj.Status.Description = "passed" },
	} {
		pj := whole.DeepCopy()
		change(pj)
		if err := w.create(task, pj); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), Configuration) {
			t.Errorf("with %s: %v", name, err)
		}
	}
	unnamed := whole.DeepCopy()
	unnamed.Name = "job-2"
	if err := w.create(task, unnamed); !apierrors.IsServiceUnavailable(err) || !strings.Contains(err.Error(), "no active run") {
		t.Errorf("with a name that nobody has handed over: %v", err)
	}
	if err := w.create(task, whole); err != nil {
		t.Errorf("as it was handed over: %v", err)
	}
	if err := w.create(task, whole); !apierrors.IsAlreadyExists(err) {
		t.Errorf("once more: %v", err)
	}
	w.testOthers(whole)
}

// other returns a ProwJob that differs from the one that was handed over.
func (w *world) other(pj *prowapi.ProwJob) *prowapi.ProwJob {
	pj = pj.DeepCopy()
	pj.Spec.Context = "ci/rehearse/other"
	return pj
}

// testOthers creates ProwJobs as Prow and as Deck, while the webhook does not answer.
func (w *world) testOthers(whole *prowapi.ProwJob) {
	asked := w.asked.Load()
	w.server.Close()
	plain := whole.DeepCopy()
	plain.Name, plain.Labels, plain.Annotations = "of-prow", nil, nil
	if err := w.create(w.config, plain); err != nil {
		w.t.Errorf("Prow creates its own: %v", err)
	}
	deck := rest.CopyConfig(w.config)
	deck.Impersonate = rest.ImpersonationConfig{UserName: "system:serviceaccount:" + prow + ":deck", Groups: []string{"system:masters"}}
	again := whole.DeepCopy()
	again.Name = "of-deck"
	if err := w.create(deck, again); err != nil {
		w.t.Errorf("Deck runs a job again: %v", err)
	}
	if n := w.asked.Load(); n != asked {
		w.t.Errorf("we were asked %d times more", n-asked)
	}
	again.Name = "of-somebody"
	for who, config := range map[string]*rest.Config{"a task": w.as("rehearsal-task"), "somebody": w.config} {
		err := w.create(config, again)
		if !apierrors.IsInternalError(err) || !strings.Contains(err.Error(), "failed calling webhook") {
			w.t.Errorf("%s creates one of ours while we do not answer: %v", who, err)
		}
	}
}

func (w *world) until(what string, done func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("%s: not within a minute", what)
		}
	}
}

// TestControllerOnAPIServer runs the controller with its own rights. It must write its
// certificate authority, and must not be able to do what an intruder would try.
func TestControllerOnAPIServer(t *testing.T) {
	w := newWorld(t)
	w.configure(func(hook *admissionregistrationv1.ValidatingWebhook) {
		hook.ClientConfig = admissionregistrationv1.WebhookClientConfig{
			Service: &admissionregistrationv1.ServiceReference{Name: Service, Namespace: ours},
		}
	})
	controller := kubernetes.NewForConfigOrDie(w.as("rehearsal-controller"))
	configurations := controller.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	indexer := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	secret, err := resources.MakeSecret(t.Context(), Service, ours, Service)
	w.must(err)
	w.must(indexer.Add(secret))
	key := types.NamespacedName{Name: Configuration}
	r := &reconciler{key: key, client: controller, secrets: corelisters.NewSecretLister(indexer)}
	w.must(r.Promote(pkgreconciler.UniversalBucket(), nil))
	for range 2 { // the second call changes nothing
		w.must(r.Reconcile(t.Context(), key.String()))
	}
	found, err := configurations.Get(t.Context(), Configuration, metav1.GetOptions{})
	w.must(err)
	if got := found.Webhooks[0].ClientConfig.CABundle; string(got) != string(secret.Data[resources.CACert]) {
		t.Errorf("the API server knows us by %q", got)
	}

	patch := func(text string) error {
		_, err := configurations.Patch(t.Context(), Configuration, types.JSONPatchType, []byte(text), metav1.PatchOptions{})
		return err
	}
	seconds := 0 // a patch that changes nothing is allowed
	w.until("the policy is in force", func() bool {
		seconds = seconds%30 + 1
		return apierrors.IsForbidden(patch(fmt.Sprintf(`[{"op":"replace","path":"/webhooks/0/timeoutSeconds","value":%d}]`, seconds)))
	})
	for name, text := range map[string]string{
		"failures ignored":    `[{"op":"replace","path":"/webhooks/0/failurePolicy","value":"Ignore"}]`,
		"another URL":         `[{"op":"replace","path":"/webhooks/0/clientConfig","value":{"url":"https://evil.example/","caBundle":"eA=="}}]`,
		"another service":     `[{"op":"replace","path":"/webhooks/0/clientConfig/service/namespace","value":"default"}]`,
		"all resources":       `[{"op":"replace","path":"/webhooks/0/rules/0/resources","value":["*"]}]`,
		"no rules":            `[{"op":"replace","path":"/webhooks/0/rules","value":[]}]`,
		"no match conditions": `[{"op":"remove","path":"/webhooks/0/matchConditions"}]`,
		"namespace selector":  `[{"op":"replace","path":"/webhooks/0/namespaceSelector","value":{"matchLabels":{"a":"b"}}}]`,
		"another webhook": `[{"op":"add","path":"/webhooks/-","value":{"name":"a.b.c","sideEffects":"None","admissionReviewVersions":["v1"],
			"clientConfig":{"url":"https://evil.example/"}}}]`,
		"webhook removed": `[{"op":"remove","path":"/webhooks/0"}]`,
		"owner added":     `[{"op":"add","path":"/metadata/ownerReferences","value":[{"apiVersion":"v1","kind":"Namespace","name":"x","uid":"y"}]}]`,
	} {
		if err := patch(text); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "rehearsal-webhook") {
			t.Errorf("%s: %v", name, err)
		}
	}
	authority := resources.CACert
	secret.Data[authority] = append(secret.Data[authority], '\n')
	if err := r.Reconcile(t.Context(), key.String()); err != nil {
		t.Errorf("another certificate: %v", err)
	}
	w.testRights(configurations)
}

// testRights lets the controller touch configurations other than its own.
func (w *world) testRights(configurations interface {
	Create(context.Context, *admissionregistrationv1.ValidatingWebhookConfiguration, metav1.CreateOptions) (*admissionregistrationv1.ValidatingWebhookConfiguration, error)
	Delete(context.Context, string, metav1.DeleteOptions) error
	Patch(context.Context, string, types.PatchType, []byte, metav1.PatchOptions, ...string) (*admissionregistrationv1.ValidatingWebhookConfiguration, error)
}) {
	ctx := w.t.Context()
	other := &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "other"}}
	_, err := w.kube.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(ctx, other, metav1.CreateOptions{})
	w.must(err)
	if _, err := configurations.Patch(ctx, "other", types.MergePatchType, []byte("{}"), metav1.PatchOptions{}); !apierrors.IsForbidden(err) {
		w.t.Errorf("another configuration is patched: %v", err)
	}
	other.Name = "third"
	if _, err := configurations.Create(ctx, other, metav1.CreateOptions{}); !apierrors.IsForbidden(err) {
		w.t.Errorf("a configuration is created: %v", err)
	}
	if err := configurations.Delete(ctx, Configuration, metav1.DeleteOptions{}); !apierrors.IsForbidden(err) {
		w.t.Errorf("our configuration is deleted: %v", err)
	}
}
