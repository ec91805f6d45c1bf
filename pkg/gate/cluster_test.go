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

// TestGrantsAreOfACluster: in another cluster, the same names refer to other secrets and
// accounts, even if any job may run there.
func TestGrantsAreOfACluster(t *testing.T) {
	config := Config{Clusters: []string{"default", "build02"}}
	want := []Rule{RulePrivileged, RuleSecret, RuleServiceAccount, RuleToken, RuleTimeout}
	slices.Sort(want)
	for name, tc := range map[string]struct {
		head string
		base []string
		asks bool
	}{
		"same cluster":                                      {"cluster: build01", []string{"cluster: build01"}, false},
		"default cluster, not named in the head":            {"cluster: ''", []string{"cluster: default"}, false},
		"moved to the default cluster":                      {"cluster: default", []string{"cluster: build01"}, true},
		"moved from the default cluster, not named at base": {"cluster: build02", []string{"cluster: ''"}, true},
		"one of two base jobs in another cluster":           {"cluster: build02", []string{"cluster: build02", "cluster: build01"}, true},
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
