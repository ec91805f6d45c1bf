package affected

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"sigs.k8s.io/prow/pkg/config"
	"sigs.k8s.io/prow/pkg/kube"
	"sigs.k8s.io/yaml"

	corev1 "k8s.io/api/core/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/gate"
)

// File is the summary of one job file, with all that other files of a revision, and a
// comparison of two revisions, need from it. It depends only on the content, so it can be
// cached by content hash.
type File struct {
	Presets []config.Preset `json:"presets,omitempty"`
	Jobs    []Entry         `json:"jobs,omitempty"`
}

// Entry is the summary of one job as written, before any defaults.
type Entry struct {
	Ref Ref `json:"ref"`
	// Branches and SkipBranches are in the written order; nil if that is the order of Ref.
	// The order matters, because Prow makes one expression of a list, and `(?i)` in one
	// element also applies to those after it.
	Branches     []string `json:"branches,omitempty"`
	SkipBranches []string `json:"skip_branches,omitempty"`
	// Digest is equal for jobs that are written alike, apart from style and the order of
	// fields.
	Digest  []byte `json:"digest"`
	Context string `json:"context,omitempty"`
	Agent   string `json:"agent,omitempty"`
	Cluster string `json:"cluster,omitempty"`
	Queue   string `json:"queue,omitempty"`
	Hidden  bool   `json:"hidden,omitempty"`
	// Pod says that the job has a pod with a container.
	Pod    bool              `json:"pod,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
	// Annotations are those that are not mere text for people.
	Annotations map[string]string `json:"annotations,omitempty"`
	// ConfigMaps are the names of the ConfigMaps that the pod reads.
	ConfigMaps []string `json:"config_maps,omitempty"`
	// Own has the job's own settings that also have defaults.
	Own Own `json:"own,omitzero"`
}

// Own has a job's own values for settings with defaults in Prow's configuration. The
// values behind the pointers are shared between jobs of one file.
type Own struct {
	Decorate   *bool                     `json:"decorate,omitempty"`
	Decoration *prowapi.DecorationConfig `json:"decoration,omitempty"`
	Defaults   *prowapi.ProwJobDefault   `json:"defaults,omitempty"`
	Namespace  string                    `json:"namespace,omitempty"`
	// DefaultsRepo is the repository whose defaults apply.
	DefaultsRepo string `json:"defaults_repo,omitempty"`
	// ExtraRefs says that the job has extra refs, which decoration may change.
	ExtraRefs bool `json:"extra_refs,omitempty"`
}

// Parsed is a job file as written.
type Parsed struct {
	Config *config.JobConfig
	// Unknown is the complaint of Prow's strict loader, or "".
	Unknown string
	// Size is also set if the file cannot be read.
	Size Size
}

// Parse reads a job file like Prow: it decompresses gzip and accepts unknown fields. It
// tries strict parsing first, which costs nothing in the usual case without unknown
// fields.
func Parse(content []byte) (Parsed, error) {
	plain, size, err := plainOf(content)
	p := Parsed{Size: size}
	if err != nil {
		return p, err
	}
	p.Config = &config.JobConfig{}
	strict := yaml.Unmarshal(plain, p.Config, yaml.DisallowUnknownFields)
	if strict == nil {
		return p, CheckJobs(p.Config)
	}
	p.Config, p.Unknown = &config.JobConfig{}, strict.Error()
	if err := yaml.Unmarshal(plain, p.Config); err != nil {
		return p, err
	}
	return p, CheckJobs(p.Config)
}

// CheckJobs refuses files with too many jobs or too long expressions.
func CheckJobs(jc *config.JobConfig) error {
	n := len(jc.Periodics)
	for _, jobs := range jc.PresubmitsStatic {
		n += len(jobs)
	}
	for _, jobs := range jc.PostsubmitsStatic {
		n += len(jobs)
	}
	if n > maxFileJobs {
		return fmt.Errorf("more than %d jobs: split it into several files", maxFileJobs)
	}
	return tooLongPatterns(jc)
}

// Summarise returns the summary of a parsed job file. Jobs are in the order of Raws.
func Summarise(jc *config.JobConfig) *File {
	f := &File{Presets: jc.Presets}
	for _, raw := range Raws(jc) {
		f.Jobs = append(f.Jobs, summary(raw))
	}
	return f
}

// Raw is a job as written, and its repository.
type Raw struct {
	Repo string
	Effective
}

// Raws lists the jobs of a file in a fixed order: presubmits, postsubmits, periodics; by
// repository, then as written.
func Raws(jc *config.JobConfig) []Raw {
	var raws []Raw
	for _, repo := range slices.Sorted(maps.Keys(jc.PresubmitsStatic)) {
		jobs := jc.PresubmitsStatic[repo]
		for i := range jobs {
			raws = append(raws, Raw{Repo: repo, Effective: Effective{Presubmit: &jobs[i]}})
		}
	}
	for _, repo := range slices.Sorted(maps.Keys(jc.PostsubmitsStatic)) {
		jobs := jc.PostsubmitsStatic[repo]
		for i := range jobs {
			raws = append(raws, Raw{Repo: repo, Effective: Effective{Postsubmit: &jobs[i]}})
		}
	}
	for i := range jc.Periodics {
		raws = append(raws, Raw{Effective: Effective{Periodic: &jc.Periodics[i]}})
	}
	return raws
}

func summary(raw Raw) Entry {
	base := raw.Base()
	e := Entry{
		Ref:     raw.Identify(raw.Repo),
		Digest:  digest(raw.Written()),
		Context: raw.context(),
		Agent:   orDefault(base.Agent, string(prowapi.KubernetesAgent)),
		Cluster: orDefault(base.Cluster, kube.DefaultClusterAlias),
		Queue:   base.JobQueueName,
		Hidden:  base.Hidden,
		Pod:     base.Spec != nil && len(base.Spec.Containers) > 0,
		Labels:  base.Labels, Annotations: speaking(base.Annotations),
		ConfigMaps: configMapsOf(base.Spec),
		Own: Own{
			Decorate: base.Decorate, Decoration: base.DecorationConfig, Defaults: base.ProwJobDefault,
			DefaultsRepo: raw.defaultsRepo(), ExtraRefs: len(base.ExtraRefs) > 0,
		},
	}
	if b := raw.brancher(); b != nil {
		e.Branches, e.SkipBranches = unsorted(b.Branches), unsorted(b.SkipBranches)
	}
	if base.Namespace != nil {
		e.Own.Namespace = *base.Namespace
	}
	return e
}

// speaking returns the annotations that are not mere text, or nil.
func speaking(annotations map[string]string) map[string]string {
	var out map[string]string
	for key, value := range annotations {
		if gate.IsProse(key) {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[key] = value
	}
	return out
}

// unsorted returns a list, or nil if it is sorted.
func unsorted(list []string) []string {
	if slices.IsSorted(list) {
		return nil
	}
	return list
}

// brancher returns the branches as written.
func (e *Entry) brancher() config.Brancher {
	b := config.Brancher{Branches: e.Branches, SkipBranches: e.SkipBranches}
	if b.Branches == nil {
		b.Branches = e.Ref.Branches
	}
	if b.SkipBranches == nil {
		b.SkipBranches = e.Ref.SkipBranches
	}
	return b
}

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// Written returns the job as its author wrote it.
func (e Effective) Written() any {
	switch {
	case e.Presubmit != nil:
		return e.Presubmit
	case e.Postsubmit != nil:
		return e.Postsubmit
	}
	return e.Periodic
}

// context returns the status context, which defaults to the job's name.
func (e Effective) context() string {
	switch {
	case e.Presubmit != nil:
		return orDefault(e.Presubmit.Context, e.Presubmit.Name)
	case e.Postsubmit != nil:
		return orDefault(e.Postsubmit.Context, e.Postsubmit.Name)
	}
	return ""
}

// configMapsOf lists the ConfigMaps that a pod mounts, projects, or reads into its
// environment.
func configMapsOf(spec *corev1.PodSpec) []string {
	if spec == nil {
		return nil
	}
	names := map[string]bool{}
	for _, v := range spec.Volumes {
		if v.ConfigMap != nil {
			names[v.ConfigMap.Name] = true
		}
		if v.Projected == nil {
			continue
		}
		for _, s := range v.Projected.Sources {
			if s.ConfigMap != nil {
				names[s.ConfigMap.Name] = true
			}
		}
	}
	for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
		for _, from := range c.EnvFrom {
			if from.ConfigMapRef != nil {
				names[from.ConfigMapRef.Name] = true
			}
		}
		for _, env := range c.Env {
			if env.ValueFrom != nil && env.ValueFrom.ConfigMapKeyRef != nil {
				names[env.ValueFrom.ConfigMapKeyRef.Name] = true
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(names))
}

// clone returns a copy of a raw job that defaulting may change.
func (e Effective) clone() Effective {
	switch {
	case e.Presubmit != nil:
		return Effective{Presubmit: e.Presubmit.DeepCopy()}
	case e.Postsubmit != nil:
		return Effective{Postsubmit: e.Postsubmit.DeepCopy()}
	case e.Periodic != nil:
		p := *e.Periodic
		p.JobBase = *p.JobBase.DeepCopy()
		if p.Retry != nil {
			retry := *p.Retry
			p.Retry = &retry
		}
		return Effective{Periodic: &p}
	}
	return Effective{}
}

// DigestSize is the length of an Entry's digest in bytes. An author who has unlimited
// time could search for two jobs with the same digest: that takes 2^80 attempts.
const DigestSize = 20

func digest(v any) []byte {
	sum := sha256.Sum256([]byte(Encoded(v)))
	return sum[:DigestSize:DigestSize]
}

// Encoded returns a value's JSON, as a key for values with the same meaning.
func Encoded(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%#v", v)
	}
	return string(raw)
}
