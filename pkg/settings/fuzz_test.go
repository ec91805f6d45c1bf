package settings

import (
	"errors"
	"strings"
	"testing"
)

// FuzzParse parses files. Accepted settings must be usable and conform to the schema; a
// refusal must name the place.
func FuzzParse(f *testing.F) {
	f.Add("repositories:\n- {repo: a/b, prow_config: x, supplemental_prow_config_dirs: [y]}\n")
	f.Add("prefixes: [/try, /other]\nsweep_interval: 1h30m\nusers: {alice@example.com: alice}\n")
	f.Add("defaults: {limits: {sample: 3}, sticky_authors: [Bob]}\nrepositories: [{repo: a/b, prow_config: x, limits: {all: 5}}]\n")
	f.Add("github: &a {endpoint: http://x}\nprow: *a\n")
	f.Add("---\n---\n")
	for _, file := range accepted {
		f.Add(file)
	}
	for _, tc := range refused {
		f.Add(tc.file)
	}
	schema := conforms(f)
	f.Fuzz(func(t *testing.T, content string) {
		s, err := Parse(map[string]string{File: content})
		if err != nil {
			var invalid *InvalidError
			if !errors.As(err, &invalid) || len(invalid.Problems) == 0 {
				t.Errorf("%q gives %v", content, err)
			}
			return
		}
		if s.SweepInterval <= 0 || s.ProgressInterval <= 0 || s.Prow.QueueAllowance <= 0 || s.Prow.DefaultJobTimeout <= 0 || len(s.Prefixes) == 0 ||
			s.Prow.ProwJobNamespace == "" || s.Prow.PodNamespace == "" || s.GitHub.Endpoint == "" || s.GitHub.GitEndpoint == "" {
			t.Errorf("%q gives %+v", content, s)
		}
		if err := schema(content); err != nil && strings.TrimSpace(content) != "" && !equal(s, Defaults()) {
			t.Errorf("%q is accepted, and does not conform: %v", content, err)
		}
		for _, o := range append(optionsOf(s), s.Defaults) {
			if o.Limits.Sample < 1 || o.Limits.All < 1 || o.Labels.Ack == "" || o.Labels.Untrusted == "" {
				t.Errorf("%q gives the options %+v", content, o)
			}
		}
		for _, r := range s.Repositories {
			if r.Name == "" || r.ProwConfig == "" {
				t.Errorf("%q gives the repository %+v", content, r)
			}
		}
	})
}

func optionsOf(s *Settings) []Options {
	var list []Options
	for _, r := range s.Repositories {
		list = append(list, r.Options)
	}
	return list
}
