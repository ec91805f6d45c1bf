package affected

import "strings"

// jobConfigSource is the text of the job itself.
var jobConfigSource = Source{
	Name:    SourceJobConfig,
	Selects: func(*Delta) func(*Entry) bool { return nil },
	Explain: explainJobConfig,
}

func explainJobConfig(d *Delta, p *Pair, change Change) []Reason {
	e := p.New.Entry()
	file := p.New.Path
	switch change {
	case ChangeNew:
		return []Reason{{Source: SourceJobConfig, File: file, Path: "name", New: e.Ref.Name}}
	case ChangeBranches:
		return []Reason{branchReason(d, e, file)}
	}
	if p.OldRaw.IsZero() {
		return nil
	}
	var reasons []Reason
	for _, f := range diffFields("", p.OldRaw.job(), p.NewRaw.job()) {
		reasons = append(reasons, reasonFor(SourceJobConfig, file, "", f))
	}
	return reasons
}

// job returns the job as its author wrote it.
func (e Effective) job() any {
	switch {
	case e.Presubmit != nil:
		return e.Presubmit
	case e.Postsubmit != nil:
		return e.Postsubmit
	}
	return e.Periodic
}

func branchReason(d *Delta, e *Entry, file string) Reason {
	var old []string
	for _, a := range d.Before.named(e.name()) {
		old = append(old, a.Entry().Ref.branchText())
	}
	return Reason{
		Source: SourceJobConfig, File: file, Path: "branches",
		Old: shorten(strings.Join(sorted(old), " | ")), New: shorten(e.Ref.branchText()),
	}
}

func (r Ref) branchText() string {
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
