// Package settings reads the ConfigMap config-rehearsal, which holds everything
// that an installation may choose. It knows no clients: whoever watches or
// mounts the ConfigMap hands its data to Parse.
package settings

import (
	"fmt"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
)

// ConfigMap is the name of the ConfigMap in our namespace.
const ConfigMap = "config-rehearsal"

// Settings is what an installation chose, defaults filled in.
type Settings struct {
	// Repositories are the config repositories we serve, in the order given.
	Repositories []Repository
	// ProwJobNamespace is where ProwJobs are created.
	ProwJobNamespace string
	// PodNamespace is where plank creates their pods.
	PodNamespace string
	// GitHubEndpoint is the base of GitHub's REST API.
	GitHubEndpoint string
	// GitEndpoint is the base under which org/repo.git can be cloned.
	GitEndpoint string
	// Prefixes start a command.
	Prefixes []string
	// SampleLimit, MoreLimit and MaxLimit are how many jobs a command without
	// names, with more and with max runs at most. AllLimit caps every other
	// command.
	SampleLimit, MoreLimit, MaxLimit, AllLimit int
	// AckLabel is on pull requests that somebody, or a run, vouched for.
	AckLabel string
	// NetworkLabel is on pull requests whose rehearsals may use the network.
	NetworkLabel string
	// UntrustedLabel is on pull requests of people whom nobody vouched for yet:
	// nothing is run as long as it is there.
	UntrustedLabel string
	// StickyAuthors are the logins, in lower case, of authors whose
	// acknowledgements outlive a push.
	StickyAuthors []string
	// StatusContext is the context of the commit status that says whether a pull
	// request may be merged; none when empty.
	StatusContext string
	// PageURL is where people reach the controller's pages with full lists; none
	// when empty.
	PageURL string
	// ProgressInterval is the least time between two edits of the comment of a
	// run that goes on.
	ProgressInterval time.Duration
	// QueueAllowance is added to the longest job's time-out, for jobs that wait
	// under max_concurrency or for a node.
	QueueAllowance time.Duration
	// DefaultJobTimeout is assumed for jobs that do not set one.
	DefaultJobTimeout time.Duration
	// SweepInterval is the time between two looks for what no webhook told.
	SweepInterval time.Duration
}

// Repository is one config repository and where its configuration lives.
type Repository struct {
	// Name is org/repo.
	Name string `json:"repo"`
	// ProwConfig is the path of Prow's config.yaml in the repository.
	ProwConfig string `json:"prow_config"`
	// JobConfig is the path of the job file or directory.
	JobConfig string `json:"job_config"`
	// SupplementalProwConfigDirs hold further parts of Prow's configuration.
	SupplementalProwConfigDirs []string `json:"supplemental_prow_config_dirs,omitempty"`
	// PluginConfig is the path of plugins.yaml.
	PluginConfig string `json:"plugin_config,omitempty"`
}

// Repository returns the settings of org/repo, or false when we do not serve it.
func (s *Settings) Repository(org, repo string) (Repository, bool) {
	for _, r := range s.Repositories {
		if strings.EqualFold(r.Name, org+"/"+repo) {
			return r, true
		}
	}
	return Repository{}, false
}

// Defaults are the settings of an empty ConfigMap.
func Defaults() *Settings {
	return &Settings{
		ProwJobNamespace:  "prow",
		PodNamespace:      "test-pods",
		GitHubEndpoint:    "https://api.github.com",
		GitEndpoint:       "https://github.com",
		Prefixes:          event.DefaultPrefixes(),
		SampleLimit:       10,
		MoreLimit:         20,
		MaxLimit:          35,
		AllLimit:          500,
		AckLabel:          "rehearsals-ack",
		NetworkLabel:      "network-access-rehearsals-ok",
		UntrustedLabel:    "needs-ok-to-test",
		ProgressInterval:  30 * time.Second,
		QueueAllowance:    time.Hour,
		DefaultJobTimeout: 24 * time.Hour,
		SweepInterval:     time.Minute,
	}
}

type setter func(s *Settings, value string) error

