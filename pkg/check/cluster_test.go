package check_test

import (
	"errors"
	"slices"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	fakediscovery "k8s.io/client-go/discovery/fake"
	kubefake "k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/rehearsal-dev/rehearsal/pkg/check"
)

// objects returns a cluster in which everything is as it must be.
func objects() []runtime.Object {
	named := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name, Namespace: "rehearsals"} }
	tekton := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, Namespace: "tekton-pipelines"}
	}
	all := []runtime.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "rehearsals"}}, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "prow"}},
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "test-pods"}},
		&corev1.Secret{ObjectMeta: named("rehearsal-github"), Data: map[string][]byte{"private-key": []byte("x"), "app-id": []byte("1")}},
		&corev1.Secret{ObjectMeta: named("rehearsal-hmac"), Data: map[string][]byte{"hmac": []byte("x")}},
		&corev1.Secret{ObjectMeta: named("rehearsal-webhook")}, &corev1.Secret{ObjectMeta: named("rehearsal-page-key")},
		&admissionregistrationv1.ValidatingWebhookConfiguration{
			ObjectMeta: metav1.ObjectMeta{Name: "prowjobs.rehearsal.dev"},
			Webhooks: []admissionregistrationv1.ValidatingWebhook{{
				Name: "prowjobs.rehearsal.dev", ClientConfig: admissionregistrationv1.WebhookClientConfig{CABundle: []byte("x")},
			}},
		},
		&appsv1.Deployment{ObjectMeta: named("rehearsal-receiver"), Status: appsv1.DeploymentStatus{ReadyReplicas: 1}},
		&appsv1.Deployment{ObjectMeta: named("rehearsal-controller"), Status: appsv1.DeploymentStatus{ReadyReplicas: 2}},
		&corev1.ConfigMap{ObjectMeta: tekton("pipelines-info"), Data: map[string]string{"version": "v1.15.0"}},
		&corev1.ConfigMap{ObjectMeta: tekton("feature-flags"), Data: map[string]string{"set-security-context": "true", "keep-pod-on-cancel": "true"}},
	}
	for _, name := range check.Policies() {
		all = append(all, &admissionregistrationv1.ValidatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: name}},
			&admissionregistrationv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: name},
				Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{PolicyName: name}})
	}
	return all
}

func kindOf(o runtime.Object) string {
	name := o.(metav1.Object).GetName()
	switch o.(type) {
	case *corev1.Namespace:
		return "namespace " + name
	case *corev1.Secret:
		return "secret " + name
	case *appsv1.Deployment:
		return "deployment " + name
	case *corev1.ConfigMap:
		return "configmap " + name
	case *admissionregistrationv1.ValidatingAdmissionPolicyBinding:
		return "binding " + name
	case *admissionregistrationv1.ValidatingWebhookConfiguration:
		return "webhook " + name
	}
	return "policy " + name
}

// fake returns such a cluster after a change. denied are the missing rights of the
// service accounts: "account verb resource".
func fake(t *testing.T, gone []string, change func(runtime.Object), kinds []string, denied ...string) *kubefake.Clientset {
	t.Helper()
	all := slices.DeleteFunc(objects(), func(o runtime.Object) bool { return slices.Contains(gone, kindOf(o)) })
	if change != nil {
		for _, o := range all {
			change(o)
		}
	}
	kube := kubefake.NewSimpleClientset(all...)
	discovery := kube.Discovery().(*fakediscovery.FakeDiscovery)
	for _, kind := range kinds {
		version := map[string]string{"Rehearsal": "rehearsal.dev/v1alpha1", "ProwJob": "prow.k8s.io/v1", "PipelineRun": "tekton.dev/v1"}[kind]
		discovery.Resources = append(discovery.Resources, &metav1.APIResourceList{GroupVersion: version, APIResources: []metav1.APIResource{{Kind: kind}}})
	}
	kube.PrependReactor("create", "subjectaccessreviews", func(action clienttesting.Action) (bool, runtime.Object, error) {
		review := action.(clienttesting.CreateAction).GetObject().(*authorizationv1.SubjectAccessReview).DeepCopy()
		a := review.Spec.ResourceAttributes
		asked := review.Spec.User + " " + a.Verb + " " + a.Resource
		review.Status.Allowed = (a.Resource != "secrets" || a.Name != "") != slices.Contains(denied, asked)
		return true, review, nil
	})
	return kube
}

var kinds = []string{"Rehearsal", "ProwJob", "PipelineRun"}

