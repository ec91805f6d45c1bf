package settings

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func parse(t *testing.T, content string) *Settings {
	t.Helper()
	s, err := Parse(map[string]string{File: content, Example: "not read"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestParse(t *testing.T) {
	s := parse(t, `
repositories:
- repo: Acme/config
  prow_config: prow/config.yaml
  job_config: ./jobs/
  supplemental_prow_config_suffix: _prow.yaml
  limits: {sample: 3}
- repo: acme/other
  prow_config: config.yaml
  sticky_authors: []
github: {endpoint: "http://ghe.example/api/v3/"}
sweep_interval: 5s
prefixes: [/try]
page_url: https://rehearsals.example
users: {alice@example.com: alice}
defaults:
  limits: {max: 50}
  sticky_authors: [Bob, dependency-bot]
  status_context: ci/rehearsals
`)
	if s.GitHub.Endpoint != "http://ghe.example/api/v3" || s.GitHub.GitEndpoint != "https://github.com" || s.SweepInterval != 5*time.Second ||
		!slices.Equal(s.Prefixes, []string{"/try"}) || s.Users["alice@example.com"] != "alice" {
		t.Errorf("got %+v", s)
	}
	r, ok := s.Repository("acme", "config")
	if !ok || r.JobConfig != "jobs" || r.Suffix() != "_prow.yaml" {
		t.Errorf("Repository(acme, config) = %+v, %v", r, ok)
	}
	if diff := cmp.Diff(Limits{Sample: 3, More: 20, Max: 50, All: 500}, r.Limits); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(r.StickyAuthors, []string{"bob", "dependency-bot"}) || r.StatusContext != "ci/rehearsals" || r.Labels.Ack != "rehearsals-ack" {
		t.Errorf("options are %+v", r.Options)
	}
	if other, _ := s.Repository("acme", "other"); len(other.StickyAuthors) > 0 || other.Limits.Sample != 10 || other.Limits.Max != 50 {
		t.Errorf("options of the other are %+v", other.Options)
	}
	if r, ok := s.Repository("acme", "third"); ok || r.Limits.Max != 50 {
		t.Errorf("a repository that is not listed gives %+v, %v", r, ok)
	}
}

func TestEmptyFileIsTheDefaults(t *testing.T) {
	for _, content := range []string{"", "\n", "# nothing\n", "---\n", "{}"} {
		if diff := cmp.Diff(Defaults(), parse(t, content)); diff != "" {
			t.Errorf("%q: %s", content, diff)
		}
	}
}

func TestStoreKeepsWhatIsValid(t *testing.T) {
	store := NewStore(Defaults())
	if _, err := store.Update(map[string]string{File: "dry_run: true"}); err != nil || !store.Valid() {
		t.Fatal(err)
	}
	_, err := store.Update(map[string]string{File: "dry_run: maybe"})
	if err == nil || !strings.Contains(err.Error(), "config-rehearsal/config.yaml:1: dry_run: ") {
		t.Errorf("invalid settings give %v", err)
	}
	if !store.Get().DryRun || store.Valid() || store.Refused() != 1 {
		t.Errorf("after an invalid update: %+v, valid %v, refused %d", store.Get(), store.Valid(), store.Refused())
	}
	if _, err := store.Update(nil); err != nil || !store.Valid() || store.Refused() != 1 || store.Get().DryRun {
		t.Errorf("after a valid one: %v, valid %v, refused %d", err, store.Valid(), store.Refused())
	}
}

// TestStoreIsNotEmptiedByAccident has a file that lost its list of repositories, and one
// with an empty list.
func TestStoreIsNotEmptiedByAccident(t *testing.T) {
	store := NewStore(Defaults())
	if _, err := store.Update(map[string]string{File: repository + "}]"}); err != nil {
		t.Fatal(err)
	}
	for _, data := range []map[string]string{nil, {File: "# moved\n"}, {File: "dry_run: true\n"}} {
		_, err := store.Update(data)
		if err == nil || !strings.Contains(err.Error(), "write repositories: [] to serve none") || store.Valid() {
			t.Errorf("%v gives %v", data, err)
		}
	}
	if got := store.Get(); len(got.Repositories) != 1 || got.DryRun {
		t.Errorf("in force are %+v", got)
	}
	if _, err := store.Update(map[string]string{File: "repositories: []\n"}); err != nil || len(store.Get().Repositories) != 0 {
		t.Errorf("none are refused: %v", err)
	}
}

func TestStoreKeepsWhatIsReadAtTheStart(t *testing.T) {
	store := NewStore(Defaults())
	waiting, err := store.Update(map[string]string{
		File: "github: {endpoint: http://ghe.example/api/v3, git_endpoint: http://ghe.example, app_id: 3}\nprow: {prowjob_namespace: ci, pod_namespace: test-pods, queue_allowance: 5m}",
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"github.endpoint", "prow.prowjob_namespace", "github.app_id"}, waiting); diff != "" {
		t.Error(diff)
	}
	s := store.Get()
	if s.GitHub != (GitHub{Endpoint: "https://api.github.com", GitEndpoint: "http://ghe.example", Writes: Writes{PerMinute: 70, PerHour: 450}}) || s.Prow.ProwJobNamespace != "prow" || s.Prow.QueueAllowance != 5*time.Minute {
		t.Errorf("in force are %+v", s)
	}
}

func TestServesBranch(t *testing.T) {
	r := Repository{Branches: []string{"main", "release-*"}}
	for branch, want := range map[string]bool{"main": true, "release-1.0": true, "mains": false, "release-1/x": false, "": false} {
		if serves, known := r.ServesBranch(branch); serves != want || !known {
			t.Errorf("%q: %t, %t", branch, serves, known)
		}
	}
	if serves, known := (Repository{}).ServesBranch("main"); serves || known {
		t.Errorf("without a list: %t, %t", serves, known)
	}
}

func equal(a, b *Settings) bool { return cmp.Equal(a, b) }

// TestStatusContextIsNotARehearsals checks that the status context for merging cannot be
// one that jobs report.
func TestStatusContextIsNotARehearsals(t *testing.T) {
	for context, fine := range map[string]bool{
		"ci/rehearsals": true, "": true, "ci/rehearse": true, "ci/rehearse/main/x": false, "CI/Rehearse/x": false, "ci/rehearse/": false,
	} {
		_, err := Parse(map[string]string{File: "defaults: {status_context: '" + context + "'}\nrepositories: [{repo: acme/config, prow_config: a}]\n"})
		if (err == nil) != fine {
			t.Errorf("%q: %v", context, err)
		}
	}
}
