package planview

import (
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/nearest"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// Named is the part of a plan that also knows jobs that are not affected.
type Named interface {
	// Named lists the jobs with a name after the merge.
	Named(name string) []affected.Ref
}

// Explain returns everything about the jobs with one name, or name@branch. Jobs are the
// affected jobs of the plan as they would be rendered, and removed those that the pull
// request removes; describe returns what the rehearsal of a job would be.
func Explain(named Named, removed []affected.Ref, jobs []render.Job, name string, describe func(render.Job) render.Description) report.ExplainView {
	v := report.ExplainView{Name: name, Affected: len(jobs)}
	bare, branch, _ := strings.Cut(name, "@")
	seen := map[string]bool{}
	for _, j := range jobs {
		if j.Name != bare {
			continue
		}
		seen[j.Key()] = true
		if j.Matches(name) {
			v.Jobs = append(v.Jobs, affectedJob(j, describe))
		}
	}
	for _, ref := range named.Named(bare) {
		if !seen[ref.Key()] && (branch == "" || slices.Contains(ref.Branches, branch)) {
			v.Jobs = append(v.Jobs, unaffectedJob(ref))
		}
	}
	if len(v.Jobs) > 0 {
		return v
	}
	v.Removed = slices.ContainsFunc(removed, func(r affected.Ref) bool { return r.Name == bare })
	names := make([]string, 0, len(jobs))
	for _, j := range jobs {
		names = append(names, j.Argument)
	}
	v.Nearest = nearest.Names(name, names)
	return v
}

func affectedJob(j render.Job, describe func(render.Job) render.Description) report.ExplainJob {
	out := report.ExplainJob{
		PlanJob: planJob(j), Affected: true, Problem: j.Problem,
		Branches: j.Branches, SkipBranches: j.SkipBranches,
	}
	if out.Problem != "" || out.Held != nil {
		return out
	}
	d := describe(j)
	if out.Problem = d.Problem; out.Problem != "" {
		return out
	}
	out.Rehearsal = &report.Rehearsal{
		Name: d.Name, Context: d.Context, Branch: d.Branch, Cluster: d.Cluster, Agent: d.Agent,
		SkipReport: d.SkipReport, Timeout: d.Timeout, Checkouts: d.Checkouts, ConfigMaps: d.ConfigMaps,
	}
	return out
}

// ExplainLocally returns what is known of an affected job in a clone, without decisions:
// finding has its requests.
func ExplainLocally(j affected.Job, finding gate.Finding) report.ExplainJob {
	return report.ExplainJob{
		PlanJob: planJob(render.Job{Job: j, Argument: j.Name}), Affected: true, Branches: j.Branches, SkipBranches: j.SkipBranches,
		File: j.Effective.Base().SourcePath, Asks: report.NewAsks(finding.Asks),
	}
}

// ExplainUnaffected returns what is known in a clone of a job that a change leaves as it
// is.
func ExplainUnaffected(j plan.Located) report.ExplainJob {
	out := unaffectedJob(j.Ref)
	out.File, out.Touched = j.File, j.Touched
	return out
}

// ExplainRemoved returns what is known of a job that a change removes.
func ExplainRemoved(ref affected.Ref) report.ExplainJob {
	out := unaffectedJob(ref)
	out.Removed = true
	return out
}

func unaffectedJob(ref affected.Ref) report.ExplainJob {
	return report.ExplainJob{
		PlanJob:  report.PlanJob{Name: ref.Name, Type: string(ref.Type), Repo: ref.Repo},
		Branches: ref.Branches, SkipBranches: ref.SkipBranches,
	}
}
