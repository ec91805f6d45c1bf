// Package gate decides which jobs may be rehearsed as they are, and which request
// more than the base branch grants. It is pure, and depends neither on git nor on
// pull requests: its input is a job's ProwJob before and after a change.
package gate

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Values of Config.NewJobs.
const (
	NewJobsRun     = "run"
	NewJobsApprove = "approve"
)

// Config is what rehearsals may use without approval. A rehearsal may always use what
// the job uses on the base branch: all of this is about what a pull request adds. In
// lists of names an asterisk stands for any characters. An empty configuration is as
// strict as Defaults.
type Config struct {
	// Labels or annotations of which a job must have one, as `key=value` or `key`, to be
	// rehearsed at all. They count only if the job already has them on the base branch,
	// so that a pull request cannot opt in its own jobs; a new job needs an approval of
	// the head instead.
	Required []string `json:"required" jsonschema:"example=pj-rehearse.openshift.io/can-be-rehearsed=true"`
	// Labels or annotations that keep a job from being rehearsed, as `key=value` or
	// `key`, on the base branch or in the pull request.
	Restricted []string `json:"restricted" jsonschema:"example=rehearsal.restricted=true"`
	// How to treat jobs that are not on the base branch: with `run` they run like others
	// if they request no privileges; with `approve` they wait for an approval of the
	// head.
	NewJobs string `json:"new_jobs" jsonschema:"enum=run,enum=approve"`

	// The aliases of build clusters that any job may run in.
	Clusters []string `json:"clusters" jsonschema:"example=build*"`
	// The service accounts that any job may run as, with its tokens.
	ServiceAccounts []string `json:"service_accounts" jsonschema:"example=ci-operator"`
	// The names of secrets that any job may read by any means.
	Secrets []string `json:"secrets" jsonschema:"example=public-pull-secret"`
	// The names of ConfigMaps that any job may read. Without a list all are allowed,
	// because they hold no secrets; `*` removes a list of the defaults.
	ConfigMaps []string `json:"config_maps" jsonschema:"minItems=1,example=step-*"`
	// Registries, or paths in them, whose images any job may use. Without a list there
	// is no limit: a pod without privileges may run any image. `*` removes a list of the
	// defaults.
	ImageRegistries []string `json:"image_registries" jsonschema:"minItems=1,example=quay.io/openshift"`
	// Repositories that any job may check out with the credentials of its decoration;
	// checkouts without credentials are always allowed.
	Repositories []string `json:"repositories" jsonschema:"example=openshift/*"`
	// Keys of labels that any job may have, besides those that are known to do
	// nothing. Others may make a Service or a network policy act on the pod.
	Labels []string `json:"labels" jsonschema:"example=team"`
	// Keys of annotations that any job may have, besides those that are known to do
	// nothing. Others may make something in the cluster act on the pod.
	Annotations []string `json:"annotations" jsonschema:"example=owner.example.com/*"`
	// Extended resources that any job may use.
	Devices []string `json:"devices" jsonschema:"example=nvidia.com/gpu"`

	// The longest time-out that a job may set; a job without one counts as 24h.
	MaxTimeout time.Duration `json:"max_timeout"`
	// How much of each resource all containers of a pod may request or be limited to, in
	// total. Resources that are not listed are not limited.
	MaxResources map[string]resource.Quantity `json:"max_resources" jsonschema:"example=64Gi"`
}

// Defaults is the default configuration.
func Defaults() Config {
	return Config{
		Restricted: slices.Clone(defaultRestricted), NewJobs: NewJobsRun, Clusters: []string{"default"},
		MaxTimeout: defaultMaxTimeout,
	}
}

