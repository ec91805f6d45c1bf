package affected

import (
	"maps"
	"slices"

	"sigs.k8s.io/prow/pkg/config"
)

// Configs compares two fully loaded configurations, job by job. It is the
// definition that every faster way must agree with.
func Configs(before, after *config.Config) *Result {
	old := indexConfig(before)
	namesakes := map[string][]Effective{}
	for _, key := range slices.Sorted(maps.Keys(old)) {
		j := old[key]
		namesakes[j.ref.nameKey()] = append(namesakes[j.ref.nameKey()], j.Effective)
	}
	result := &Result{Removed: []Ref{}, Affected: []Job{}}
	now := indexConfig(after)
	result.Jobs = len(now)
	for key, j := range now {
		same := namesakes[j.ref.nameKey()]
		if job, ok := Judge(j.ref, old[key].Effective, j.Effective, len(same) > 0); ok {
			if job.Before.IsZero() {
				job.Baseline = same
			}
			job.Reasons = ownReasons(job, old[key].Effective)
			result.Affected = append(result.Affected, job)
		}
	}
	for key, j := range old {
		if _, ok := now[key]; !ok {
			result.Removed = append(result.Removed, j.ref)
		}
	}
	result.Sort()
	return result
}

// Judge decides whether a job is affected and in which way. Before is zero
// when no job of that identity existed; named says whether one of that name
// did.
func Judge(ref Ref, before, after Effective, named bool) (Job, bool) {
	job := Job{Ref: ref, Effective: after, Before: before}
	var d difference
	switch {
	case !before.IsZero():
		job.Baseline = []Effective{before}
		var ok bool
		if d, ok = compare(before, after); !ok {
			return Job{}, false
		}
	case named:
		d.change = ChangeBranches
	default:
		d.change = ChangeNew
	}
	job.Change = d.change
	job.Excluded = exclusion(job, d.listedOnly)
	job.Rehearse = job.Excluded == ""
	return job, true
}

func ownReasons(job Job, before Effective) []Reason {
	file := job.Effective.Base().SourcePath
	if before.IsZero() {
		return []Reason{{Source: SourceJobConfig, File: file, Path: string(job.Change)}}
	}
	d, _ := compare(before, job.Effective)
	var reasons []Reason
	for _, f := range d.fields {
		reasons = append(reasons, ReasonFor(SourceJobConfig, file, "", f))
	}
	return reasons
}

// Sort puts all lists into the order that people see.
func (r *Result) Sort() {
	slices.SortFunc(r.Affected, func(a, b Job) int { return a.Ref.Compare(b.Ref) })
	slices.SortFunc(r.Removed, Ref.Compare)
	slices.Sort(r.Warnings)
}

type indexed struct {
	ref Ref
	Effective
}

func indexConfig(c *config.Config) map[string]indexed {
	out := map[string]indexed{}
	add := func(repo string, e Effective) {
		ref := e.Identify(repo)
		out[ref.Key()] = indexed{ref: ref, Effective: e}
	}
	for repo, jobs := range c.PresubmitsStatic {
		for i := range jobs {
			add(repo, Effective{Presubmit: &jobs[i]})
		}
	}
	for repo, jobs := range c.PostsubmitsStatic {
		for i := range jobs {
			add(repo, Effective{Postsubmit: &jobs[i]})
		}
	}
	for i := range c.Periodics {
		add("", Effective{Periodic: &c.Periodics[i]})
	}
	return out
}
