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

	// Layout says where the config repository keeps what, Repository is its name
	// (org/repo), and Head the commit of the change.
	Layout           layout.Layout
	Repository, Head string
	// Files are those that differ, sorted by path.
	Files []FileChange
	// WatchedBefore and WatchedAfter are the blobs of what sources watch, by path.
	WatchedBefore, WatchedAfter map[string]string
	// ValidityOnly says that nobody asks which jobs are affected: evidence that
	// cannot make a job invalid is not needed.
	ValidityOnly bool

	// Found is the evidence of all sources, in their order.
	Found []Found
	// Warnings are what sources have to say to the author.
	Warnings []string
}

// Found is the evidence of a source.
type Found struct {
	Source
	Evidence
}

// Compare asks sources what differs.
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

// Reads says whether a job reads something that differs when it runs.
func (d *Delta) Reads(e *Entry) bool {
	return slices.ContainsFunc(d.Found, func(f Found) bool {
		input, ok := f.Evidence.(Input)
		return ok && input.Reads(e)
	})
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

// Judge decides whether a job is affected, in which way, and why.
func (d *Delta) Judge(p *Pair) (Job, bool) {
	e := p.New.Entry()
	job, ok := Judge(e.Ref, p.Before, p.After, d.Before.HasName(e.Ref))
	fed := d.Reads(e)
	switch {
	case !ok && !fed:
		return Job{}, false
	case fed && job.Change != ChangeNew && job.Change != ChangeBranches:
		// What it reads differs, so what it does may, whatever its
		// specification says.
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

// MaxReasons bounds the reasons of a job, and maxReasonPath the path of each, in
// bytes.
const MaxReasons, maxReasonPath = 100, 1000

// Bounded is as many reasons as people may read, with a count of the rest.
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
