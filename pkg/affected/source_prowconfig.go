package affected

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/prow/pkg/config"

	"k8s.io/apimachinery/pkg/api/equality"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// prowConfigSource is Prow's own configuration: what it adds to jobs that do
// not say otherwise.
var prowConfigSource = Source{Name: SourceProwConfig, Selects: selectProwConfig, Explain: explainProwConfig}

// selectProwConfig lets everything through: a DefaultsJudge is as quick as any
// filter would be, and says more.
func selectProwConfig(d *Delta) func(*Entry) bool {
	if d.Old.digest == d.New.digest {
		return nil
	}
	return func(*Entry) bool { return true }
}

func explainProwConfig(d *Delta, p *Pair, change Change) []Reason {
	if change != ChangeSpec || d.Old.digest == d.New.digest || p.OldRaw.IsZero() {
		return nil
	}
	return defaultsReasons(d, p.New.Entry())
}

// defaultsReasons says what the defaults change for a job, its own words being
// the same on both sides.
func defaultsReasons(d *Delta, e *Entry) []Reason {
	var reasons []Reason
	file := d.New.File
	add := func(chain string, f field) {
		reasons = append(reasons, reasonFor(SourceProwConfig, file, chain, f))
	}
	if e.Own.Decorate == nil && d.Old.Config.DecorateAllJobs != d.New.Config.DecorateAllJobs {
		add("", field{path: "decorate_all_jobs", old: d.Old.Config.DecorateAllJobs, new: d.New.Config.DecorateAllJobs})
	}
	before, after := d.Old.decoration(e), d.New.decoration(e)
	if before != nil && after != nil {
		for i, f := range diffFields("", before, after) {
			chain := ""
			if i < maxReasons {
				// Beyond, reasons are only counted.
				chain = d.decorationChain(e, f)
			}
			add(chain, f)
		}
	}
	for _, f := range diffFields("", d.Old.prowJobDefault(e), d.New.prowJobDefault(e)) {
		add("prowjob_default_entries", f)
	}
	if before, after := d.Old.namespace(e), d.New.namespace(e); before != after {
		add("", field{path: "pod_namespace", old: before, new: after})
	}
	return reasons
}

// decorationChain names the default that makes a field of a job's decoration
// differ: the one that it comes from or, when that is as it was, the one that it
// came from.
func (d *Delta) decorationChain(e *Entry, f field) string {
	now, then := d.New.decorationEntry(e, f), d.Old.decorationEntry(e, f)
	switch {
	case now >= 0 && !d.Old.hasDecorationEntry(d.New, now):
		return d.New.decorationEntryName(now)
	case then >= 0 && !d.New.hasDecorationEntry(d.Old, then):
		return d.Old.decorationEntryName(then) + " before"
	case now >= 0 && then >= 0:
		return "order of plank.default_decoration_config_entries"
	}
	return "plank.default_decoration_configs"
}

// decorationEntry returns the index of the last default that applies to a job
// and has a field, or -1.
func (d *Defaults) decorationEntry(e *Entry, f field) int {
	all := d.Config.Plank.DefaultDecorationConfigs
	for i := len(all) - 1; i >= 0; i-- {
		if all[i] == nil {
			continue
		}
		alone := config.Plank{DefaultDecorationConfigs: all[i : i+1]}
		if lookup(generic(alone.GuessDefaultDecorationConfig(e.Own.DefaultsRepo, e.Cluster)), f.path) != nil {
			return i
		}
	}
	return -1
}

// hasDecorationEntry reports whether a default of others is here, too.
func (d *Defaults) hasDecorationEntry(others *Defaults, i int) bool {
	return slices.ContainsFunc(d.Config.Plank.DefaultDecorationConfigs, func(entry *config.DefaultDecorationConfigEntry) bool {
		return reflect.DeepEqual(entry, others.Config.Plank.DefaultDecorationConfigs[i])
	})
}

func (d *Defaults) decorationEntryName(i int) string {
	if len(d.Config.Plank.DefaultDecorationConfigsMap) > 0 {
		return fmt.Sprintf("plank.default_decoration_configs[%s]", d.Config.Plank.DefaultDecorationConfigs[i].OrgRepo)
	}
	return fmt.Sprintf("plank.default_decoration_config_entries[%d]", i)
}

// lookup finds the value at a simple path in JSON.
func lookup(v any, path string) any {
	for _, name := range strings.Split(path, ".") {
		name, _, _ = strings.Cut(name, "[")
		m, ok := v.(map[string]any)
		if !ok {
			return v
		}
		v = m[name]
	}
	return v
}

// DefaultsJudge decides about jobs whose own text and presets are the same on
// both sides, from their summaries alone. It remembers what it found for jobs
// that defaults treat alike, and so is for one goroutine.
type DefaultsJudge struct {
	delta *Delta
	known map[defaultsClass]verdict
	// repos and clusters are those that some default is for; defaults treat
	// all others alike.
	repos, clusters map[string]bool
}

