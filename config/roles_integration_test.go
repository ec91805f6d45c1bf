//go:build integration

package config

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/rehearsal-dev/rehearsal/pkg/client/clientset/versioned"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
)

// TestRightsOnAPIServer asks a real API server what each service account may do,
// once it has our Roles, and compares all of it with the table of rights.
func TestRightsOnAPIServer(t *testing.T) {
	config := startAPIServer(t)
	admin := clientFor(t, config)
	applyRoles(t, admin)
	namespaces := []string{ours, prow, pods, "default", "kube-system"}
	var got []string
	for _, account := range parse[corev1.ServiceAccount](t, "ServiceAccount") {
		client := clientFor(t, as(config, account.Name))
		for _, namespace := range namespaces {
			got = append(got, rightsOf(t, client, account.Name, namespace)...)
		}
		for _, namespace := range append(namespaces, "") {
			_, err := client.CoreV1().Secrets(namespace).List(t.Context(), metav1.ListOptions{})
			if !apierrors.IsForbidden(err) {
				t.Errorf("%s lists the Secrets of %q: %v", account.Name, namespace, err)
			}
		}
		if _, err := client.CoreV1().Secrets(ours).Get(t.Context(), "rehearsal-github", metav1.GetOptions{}); !apierrors.IsForbidden(err) {
			t.Errorf("%s reads a Secret: %v", account.Name, err)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(inLines(inEach(namespaces)), got); diff != "" {
		t.Errorf("rights differ from the table (-want +got):\n%s", diff)
	}
	t.Run("secrets", func(t *testing.T) { testSecrets(t, clientFor(t, as(config, "rehearsal-controller"))) })
	t.Run("receiver", func(t *testing.T) { testReceiverRights(t, as(config, "rehearsal-receiver")) })
}

// inEach is the table of rights with those in the whole cluster for each namespace.
func inEach(namespaces []string) []right {
	var table []right
	for _, r := range rights {
		if r.namespace != everywhere {
			table = append(table, r)
			continue
		}
		for _, r.namespace = range namespaces {
			table = append(table, r)
		}
	}
	return table
}

// testSecrets has the controller look at Secrets: it may see its certificate as the
// informer of knative.dev/pkg/webhook does, and the key of the links, and no other.
func testSecrets(t *testing.T, client kubernetes.Interface) {
	secrets := client.CoreV1().Secrets(ours)
	for name, allowed := range map[string]bool{"rehearsal-webhook": true, "rehearsal-page-key": false, "rehearsal-github": false} {
		only := metav1.ListOptions{FieldSelector: "metadata.name=" + name}
		if _, err := secrets.List(t.Context(), only); (err == nil) != allowed || err != nil && !apierrors.IsForbidden(err) {
			t.Errorf("list of %s: %v", name, err)
		}
	}
	if _, err := secrets.Get(t.Context(), "rehearsal-page-key", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("get of the key: %v", err)
	}
	key := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "rehearsal-page-key"}}
	if _, err := secrets.Create(t.Context(), key, metav1.CreateOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("create of the key: %v", err)
	}
}

// testReceiverRights has a pod that faces the internet try what an intruder
// would.
func testReceiverRights(t *testing.T, config *rest.Config) {
	client, err := versioned.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	rehearsals := client.RehearsalV1alpha1().Rehearsals(ours)
	for verb, call := range map[string]func(context.Context) error{
		"get":    func(ctx context.Context) error { _, err := rehearsals.Get(ctx, "x", metav1.GetOptions{}); return err },
		"list":   func(ctx context.Context) error { _, err := rehearsals.List(ctx, metav1.ListOptions{}); return err },
		"watch":  func(ctx context.Context) error { _, err := rehearsals.Watch(ctx, metav1.ListOptions{}); return err },
		"delete": func(ctx context.Context) error { return rehearsals.Delete(ctx, "x", metav1.DeleteOptions{}) },
		"patch elsewhere": func(ctx context.Context) error {
			_, err := client.RehearsalV1alpha1().Rehearsals("default").Patch(ctx, "x", "application/json-patch+json", []byte("[]"), metav1.PatchOptions{})
			return err
		},
		"patch status": func(ctx context.Context) error {
			_, err := rehearsals.Patch(ctx, "x", "application/merge-patch+json", []byte("{}"), metav1.PatchOptions{}, "status")
			return err
		},
	} {
		if err := call(t.Context()); !apierrors.IsForbidden(err) {
			t.Errorf("%s: %v", verb, err)
		}
	}
	_, err = rehearsals.Patch(t.Context(), "x", "application/json-patch+json", []byte("[]"), metav1.PatchOptions{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("patch: %v", err)
	}
}

func startAPIServer(t *testing.T) *rest.Config {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", logbooktest.Start(t).Kubeconfig(t))
	if err != nil {
		t.Fatal(err)
	}
	config.QPS = -1
	return config
}

func clientFor(t *testing.T, config *rest.Config) *kubernetes.Clientset {
	t.Helper()
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// as is what a pod with a service account of ours comes with.
func as(config *rest.Config, account string) *rest.Config {
	impersonating := rest.CopyConfig(config)
	impersonating.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + ours + ":" + account,
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:" + ours, "system:authenticated"},
	}
	return impersonating
}

func applyRoles(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatal(err)
		}
	}
	for _, name := range []string{prow, pods} {
		must(client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}))
	}
	for _, o := range parse[corev1.Namespace](t, "Namespace") {
		must(client.CoreV1().Namespaces().Create(t.Context(), &o, metav1.CreateOptions{}))
	}
	for _, o := range parse[corev1.ServiceAccount](t, "ServiceAccount") {
		must(client.CoreV1().ServiceAccounts(o.Namespace).Create(t.Context(), &o, metav1.CreateOptions{}))
	}
	for _, o := range parse[rbacv1.ClusterRole](t, "ClusterRole") {
		must(client.RbacV1().ClusterRoles().Create(t.Context(), &o, metav1.CreateOptions{}))
	}
	for _, o := range parse[rbacv1.ClusterRoleBinding](t, "ClusterRoleBinding") {
		must(client.RbacV1().ClusterRoleBindings().Create(t.Context(), &o, metav1.CreateOptions{}))
	}
	for _, o := range parse[rbacv1.Role](t, "Role") {
		must(client.RbacV1().Roles(o.Namespace).Create(t.Context(), &o, metav1.CreateOptions{}))
	}
	for _, o := range parse[rbacv1.RoleBinding](t, "RoleBinding") {
		must(client.RbacV1().RoleBindings(o.Namespace).Create(t.Context(), &o, metav1.CreateOptions{}))
	}
}

// rightsOf asks on behalf of a service account for all its rules in a namespace,
// and leaves out those that everybody has: to ask who and what one is.
func rightsOf(t *testing.T, client kubernetes.Interface, who, namespace string) []string {
	t.Helper()
	review, err := client.AuthorizationV1().SelfSubjectRulesReviews().Create(t.Context(),
		&authorizationv1.SelfSubjectRulesReview{Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: namespace}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if review.Status.Incomplete {
		t.Errorf("the rules of %s in %s are not complete: %s", who, namespace, review.Status.EvaluationError)
	}
	var lines []string
	for _, rule := range review.Status.ResourceRules {
		if slices.Equal(rule.APIGroups, []string{"authorization.k8s.io"}) || slices.Equal(rule.APIGroups, []string{"authentication.k8s.io"}) {
			continue
		}
		lines = append(lines, expand(who, namespace, rule.Verbs, rule.APIGroups, named(rule.Resources, rule.ResourceNames))...)
	}
	return lines
}
