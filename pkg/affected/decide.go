package affected

import "slices"

// Decide decides whether a job is affected and in which way. Before is zero if no job with
// that identity existed; named says whether one with that name existed.
func Decide(ref Ref, before, after Effective, named bool) (Job, bool) {
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

// Sort sorts all lists into the order in which they are shown.
func (r *Result) Sort() {
	slices.SortFunc(r.Affected, func(a, b Job) int { return a.Ref.Compare(b.Ref) })
	slices.SortFunc(r.Removed, Ref.Compare)
	slices.Sort(r.Warnings)
}
