package settings

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	s, err := Parse(map[string]string{
		"_example":        "anything",
		"repositories":    "- repo: Acme/config\n  prow_config: prow/config.yaml\n  job_config: jobs\n",
		"github-endpoint": "http://ghe.example/api/v3/",
		"sweep-interval":  "5s",
		"prefixes":        "/try",
		"max-limit":       "50",
		"sticky-authors":  "Bob dependency-bot",
		"status-context":  "ci/rehearsals",
		"page-url":        "https://rehearsals.example/",
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.GitHubEndpoint != "http://ghe.example/api/v3" || s.SweepInterval != 5*time.Second || s.SampleLimit != 10 {
		t.Errorf("got %+v", s)
	}
	if s.MaxLimit != 50 || !slices.Equal(s.StickyAuthors, []string{"bob", "dependency-bot"}) ||
		s.StatusContext != "ci/rehearsals" || s.PageURL != "https://rehearsals.example" {
		t.Errorf("got %+v", s)
	}
	if r, ok := s.Repository("acme", "config"); !ok || r.JobConfig != "jobs" {
		t.Errorf("Repository(acme, config) = %+v, %v", r, ok)
	}
	if _, ok := s.Repository("acme", "other"); ok {
		t.Error("a repository that is not listed is served")
	}
}

func TestParseRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ key, value, want string }{
		"unknown key":        {"repos", "x", `unknown key "repos"; known are ack-label`},
		"bad duration":       {"sweep-interval", "5", `"5" is not a duration`},
		"negative duration":  {"queue-allowance", "-5s", "is not a duration"},
		"bad endpoint":       {"git-endpoint", "github.com", "is not a URL"},
		"empty namespace":    {"pod-namespace", "", `default "test-pods"`},
		"zero limit":         {"sample-limit", "0", "from 1 to 500"},
		"too many jobs":      {"all-limit", "501", "from 1 to 500"},
		"empty label":        {"ack-label", "", `default "rehearsals-ack"`},
		"prefix":             {"prefixes", "rehearse", "does not start with a slash"},
		"no repository name": {"repositories", "- prow_config: x\n", "not org/repo"},
		"no config path":     {"repositories", "- repo: a/b\n", "entry 1 (a/b): prow_config"},
		"unknown field":      {"repositories", "- repo: a/b\n  prow_config: x\n  jobconfig: y\n", "jobconfig"},
		"twice":              {"repositories", "- {repo: a/b, prow_config: x}\n- {repo: A/b, prow_config: x}\n", "listed twice"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(map[string]string{tc.key: tc.value})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
		})
	}
}

func TestStoreKeepsWhatIsValid(t *testing.T) {
	store := NewStore(Defaults())
	if err := store.Update(map[string]string{"sample-limit": "3"}); err != nil {
		t.Fatal(err)
	}
	if err := store.Update(map[string]string{"sample-limit": "none"}); err == nil {
		t.Error("invalid settings are accepted")
	}
	if got := store.Get().SampleLimit; got != 3 {
		t.Errorf("sample limit is %d after an invalid update, want 3", got)
	}
}
