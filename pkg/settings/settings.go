// Package settings reads the file with everything that an installation may
// choose: the key config.yaml of the ConfigMap config-rehearsal. It knows no
// clients: whoever watches or mounts the ConfigMap hands its data to Parse.
//
// The reference in docs/configuration.md and the JSON schema are made from the
// structs here and in the packages they embed: comments of fields are written
// for those who write the file.
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
	// Example is a key that is not read. It shows all settings with their
	// defaults, and applying it again leaves File alone.
	Example = "_example"
)

// Settings is what an installation chose, defaults filled in.
type Settings struct {
	// The config repositories that are served, and where their configuration lives.
	Repositories []Repository `json:"repositories"`
	// What holds for every repository that does not say otherwise. A repository
	// overrides single fields: its lists replace those here, its maps are added to
	// them key by key.
	Defaults Options `json:"defaults"`
	// How GitHub is reached.
	GitHub GitHub `json:"github"`
	// What Prow's own configuration says, as far as it must be known here too.
	Prow Prow `json:"prow"`
	// What a command starts with; comments show the first.
	Prefixes []string `json:"prefixes" jsonschema:"minItems=1,pattern=^/\\S+$,example=/rehearse"`
	// How many jobs may be under way at a time.
	Quotas Quotas `json:"quotas"`
	// What finding out the affected jobs of a pull request may take.
	Planning Planning `json:"planning"`
	// Names of Kubernetes users and the GitHub logins that commands of theirs on
	// the command line count for, such as alice@example.com: alice. Whoever is not
	// listed cannot use it.
	Users map[string]string `json:"users"`
	// Where people reach the Service rehearsal-controller, which shows the lists
	// that are too long for a comment; nowhere when empty. A list is shown to whoever
	// has its link, which comments on the pull request give.
	PageURL string `json:"page_url" jsonschema:"pattern=^(https?://[^/\\s]+\\S*)?$,example=https://rehearsals.example.com"`
	// How long the PipelineRuns of a run that is over are kept, and with them what
	// tkn pipelinerun logs shows. Its comments, its page and its result stay for as
	// long as the pull request is open, and a week longer.
	KeepRuns time.Duration `json:"keep_runs"`
	// The least time between two edits of the comment of a run that goes on.
	ProgressInterval time.Duration `json:"progress_interval"`
	// The time between two looks for what no webhook told.
	SweepInterval time.Duration `json:"sweep_interval"`
	// Only log what would be written to GitHub, Prow and Tekton.
	DryRun bool `json:"dry_run"`
}

// GitHub is how GitHub is reached.
type GitHub struct {
	// The base of the REST API; https://HOST/api/v3 for GitHub Enterprise. Read
	// when the controller starts.
	Endpoint string `json:"endpoint" jsonschema:"pattern=^https?://[^/\\s]+\\S*$,example=https://github.example.com/api/v3"`
	// Below this, ORG/REPO.git is cloned.
	GitEndpoint string `json:"git_endpoint" jsonschema:"pattern=^https?://[^/\\s]+\\S*$,example=https://github.example.com"`
	// The id of the GitHub App whose private key is in the Secret rehearsal-github; 0
	// when the Secret has the id itself, or a personal token. Read when the
	// controller starts.
	AppID int64 `json:"app_id" jsonschema:"minimum=0"`
	// How much is written with our account at most: comments, labels, reactions and
	// statuses. GitHub takes 80 writes a minute and 500 an hour from an account; a
	// GitHub Enterprise server may take more. Read when the controller starts.
	Writes Writes `json:"writes"`
}

// Writes bounds what is written to GitHub.
type Writes struct {
	// In a minute. Four sevenths of them are for what nobody waits for.
	PerMinute int `json:"per_minute" jsonschema:"minimum=1,maximum=100000"`
	// In an hour. Two thirds of them are for what nobody waits for.
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
	// How long jobs may wait before they start, under max_concurrency or for a
	// node. A run may take this and the longest time-out of its jobs.
	QueueAllowance time.Duration `json:"queue_allowance"`
}

// Quotas bound what may be under way at a time; 0 is no bound.
type Quotas struct {
	// Jobs of one pull request; 0 is no bound.
	PullJobs int `json:"pull_jobs" jsonschema:"minimum=0"`
	// Jobs that one person asked for, in all repositories; 0 is no bound.
	PersonJobs int `json:"person_jobs" jsonschema:"minimum=0"`
	// Jobs in all; 0 is no bound.
	Jobs int `json:"jobs" jsonschema:"minimum=0"`
}

// Planning bounds what is done with what a pull request says, before any job runs.
type Planning struct {
	// How long it may take to find the affected jobs of a commit. What takes longer is
	// refused, and not tried again before a push.
	Timeout time.Duration `json:"timeout"`
	// How long it may take to read the base branch, which is done as a whole when it
	// is seen for the first time.
	BaseTimeout time.Duration `json:"base_timeout"`
	// How much memory each process that does so may have, and each git command that
	// it runs, in MiB. There are up to three at once: see the resources in
	// config/500-controller.yaml.
	MemoryMiB int `json:"memory_mib" jsonschema:"minimum=256,maximum=65536"`
}

// Options may differ from repository to repository.
type Options struct {
	// How many jobs a command runs at most.
	Limits Limits `json:"limits"`
	// The labels that mean something on a pull request. Those on open pull requests
	// stay as they are when a name changes.
	Labels Labels `json:"labels"`
	// The logins of authors whose acknowledgements outlive a push.
	StickyAuthors []string `json:"sticky_authors"`
	// The context of a commit status for those who gate merging on one, such as
	// ci/rehearsals: it succeeds once the pull request is acknowledged or has
	// nothing to rehearse. There is none when empty. One that begins with
	// ci/rehearse/ is refused: rehearsals report there.
	StatusContext string `json:"status_context"`
	// Who may command what.
	Policy policy.Config `json:"policy"`
	// What rehearsals may ask of the clusters they run in.
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
	// For every other command: the tasks of one run must fit into one object.
	All int `json:"all" jsonschema:"minimum=1,maximum=500"`
}

// Labels are names of labels on GitHub.
type Labels struct {
	// Is on pull requests that somebody, or a run, vouched for.
	Ack string `json:"ack" jsonschema:"minLength=1"`
	// Is on pull requests whose rehearsals may use the network.
	Network string `json:"network" jsonschema:"minLength=1"`
	// Is on pull requests of people whom nobody vouched for yet: nothing is run as
	// long as it is there.
	Untrusted string `json:"untrusted" jsonschema:"minLength=1"`
}

// Repository is one config repository, where its configuration lives, and its
// Options, with the defaults where it says nothing.
type Repository struct {
	// ORG/REPO.
	Name string `json:"repo" jsonschema:"required,pattern=^[^/\\s]+/[^/\\s]+$,example=kubernetes/test-infra"`

	layout.Layout

	// The branches into which pull requests are rehearsed: names, in which * stands for
	// any characters but slashes. What these branches say of jobs and in OWNERS files
	// is what pull requests are held against, so list none that is not protected.
	// Without a list it is the default branch alone.
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

// ServesBranch says whether pull requests into a branch are rehearsed; known is
// false where it depends on what the default branch is.
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
