package affected

import (
	"fmt"

	"sigs.k8s.io/prow/pkg/config"
	"sigs.k8s.io/prow/pkg/kube"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/key"
)

// Defaults is everything outside a job that Prow applies to it: Prow's configuration
// (loaded, without jobs) and all presets, in order.
type Defaults struct {
	// File is the path of Prow's main configuration file.
	File    string
	Config  *config.Config
	Presets []PlacedPreset
	// digest is equal for configurations that treat all jobs alike.
	digest string
	// presets finds the presets of a job.
	presets PresetIndex
	// reading are the presets that read ConfigMaps.
	reading []readingPreset
	// effort has the sizes of what is added to jobs.
	effort *effort
}

// Sum returns the same text for defaults that treat all jobs alike, including presets.
func (d *Defaults) Sum() string { return key.Of(d.digest, Encoded(d.Presets)) }

// PlacedPreset is a preset and the file that defines it.
type PlacedPreset struct {
	File string
	config.Preset
}

// NewDefaults returns the defaults from a configuration as Prow's loader returns it.
func NewDefaults(file string, c *config.Config, presets []PlacedPreset) *Defaults {
	return &Defaults{
		File:    file,
		Config:  c,
		Presets: presets,
		presets: IndexPresets(presets),
		reading: readingPresets(presets),
		effort:  newEffort(c, presets),
		digest: Encoded([]any{
			c.DecorateAllJobs, c.PodNamespace, c.Plank.DefaultDecorationConfigsMap,
			c.Plank.DefaultDecorationConfigEntries, c.Plank.JobQueueCapacities, c.ProwJobDefaultEntries,
		}),
	}
}

// Apply returns the job as Prow would run it, or Prow's reason to refuse it. It does not
// change the raw job.
func (d *Defaults) Apply(raw Raw) (Effective, error) {
	own := Raw{Repo: raw.Repo, Effective: raw.clone()}
	presets := d.matching(own.Base().Labels)
	for i := range presets {
		// Other jobs get the same presets, so without copies they would share pointers.
		presets[i] = *presets[i].DeepCopy()
	}
	return own.Effective, d.apply(own, presets)
}

// Check returns Prow's reason to refuse a job. The raw job must not be used afterwards.
func (d *Defaults) Check(raw Raw) error {
	return d.apply(raw, d.matching(raw.Base().Labels))
}

// apply lets Prow apply defaults to a job and validate it, in place.
func (d *Defaults) apply(job Raw, presets []config.Preset) (err error) {
	defer func() {
		// Prow's validation assumes that some optional fields are set. Its loader turns the
		// panic into a refusal, and so do we.
		if r := recover(); r != nil {
			err = fmt.Errorf("panic loading config: %v", r)
		}
	}()
	c := *d.Config
	c.PresubmitsStatic, c.PostsubmitsStatic, c.Periodics = nil, nil, nil
	c.Presets = presets
	// All jobs here are from the config repository itself, and may use any cluster.
	cluster := orDefault(job.Base().Cluster, kube.DefaultClusterAlias)
	c.InRepoConfig.AllowedClusters = map[string][]string{"*": {cluster}}
	switch {
	case job.Presubmit != nil:
		own := &config.ProwYAML{Presubmits: []config.Presubmit{*job.Presubmit}}
		err = config.DefaultAndValidateProwYAML(&c, own, job.Repo)
		*job.Presubmit = own.Presubmits[0]
	case job.Postsubmit != nil:
		own := &config.ProwYAML{Postsubmits: []config.Postsubmit{*job.Postsubmit}}
		err = config.DefaultAndValidateProwYAML(&c, own, job.Repo)
		*job.Postsubmit = own.Postsubmits[0]
	case job.Periodic != nil:
		err = applyPeriodic(&c, job.Periodic)
	}
	return err
}

func applyPeriodic(c *config.Config, p *config.Periodic) error {
	if err := c.DefaultPeriodic(p); err != nil {
		return err
	}
	c.Periodics = []config.Periodic{*p}
	if err := c.ValidateJobConfig(); err != nil {
		return err
	}
	*p = c.Periodics[0]
	return nil
}

// Alike reports whether both treat all jobs alike, apart from presets.
func (d *Defaults) Alike(other *Defaults) bool { return d.digest == other.digest }

// PresetsOf returns the presets that apply to a job with the given labels, in order.
func (d *Defaults) PresetsOf(labels map[string]string) []PlacedPreset {
	return d.presets.matching(labels)
}

// matching returns the presets that apply to a job with the given labels, in order.
func (d *Defaults) matching(labels map[string]string) []config.Preset {
	var out []config.Preset
	for _, p := range d.presets.matching(labels) {
		out = append(out, p.Preset)
	}
	return out
}

func matches(p config.Preset, labels map[string]string) bool {
	for l, v := range p.Labels {
		if got, ok := labels[l]; !ok || got != v {
			return false
		}
	}
	return true
}

// Decoration returns the effective decoration of a job. It returns nil if there is none,
// or if Prow panics on an empty default: then Prow refuses the job as well.
func (d *Defaults) Decoration(e *Entry) (dc *prowapi.DecorationConfig) {
	defer func() {
		if recover() != nil {
			dc = nil
		}
	}()
	decorated := d.Config.DecorateAllJobs
	if e.Own.Decorate != nil {
		decorated = *e.Own.Decorate
	}
	if !decorated {
		return e.Own.Decoration
	}
	return d.Config.Plank.GuessDefaultDecorationConfigWithJobDC(e.Own.DefaultsRepo, e.Cluster, e.Own.Decoration)
}

// DefaultDecoration returns the default decoration for jobs of a repository (org/repo,
// empty for periodics without a checkout) in a cluster; nil if there is no default.
func (d *Defaults) DefaultDecoration(repo, cluster string) *prowapi.DecorationConfig {
	yes := true
	return d.Decoration(&Entry{Cluster: orDefault(cluster, kube.DefaultClusterAlias), Own: Own{Decorate: &yes, DefaultsRepo: repo}})
}

// DefaultProwJob returns the default ProwJob settings for jobs of a repository in a
// cluster.
func (d *Defaults) DefaultProwJob(repo, cluster string) *prowapi.ProwJobDefault {
	return d.ProwJobDefault(&Entry{Cluster: orDefault(cluster, kube.DefaultClusterAlias), Own: Own{DefaultsRepo: repo}})
}

// ProwJobDefault returns the effective ProwJob defaults of a job; nil in the same cases
// as Decoration.
func (d *Defaults) ProwJobDefault(e *Entry) (def *prowapi.ProwJobDefault) {
	defer func() {
		if recover() != nil {
			def = nil
		}
	}()
	return e.Own.Defaults.ApplyDefault(d.Config.GetProwJobDefault(e.Own.DefaultsRepo, e.Cluster))
}

// Namespace returns the namespace of a job's pod.
func (d *Defaults) Namespace(e *Entry) string {
	return orDefault(e.Own.Namespace, d.Config.PodNamespace)
}

// KnowsQueue reports whether a queue is configured; jobs without a queue are fine.
func (d *Defaults) KnowsQueue(name string) bool {
	_, ok := d.Config.Plank.JobQueueCapacities[name]
	return name == "" || ok
}
