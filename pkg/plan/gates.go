package plan

import (
	"context"
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/crew"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
)

// gates finds out what the affected jobs of a comparison ask for. That is kept for
// jobs that are in the list as outlines only, too.
type gates struct {
	config gate.Config
	// hidden are the repositories whose jobs comments must not show.
	hidden []string
	// sheds is why a new job may be a restricted one by another name; empty when
	// nothing says so.
	sheds string
	// blind says that the base's own configuration is broken: then its jobs restrict
	// as ever, but nothing is known of what they may.
	blind bool
	found map[string]gate.Finding
}

// note keeps what there is to say about a job.
func (g *gates) note(key string, f gate.Finding) {
	if f.Zero() {
		return
	}
	if g.found == nil {
		g.found = map[string]gate.Finding{}
	}
	g.found[key] = f
}

// check looks at an affected job.
func (g *gates) check(d *affected.Delta, e *affected.Entry, old *affected.Entry, job *affected.Job) gate.Finding {
	change := gate.Change{Head: job.Gate(e.Ref.Repo), Sheds: g.sheds, Unknown: g.unknown(), HiddenRepos: g.hidden}
	repo := e.Own.DefaultsRepo
	if old != nil {
		repo = old.Own.DefaultsRepo
	}
	for _, base := range job.Baseline {
		change.Base = append(change.Base, g.baseline(base.Gate(e.Ref.Repo)))
	}
	if !g.blind {
		change.Decoration = d.Old.DefaultDecoration(repo, e.Cluster)
		change.Defaults = d.Old.DefaultProwJob(repo, e.Cluster)
	}
	return gate.Check(g.config, change)
}

// checkOutline looks at a job of which only the defaults differ.
func (g *gates) checkOutline(d *affected.Delta, e *affected.Entry) gate.Finding {
	change := gate.Change{Head: d.New.GateOutline(e), Base: []gate.Job{g.baseline(d.Old.GateOutline(e))}, Unknown: g.unknown(), HiddenRepos: g.hidden}
	if !g.blind {
		change.Decoration = d.Old.DefaultDecoration(e.Own.DefaultsRepo, e.Cluster)
		change.Defaults = d.Old.DefaultProwJob(e.Own.DefaultsRepo, e.Cluster)
	}
	return gate.Check(g.config, change)
}

// hiddenRepos are the repositories of which Deck shows nothing to everybody, before
// or after the change. Where the config repository, org/repo, is one of them at
// base, its comments are for the same people.
func (c *comparison) hiddenRepos(repository string) []string {
	base, head := c.delta.Old.Config.Deck.HiddenRepos, c.delta.New.Config.Deck.HiddenRepos
	// A broken base has lent the head's configuration.
	if !c.gates.blind && slices.ContainsFunc(base, func(hidden string) bool { return gate.Names(hidden, repository) }) {
		return nil
	}
	return slices.Concat(base, head)
}

// unknown is why it cannot be told what base restricts.
func (g *gates) unknown() string {
	if g.blind {
		return "the Prow configuration of the base branch cannot be read, so it is not known which repositories it hides"
	}
	return ""
}

func (g *gates) baseline(job gate.Job) gate.Job {
	if g.blind {
		return gate.Job{Labels: job.Labels, Annotations: job.Annotations, Hidden: job.Hidden}
	}
	return job
}

// findShed looks for a restricted job among those that are removed, and for files
// of which nobody knows what was restricted in them.
func (w *evaluator) findShed(c *comparison) {
	if c.gates.blind {
		c.gates.sheds = "the Prow configuration of the base branch cannot be read"
		return
	}
	for _, key := range c.files {
		if before := c.delta.Before.File(key); before != nil && before.File == nil {
			c.gates.sheds = before.Path + " cannot be read on the base branch"
			return
		}
	}
	for _, ref := range c.delta.Removed(c.files) {
		at, ok := c.delta.Before.Find(ref)
		if !ok {
			continue
		}
		e := at.Entry()
		job := gate.Job{Labels: e.Labels, Annotations: e.Annotations, Hidden: e.Hidden}
		if w.gates.Restricts(job) {
			c.gates.sheds = "the restricted job " + ref.Name + " is removed"
			return
		}
	}
}

// Check implements Details.
func (l *Local) Check(_ context.Context, jobs []affected.Job) (map[string]gate.Finding, error) {
	if l.compared == nil {
		return l.Findings, nil
	}
	out := map[string]gate.Finding{}
	d, g := l.compared.delta, l.compared.gates
	for i := range jobs {
		at, ok := d.After.Find(jobs[i].Ref)
		if !ok || jobs[i].Outline {
			continue
		}
		var old *affected.Entry
		if before, ok := d.Before.Find(jobs[i].Ref); ok {
			old = before.Entry()
		}
		out[jobs[i].Key()] = g.check(d, at.Entry(), old, &jobs[i])
	}
	return out, nil
}

// standIns returns the jobs at base that stand for one whose identity is new.
func standIns(d *affected.Delta, e *affected.Entry) []affected.At { return d.Before.Namesakes(e.Ref) }

// rawOf finds a job in the file that it is written in.
func rawOf(parsed map[string]*prowtree.JobFile, at affected.At) affected.Raw {
	return parsed[at.Blob].Raws[at.I]
}

// jobBlobs lists the files of jobs.
func jobBlobs(at []affected.At) []string {
	var out []string
	for _, a := range at {
		out = append(out, a.Blob)
	}
	return slices.Compact(out)
}

// checkGates looks at the jobs that a part of a comparison found.
func (w *evaluator) checkGates(ctx context.Context, c *comparison, pairs []*pair, jobs []affected.Job) error {
	findings, sums := make([]gate.Finding, len(jobs)), make([]string, len(jobs))
	err := crew.Each(ctx, w.options.Workers, len(jobs), func(i int) {
		var old *affected.Entry
		if pairs[i].Old.Loaded != nil {
			old = pairs[i].Old.Entry()
		}
		findings[i], sums[i] = c.gates.check(c.delta, pairs[i].New.Entry(), old, &jobs[i]), sumOf(&jobs[i])
	})
	for i, f := range findings {
		c.gates.note(jobs[i].Key(), f)
		c.print.add("job", jobs[i].Key(), sums[i])
	}
	return err
}
