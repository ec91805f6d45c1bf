package event

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
)

func TestName(t *testing.T) {
	tests := []struct {
		name      string
		org, repo string
		number    int
		want      string
	}{
		{"plain", "openshift", "release", 1234, "openshift-release-1234"},
		{"dash in the repository", "kubernetes", "test-infra", 1, "kubernetes-test-infra-1"},
		{"case", "OpenShift", "Release", 1, "openshift-release-1"},
		{"dash in the organisation", "rdo-infra", "ci-config", 7, "rdo-infra-ci-config-7-xfc61134e"},
		{"dot", "kubevirt", "kubevirt.github.io", 7, "kubevirt-kubevirt-github-io-7-xce6d0ee9"},
		{"nothing but a dot", "a", ".", 7, "a-7-x46e37016"},
		{"underscore", "a", "b_c", 7, "a-b-c-7-xef590112"},
		{"long", "openshift", "a-repository-with-quite-a-long-name", 12345, "openshift-a-repository-w-12345-x257da166"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Name(v1alpha1.Pull{Org: tt.org, Repo: tt.repo, Number: tt.number}); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestNamesDiffer tries all short names of the characters that matter.
func TestNamesDiffer(t *testing.T) {
	var parts []string
	for _, a := range []string{"a", "b", "1", "x1"} {
		parts = append(parts, a)
		for _, glue := range []string{"-", "_", ".", "--"} {
			for _, b := range []string{"a", "b", "1", "x1"} {
				parts = append(parts, a+glue+b)
			}
		}
	}
	seen := map[string]v1alpha1.Pull{}
	for _, org := range parts {
		for _, repo := range parts {
			for _, number := range []int{1, 11} {
				pull := v1alpha1.Pull{Org: org, Repo: repo, Number: number}
				name := Name(pull)
				if other, ok := seen[name]; ok {
					t.Errorf("%v and %v are both %s", pull, other, name)
				}
				seen[name] = pull
				checkName(t, name)
			}
		}
	}
	checkName(t, Name(v1alpha1.Pull{Org: strings.Repeat("o", 100), Repo: strings.Repeat("-", 100), Number: 1 << 40}))
}

func checkName(t *testing.T, name string) {
	t.Helper()
	if errs := validation.IsDNS1123Label(name); len(errs) > 0 {
		t.Errorf("%s: %v", name, errs)
	}
	if len(name) > maxName {
		t.Errorf("%s is longer than %d", name, maxName)
	}
}
