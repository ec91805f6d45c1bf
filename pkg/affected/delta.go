package affected

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/layout"
)

// Delta is two revisions of a configuration, before and after a change.
type Delta struct {
	Before, After *Revision
	// Old and New are the defaults that apply to the jobs of each.
	Old, New *Defaults

	// Layout is where the config repository keeps its files, Repository its name
	// (org/repo), and Head the commit of the change.
	Layout           layout.Layout
	Repository, Head string
	// Files are the files that differ, sorted by path.
	Files []FileChange
	// WatchedBefore and WatchedAfter are the blobs that sources watch, by path.
	WatchedBefore, WatchedAfter map[string]string
	// ValidityOnly says that only validity matters, not the affected jobs. Evidence that
	// cannot make a job invalid is not needed.
	ValidityOnly bool

	// Found is the evidence of all sources, in their order.
	Found []Found
	// Warnings are messages from the sources for the author.
	Warnings []string
}

// Found is a source with its evidence.
type Found struct {
	Source
	Evidence
}

// Compare collects the evidence of all sources.
func (d *Delta) Compare(ctx context.Context, sources []Source, files Reader) error {
	for _, s := range sources {
		e, err := s.Compare(ctx, d, files)
		if err != nil {
			return err
		}
		if e != nil {
			d.Found = append(d.Found, Found{s, e})
		}
	}
	return nil
}

// Reads reports whether a job reads changed input at runtime.
func (d *Delta) Reads(e *Entry) bool {
	return slices.ContainsFunc(d.Found, func(f Found) bool {
		input, ok := f.Evidence.(Input)
		return ok && input.Reads(e)
	})
}

// Pair is one job of a Delta. Old, OldRaw and Before are zero if no job with that
// identity existed.
type Pair struct {
	Old, New       At
	OldRaw, NewRaw Raw
	// Before and After are the effective jobs.
	Before, After Effective
	// Without Old, Namesakes are the jobs on the base branch with the same type,
	// repository and name, NamesakesRaw the same jobs as written, and Baseline as
	// effective. With Old, Baseline is the effective Old.
	Namesakes    []At
	NamesakesRaw []Raw
	Baseline     []Effective
}

// Decide decides whether a job is affected, in which way, and why.
func (d *Delta) Decide(p *Pair) (Job, bool) {
	e := p.New.Entry()
	job, ok := Decide(e.Ref, p.Before, p.After, d.Before.HasName(e.Ref))
	fed := d.Reads(e)
	switch {
	case !ok && !fed:
		return Job{}, false
	case fed && job.Change != ChangeNew && job.Change != ChangeBranches:
		// The job reads something that differs, so it may behave differently with the same
		// specification.
		job = Job{Ref: e.Ref, Effective: p.After, Before: p.Before, Change: ChangeSpec}
		job.Excluded = exclusion(job, false)
		job.Rehearse = job.Excluded == ""
	}
	job.Baseline = p.Baseline
	for _, f := range d.Found {
		job.Reasons = append(job.Reasons, f.Explain(p, job.Change)...)
	}
	job.Reasons = Bounded(slices.Compact(job.Reasons))
	return job, true
}

// MaxReasons bounds the reasons of a job, and maxReasonPath the path of each, in bytes.
const MaxReasons, maxReasonPath = 100, 1000

// Bounded shortens a list of reasons to MaxReasons, with a count of the others.
func Bounded(reasons []Reason) []Reason {
	if rest := len(reasons) - MaxReasons; rest > 0 {
		last := Reason{Source: reasons[MaxReasons].Source, File: reasons[MaxReasons].File, Path: fmt.Sprintf("and %d more", rest)}
		reasons = append(reasons[:MaxReasons:MaxReasons], last)
	}
	for i := range reasons {
		if path := reasons[i].Path; len(path) > maxReasonPath {
			reasons[i].Path = strings.ToValidUTF8(path[:maxReasonPath], "") + "…"
		}
	}
	return reasons
}

// Removed lists the jobs of changed files (given by key) that no longer exist. A file
// that cannot be read any more hides its jobs; these do not count as removed.
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
