package settings

import (
	"testing"
)

// FuzzParse feeds one key of the ConfigMap at a time: what is accepted must be
// fit for use.
func FuzzParse(f *testing.F) {
	for _, key := range Keys() {
		f.Add(key, "10")
		f.Add(key, "https://example.com/")
	}
	f.Add("repositories", "- {repo: a/b, prow_config: x, supplemental_prow_config_dirs: [y]}\n")
	f.Add("prefixes", "/try /other")
	f.Add("sweep-interval", "1h30m")
	f.Fuzz(func(t *testing.T, key, value string) {
		s, err := Parse(map[string]string{key: value})
		if err != nil {
			return
		}
		if s.SampleLimit < 1 || s.SweepInterval <= 0 || s.QueueAllowance <= 0 || s.DefaultJobTimeout <= 0 || len(s.Prefixes) == 0 ||
			s.ProwJobNamespace == "" || s.PodNamespace == "" || s.GitHubEndpoint == "" || s.GitEndpoint == "" {
			t.Errorf("%s: %q gives %+v", key, value, s)
		}
		for _, r := range s.Repositories {
			if r.Name == "" || r.ProwConfig == "" {
				t.Errorf("repository %+v", r)
			}
		}
	})
}
