package gate

import (
	"slices"
	"testing"
)

const powerful = `
pod_spec:
  serviceAccountName: deployer
  volumes: [{name: v, secret: {secretName: kubeconfig}}]
  containers: [{name: c, image: a, securityContext: {privileged: true}}]
decoration_config: {timeout: 40h}
`

// TestGrantsAreOfACluster: the same names mean other secrets and accounts in
// another cluster, even in one that any job may use.
func TestGrantsAreOfACluster(t *testing.T) {
	config := Config{Clusters: []string{"default", "build02"}}
	want := []Rule{RulePrivileged, RuleSecret, RuleServiceAccount, RuleToken, RuleTimeout}
	slices.Sort(want)
	for name, tc := range map[string]struct {
		head string
		base []string
		asks bool
	}{
		"the same cluster":         {"cluster: build01", []string{"cluster: build01"}, false},
		"the default, unsaid":      {"cluster: ''", []string{"cluster: default"}, false},
		"to the default":           {"cluster: default", []string{"cluster: build01"}, true},
		"from the default, unsaid": {"cluster: build02", []string{"cluster: ''"}, true},
		"one of two":               {"cluster: build02", []string{"cluster: build02", "cluster: build01"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var base []Job
			for _, cluster := range tc.base {
				base = append(base, job(t, powerful, cluster))
			}
			f := judge(t, config, job(t, powerful, tc.head), base...)
			if got := kinds(f); tc.asks != slices.Equal(got, want) || !tc.asks && len(got) > 0 {
				t.Errorf("asks for %s", listed(got))
			}
		})
	}
}
