// Package config holds the manifests of an installation; its tests hold them to
// what they promise.
package config

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

// TestRolesAreNarrow names what nobody needs, so that nobody is given it. That
// the rest suffices is for the end-to-end tests to say.
func TestRolesAreNarrow(t *testing.T) {
	write := []string{"create", "update", "patch", "delete", "deletecollection"}
	cases := []struct {
		// role is empty for all of them.
		role, resource string
		never          []string
	}{
		{"", "secrets", append([]string{"get", "list", "watch"}, write...)},
		{"", "prowjobs", []string{"update", "delete", "deletecollection"}},
		{"", "pods", append([]string{"list", "watch"}, write...)},
		{"", "pods/log", append([]string{"list", "watch"}, write...)},
		{"rehearsal-controller", "prowjobs", []string{"create"}},
		{"rehearsal-collate", "prowjobs", append([]string{"list", "watch"}, write...)},
		{"rehearsal-collate", "pipelineruns", append([]string{"list", "watch"}, write...)},
		{"rehearsal-collate", "taskruns", append([]string{"get", "list", "watch"}, write...)},
		{"rehearsal-task", "pipelineruns", append([]string{"list", "watch"}, write...)},
		{"rehearsal-task", "taskruns", append([]string{"list"}, write...)},
		{"rehearsal-task", "events", append([]string{"get", "list", "watch"}, write...)},
		{"rehearsal-receiver", "rehearsals", []string{"list", "watch", "update", "delete"}},
		{"rehearsal-receiver", "prowjobs", append([]string{"get", "list", "watch"}, write...)},
	}
	roles := readRoles(t)
	for _, c := range cases {
		t.Run(c.role+" "+c.resource, func(t *testing.T) {
			for _, role := range roles {
				if c.role != "" && role.Name != c.role {
					continue
				}
				for _, verb := range c.never {
					if allows(role, c.resource, verb) {
						t.Errorf("%s in %s may %s %s", role.Name, role.Namespace, verb, c.resource)
					}
				}
			}
		})
	}
}

// TestConfigMaps says who does what with them: in our namespace they hold the
// runs, in that of the pods what jobs read.
func TestConfigMaps(t *testing.T) {
	want := map[string][]string{
		"rehearsal-controller in rehearsals": {"create", "delete", "get", "list", "patch", "update", "watch"},
		"rehearsal-task in rehearsals":       {"get"},
		"rehearsal-collate in rehearsals":    {"create", "get"},
		"rehearsal-controller in test-pods":  {"delete", "list"},
		"rehearsal-task in test-pods":        {"create", "get"},
	}
	got := map[string][]string{}
	for _, role := range readRoles(t) {
		for _, verb := range []string{"*", "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"} {
			if allows(role, "configmaps", verb) {
				at := role.Name + " in " + role.Namespace
				got[at] = append(got[at], verb)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rights differ (-want +got):\n%s", diff)
	}
}

func allows(role rbacv1.Role, resource, verb string) bool {
	return slices.ContainsFunc(role.Rules, func(rule rbacv1.PolicyRule) bool {
		return (slices.Contains(rule.Resources, resource) || slices.Contains(rule.Resources, "*")) &&
			(slices.Contains(rule.Verbs, verb) || slices.Contains(rule.Verbs, "*"))
	})
}

func readRoles(t *testing.T) []rbacv1.Role {
	t.Helper()
	files, err := filepath.Glob("*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var roles []rbacv1.Role
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, document := range bytes.Split(content, []byte("\n---\n")) {
			var role rbacv1.Role
			if err := yaml.Unmarshal(document, &role); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			switch role.Kind {
			case "Role":
				roles = append(roles, role)
			case "ClusterRole":
				t.Errorf("%s: the ClusterRole %s is wider than our namespaces", file, role.Name)
			}
		}
	}
	if len(roles) < 9 {
		t.Fatalf("%d Roles", len(roles))
	}
	return roles
}
