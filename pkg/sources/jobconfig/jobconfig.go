// Package jobconfig is the source for changes of the text of a job itself.
package jobconfig

import (
	"context"
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
)

// Source implements affected.Source. The planner reads the job files itself.
type Source struct{}

// Name implements affected.Source.
func (Source) Name() string { return affected.SourceJobConfig }

// Watches implements affected.Source.
func (Source) Watches(layout.Layout) []string { return nil }

// Compare implements affected.Source.
func (Source) Compare(_ context.Context, d *affected.Delta, _ affected.Reader) (affected.Evidence, error) {
	return evidence{d}, nil
}

type evidence struct{ delta *affected.Delta }

// Selects implements affected.Evidence. It selects nothing, because jobs whose text
// differs are compared anyway.
func (evidence) Selects() func(*affected.Entry) bool { return nil }

// Explain implements affected.Evidence.
func (ev evidence) Explain(p *affected.Pair, change affected.Change) []affected.Reason {
	e := p.New.Entry()
	file := p.New.Path
	switch change {
	case affected.ChangeNew:
		return []affected.Reason{{Source: affected.SourceJobConfig, File: file, Path: "name", New: e.Ref.Name}}
	case affected.ChangeBranches:
		return []affected.Reason{ev.branches(e, file)}
	}
	if p.OldRaw.IsZero() {
		return nil
	}
	var reasons []affected.Reason
	for _, f := range affected.DiffFields("", p.OldRaw.Written(), p.NewRaw.Written()) {
		reasons = append(reasons, affected.ReasonFor(affected.SourceJobConfig, file, "", f))
	}
	return reasons
}

func (ev evidence) branches(e *affected.Entry, file string) affected.Reason {
	var old []string
	for _, a := range ev.delta.Before.Namesakes(e.Ref) {
		old = append(old, branchText(a.Entry().Ref))
	}
	slices.Sort(old)
	return affected.Reason{
		Source: affected.SourceJobConfig, File: file, Path: "branches",
		Old: affected.Shorten(strings.Join(old, " | ")), New: affected.Shorten(branchText(e.Ref)),
	}
}

func branchText(r affected.Ref) string {
	switch {
	case len(r.Branches) == 0 && len(r.SkipBranches) == 0:
		return "all"
	case len(r.SkipBranches) == 0:
		return strings.Join(r.Branches, ", ")
	case len(r.Branches) == 0:
		return "all but " + strings.Join(r.SkipBranches, ", ")
	}
	return strings.Join(r.Branches, ", ") + " but " + strings.Join(r.SkipBranches, ", ")
}
