// Package settings reads the settings of an installation: the key config.yaml of the
// ConfigMap config-rehearsal. It uses no clients: callers watch or mount the
// ConfigMap and pass its data to Parse.
//
// The reference in docs/configuration.md and the JSON schema are generated from the
// structs here and in the packages they embed: write the comments of fields for the
// users of the file.
package settings

import (
	"path"
	"slices"
	"strings"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
)

const (
	// ConfigMap is the name of the ConfigMap in our namespace.
	ConfigMap = "config-rehearsal"
	// File is its key that holds the settings.
	File = "config.yaml"
	// Example is a key that is ignored. It shows all settings with their defaults, and
	// applying it again leaves File alone.
	Example = "_example"
)

// Settings are those of an installation, with defaults filled in.
type Settings struct {
	// The config repositories that are served, and where their configuration lives.
	Repositories []Repository `json:"repositories"`
	// The defaults for all repositories. A repository overrides single fields: its lists
	// replace those here, its maps are merged key by key.
	Defaults Options `json:"defaults"`
	// How GitHub is reached.
	GitHub GitHub `json:"github"`
	// Values from Prow's own configuration that are needed here too.
	Prow Prow `json:"prow"`
	// What a command starts with; comments show the first.
	Prefixes []string `json:"prefixes" jsonschema:"minItems=1,pattern=^/\\S+$,example=/rehearse"`
	// How many jobs may run at a time.
	Quotas Quotas `json:"quotas"`
	// How much time and memory planning (finding the affected jobs of a pull request)
	// may take.
	Planning Planning `json:"planning"`
	// A map from Kubernetes users to the GitHub logins for which their commands on the
	// command line count, such as alice@example.com: alice. Users who are not listed
	// cannot give commands.
	Users map[string]string `json:"users"`
	// The URL at which people reach the Service rehearsal-controller, which serves the
	// lists that are too long for a comment; without it there are no pages. Anybody with
	// the link, which comments on the pull request contain, can read a list.
	PageURL string `json:"page_url" jsonschema:"pattern=^(https?://[^/\\s]+\\S*)?$,example=https://rehearsals.example.com"`
	// How long the PipelineRuns of an ended run, and what tkn pipelinerun logs shows,
	// are kept. Its comments, its page and its result stay as long as the pull request
	// is open, and a week longer.
	KeepRuns time.Duration `json:"keep_runs"`
	// The minimum time between two edits of the comment of an active run.
	ProgressInterval time.Duration `json:"progress_interval"`
	// The time between two sweeps, which find what no webhook reported.
	SweepInterval time.Duration `json:"sweep_interval"`
	// Only log what would be written to GitHub, Prow and Tekton.
	DryRun bool `json:"dry_run"`
}

// GitHub is how GitHub is reached.
type GitHub struct {
	// The base of the REST API; https://HOST/api/v3 for GitHub Enterprise. Read
	// when the controller starts.
	Endpoint string `json:"endpoint" jsonschema:"pattern=^https?://[^/\\s]+\\S*$,example=https://github.example.com/api/v3"`
	// The base URL for git: ORG/REPO.git below it is cloned.
	GitEndpoint string `json:"git_endpoint" jsonschema:"pattern=^https?://[^/\\s]+\\S*$,example=https://github.example.com"`
	// The id of the GitHub App whose private key is in the Secret rehearsal-github; 0 if
	// the Secret has the id itself, or a personal token. Read when the controller
	// starts.
	AppID int64 `json:"app_id" jsonschema:"minimum=0"`
	// The limits of writes with our account: comments, labels, reactions and statuses.
	// GitHub accepts 80 writes a minute and 500 an hour from an account; a GitHub
	// Enterprise server may accept more. Read when the controller starts.
	Writes Writes `json:"writes"`
}

// Writes bounds what is written to GitHub.
type Writes struct {
	// Writes in a minute. Low-priority writes can use four sevenths of them.
	PerMinute int `json:"per_minute" jsonschema:"minimum=1,maximum=100000"`
	// Writes in an hour. Low-priority writes can use two thirds of them.
	PerHour int `json:"per_hour" jsonschema:"minimum=1,maximum=1000000"`
}

// Prow is what must be known of the Prow that runs the jobs.
type Prow struct {
	// Where ProwJobs are created: prowjob_namespace in Prow's config.yaml. Read
	// when the controller starts; the Roles in config/ name it too.
	ProwJobNamespace string `json:"prowjob_namespace" jsonschema:"pattern=^[a-z0-9]([-a-z0-9]*[a-z0-9])?$,example=prow"`
	// Where plank creates their pods: pod_namespace in Prow's config.yaml. Read
	// when the controller starts; the Roles in config/ name it too.
	PodNamespace string `json:"pod_namespace" jsonschema:"pattern=^[a-z0-9]([-a-z0-9]*[a-z0-9])?$,example=test-pods"`
	// The time-out of jobs that are not decorated: pod_running_timeout in plank's
	// part of Prow's config.yaml.
	DefaultJobTimeout time.Duration `json:"default_job_timeout"`
	// How long jobs may wait before they start, because of max_concurrency or for a
	// node. A run may take this plus the longest time-out of its jobs.
	QueueAllowance time.Duration `json:"queue_allowance"`
}

