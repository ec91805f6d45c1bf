package plan

import (
	"context"
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/crew"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
)

// gates determines what the affected jobs of a comparison request. It is kept also for
// jobs that are only outlines in the list.
type gates struct {
	config gate.Config
	// hidden are the repositories whose jobs must not appear in comments.
	hidden []string
	// sheds says why a new job may be a restricted job under another name; empty when
	// there is no sign of that.
	sheds string
	// blind says that the base's own configuration is broken. Its jobs restrict as usual,
	// but what they are granted is not known.
	blind bool
	found map[string]gate.Finding
}

// note stores the finding about a job, if there is one.
func (g *gates) note(key string, f gate.Finding) {
	if f.Zero() {
		return
	}
	if g.found == nil {
		g.found = map[string]gate.Finding{}
	}
	g.found[key] = f
}

// check checks an affected job.
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

// checkOutline checks a job of which only the defaults differ.
func (g *gates) checkOutline(d *affected.Delta, e *affected.Entry) gate.Finding {
	change := gate.Change{Head: d.New.GateOutline(e), Base: []gate.Job{g.baseline(d.Old.GateOutline(e))}, Unknown: g.unknown(), HiddenRepos: g.hidden}
	if !g.blind {
		change.Decoration = d.Old.DefaultDecoration(e.Own.DefaultsRepo, e.Cluster)
		change.Defaults = d.Old.DefaultProwJob(e.Own.DefaultsRepo, e.Cluster)
	}
	return gate.Check(g.config, change)
}

// hiddenRepos returns the repositories that Deck hides from the public, before or after
// the change. It returns none if base hides the config repository, org/repo, itself: then
// its comments have the same readers.
func (c *comparison) hiddenRepos(repository string) []string {
	base, head := c.delta.Old.Config.Deck.HiddenRepos, c.delta.New.Config.Deck.HiddenRepos
	// The configuration of a broken base is that of the head.
	if !c.gates.blind && slices.ContainsFunc(base, func(hidden string) bool { return gate.Names(hidden, repository) }) {
		return nil
	}
	return slices.Concat(base, head)
}

// unknown says why it is not known what base restricts; empty if it is known.
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

// findShed looks for a restricted job among the removed jobs, and for files that cannot
// be read at base, so that their restrictions are not known.
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

// standIns returns the jobs at base to compare with a job whose identity is new.
func standIns(d *affected.Delta, e *affected.Entry) []affected.At { return d.Before.Namesakes(e.Ref) }

// rawOf returns a job from the file that it is written in.
func rawOf(parsed map[string]*prowtree.JobFile, at affected.At) affected.Raw {
	return parsed[at.Blob].Raws[at.I]
}

// jobBlobs returns the blobs of the files of jobs.
func jobBlobs(at []affected.At) []string {
	var out []string
	for _, a := range at {
		out = append(out, a.Blob)
	}
	return slices.Compact(out)
}

// checkGates checks the jobs that a part of a comparison found.
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