// keys are the keys of the ConfigMap.
var keys = map[string]setter{
	"repositories":        parseRepositories,
	"prowjob-namespace":   text(func(s *Settings) *string { return &s.ProwJobNamespace }),
	"pod-namespace":       text(func(s *Settings) *string { return &s.PodNamespace }),
	"github-endpoint":     endpoint(func(s *Settings) *string { return &s.GitHubEndpoint }),
	"git-endpoint":        endpoint(func(s *Settings) *string { return &s.GitEndpoint }),
	"prefixes":            parsePrefixes,
	"sample-limit":        limit(func(s *Settings) *int { return &s.SampleLimit }),
	"more-limit":          limit(func(s *Settings) *int { return &s.MoreLimit }),
	"max-limit":           limit(func(s *Settings) *int { return &s.MaxLimit }),
	"all-limit":           limit(func(s *Settings) *int { return &s.AllLimit }),
	"ack-label":           text(func(s *Settings) *string { return &s.AckLabel }),
	"network-label":       text(func(s *Settings) *string { return &s.NetworkLabel }),
	"untrusted-label":     text(func(s *Settings) *string { return &s.UntrustedLabel }),
	"sticky-authors":      parseStickyAuthors,
	"status-context":      parseStatusContext,
	"page-url":            endpoint(func(s *Settings) *string { return &s.PageURL }),
	"progress-interval":   duration(func(s *Settings) *time.Duration { return &s.ProgressInterval }),
	"queue-allowance":     duration(func(s *Settings) *time.Duration { return &s.QueueAllowance }),
	"default-job-timeout": duration(func(s *Settings) *time.Duration { return &s.DefaultJobTimeout }),
	"sweep-interval":      duration(func(s *Settings) *time.Duration { return &s.SweepInterval }),
}

// Parse reads the data of the ConfigMap. The error names the key.
func Parse(data map[string]string) (*Settings, error) {
	s := Defaults()
	names := make([]string, 0, len(data))
	for key := range data {
		names = append(names, key)
	}
	sort.Strings(names)
	for _, key := range names {
		if key == "_example" {
			continue
		}
		set, known := keys[key]
		if !known {
			return nil, fmt.Errorf("%s: unknown key %q; known are %s", ConfigMap, key, strings.Join(Keys(), ", "))
		}
		if err := set(s, strings.TrimSpace(data[key])); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", ConfigMap, key, err)
		}
	}
	return s, nil
}

// Keys are the names of all keys, sorted.
func Keys() []string {
	names := make([]string, 0, len(keys))
	for key := range keys {
		names = append(names, key)
	}
	sort.Strings(names)
	return names
}

func text(field func(*Settings) *string) setter {
	return func(s *Settings, value string) error {
		if value == "" {
			return fmt.Errorf("is empty; remove the key for the default %q", *field(s))
		}
		*field(s) = value
		return nil
	}
}

func endpoint(field func(*Settings) *string) setter {
	return func(s *Settings, value string) error {
		u, err := url.Parse(value)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return fmt.Errorf("%q is not a URL such as https://example.com/path", value)
		}
		*field(s) = strings.TrimRight(value, "/")
		return nil
	}
}

func duration(field func(*Settings) *time.Duration) setter {
	return func(s *Settings, value string) error {
		d, err := time.ParseDuration(value)
		if err != nil || d <= 0 {
			return fmt.Errorf("%q is not a duration such as 90s, 30m or 2h", value)
		}
		*field(s) = d
		return nil
	}
}

// mostJobs is how many jobs one PipelineRun can have: its tasks must fit into
// one object.
const mostJobs = 500

func limit(field func(*Settings) *int) setter {
	return func(s *Settings, value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > mostJobs {
			return fmt.Errorf("%q is not a number from 1 to %d", value, mostJobs)
		}
		*field(s) = n
		return nil
	}
}

func parseStickyAuthors(s *Settings, value string) error {
	s.StickyAuthors = strings.Fields(strings.ToLower(value))
	return nil
}

func parseStatusContext(s *Settings, value string) error {
	s.StatusContext = value
	return nil
}

func parsePrefixes(s *Settings, value string) error {
	prefixes := strings.Fields(value)
	if len(prefixes) == 0 {
		return fmt.Errorf("is empty; write one or more, such as /pj-rehearse")
	}
	for _, p := range prefixes {
		if !strings.HasPrefix(p, "/") || len(p) < 2 {
			return fmt.Errorf("%q does not start with a slash", p)
		}
	}
	s.Prefixes = prefixes
	return nil
}

func parseRepositories(s *Settings, value string) error {
	var repositories []Repository
	if err := yaml.UnmarshalStrict([]byte(value), &repositories); err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, r := range repositories {
		org, repo, ok := strings.Cut(r.Name, "/")
		switch {
		case !ok || org == "" || repo == "" || strings.Contains(repo, "/"):
			return fmt.Errorf("entry %d: repo is %q, not org/repo", i+1, r.Name)
		case r.ProwConfig == "":
			return fmt.Errorf("entry %d (%s): prow_config, the path of config.yaml, is missing", i+1, r.Name)
		case seen[strings.ToLower(r.Name)]:
			return fmt.Errorf("entry %d: %s is listed twice", i+1, r.Name)
		}
		seen[strings.ToLower(r.Name)] = true
	}
	s.Repositories = repositories
	return nil
}
