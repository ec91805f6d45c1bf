package check

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

const (
	// GitHubSecret is the Secret with our GitHub credentials.
	GitHubSecret = "rehearsal-github"
	hmacSecret   = "rehearsal-hmac"
	// The controller fills these Secrets.
	webhookSecret = "rehearsal-webhook"
	pageKeySecret = "rehearsal-page-key"
	// webhookName is the name of the ValidatingWebhookConfiguration.
	webhookName = "prowjobs.rehearsal.dev"
	applied     = "apply config/ and tasks/ again: make deploy"
)

// cluster checks what was applied to the cluster.
type cluster struct {
	area
	kube      kubernetes.Interface
	namespace string
	settings  *settings.Settings
}

// Cluster checks our resources in the cluster. Namespace is ours.
func Cluster(ctx context.Context, kube kubernetes.Interface, namespace string, s *settings.Settings) []Finding {
	c := &cluster{area: area{name: "Cluster"}, kube: kube, namespace: namespace, settings: s}
	c.served(kube, "rehearsal.dev/v1alpha1", "Rehearsal", applied)
	c.served(kube, "prow.k8s.io/v1", "ProwJob", "install Prow's CustomResourceDefinition")
	for _, name := range []string{namespace, s.Prow.ProwJobNamespace, s.Prow.PodNamespace} {
		c.namespaceExists(ctx, name)
	}
	c.secret(ctx, GitHubSecret, []string{"token"}, []string{"private-key"})
	c.secret(ctx, hmacSecret, []string{"hmac"})
	for _, name := range []string{"rehearsal-receiver", "rehearsal-controller"} {
		c.ready(ctx, name)
	}
	for _, policy := range policies {
		c.policy(ctx, policy)
	}
	c.webhook(ctx)
	for _, name := range []string{webhookSecret, pageKeySecret} {
		c.ownSecret(ctx, name)
	}
	c.rights(ctx)
	return c.findings
}

func (c *cluster) namespaceExists(ctx context.Context, name string) {
	_, err := c.kube.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
	c.found(err, "Namespace "+name, "create it, or name the right one in the settings")
}

// found returns a finding for the result of a get.
func (c *cluster) found(err error, what, do string) bool {
	switch {
	case err == nil:
		c.fine("%s exists.", what)
		return true
	case apierrors.IsNotFound(err):
		c.missing(do, "%s does not exist.", what)
	default:
		c.unknown("check whether you may read it", "%s cannot be read: %v", what, err)
	}
	return false
}

// secret checks the keys of a Secret: it must have all keys of one of the lists.
func (c *cluster) secret(ctx context.Context, name string, oneOf ...[]string) {
	secret, err := c.kube.CoreV1().Secrets(c.namespace).Get(ctx, name, metav1.GetOptions{})
	var wanted []string
	for _, keys := range oneOf {
		if err == nil && hasKeys(secret, keys) {
			c.fine("Secret %s has %s.", name, strings.Join(keys, ", "))
			return
		}
		wanted = append(wanted, strings.Join(keys, " and "))
	}
	do := fmt.Sprintf("kubectl -n %s create secret generic %s --from-file=%s=…", c.namespace, name, oneOf[0][0])
	switch {
	case apierrors.IsNotFound(err):
		c.missing(do, "Secret %s does not exist.", name)
	case err != nil:
		c.unknown("ask somebody who may read Secrets", "Secret %s cannot be read: %v", name, err)
	default:
		c.missing(do, "Secret %s has no key %s.", name, strings.Join(wanted, ", and none "))
	}
}

func hasKeys(secret *corev1.Secret, keys []string) bool {
	for _, key := range keys {
		if len(secret.Data[key]) == 0 {
			return false
		}
	}
	return true
}

func (c *cluster) ready(ctx context.Context, name string) {
	deployment, err := c.kube.AppsV1().Deployments(c.namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		c.missing(applied, "Deployment %s does not exist.", name)
	case err != nil:
		c.unknown("check whether you may read it", "Deployment %s cannot be read: %v", name, err)
	case deployment.Status.ReadyReplicas == 0:
		c.missing(fmt.Sprintf("kubectl -n %s describe pods -l app.kubernetes.io/name=rehearsal says why", c.namespace), "Deployment %s has no pod that is ready.", name)
	default:
		c.fine("Deployment %s is ready.", name)
	}
}

// policies are the ValidatingAdmissionPolicies in config/.
var policies = []string{"rehearsal-commands", "rehearsal-configmaps", "rehearsal-prowjobs", "rehearsal-prowjobs-served", "rehearsal-webhook"}

// policy checks that a ValidatingAdmissionPolicy exists and is bound.
func (c *cluster) policy(ctx context.Context, name string) {
	_, err := c.kube.AdmissionregistrationV1().ValidatingAdmissionPolicies().Get(ctx, name, metav1.GetOptions{})
	if !c.found(err, "ValidatingAdmissionPolicy "+name, applied) {
		return
	}
	bindings, err := c.kube.AdmissionregistrationV1().ValidatingAdmissionPolicyBindings().List(ctx, metav1.ListOptions{})
	if err != nil {
		c.unknown("check whether you may list bindings", "Whether ValidatingAdmissionPolicy %s is bound is not known: %v", name, err)
		return
	}
	for _, b := range bindings.Items {
		if b.Spec.PolicyName == name {
			return
		}
	}
	c.missing(applied, "ValidatingAdmissionPolicy %s has no binding, so it enforces nothing.", name)
}

