// Package gate decides which jobs may be rehearsed as they are, and which ask for
// more than base grants them. It is pure, and knows neither git nor pull requests:
// a job comes to it as the ProwJob that it would be, before and after a change.
package gate

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Values of Config.NewJobs.
const (
	NewJobsRun     = "run"
	NewJobsApprove = "approve"
)

// Config is what rehearsals may ask for without somebody's word. Whatever a job
// has at base it may have in its rehearsal as well: all of this is about what a
// pull request adds. In lists of names an asterisk stands for any characters.
type Config struct {
	// Required are labels or annotations of which a job must have one, as
	// `key=value` or `key`, to be rehearsed at all. They count only where the base
	// branch has them already, so that a pull request cannot opt its own jobs in;
	// a new job needs an approval of the head in their place. None by default.
	Required []string `json:"required,omitempty"`
	// Restricted are labels or annotations that keep a job from being rehearsed,
	// as `key=value` or `key`, on the base branch or in the pull request. By
	// default `rehearsal.dev/restricted=true` and `rehearsal.restricted=true`.
	Restricted []string `json:"restricted,omitempty"`
	// NewJobs says what becomes of jobs that the base branch does not have: with
	// `run`, the default, they run like others when they ask for no privilege; with
	// `approve` they wait for an approval of the head.
	NewJobs string `json:"new_jobs,omitempty"`

	// Clusters are the aliases of build clusters that any job may run in. By
	// default that is `default` alone.
	Clusters []string `json:"clusters,omitempty"`
	// ServiceAccounts are those that any job may run as, their tokens included.
	// None by default.
	ServiceAccounts []string `json:"service_accounts,omitempty"`
	// Secrets are the names of secrets that any job may read, by whatever way.
	// None by default.
	Secrets []string `json:"secrets,omitempty"`
	// ConfigMaps are the names of ConfigMaps that any job may read. By default all
	// are, since they hold no secrets: to list some forbids the others.
	ConfigMaps []string `json:"config_maps,omitempty"`
	// ImageRegistries are registries, or paths in them, that any job may take
	// images from, such as `quay.io/openshift`. By default there is no limit: a pod
	// without privileges may run any image.
	ImageRegistries []string `json:"image_registries,omitempty"`
	// Repositories are those, as `org/repo`, that any job may check out with the
	// credentials of its decoration. None by default; checkouts without
	// credentials are free.
	Repositories []string `json:"repositories,omitempty"`
	// Labels and Annotations are keys that any job may have, besides those that
	// are known to do nothing. Others may make a Service, a network policy or an
	// admission controller act on the pod.
	Labels      []string `json:"labels,omitempty"`
	Annotations []string `json:"annotations,omitempty"`
	// Devices are extended resources that any job may ask for, such as
	// `nvidia.com/gpu`. None by default.
	Devices []string `json:"devices,omitempty"`

	// MaxTimeout is how long a job may set itself to run, 24h by default.
	MaxTimeout metav1.Duration `json:"max_timeout,omitzero"`
	// MaxResources bound what all containers of a pod request, or are limited to,
	// together, by the name of the resource: `cpu: "32"`, `memory: 64Gi`. No bounds
	// by default.
	MaxResources map[string]resource.Quantity `json:"max_resources,omitempty"`
}

// Validate returns the first thing that is wrong, with the path of the field.
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
	if c.MaxTimeout.Duration < 0 {
		return fmt.Errorf("max_timeout: %s is negative; leave it out for 24h", c.MaxTimeout.Duration)
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

// list is a field of the configuration that is a list, and what is wrong with an
// entry of it.
type list struct {
	field   string
	entries []string
	check   func(string) string
}

var (
	namePattern     = regexp.MustCompile(`^[A-Za-z0-9*]([A-Za-z0-9._*-]*[A-Za-z0-9*])?$`)
	keyPattern      = regexp.MustCompile(`^[A-Za-z0-9*]([A-Za-z0-9._*/-]*[A-Za-z0-9*])?$`)
	repoPattern     = regexp.MustCompile(`^[A-Za-z0-9._*-]+/[A-Za-z0-9._*-]+$`)
	registryPattern = regexp.MustCompile(`^[a-z0-9*]([a-z0-9._*:/-]*[a-z0-9*])?$`)
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
	if errs := validation.IsQualifiedName(key); len(errs) > 0 {
		return "is not key or key=value of a label or annotation"
	}
	return ""
}

// allows says whether one of the patterns fits the whole value.
func allows(patterns []string, value string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return wildcard(p, value) })
}

// wildcard says whether an asterisk, for any number of characters, makes the
// pattern fit the whole string.
func wildcard(pattern, s string) bool {
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

// Marks that restrict jobs where the configuration names none.
var defaultRestricted = []string{"rehearsal.dev/restricted=true", "rehearsal.restricted=true"}

func (c Config) restricted() []string {
	if len(c.Restricted) == 0 {
		return defaultRestricted
	}
	return c.Restricted
}

func (c Config) clusters() []string {
	if len(c.Clusters) == 0 {
		return []string{"default"}
	}
	return c.Clusters
}

func (c Config) newJobs() string { return cmp.Or(c.NewJobs, NewJobsRun) }