// defaultsClass is what decides how defaults treat a job.
type defaultsClass struct {
	repo, cluster, namespace string
	decorate                 string
	decoration, defaults     string
	agent, queue             string
	postsubmit               bool
}

type verdict struct {
	// differs: the defaults make another ProwJob of it.
	differs bool
	// sure: nothing but the defaults needs to be looked at, so neither
	// answer nor validity depends on what the summary lacks.
	sure    bool
	invalid string
	reasons []Reason
}

// NewDefaultsJudge returns a judge for one comparison.
func NewDefaultsJudge(d *Delta) *DefaultsJudge {
	j := &DefaultsJudge{delta: d, known: map[defaultsClass]verdict{}, repos: map[string]bool{}, clusters: map[string]bool{}}
	for _, side := range []*Defaults{d.Old, d.New} {
		for _, entry := range side.Config.Plank.DefaultDecorationConfigs {
			if entry != nil {
				j.repos[entry.OrgRepo], j.clusters[entry.Cluster] = true, true
			}
		}
		for _, entry := range side.Config.ProwJobDefaultEntries {
			if entry != nil {
				j.repos[entry.OrgRepo], j.clusters[entry.Cluster] = true, true
			}
		}
	}
	return j
}

// class returns what decides how defaults treat a job.
func (j *DefaultsJudge) class(e *Entry) defaultsClass {
	class := defaultsClass{namespace: e.Own.Namespace, agent: e.Agent, queue: e.Queue, postsubmit: e.Ref.Type == prowapi.PostsubmitJob}
	repo := e.Own.DefaultsRepo
	org, _, _ := strings.Cut(repo, "/")
	switch {
	case strings.Contains(repo, "://") || j.repos[repo]:
		class.repo = repo
	case j.repos[org]:
		class.repo = org
	}
	if j.clusters[e.Cluster] {
		class.cluster = e.Cluster
	}
	if e.Own.Decorate != nil {
		class.decorate = strconv.FormatBool(*e.Own.Decorate)
	}
	if e.Own.Decoration != nil {
		class.decoration = encoded(e.Own.Decoration)
	}
	if e.Own.Defaults != nil {
		class.defaults = encoded(e.Own.Defaults)
	}
	return class
}

func (j *DefaultsJudge) about(e *Entry) verdict {
	class := j.class(e)
	v, ok := j.known[class]
	if !ok {
		v = judgeDefaults(j.delta, e)
		j.known[class] = v
	}
	return v
}

func judgeDefaults(d *Delta, e *Entry) verdict {
	oldDecoration, newDecoration := d.Old.decoration(e), d.New.decoration(e)
	v := verdict{
		differs: !equality.Semantic.DeepEqual(oldDecoration, newDecoration) ||
			!equality.Semantic.DeepEqual(d.Old.prowJobDefault(e), d.New.prowJobDefault(e)) ||
			d.Old.namespace(e) != d.New.namespace(e),
		// How Prow checks the decoration of agents it does not know depends on
		// the rest of the job.
		sure: (e.Agent == string(prowapi.KubernetesAgent) || reflect.DeepEqual(oldDecoration, newDecoration)) &&
			checksAlike(oldDecoration, newDecoration) && d.New.prowJobDefault(e) != nil &&
			d.Old.Config.PodNamespace == d.New.Config.PodNamespace && d.Old.knowsQueue(e.Queue) == d.New.knowsQueue(e.Queue),
	}
	if !reflect.DeepEqual(oldDecoration, newDecoration) && newDecoration != nil {
		if err := newDecoration.Validate(); err != nil {
			v.invalid = "invalid decoration config: " + err.Error()
		}
	}
	if v.differs && v.sure {
		v.reasons = bounded(defaultsReasons(d, e))
	}
	return v
}

// Judge decides about a job of which only the defaults may differ. It is not
// sure when the job itself has to be looked at. Invalid is Prow's reason to
// refuse it.
func (j *DefaultsJudge) Judge(a At) (job Job, isAffected, sure bool, invalid string) { //nolint:revive // all four are one verdict.
	e := a.Entry()
	v := j.about(e)
	if !v.sure || !v.differs {
		return Job{}, false, v.sure, v.invalid
	}
	job = Job{Ref: e.Ref, Change: ChangeSpec, Reasons: v.reasons}
	job.Excluded = exclusionByDefaults(e)
	job.Rehearse = job.Excluded == ""
	return job, true, true, v.invalid
}

// exclusionByDefaults is exclusion for a job that is not at hand: what defaults
// change is always part of what the job does.
func exclusionByDefaults(e *Entry) string {
	job := Job{Ref: e.Ref, Change: ChangeSpec}
	return exclusionFor(job, e.Agent, false)
}
