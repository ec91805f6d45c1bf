package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The namespaces that our Roles are for: ours, that of the ProwJobs, and that of
// their pods; and what stands for the whole cluster in the table.
const (
	ours       = "rehearsals"
	prow       = "prow"
	pods       = "test-pods"
	everywhere = "the cluster"
)

// right is some verbs on one resource.
type right struct {
	who, namespace, group, resource, verbs string
	// why names what needs it.
	why string
}

// rights is all that each service account may do, anywhere: whoever widens a
// Role has to say here what for. That it suffices is for the end-to-end tests to
// say.
var rights = []right{
	{"rehearsal-receiver", ours, "rehearsal.dev", "rehearsals", "create patch", "logbook.Append"},

	{"rehearsal-controller", ours, "rehearsal.dev", "rehearsals", "create delete get list patch watch", "informer, sweep, trimming, finalizer"},
	{"rehearsal-controller", ours, "rehearsal.dev", "rehearsals/status", "update", "the generated reconciler"},
	{"rehearsal-controller", ours, "rehearsal.dev", "rehearsals/finalizers", "update", "owner references that block"},
	{"rehearsal-controller", ours, "tekton.dev", "pipelineruns", "create delete get list patch watch", "start, cancel, informer, cleaning up"},
	{"rehearsal-controller", ours, "tekton.dev", "taskruns", "list watch", "informer"},
	{"rehearsal-controller", ours, "", "configmaps", "create delete get list patch update watch", "hand-over, pages, sweep memory, settings"},
	{"rehearsal-controller", ours, "", "secrets rehearsal-webhook", "list update watch", "its certificate for the API server"},
	{"rehearsal-controller", ours, "", "secrets rehearsal-page-key", "get update", "links to pages"},
	{"rehearsal-controller", everywhere, "admissionregistration.k8s.io", "validatingwebhookconfigurations prowjobs.rehearsal.dev", "get patch", "the authority of that certificate"},
	{"rehearsal-controller", everywhere, "apiextensions.k8s.io", "customresourcedefinitions prowjobs.prow.k8s.io", "get", "what the API server keeps of a ProwJob"},
	{"rehearsal-controller", ours, "", "events", "create patch", "the generated reconciler"},
	{"rehearsal-controller", ours, "coordination.k8s.io", "leases", "create get update", "leader election"},
	{"rehearsal-controller", prow, "prow.k8s.io", "prowjobs", "get list patch watch", "informer, abort"},
	{"rehearsal-controller", pods, "", "pods", "get", "excerpts of a run that it reports itself"},
	{"rehearsal-controller", pods, "", "pods/log", "get", "the same"},
	{"rehearsal-controller", pods, "", "events", "list", "why a pod did not start"},
	{"rehearsal-controller", pods, "", "configmaps", "delete list", "ConfigMaps of past runs"},

	{"rehearsal-task", ours, "", "configmaps", "get", "the hand-over"},
	{"rehearsal-task", ours, "tekton.dev", "taskruns", "get watch", "being cancelled"},
	{"rehearsal-task", ours, "tekton.dev", "pipelineruns", "get", "whose ProwJob it is to abort"},
	{"rehearsal-task", prow, "prow.k8s.io", "prowjobs", "create get patch watch", "create, follow, abort"},
	{"rehearsal-task", pods, "", "pods", "get watch", "log, and what a pod waits for"},
	{"rehearsal-task", pods, "", "pods/log", "get", "log"},
	{"rehearsal-task", pods, "", "configmaps", "create get", "what the job reads"},

	{"rehearsal-collate", ours, "", "configmaps", "create get", "the hand-over, and the page of the run"},
	{"rehearsal-collate", ours, "", "configmaps rehearsal-rate-limits", "patch", "until when GitHub takes no calls"},
	{"rehearsal-collate", ours, "tekton.dev", "pipelineruns", "get", "being aborted"},
	{"rehearsal-collate", prow, "prow.k8s.io", "prowjobs", "get list watch", "verdicts"},
	{"rehearsal-collate", pods, "", "pods", "get", "excerpts"},
	{"rehearsal-collate", pods, "", "pods/log", "get", "excerpts"},
	{"rehearsal-collate", pods, "", "events", "list", "why a pod did not start"},
}

// peoplesRights is the same for the Roles that we bind to nobody: they are for
// people.
var peoplesRights = []right{
	{"rehearsal-viewer", ours, "rehearsal.dev", "rehearsals", "get list watch", "describe, watch"},
	{"rehearsal-viewer", ours, "tekton.dev", "pipelineruns", "get list watch", "logs"},
	{"rehearsal-viewer", ours, "", "configmaps config-rehearsal", "get", "where ProwJobs are"},
	{"rehearsal-viewer", prow, "prow.k8s.io", "prowjobs", "get list watch", "watch"},
	{"rehearsal-user", ours, "rehearsal.dev", "rehearsals", "get list patch watch", "run, abort"},
	{"rehearsal-user", ours, "tekton.dev", "pipelineruns", "get list watch", "logs"},
	{"rehearsal-user", ours, "", "configmaps config-rehearsal", "get", "where ProwJobs are"},
}

// inLines is a table of rights with a line for each verb, sorted.
func inLines(table []right) []string {
	var lines []string
	for _, r := range table {
		for _, verb := range strings.Fields(r.verbs) {
			lines = append(lines, may(r.who, r.namespace, verb, r.group, r.resource))
		}
	}
	slices.Sort(lines)
	return lines
}

