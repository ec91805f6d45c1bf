package planning

import (
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
)

// gates returns what holds the jobs of the plan, and what was allowed.
func (p *Plan) gates() *render.Gates {
	g := &render.Gates{HeadApproved: p.Rehearsal.Status.HeadApproval.Holds(p.Rehearsal.Status.Pull)}
	if p.Result == nil {
		return g
	}
	g.Findings = p.Result.Findings
	// An approval only covers the requests that were shown when it was given.
	if a := p.Rehearsal.Status.PrivilegeApproval; a.Holds(p.Rehearsal.Status.Pull) && a.Asks != "" && a.Asks == p.asks() {
		g.AllowedBy = AllowedBy(a, g.Findings)
	}
	return g
}

// AllowedBy returns who allowed the requests of each job, by the keys of the jobs.
func AllowedBy(a *v1alpha1.Approval, findings map[string]gate.Finding) map[string]string {
	by := map[string]string{}
	for key, f := range findings {
		asks := AsksOf(key, f)
		switch i := slices.IndexFunc(a.Jobs, func(j v1alpha1.AllowedJob) bool { return j.Asks == asks }); {
		case asks == "":
		case len(a.Jobs) == 0:
			by[key] = a.By
		case i >= 0:
			by[key] = a.Jobs[i].By
		}
	}
	return by
}

// AsksOf returns a digest of a job and its requests; empty if there are none.
func AsksOf(key string, f gate.Finding) string {
	return gate.Digest(map[string]gate.Finding{key: f})
}

// AskingJobs returns the jobs of the plan whose requests a comment shows in full, by their
// names there. If several jobs share a name, all of them must be shown.
func AskingJobs(jobs []render.Job, findings map[string]gate.Finding, shown map[string]bool) []v1alpha1.AskingJob {
	hidden := map[string]bool{}
	var all []v1alpha1.AskingJob
	for _, j := range jobs {
		whole, held := shown[j.Key()]
		if !held || len(j.Hold.Asks) == 0 {
			continue
		}
		hidden[j.Argument] = hidden[j.Argument] || !whole
		all = append(all, v1alpha1.AskingJob{Job: j.Argument, Asks: AsksOf(j.Key(), findings[j.Key()])})
	}
	all = slices.DeleteFunc(all, func(j v1alpha1.AskingJob) bool { return hidden[j.Job] })
	return all[:min(len(all), maxAsking)]
}

// maxAsking bounds the jobs that can be allowed by name, because status has to hold them.
const maxAsking = 500

// asks returns a digest that changes with the requests of the jobs of the plan. Jobs that
// can never run do not count.
func (p *Plan) asks() string { return gate.Digest(p.Result.Findings) }