func TestCluster(t *testing.T) {
	const account = "system:serviceaccount:rehearsals:rehearsal-"
	for name, tc := range map[string]struct {
		gone   []string
		change func(runtime.Object)
		kinds  []string
		denied []string
		want   []string
	}{
		"all":          {},
		"no CRD":       {kinds: []string{"ProwJob"}, want: []string{"no rehearsal.dev/v1alpha1 Rehearsal"}},
		"no ProwJobs":  {kinds: []string{"Rehearsal"}, want: []string{"no prow.k8s.io/v1 ProwJob"}},
		"no namespace": {gone: []string{"namespace test-pods"}, want: []string{"Namespace test-pods does not exist"}},
		"no secret":    {gone: []string{"secret rehearsal-hmac"}, want: []string{"Secret rehearsal-hmac does not exist"}},
		"no key": {change: func(o runtime.Object) {
			if s, ok := o.(*corev1.Secret); ok && s.Name == "rehearsal-github" {
				s.Data = map[string][]byte{"tokn": []byte("x")}
			}
		}, want: []string{"no key token, and none private-key"}},
		"not ready": {change: func(o runtime.Object) {
			if d, ok := o.(*appsv1.Deployment); ok && d.Name == "rehearsal-receiver" {
				d.Status.ReadyReplicas = 0
			}
		}, want: []string{"rehearsal-receiver has no pod"}},
		"no controller": {gone: []string{"deployment rehearsal-controller"}, want: []string{"rehearsal-controller does not exist"}},
		"no policy":     {gone: []string{"policy rehearsal-commands"}, want: []string{"ValidatingAdmissionPolicy rehearsal-commands does not exist"}},
		"no webhook":    {gone: []string{"webhook prowjobs.rehearsal.dev"}, want: []string{"ValidatingWebhookConfiguration prowjobs.rehearsal.dev does not exist"}},
		"no page key":   {gone: []string{"secret rehearsal-page-key"}, want: []string{"Secret rehearsal-page-key does not exist"}},
		"a webhook that nobody knows": {change: func(o runtime.Object) {
			if c, ok := o.(*admissionregistrationv1.ValidatingWebhookConfiguration); ok {
				c.Webhooks[0].ClientConfig.CABundle = nil
			}
		}, want: []string{"has no CA certificate"}},
		"policy unbound":   {gone: []string{"binding rehearsal-commands"}, want: []string{"has no binding"}},
		"a right is gone":  {denied: []string{account + "task create prowjobs"}, want: []string{"rehearsal-task may not create prowjobs in prow"}},
		"a right too much": {denied: []string{account + "collate get secrets"}, want: []string{"rehearsal-collate may get secrets"}},
	} {
		t.Run(name, func(t *testing.T) {
			have := tc.kinds
			if have == nil {
				have = kinds
			}
			wants(t, check.Cluster(t.Context(), fake(t, tc.gone, tc.change, have, tc.denied...), "rehearsals", served()), tc.want...)
		})
	}
}

func TestClusterThatMayNotBeRead(t *testing.T) {
	kube := fake(t, nil, nil, kinds)
	for _, resource := range []string{"namespaces", "secrets", "deployments", "validatingadmissionpolicies", "validatingwebhookconfigurations", "subjectaccessreviews"} {
		kube.PrependReactor("*", resource, func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, errors.New("forbidden") })
	}
	for _, f := range check.Cluster(t.Context(), kube, "rehearsals", served()) {
		if f.State == check.Missing || f.State == check.Unknown && f.Do == "" {
			t.Errorf("what may not be read is called missing: %+v", f)
		}
	}
}

func TestTekton(t *testing.T) {
	flag := func(name, value string) func(runtime.Object) {
		return func(o runtime.Object) {
			if cm, ok := o.(*corev1.ConfigMap); ok && cm.Data[name] != "" {
				cm.Data[name] = value
			}
		}
	}
	for name, tc := range map[string]struct {
		gone   []string
		change func(runtime.Object)
		kinds  []string
		want   []string
	}{
		"all":              {},
		"not there":        {kinds: []string{"Rehearsal"}, want: []string{"no tekton.dev/v1 PipelineRun"}},
		"old":              {change: flag("version", "v0.62.1"), want: []string{"Its version is v0.62.1"}},
		"devel":            {change: flag("version", "devel"), want: []string{"can be compared"}},
		"security context": {change: flag("set-security-context", "false"), want: []string{"no task starts"}},
		"pods of aborted":  {change: flag("keep-pod-on-cancel", "false"), want: []string{"keep-pod-on-cancel is off"}},
		"no flags":         {gone: []string{"configmap feature-flags"}, want: []string{"ConfigMap feature-flags cannot be read"}},
	} {
		t.Run(name, func(t *testing.T) {
			have := tc.kinds
			if have == nil {
				have = kinds
			}
			wants(t, check.Tekton(t.Context(), fake(t, tc.gone, tc.change, have)), tc.want...)
		})
	}
}
