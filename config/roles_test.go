package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
)

// The namespaces that our Roles are for: ours, that of the ProwJobs, and that of
// their pods.
const (
	ours = "rehearsals"
	prow = "prow"
	pods = "test-pods"
)

// rights is all that each service account may do, anywhere: whoever widens a
// Role has to say here what for. That it suffices is for the end-to-end tests to
// say.
var rights = []struct {
	who, namespace, group, resource, verbs string
	// why names the code that needs it.
	why string
}{
	{"rehearsal-receiver", ours, "rehearsal.dev", "rehearsals", "create patch", "logbook.Append"},

	{"rehearsal-controller", ours, "rehearsal.dev", "rehearsals", "create delete get list patch watch", "informer, sweep, trimming, finalizer"},
	{"rehearsal-controller", ours, "rehearsal.dev", "rehearsals/status", "update", "the generated reconciler"},
	{"rehearsal-controller", ours, "rehearsal.dev", "rehearsals/finalizers", "update", "owner references that block"},
	{"rehearsal-controller", ours, "tekton.dev", "pipelineruns", "create get list patch watch", "start, cancel, informer"},
	{"rehearsal-controller", ours, "tekton.dev", "taskruns", "list watch", "informer"},
	{"rehearsal-controller", ours, "", "configmaps", "create delete get list patch update watch", "hand-over, pages, sweep memory, settings"},
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
	{"rehearsal-task", pods, "", "pods", "get", "log"},
	{"rehearsal-task", pods, "", "pods/log", "get", "log"},
	{"rehearsal-task", pods, "", "configmaps", "create get", "what the job reads"},

	{"rehearsal-collate", ours, "", "configmaps", "create get", "the hand-over, and the page of the run"},
	{"rehearsal-collate", ours, "tekton.dev", "pipelineruns", "get", "being aborted"},
	{"rehearsal-collate", prow, "prow.k8s.io", "prowjobs", "get", "verdicts"},
	{"rehearsal-collate", pods, "", "pods", "get", "excerpts"},
	{"rehearsal-collate", pods, "", "pods/log", "get", "excerpts"},
	{"rehearsal-collate", pods, "", "events", "list", "why a pod did not start"},
}

// wanted is the table of rights as lines.
func wanted() []string {
	var lines []string
	for _, r := range rights {
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

// TestRoles compares the table with the Roles and their bindings.
func TestRoles(t *testing.T) {
	roles := map[string]rbacv1.Role{}
	for _, role := range parse[rbacv1.Role](t, "Role") {
		roles[role.Namespace+"/"+role.Name] = role
	}
	var got []string
	for _, binding := range parse[rbacv1.RoleBinding](t, "RoleBinding") {
		at := binding.Namespace + "/" + binding.RoleRef.Name
		role, ok := roles[at]
		if !ok || binding.RoleRef.Kind != "Role" || len(binding.Subjects) != 1 {
			t.Errorf("the RoleBinding %s binds %+v to %v", binding.Name, binding.RoleRef, binding.Subjects)
			continue
		}
		delete(roles, at)
		who := binding.Subjects[0]
		if who.Kind != "ServiceAccount" || who.Namespace != ours {
			t.Errorf("the RoleBinding %s is for %+v", binding.Name, who)
		}
		for _, rule := range role.Rules {
			if len(rule.ResourceNames) > 0 || len(rule.NonResourceURLs) > 0 {
				t.Errorf("the table of rights cannot say %+v", rule)
			}
			got = append(got, expand(who.Name, role.Namespace, rule.Verbs, rule.APIGroups, rule.Resources)...)
		}
	}
	for at := range roles {
		t.Errorf("nobody is bound to the Role %s", at)
	}
	slices.Sort(got)
	if diff := cmp.Diff(wanted(), got); diff != "" {
		t.Errorf("the Roles differ from the table of rights (-want +got):\n%s", diff)
	}
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
	for _, r := range rights {
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
	for _, kind := range []string{"ClusterRole", "ClusterRoleBinding"} {
		for _, m := range manifests(t, kind) {
			t.Errorf("%s: the %s %s is wider than our namespaces", m.file, kind, m.Name)
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
