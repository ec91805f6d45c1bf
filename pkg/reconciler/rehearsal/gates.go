package rehearsal

import (
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
)

// gates is what is in the way of the jobs of the plan, and what was allowed.
func (t *turn) gates() *render.Gates {
	g := &render.Gates{HeadApproved: t.holds(t.rh.Status.HeadApproval)}
	if t.plan.result == nil {
		return g
	}
	g.Findings = t.plan.result.Findings
	// Whoever allowed something has seen what was asked then, and that is all.
	if a := t.rh.Status.PrivilegeApproval; t.holds(a) && a.Asks != "" && a.Asks == t.asks() {
		g.AllowedBy = allowedBy(a, g.Findings)
	}
	return g
}

// allowedBy is who allowed each job what it asks for, by the keys of the jobs.
func allowedBy(a *v1alpha1.Approval, findings map[string]gate.Finding) map[string]string {
	by := map[string]string{}
	for key, f := range findings {
		asks := asksOf(key, f)
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

// asksOf is of a job and of what it asks for; empty when it asks for nothing.
func asksOf(key string, f gate.Finding) string {
	return gate.Digest(map[string]gate.Finding{key: f})
}

// askingJobs are the jobs of the plan that a comment shows whole, as they are called
// there: a name that several jobs have is for all of them.
func askingJobs(jobs []render.Job, findings map[string]gate.Finding, shown map[string]bool) []v1alpha1.AskingJob {
	hidden := map[string]bool{}
	var all []v1alpha1.AskingJob
	for _, j := range jobs {
		whole, held := shown[j.Key()]
		if !held || len(j.Hold.Asks) == 0 {
			continue
		}
		hidden[j.Argument] = hidden[j.Argument] || !whole
		all = append(all, v1alpha1.AskingJob{Job: j.Argument, Asks: asksOf(j.Key(), findings[j.Key()])})
	}
	all = slices.DeleteFunc(all, func(j v1alpha1.AskingJob) bool { return hidden[j.Job] })
	return all[:min(len(all), maxAsking)]
}

// maxAsking bounds the jobs that can be allowed by name: status must have room.
const maxAsking = 500

// holds says whether an approval is for what the pull request is now.
func (t *turn) holds(a *v1alpha1.Approval) bool { return holds(a, t.rh.Status.Pull) }

func holds(a *v1alpha1.Approval, pull *v1alpha1.PullStatus) bool {
	return a != nil && a.By != "" && pull != nil && a.Head == pull.Head && a.BaseRef == pull.BaseRef
}

// asks changes whenever the jobs of the plan ask for something else; what is not
// run, whoever allows it, does not count.
func (t *turn) asks() string { return gate.Digest(t.plan.result.Findings) }