// Validate returns the first error, with the path of the field.
func (c Config) Validate() error {
	for _, list := range c.lists() {
		for i, entry := range list.entries {
			if why := list.check(entry); why != "" {
				return fmt.Errorf("%s[%d]: %q %s", list.field, i, entry, why)
			}
			if slices.Index(list.entries, entry) < i {
				return fmt.Errorf("%s[%d]: %q is listed twice", list.field, i, entry)
			}
		}
	}
	if c.NewJobs != "" && c.NewJobs != NewJobsRun && c.NewJobs != NewJobsApprove {
		return fmt.Errorf("new_jobs: %q is neither %s nor %s", c.NewJobs, NewJobsRun, NewJobsApprove)
	}
	if c.MaxTimeout < 0 {
		return fmt.Errorf("max_timeout: %s is negative; leave it out for %s", c.MaxTimeout, defaultMaxTimeout)
	}
	for _, name := range sortedKeys(c.MaxResources) {
		quantity := c.MaxResources[name]
		if errs := validation.IsQualifiedName(name); len(errs) > 0 {
			return fmt.Errorf("max_resources: %q is not the name of a resource such as cpu or memory", name)
		}
		if quantity.Sign() <= 0 {
			return fmt.Errorf("max_resources.%s: %s is not more than nothing", name, quantity.String())
		}
	}
	return nil
}

// list is a list field of the configuration. Check returns what is wrong with an entry.
type list struct {
	field   string
	entries []string
	check   func(string) string
}

var (
	namePattern     = regexp.MustCompile(`^[A-Za-z0-9*]([A-Za-z0-9._*-]*[A-Za-z0-9*])?$`)
	keyPattern      = regexp.MustCompile(`^[A-Za-z0-9*]([A-Za-z0-9._*/-]*[A-Za-z0-9*])?$`)
	repoPattern     = regexp.MustCompile(`^[A-Za-z0-9._*-]+/[A-Za-z0-9._*-]+$`)
	registryPattern = regexp.MustCompile(`^[a-z0-9*][a-z0-9._*-]*(:[0-9]+)?(/[a-z0-9._*-]+)*$`)
)

func matching(pattern *regexp.Regexp, what string) func(string) string {
	return func(entry string) string {
		if pattern.MatchString(entry) {
			return ""
		}
		return "is not " + what
	}
}

func (c Config) lists() []list {
	name := matching(namePattern, "a name, in which * stands for any characters")
	key := matching(keyPattern, "the key of a label or annotation, in which * stands for any characters")
	return []list{
		{"required", c.Required, checkMark}, {"restricted", c.Restricted, checkMark},
		{"clusters", c.Clusters, name}, {"service_accounts", c.ServiceAccounts, name},
		{"secrets", c.Secrets, name}, {"config_maps", c.ConfigMaps, name},
		{"image_registries", c.ImageRegistries, matching(registryPattern, "a registry such as quay.io/openshift, without tag")},
		{"repositories", c.Repositories, matching(repoPattern, "org/repo, in which * stands for any characters")},
		{"labels", c.Labels, key}, {"annotations", c.Annotations, key}, {"devices", c.Devices, key},
	}
}

func checkMark(mark string) string {
	key, _, _ := strings.Cut(mark, "=")
	if IsProse(key) {
		return "is prose: nothing but people and pages that list jobs read it"
	}
	if errs := validation.IsQualifiedName(key); len(errs) > 0 {
		return "is not key or key=value of a label or annotation"
	}
	return ""
}

// IsProse reports whether an annotation is meant for people or for a page that lists jobs.
// Most jobs have some of these.
func IsProse(key string) bool { return key == "description" || strings.HasPrefix(key, "testgrid-") }

// allows reports whether one of the patterns matches the whole value.
func allows(patterns []string, value string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return Wildcard(p, value) })
}

// Wildcard reports whether the pattern matches the whole string; an asterisk matches any
// number of characters. The text between two asterisks is matched at its first occurrence:
// a later one never helps the rest to match. So the time is bounded by the product of the
// lengths.
func Wildcard(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(s) < len(first)+len(last) || !strings.HasPrefix(s, first) || !strings.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return true
}

// defaultRestricted are the marks that restrict jobs if the configuration lists none.
var defaultRestricted = []string{"rehearsal.dev/restricted=true", "rehearsal.restricted=true"}

func (c Config) restricted() []string {
	if c.Restricted == nil {
		return defaultRestricted
	}
	return c.Restricted
}

func (c Config) clusters() []string {
	if c.Clusters == nil {
		return []string{"default"}
	}
	return c.Clusters
}

func (c Config) newJobs() string { return cmp.Or(c.NewJobs, NewJobsRun) }