// webhook checks that the API server calls the controller, and can verify it.
func (c *cluster) webhook(ctx context.Context) {
	found, err := c.kube.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(ctx, webhookName, metav1.GetOptions{})
	if !c.found(err, "ValidatingWebhookConfiguration "+webhookName, applied) {
		return
	}
	for _, hook := range found.Webhooks {
		if len(hook.ClientConfig.CABundle) == 0 {
			c.missing(fmt.Sprintf("read the log of the controller: kubectl -n %s logs deployment/rehearsal-controller", c.namespace),
				"ValidatingWebhookConfiguration %s has no CA certificate, so no rehearsal starts.", webhookName)
		}
	}
}

// ownSecret checks that a Secret exists that the controller fills: the controller does
// not create Secrets.
func (c *cluster) ownSecret(ctx context.Context, name string) {
	_, err := c.kube.CoreV1().Secrets(c.namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsForbidden(err) {
		c.unknown("ask somebody who may read Secrets", "Secret %s cannot be read: %v", name, err)
		return
	}
	c.found(err, "Secret "+name, applied)
}

// right is a right that one of our service accounts must have.
type right struct {
	account, verb, group, resource, namespace string
	// name limits it to one object.
	name string
}

// ourRights are the rights without which nothing works, or whose Role is in another
// namespace and easily forgotten.
func (c *cluster) ourRights() []right {
	prow, pods := c.settings.Prow.ProwJobNamespace, c.settings.Prow.PodNamespace
	return []right{
		{account: "rehearsal-receiver", verb: "create", group: "rehearsal.dev", resource: "rehearsals", namespace: c.namespace},
		{account: "rehearsal-receiver", verb: "patch", group: "rehearsal.dev", resource: "rehearsals", namespace: c.namespace},
		{account: "rehearsal-controller", verb: "watch", group: "rehearsal.dev", resource: "rehearsals", namespace: c.namespace},
		{account: "rehearsal-controller", verb: "create", group: "tekton.dev", resource: "pipelineruns", namespace: c.namespace},
		{account: "rehearsal-controller", verb: "patch", resource: "configmaps", namespace: c.namespace},
		{account: "rehearsal-controller", verb: "watch", resource: "secrets", namespace: c.namespace, name: webhookSecret},
		{account: "rehearsal-controller", verb: "patch", group: "admissionregistration.k8s.io", resource: "validatingwebhookconfigurations", name: webhookName},
		{account: "rehearsal-controller", verb: "watch", group: "prow.k8s.io", resource: "prowjobs", namespace: prow},
		{account: "rehearsal-controller", verb: "patch", group: "prow.k8s.io", resource: "prowjobs", namespace: prow},
		{account: "rehearsal-task", verb: "create", group: "prow.k8s.io", resource: "prowjobs", namespace: prow},
		{account: "rehearsal-task", verb: "get", resource: "pods", namespace: pods},
		{account: "rehearsal-collate", verb: "list", group: "prow.k8s.io", resource: "prowjobs", namespace: prow},
		{account: "rehearsal-collate", verb: "get", resource: "pods", namespace: pods},
		{account: "rehearsal-collate", verb: "patch", resource: "configmaps", namespace: c.namespace, name: "rehearsal-rate-limits"},
	}
}

// rights asks the API server for the rights of our service accounts.
func (c *cluster) rights(ctx context.Context) {
	lacking, all := 0, c.ourRights()
	for _, r := range all {
		allowed, err := c.allowed(ctx, r)
		if err != nil {
			c.unknown("ask somebody who may create SubjectAccessReviews", "What our service accounts may do is not known: %v", err)
			return
		}
		if !allowed {
			lacking++
			c.missing("apply the Roles in config/ again, with that namespace", "ServiceAccount %s may not %s %s in %s.", r.account, r.verb, r.resource, cmp.Or(r.namespace, "the cluster"))
		}
	}
	if lacking == 0 {
		c.fine("Our service accounts may do what they need.")
	}
	for _, account := range []string{"rehearsal-receiver", "rehearsal-controller", "rehearsal-task", "rehearsal-collate"} {
		if allowed, err := c.allowed(ctx, right{account: account, verb: "get", resource: "secrets", namespace: c.namespace}); err == nil && allowed {
			c.missing("revoke that: our programs read no Secrets but the ones they create", "ServiceAccount %s may get secrets in %s.", account, c.namespace)
		}
	}
}

func (c *cluster) allowed(ctx context.Context, r right) (bool, error) {
	review, err := c.kube.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User:   "system:serviceaccount:" + c.namespace + ":" + r.account,
			Groups: []string{"system:serviceaccounts", "system:serviceaccounts:" + c.namespace, "system:authenticated"},
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Verb: r.verb, Group: r.group, Resource: r.resource, Namespace: r.namespace, Name: r.name,
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return review.Status.Allowed, nil
}

// Policies are the names of the expected ValidatingAdmissionPolicies.
func Policies() []string { return slices.Clone(policies) }
