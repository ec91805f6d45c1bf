package planning

import (
	"context"
	"fmt"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/lookup"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
)

// Input returns what rehearsals of the pull request are rendered from.
func (p *Plan) Input() render.Input {
	of, pull := p.Rehearsal.Spec.Pull, p.Rehearsal.Status.Pull
	link := p.Settings.GitHub.GitEndpoint + "/" + of.Org + "/" + of.Repo
	return render.Input{
		Org: of.Org, Repo: of.Repo, Number: of.Number,
		Title: pull.Title, Author: pull.Author, HeadRef: pull.HeadRef,
		Head: pull.Head, Base: pull.Base, BaseRef: pull.BaseRef,
		RepoLink: link, CloneURI: link + ".git",
		Command: p.Settings.Prefixes[0],
		Gates:   p.gates(),
	}
}

// Describe determines the rehearsals of the affected jobs.
func (p *Plan) Describe(ctx context.Context) error {
	jobs := p.Result.Affected
	in := p.Input()
	var err error
	others := p.inquire()
	in.DefaultBranches, in.Unknown, err = others.DefaultBranches(ctx, render.NeedDefaultBranch(jobs, in))
	if err != nil {
		return err
	}
	p.later = others.Later()
	p.Jobs = render.Jobs(jobs, in)
	return nil
}

// Selection returns the request for a selection. It does not depend on who asks, or when.
func (p *Plan) Selection(selection event.Selection) render.Request {
	limits := map[event.Selection]int{event.Sample: p.Repository.Limits.Sample, event.More: p.Repository.Limits.More, event.Max: p.Repository.Limits.Max}
	return render.Request{
		Selection: selection, Limit: limits[selection], Cap: p.Repository.Limits.All,
		Seed: fmt.Sprintf("%s#%d", p.Repository.Name, p.Rehearsal.Spec.Pull.Number),
	}
}

// Complete reads the full configuration of jobs, because a long plan contains only
// outlines.
func (p *Plan) Complete(ctx context.Context, jobs []render.Job) ([]render.Job, error) {
	effective, err := p.Result.Effective(ctx, affectedOf(jobs))
	if err != nil {
		return nil, fmt.Errorf("reading the jobs: %w", p.Details(err))
	}
	return render.Complete(jobs, effective), nil
}

// Whole is Complete for jobs that are handed over. A long plan was checked by outlines; the
// jobs of a run are checked again in full.
func (p *Plan) Whole(ctx context.Context, jobs []render.Job) ([]render.Job, error) {
	jobs, err := p.Complete(ctx, jobs)
	if err != nil {
		return nil, err
	}
	findings, err := p.Result.Check(ctx, affectedOf(jobs))
	if err != nil {
		return nil, fmt.Errorf("checking the jobs of the run: %w", p.Details(err))
	}
	return render.Regate(jobs, findings, p.Input()), nil
}

func affectedOf(jobs []render.Job) []affected.Job {
	list := make([]affected.Job, 0, len(jobs))
	for _, job := range jobs {
		list = append(list, job.Job)
	}
	return list
}

// RunInput returns what the ProwJobs of a run are rendered from, including the current
// commits of other repositories, and the ConfigMaps that the pull request would change.
// unpinned counts the branches of other repositories that were not looked up.
func (p *Plan) RunInput(ctx context.Context, jobs []render.Job) (in render.Input, unpinned int, err error) {
	in = p.Input()
	if in.Tips, unpinned, err = p.inquire().Tips(ctx, render.Checkouts(jobs, in)); err != nil {
		return in, 0, err
	}
	contents, err := p.Result.ConfigMaps(ctx, affectedOf(jobs))
	if err != nil {
		return in, 0, fmt.Errorf("reading the ConfigMaps of the affected jobs: %w", p.Details(err))
	}
	for _, c := range contents {
		in.ConfigMaps = append(in.ConfigMaps, render.ConfigMap{
			Cluster: c.Cluster, Namespace: c.Namespace, Name: c.Name,
			Data: c.Data, BinaryData: c.BinaryData, Jobs: c.Jobs, Problem: c.Problem,
		})
	}
	return in, unpinned, nil
}

// inquire begins the lookups of this pass in other repositories.
func (p *Plan) inquire() *lookup.Inquiry {
	of, pull := p.Rehearsal.Spec.Pull, p.Rehearsal.Status.Pull
	left := lookup.BeforeApproval
	if !pull.Untrusted && (pull.AuthorTrusted || p.Rehearsal.Status.HeadApproval.Holds(p.Rehearsal.Status.Pull)) {
		left = lookup.AfterApproval
	}
	return p.Lookups.Inquire(p.GitHub, of.Org+"/"+of.Repo, p.Result.Targets, left, p.Now)
}