func may(who, namespace, verb, group, resource string) string {
	if group != "" {
		resource += "." + group
	}
	return fmt.Sprintf("%s may %s %s in %s", who, verb, resource, namespace)
}

// TestRoles compares the tables with the Roles and their bindings.
func TestRoles(t *testing.T) {
	bound := map[string]string{}
	for _, b := range parse[rbacv1.RoleBinding](t, "RoleBinding") {
		if b.RoleRef.Kind != "Role" || len(b.Subjects) != 1 || b.Subjects[0].Kind != "ServiceAccount" || b.Subjects[0].Namespace != ours {
			t.Errorf("the RoleBinding %s binds %+v to %v", b.Name, b.RoleRef, b.Subjects)
			continue
		}
		bound[b.Namespace+"/"+b.RoleRef.Name] = b.Subjects[0].Name
	}
	var got, peoples []string
	for _, role := range parse[rbacv1.ClusterRole](t, "ClusterRole") {
		got = append(got, rulesOf(rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: everywhere}, Rules: role.Rules}, clusterAccount(t, role.Name))...)
	}
	for _, role := range parse[rbacv1.Role](t, "Role") {
		at := role.Namespace + "/" + role.Name
		if account, ok := bound[at]; ok {
			got = append(got, rulesOf(role, account)...)
			delete(bound, at)
		} else {
			peoples = append(peoples, rulesOf(role, role.Name)...)
		}
	}
	for at, account := range bound {
		t.Errorf("%s is bound to the Role %s, which is not there", account, at)
	}
	slices.Sort(got)
	slices.Sort(peoples)
	if diff := cmp.Diff(inLines(rights), got); diff != "" {
		t.Errorf("the Roles differ from the table of rights (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(inLines(peoplesRights), peoples); diff != "" {
		t.Errorf("the Roles that are bound to nobody differ from their table (-want +got):\n%s", diff)
	}
}

// clusterAccount is whom the one ClusterRole of a name is bound to.
func clusterAccount(t *testing.T, name string) string {
	t.Helper()
	for _, b := range parse[rbacv1.ClusterRoleBinding](t, "ClusterRoleBinding") {
		if b.RoleRef.Kind == "ClusterRole" && b.RoleRef.Name == name && len(b.Subjects) == 1 &&
			b.Subjects[0].Kind == "ServiceAccount" && b.Subjects[0].Namespace == ours {
			return b.Subjects[0].Name
		}
	}
	t.Errorf("the ClusterRole %s is not bound to one account of ours", name)
	return ""
}

func rulesOf(role rbacv1.Role, who string) []string {
	var lines []string
	for _, rule := range role.Rules {
		lines = append(lines, expand(who, role.Namespace, rule.Verbs, rule.APIGroups, named(rule.Resources, rule.ResourceNames))...)
	}
	return lines
}

// named are resources as the tables write them: with the names, where a rule has
// some.
func named(resources, names []string) []string {
	if len(names) == 0 {
		return resources
	}
	return []string{strings.Join(resources, " ") + " " + strings.Join(names, " ")}
}

func expand(who, namespace string, verbs, groups, resources []string) []string {
	var lines []string
	for _, group := range groups {
		for _, resource := range resources {
			for _, verb := range verbs {
				lines = append(lines, may(who, namespace, verb, group, resource))
			}
		}
	}
	return lines
}

// TestRightsThatNobodyHas holds the table itself to what must never be in it.
func TestRightsThatNobodyHas(t *testing.T) {
	for _, r := range append(slices.Clone(rights), peoplesRights...) {
		resource, names, _ := strings.Cut(r.resource, " ")
		if (resource == "secrets" || r.namespace == everywhere) && (names == "" || r.who != "rehearsal-controller" || strings.Contains(r.verbs, "create")) {
			t.Errorf("%s may %s %s in %s", r.who, r.verbs, r.resource, r.namespace)
		}
		for _, never := range []string{"secrets", "*", "serviceaccounts", "serviceaccounts/token", "roles", "rolebindings", "pods/exec"} {
			if r.resource == never {
				t.Errorf("%s may %s %s in %s", r.who, r.verbs, r.resource, r.namespace)
			}
		}
		if strings.ContainsAny(r.verbs+r.group, "*") || strings.Contains(r.verbs, "deletecollection") || strings.Contains(r.verbs, "escalate") {
			t.Errorf("%s may %s %s in %s", r.who, r.verbs, r.resource, r.namespace)
		}
		for _, verb := range strings.Fields(r.verbs) {
			if r.who == "rehearsal-receiver" && (r.resource != "rehearsals" || !slices.Contains([]string{"get", "create", "patch"}, verb)) {
				t.Errorf("the receiver may %s %s", verb, r.resource)
			}
		}
	}
	for _, role := range parse[rbacv1.ClusterRole](t, "ClusterRole") {
		for _, rule := range role.Rules {
			if len(rule.ResourceNames) == 0 {
				t.Errorf("the ClusterRole %s is for more than objects that it names: %v", role.Name, rule)
			}
		}
	}
}

// TestServiceAccounts says that there is one for each of us, all with rights.
func TestServiceAccounts(t *testing.T) {
	accounts := map[string]bool{}
	for _, account := range parse[corev1.ServiceAccount](t, "ServiceAccount") {
		if account.Namespace != ours {
			t.Errorf("%s is in %s", account.Name, account.Namespace)
		}
		accounts[account.Name] = true
	}
	named := map[string]bool{}
	for _, r := range rights {
		named[r.who] = true
	}
	if diff := cmp.Diff(named, accounts); diff != "" {
		t.Errorf("service accounts differ (-with rights +there):\n%s", diff)
	}
}
