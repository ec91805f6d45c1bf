package gate

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// Job is a job as Prow would run it: defaulted, decorated, presets applied.
type Job struct {
	Spec        prowapi.ProwJobSpec
	Labels      map[string]string
	Annotations map[string]string
	// Hidden says that its output must not be shown to everybody.
	Hidden bool
	// OwnConfigMaps are the names of ConfigMaps that were made for this rehearsal.
	OwnConfigMaps []string
}

// Change is a job and what it was.
type Change struct {
	Head Job
	// Base are the jobs of the base branch that stand for it: the same, or, when
	// its branches differ, all that have its type, repository and name. What
	// several grant is what every one of them does, and one in another cluster than
	// the head's grants nothing. None for a new job.
	Base []Job
	// Decoration is what the base branch's defaults make of any job of that
	// repository in that cluster; nil when they decorate none.
	Decoration *prowapi.DecorationConfig
	// Defaults is where the base branch has the results of any such job shown; nil
	// when that is not known.
	Defaults *prowapi.ProwJobDefault
	// Sheds is why a new job may be a restricted one by another name; empty when
	// nothing says so.
	Sheds string
	// Unknown is why it cannot be told what the base branch restricts; empty when it
	// can.
	Unknown string
	// HiddenRepos are organisations and repositories (org/repo) of which nothing
	// may be shown to everybody, by deck.hidden_repos of either side.
	HiddenRepos []string
}

// Finding is what there is to say about a change of a job.
type Finding struct {
	// Excluded is the rule because of which the job is not rehearsed, whoever
	// allows it; empty when there is none.
	Excluded string `json:"excluded,omitempty"`
	// New is why the head has to be approved first; empty when it need not.
	New string `json:"new,omitempty"`
	// Asks are the privileges that the job asks for, the gravest first. Somebody
	// else than the author may allow them.
	Asks []Ask `json:"asks,omitempty"`
}

// Zero says that there is nothing in the job's way.
func (f Finding) Zero() bool { return f.Excluded == "" && f.New == "" && len(f.Asks) == 0 }

// Beyond returns the asks of f that are not among the allowed ones.
func (f Finding) Beyond(allowed Finding) []Ask {
	have := map[Ask]bool{}
	for _, a := range allowed.Asks {
		have[a.anywhere()] = true
	}
	var out []Ask
	for _, a := range f.Asks {
		if !have[a.anywhere()] {
			out = append(out, a)
		}
	}
	return out
}