// Quotas bound how many jobs run at a time; 0 is no limit.
type Quotas struct {
	// Jobs of one pull request; 0 is no limit.
	PullJobs int `json:"pull_jobs" jsonschema:"minimum=0"`
	// Jobs that one person requested, in all repositories; 0 is no limit.
	PersonJobs int `json:"person_jobs" jsonschema:"minimum=0"`
	// Jobs in all; 0 is no limit.
	Jobs int `json:"jobs" jsonschema:"minimum=0"`
}

// Planning bounds the processing of a pull request before any job runs.
type Planning struct {
	// How long it may take to find the affected jobs of a commit. If it takes longer,
	// the commit is refused, and not retried until the next push.
	Timeout time.Duration `json:"timeout"`
	// How long it may take to read the base branch, which is read completely the first
	// time.
	BaseTimeout time.Duration `json:"base_timeout"`
	// How much memory each planning process, and each git command that it runs, may use,
	// in MiB. There are up to three at once: see the resources in
	// config/500-controller.yaml.
	MemoryMiB int `json:"memory_mib" jsonschema:"minimum=256,maximum=65536"`
}

// Options may differ from repository to repository.
type Options struct {
	// How many jobs a command may run.
	Limits Limits `json:"limits"`
	// The labels that are used on pull requests. If you rename one, open pull requests
	// keep the old label.
	Labels Labels `json:"labels"`
	// The logins of authors whose pull requests keep their acknowledgement after a push.
	StickyAuthors []string `json:"sticky_authors"`
	// The context of a commit status on which merging can depend, such as ci/rehearsals:
	// it succeeds once the pull request is acknowledged or has nothing to rehearse. If
	// empty, there is no status. It must not begin with ci/rehearse/, where rehearsals
	// report.
	StatusContext string `json:"status_context"`
	// Who may give which command.
	Policy policy.Config `json:"policy"`
	// What rehearsals may use without approval.
	Gates gate.Config `json:"gates"`
}

// Limits are numbers of jobs.
type Limits struct {
	// For a command without names.
	Sample int `json:"sample" jsonschema:"minimum=1,maximum=500"`
	// For the command more.
	More int `json:"more" jsonschema:"minimum=1,maximum=500"`
	// For the command max.
	Max int `json:"max" jsonschema:"minimum=1,maximum=500"`
	// For every other command. The tasks of one run must fit into one object.
	All int `json:"all" jsonschema:"minimum=1,maximum=500"`
}

// Labels are names of labels on GitHub.
type Labels struct {
	// The label of pull requests that were acknowledged by a person or a run.
	Ack string `json:"ack" jsonschema:"minLength=1"`
	// The label of pull requests whose rehearsals may use the network.
	Network string `json:"network" jsonschema:"minLength=1"`
	// The label of pull requests by people who are not trusted yet: nothing runs while
	// it is set.
	Untrusted string `json:"untrusted" jsonschema:"minLength=1"`
}

// Repository is one config repository, where its configuration lives, and its
// Options, with the defaults where it says nothing.
type Repository struct {
	// ORG/REPO.
	Name string `json:"repo" jsonschema:"required,pattern=^[^/\\s]+/[^/\\s]+$,example=kubernetes/test-infra"`

	layout.Layout

	// The branches into which pull requests are rehearsed: names, in which * stands for
	// any characters but slashes. Pull requests are compared with the jobs and OWNERS
	// files of these branches, so list only protected ones. Without a list, only the
	// default branch counts.
	Branches []string `json:"branches" jsonschema:"minItems=1,example=release-*"`

	Options
}

// Repository returns the settings of org/repo, or the defaults and false when it
// is not served.
func (s *Settings) Repository(org, repo string) (Repository, bool) {
	i := slices.IndexFunc(s.Repositories, func(r Repository) bool { return strings.EqualFold(r.Name, org+"/"+repo) })
	if i < 0 {
		return Repository{Options: s.Defaults}, false
	}
	return s.Repositories[i], true
}

// ServesBranch reports whether pull requests into a branch are rehearsed. known is false
// if that depends on the default branch.
func (r Repository) ServesBranch(branch string) (serves, known bool) {
	serves = slices.ContainsFunc(r.Branches, func(pattern string) bool {
		fits, err := path.Match(pattern, branch)
		return fits && err == nil
	})
	return serves, len(r.Branches) > 0
}

// Defaults are the settings of an empty file.
func Defaults() *Settings {
	return &Settings{
		Defaults: Options{
			Limits: Limits{Sample: 10, More: 20, Max: 35, All: 500},
			Policy: policy.Config{Preset: policy.DefaultPreset}, Gates: gate.Defaults(),
			Labels: Labels{Ack: "rehearsals-ack", Network: "network-access-rehearsals-ok", Untrusted: "needs-ok-to-test"},
		},
		GitHub: GitHub{Endpoint: "https://api.github.com", GitEndpoint: "https://github.com", Writes: Writes{PerMinute: 70, PerHour: 450}},
		Prow: Prow{
			ProwJobNamespace: "prow", PodNamespace: "test-pods",
			DefaultJobTimeout: 24 * time.Hour, QueueAllowance: time.Hour,
		},
		Prefixes:         event.DefaultPrefixes(),
		Planning:         Planning{Timeout: 2 * time.Minute, BaseTimeout: 10 * time.Minute, MemoryMiB: 768},
		Quotas:           Quotas{PullJobs: 500, PersonJobs: 1000, Jobs: 2000},
		KeepRuns:         24 * time.Hour,
		ProgressInterval: 30 * time.Second,
		SweepInterval:    time.Minute,
	}
}
