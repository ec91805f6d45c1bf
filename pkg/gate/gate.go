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

// Job is a job as Prow would run it: with defaults, decoration and presets.
type Job struct {
	Spec        prowapi.ProwJobSpec
	Labels      map[string]string
	Annotations map[string]string
	// Hidden says that the output must not be public.
	Hidden bool
	// OwnConfigMaps are the names of ConfigMaps that were made for this rehearsal.
	OwnConfigMaps []string
}

// Change is a job before and after a change.
type Change struct {
	Head Job
	// Base are the corresponding jobs of the base branch: the same job, or, if its branches
	// differ, all jobs with its type, repository and name. If there are several, they grant
	// only what each of them has; a job in another cluster than the head's grants nothing.
	// Empty for a new job.
	Base []Job
	// Decoration is the result of the base branch's defaults for any job of that repository
	// in that cluster; nil if they decorate none.
	Decoration *prowapi.DecorationConfig
	// Defaults says where results of any such job are shown by the base branch's defaults;
	// nil if unknown.
	Defaults *prowapi.ProwJobDefault
	// Sheds is why a new job may be a restricted job under another name; empty if nothing
	// suggests it.
	Sheds string
	// Unknown is why it is unknown what the base branch restricts; empty if it is known.
	Unknown string
	// HiddenRepos are organisations and repositories (org/repo) whose output must not be
	// public, by deck.hidden_repos of the base or the head.
	HiddenRepos []string
}

// Finding is the result for a change of a job.
type Finding struct {
	// Excluded is the rule that excludes the job regardless of approvals; empty if there is
	// none.
	Excluded string `json:"excluded,omitempty"`
	// New is why the head must be approved first; empty if it need not be.
	New string `json:"new,omitempty"`
	// Asks are the privileges that the job requests, the most powerful first. Only somebody
	// other than the author may allow them.
	Asks []Ask `json:"asks,omitempty"`
}

// Zero reports whether nothing stands in the way of the job.
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

// Digest changes whenever the requests of any job change; jobs are identified by their
// keys. It is empty if there are no requests.
func Digest(findings map[string]Finding) string {
	h, asked := sha256.New(), false
	enc := json.NewEncoder(h) // writing to a hash cannot fail, and all of this can be encoded
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

// Check returns what prevents a job from running, or needs permission.
func Check(c Config, change Change) Finding {
	f := Finding{Excluded: c.exclusion(change)}
	if f.Excluded != "" {
		return f
	}
	f.New = c.newJob(change)
	f.Asks = c.asks(change)
	return f
}

// exclusion returns the rule that keeps the job from being rehearsed.
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

// Restricts reports whether a job must not be rehearsed.
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

// newJob returns why the head must be approved: because the job is new, or because the base
// branch is not fully known.
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

// asks lists what the head uses beyond what base grants and what any job may use.
func (c Config) asks(change Change) []Ask {
	if len(change.Base) == 1 && alike(change.Head, change.Base[0]) {
		return nil
	}
	var granted [][]Ask
	for _, base := range change.Base {
		if base.cluster() != change.Head.cluster() {
			// In another cluster, the same names refer to other secrets and accounts.
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

// alike is a cheap check that a job uses what it used before: most changes only affect
// commands, and changes of presets or defaults affect very many jobs.
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

// covered reports whether one of the grants is for the same thing, or for more: a whole
// secret covers each of its keys, and write access covers read access.
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

// floor are the kinds of privileges that are visible in a ProwJob alone.
var floor = []Rule{
	RuleCluster, RuleServiceAccount, RuleToken, RuleSecret, RulePullSecret, RuleHost, RuleHostPath, RulePrivileged, RuleCapability,
	RuleConfinement, RuleSysctl, RuleScheduling, RuleDevice, RuleVolume, RuleShared, RuleProbe, RuleNetwork,
	RuleAgent, RuleUnknown,
}

// Privileged reports whether a ProwJob uses any special privilege, granted or not: the
// admission policy requires our confirmation for these.
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
