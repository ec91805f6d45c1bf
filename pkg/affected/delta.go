package affected

import (
	"fmt"
	"slices"
	"strings"
)

// Delta is two revisions of a configuration, before and after a change.
type Delta struct {
	Before, After *Revision
	// Old and New are the defaults that apply to the jobs of each.
	Old, New *Defaults
	// ConfigMaps are those that get other content.
	ConfigMaps []FilledConfigMap
}

// Pair is one job of a Delta. Old, OldRaw and Before are zero when no job of
// that identity existed.
type Pair struct {
	Old, New       At
	OldRaw, NewRaw Raw
	// Before and After are the effective jobs.
	Before, After Effective
	// Namesakes are the jobs at base of that type, repository and name where there
	// is no Old, NamesakesRaw and Baseline the same as they are written and as they
	// run; with an Old, that is the Baseline.
	Namesakes    []At
	NamesakesRaw []Raw
	Baseline     []Effective
}

// Source is one kind of cause for jobs to be affected.
type Source struct {
	Name string
	// Selects returns a filter for the jobs whose own text is the same, but
	// that the source may affect, or nil when it affects none of them. It may
	// let through too many, never too few.
	Selects func(*Delta) func(*Entry) bool
	// Explain returns the source's part in how an affected job differs.
	Explain func(*Delta, *Pair, Change) []Reason
}

// Sources are all there are; every one is asked about every job.
var Sources = []Source{jobConfigSource, presetSource, prowConfigSource, configMapSource}

// Selectors returns the filters of all sources that affect jobs whose own text
// is the same.
func (d *Delta) Selectors() map[string]func(*Entry) bool {
	out := map[string]func(*Entry) bool{}
	for _, s := range Sources {
		if selects := s.Selects(d); selects != nil {
			out[s.Name] = selects
		}
	}
	return out
}

// Judge decides whether a job is affected, in which way, and why.
func (d *Delta) Judge(p *Pair) (Job, bool) {
	e := p.New.Entry()
	job, ok := Judge(e.Ref, p.Before, p.After, d.Before.HasName(e.Ref))
	fed := configMapReasons(d, e)
	switch {
	case !ok && len(fed) == 0:
		return Job{}, false
	case len(fed) > 0 && job.Change != ChangeNew && job.Change != ChangeBranches:
		// What the pod reads differs, so what it does may, whatever its
		// specification says.
		job = Job{Ref: e.Ref, Effective: p.After, Before: p.Before, Change: ChangeSpec}
		job.Excluded = exclusion(job, false)
		job.Rehearse = job.Excluded == ""
	}
	job.Baseline = p.Baseline
	for _, s := range Sources {
		job.Reasons = append(job.Reasons, s.Explain(d, p, job.Change)...)
	}
	job.Reasons = bounded(slices.Compact(job.Reasons))
	return job, true
}

// maxReasons bounds the reasons of a job, and maxReasonPath the path of each, in
// bytes.
const maxReasons, maxReasonPath = 100, 1000

// bounded is as many reasons as people may read, with a count of the rest.
func bounded(reasons []Reason) []Reason {
	if rest := len(reasons) - maxReasons; rest > 0 {
		last := Reason{Source: reasons[maxReasons].Source, File: reasons[maxReasons].File, Path: fmt.Sprintf("and %d more", rest)}
		reasons = append(reasons[:maxReasons:maxReasons], last)
	}
	for i := range reasons {
		if path := reasons[i].Path; len(path) > maxReasonPath {
			reasons[i].Path = strings.ToValidUTF8(path[:maxReasonPath], "") + "…"
		}
	}
	return reasons
}

// Removed lists the jobs of changed files, by their keys, that are gone. Files that cannot be
// read any more hide their jobs, which is not the same.
func (d *Delta) Removed(changed []string) []Ref {
	removed := []Ref{}
	for _, key := range changed {
		before, after := d.Before.File(key), d.After.File(key)
		if before == nil || before.File == nil || after != nil && after.File == nil {
			continue
		}
		for i := range before.Jobs {
			if _, still := d.After.Find(before.Jobs[i].Ref); !still {
				removed = append(removed, before.Jobs[i].Ref)
			}
		}
	}
	return removed
}
