//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/prow/pkg/config"
)

// Tide itself needs GitHub's GraphQL API, which the stand-in has not. What it
// thinks of a context is decided by its policy: a context that is not optional
// has to succeed before Tide merges (pkg/tide, unsuccessfulContexts).
func (s *story) expectTideIgnores(context string) {
	s.t.Helper()
	for name, tc := range map[string]struct {
		policy string
		want   bool
	}{
		"without a word about it":        {"", false},
		"with skip-unknown-contexts":     {"skip-unknown-contexts: true", true},
		"with optional-regex-contexts":   {`optional-regex-contexts: ["^ci/rehearse/"]`, true},
		"with both forgotten for others": {`optional-regex-contexts: ["^ci/other/"]`, false},
	} {
		s.t.Run("Tide "+name, func(t *testing.T) {
			cfg := loadProwConfig(t, `tide:
  context_options:
    orgs:
      `+s.Pull.Org+`:
        repos:
          `+s.Pull.Repo+`: {`+tc.policy+`}
`)
			head := func() (string, error) { return s.Pull.BaseSHA, nil }
			policy, err := cfg.GetTideContextPolicy(nil, s.Pull.Org, s.Pull.Repo, "main", head, s.Pull.HeadSHA)
			if err != nil {
				t.Fatal(err)
			}
			if got := policy.IsOptional(context); got != tc.want {
				t.Errorf("Tide takes %s for optional: %t, want %t", context, got, tc.want)
			}
		})
	}
}

func loadProwConfig(t *testing.T, text string) *config.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(path, "", nil, "")
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}