// Digest changes whenever jobs, by their keys, ask for something else; it is
// empty when none asks for anything.
func Digest(findings map[string]Finding) string {
	h, asked := sha256.New(), false
	enc := json.NewEncoder(h) // a hash takes everything, and all of this can be encoded
	for _, key := range slices.Sorted(maps.Keys(findings)) {
		for _, a := range findings[key].Asks {
			asked = true
			_ = enc.Encode([]any{key, a.anywhere()})
		}
	}
	if !asked {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Judge says what is in the way of a job.
func Judge(c Config, change Change) Finding {
	f := Finding{Excluded: c.exclusion(change)}
	if f.Excluded != "" {
		return f
	}
	f.New = c.newJob(change)
	f.Asks = c.asks(change)
	return f
}

// exclusion is the rule that keeps the job from being rehearsed.
func (c Config) exclusion(change Change) string {
	head := change.Head
	if why := malformed(head.Spec); why != "" {
		return why
	}
	all := append([]Job{head}, change.Base...)
	for i, job := range all {
		where := "the pull request"
		if i > 0 {
			where = "the base branch"
		}
		if job.Hidden {
			return "hidden: " + where + " says that its output must not be seen"
		}
		if mark := job.mark(c.restricted()); mark != "" {
			return "restricted: " + where + " has " + mark + " on it"
		}
	}
	if repo := hiddenRepo(change); repo != "" {
		return "hidden: deck.hidden_repos has " + repo + ", which it checks out, and comments show some of its output"
	}
	if len(c.Required) == 0 {
		return ""
	}
	need := strings.Join(c.Required, " or ")
	for i, job := range all {
		switch {
		case job.mark(c.Required) != "":
		case i == 0:
			return "not opted in: it needs the label or annotation " + need
		default:
			return "not opted in: it needs the label or annotation " + need + " on the base branch; merge that first"
		}
	}
	return ""
}

// Restricts says whether a job must not be rehearsed.
func (c Config) Restricts(job Job) bool { return job.Hidden || job.mark(c.restricted()) != "" }

// cluster is the alias of the build cluster that the job runs in.
func (j Job) cluster() string { return cmp.Or(j.Spec.Cluster, prowapi.DefaultClusterAlias) }

// mark returns the first of the marks, `key` or `key=value`, that the job has as a
// label or annotation.
func (j Job) mark(marks []string) string {
	for _, mark := range marks {
		key, want, valued := strings.Cut(mark, "=")
		for _, have := range []map[string]string{j.Labels, j.Annotations} {
			if value, ok := have[key]; ok && (!valued || value == want) {
				return mark
			}
		}
	}
	return ""
}

// newJob is why the head has to be approved: for a job without a past, or with one
// that is not known.
func (c Config) newJob(change Change) string {
	switch {
	case change.Unknown != "":
		return change.Unknown
	case len(change.Base) > 0:
		return ""
	case change.Sheds != "":
		return "new, while " + change.Sheds + ": it may be the same by another name"
	case len(c.Required) > 0:
		return "new: the base branch cannot have opted it in"
	case c.newJobs() == NewJobsApprove:
		return "new: it does not exist on the base branch"
	}
	return ""
}

// asks lists what the head uses beyond what base grants and what is allowed to
// all.
func (c Config) asks(change Change) []Ask {
	if len(change.Base) == 1 && alike(change.Head, change.Base[0]) {
		return nil
	}
	var granted [][]Ask
	for _, base := range change.Base {
		if base.cluster() != change.Head.cluster() {
			// The same names are of other secrets and accounts there.
			granted = append(granted, nil)
			continue
		}
		granted = append(granted, grants(base))
	}
	always := append(decorationGrants(change.Decoration), defaultGrants(change.Defaults)...)
	var out []Ask
	used := grants(change.Head)
	for _, a := range slices.Concat(used, c.overCaps(change), loosened(change, used), unqueued(change), cached(change)) {
		if c.allowed(a) || covered(always, a) || allCover(granted, a) {
			continue
		}
		out = append(out, a)
	}
	slices.SortFunc(out, Ask.compare)
	return slices.CompactFunc(out, func(a, b Ask) bool { return a.anywhere() == b.anywhere() })
}

// alike says that a job uses what it used, without a closer look: most changes are
// of commands, and those of presets or defaults reach very many jobs.
func alike(a, b Job) bool {
	x, y := a.Spec, b.Spec
	return x.Cluster == y.Cluster && x.Agent == y.Agent && len(a.OwnConfigMaps) == 0 &&
		maps.Equal(a.Labels, b.Labels) && maps.Equal(a.Annotations, b.Annotations) &&
		reflect.DeepEqual(x.PodSpec, y.PodSpec) && reflect.DeepEqual(x.DecorationConfig, y.DecorationConfig) &&
		reflect.DeepEqual(x.Refs, y.Refs) && reflect.DeepEqual(x.ExtraRefs, y.ExtraRefs) &&
		x.JobQueueName == y.JobQueueName && x.MaxConcurrency == y.MaxConcurrency && reflect.DeepEqual(x.ProwJobDefault, y.ProwJobDefault) &&
		x.JenkinsSpec == nil && x.PipelineRunSpec == nil && x.TektonPipelineRunSpec == nil
}

func allCover(granted [][]Ask, a Ask) bool {
	if len(granted) == 0 {
		return false
	}
	return !slices.ContainsFunc(granted, func(g []Ask) bool { return !covered(g, a) })
}

// covered says whether one of the grants is for the same thing, or for all of it:
// a whole secret covers each of its keys, and to write covers to read.
func covered(granted []Ask, a Ask) bool {
	whole := a.Use
	if a.Rule == RuleSecret {
		whole = Use{Name: a.Name}
	}
	return slices.ContainsFunc(granted, func(g Ask) bool {
		if g.Rule != a.Rule {
			return false
		}
		if g.Use == whole {
			return true
		}
		enough := g.Grade >= a.Grade
		g.Grade = a.Grade
		return enough && g.Use == a.Use
	})
}

// floor are the kinds of privileges that can be told from a ProwJob alone.
var floor = []Rule{
	RuleCluster, RuleServiceAccount, RuleToken, RuleSecret, RulePullSecret, RuleHost, RuleHostPath, RulePrivileged, RuleCapability,
	RuleConfinement, RuleSysctl, RuleScheduling, RuleDevice, RuleVolume, RuleShared, RuleProbe, RuleNetwork,
	RuleAgent, RuleUnknown,
}

// Privileged says whether a ProwJob uses anything that is no matter of course,
// whoever granted it: the admission policy asks for a word of ours about that.
func Privileged(job Job) bool {
	return slices.ContainsFunc(grants(job), func(a Ask) bool {
		return slices.Contains(floor, a.Rule) && (a.Rule != RuleCluster || a.Name != prowapi.DefaultClusterAlias)
	})
}

// Beyond lists what one job uses and another does not.
func Beyond(job, other Job) []Ask {
	known := grants(other)
	return slices.DeleteFunc(grants(job), func(a Ask) bool { return covered(known, a) })
}
