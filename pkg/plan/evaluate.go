package plan

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/crew"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
)

// Bounds of what is held at once while jobs are compared: that many files
// parsed, and that many jobs with the presets and defaults of both sides.
const (
	chunkFiles = 32
	chunkJobs  = 256
)

// evaluate decides about every job that may differ, and validates it.
func (w *work) evaluate(ctx context.Context, c *comparison, wanted bool) error {
	to := c.after
	known := maps.Clone(to.problems)
	again := map[string]bool{}
	for _, key := range c.files {
		f := to.revision.File(key)
		if before := c.delta.Before.File(key); f != nil && before != nil && f.File == before.File && f.Err == before.Err {
			continue
		}
		again[key] = true
	}
	to.problems.forgetFiles(again)
	for key := range again {
		if f := to.revision.File(key); f != nil && f.Err != nil {
			to.problems[problemKey{key, wholeFile}] = *f.Err
		}
	}
	if err := to.problems.setClashes(ctx, to.revision, c.files); err != nil {
		return err
	}
	if wanted {
		w.findShed(c)
		c.gates.hidden = c.hiddenRepos(w.repository)
	}
	at, err := w.candidates(ctx, c, known, wanted)
	if err != nil {
		return err
	}
	if err := w.spendExpected(c, at); err != nil {
		return err
	}
	slices.SortFunc(at, func(a, b affected.At) int {
		if n := affected.CompareWalk(a.Path, b.Path); n != 0 {
			return n
		}
		return a.I - b.I
	})
	for rest := at; len(rest) > 0; {
		var part []affected.At
		part, rest = cutFiles(rest, chunkFiles)
		if len(rest) > 0 {
			w.options.Progress("comparing the jobs of many files")
		}
		if err := w.compare(ctx, c, part, wanted); err != nil {
			return err
		}
		c.outline()
	}
	c.outline()
	return nil
}

// compare decides about jobs of a few files.
func (w *work) compare(ctx context.Context, c *comparison, at []affected.At, wanted bool) error {
	pairs := pairUp(c.delta, at, wanted)
	parsed, err := w.parsePairs(ctx, pairs)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(pairs, chunkJobs) {
		if err := w.apply(ctx, c.delta, parsed, part); err != nil {
			return err
		}
		if err := w.judge(ctx, c, part, wanted); err != nil {
			return err
		}
		clear(part)
	}
	return nil
}

// outline drops the effective jobs of a plan that is too long to hold them, and
// fills in those that were not needed to decide.
func (c *comparison) outline() {
	for i := range c.jobs {
		j := &c.jobs[i]
		if j.Outline || !j.Effective.IsZero() && len(c.jobs) <= keptJobs {
			continue
		}
		if at, ok := c.after.revision.Find(j.Ref); ok {
			j.Effective, j.Before, j.Baseline, j.Outline = c.outlines.Of(at.Entry()), affected.Effective{}, nil, true
		}
	}
}

// cutFiles splits off the jobs of the first n files.
func cutFiles(at []affected.At, n int) (part, rest []affected.At) {
	for i := 1; i < len(at); i++ {
		if at[i].Loaded != at[i-1].Loaded {
			n--
		}
		if n == 0 {
			return at[:i], at[i:]
		}
	}
	return at, nil
}

// candidates returns the jobs that have to be looked at. Those that a source decides
// about from their summaries are decided at once.
func (w *work) candidates(ctx context.Context, c *comparison, known problems, wanted bool) ([]affected.At, error) {
	at, changed, err := c.rewritten(ctx, known)
	sources := c.selecting()
	if len(sources) == 0 || err != nil {
		return at, err
	}
	for _, s := range sources {
		if err := w.spendQuick(c, s); err != nil {
			return nil, err
		}
	}
	for f := range c.after.revision.Files() {
		if f.File == nil {
			continue
		}
		for i := range f.Jobs {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			a := affected.At{Loaded: f, I: i}
			if changed[a] {
				continue
			}
			if c.select1(sources, a, wanted) {
				at = append(at, a)
			}
		}
	}
	return at, nil
}

// rewritten returns the jobs of changed files that are not written as they
// were. The others are as valid as they were, unless they were not.
func (c *comparison) rewritten(ctx context.Context, known problems) ([]affected.At, map[affected.At]bool, error) {
	var at []affected.At
	set := map[affected.At]bool{}
	for _, key := range c.files {
		f := c.after.revision.File(key)
		if f == nil || f.File == nil {
			continue
		}
		if before := c.delta.Before.File(key); before != nil && before.File == f.File {
			continue
		}
		for i := range f.Jobs {
			if err := ctx.Err(); err != nil {
				return nil, nil, err
			}
			a := affected.At{Loaded: f, I: i}
			e := a.Entry()
			old, ok := c.delta.Before.Find(e.Ref)
			if ok && bytes.Equal(old.Entry().Digest, e.Digest) && !known.has(old) {
				continue
			}
			at = append(at, a)
			set[a] = true
		}
	}
	return at, set, nil
}

// select1 reports whether a job in an unchanged file has to be looked at.
func (c *comparison) select1(sources []candidateSource, a affected.At, wanted bool) bool {
	e := a.Entry()
	quick, look := deciding(sources, e)
	switch {
	case look:
		return true
	case quick == nil:
		return false
	case c.after.problems.has(a):
		// It may be valid now.
		return true
	}
	decision := quick.Decide(a)
	switch {
	case !decision.Sure:
		return true
	case decision.Invalid != "":
		c.after.problems[problemKey{a.Key(), e.Ref.Key()}] = affected.FileError{File: a.Path, Message: invalidJob(e, decision.Invalid)}
	case decision.Affected && wanted:
		c.jobs = append(c.jobs, decision.Job)
		c.print.outline(e)
		c.gates.note(e.Ref.Key(), c.gates.judgeOutline(c.delta, e))
	}
	return false
}

func invalidJob(e *affected.Entry, message string) string {
	return "invalid " + string(e.Ref.Type) + " job " + e.Ref.Name + ": " + message
}

// pair is a job on both sides, or why Prow refuses it after the change.
type pair struct {
	affected.Pair
	err error
}

// pairUp finds the jobs of both sides, or, where only validity counts, of the
// later one.
func pairUp(d *affected.Delta, at []affected.At, both bool) []pair {
	pairs := make([]pair, len(at))
	for i, a := range at {
		pairs[i].New = a
		if !both {
			continue
		}
		if old, ok := d.Before.Find(a.Entry().Ref); ok {
			pairs[i].Old = old
		} else {
			pairs[i].Namesakes = standIns(d, a.Entry())
		}
	}
	return pairs
}

// parsePairs reads the files of jobs.
func (w *work) parsePairs(ctx context.Context, pairs []pair) (map[string]*prowtree.JobFile, error) {
	var blobs []string
	for i := range pairs {
		blobs = append(blobs, pairs[i].New.Blob)
		if old := pairs[i].Old; old.Loaded != nil {
			blobs = append(blobs, old.Blob)
		}
		blobs = append(blobs, jobBlobs(pairs[i].Namesakes)...)
	}
	return w.Parse(ctx, blobs)
}

// apply makes the effective jobs.
func (w *work) apply(ctx context.Context, d *affected.Delta, parsed map[string]*prowtree.JobFile, pairs []pair) error {
	for i := range pairs {
		if err := w.spend(d, parsed, &pairs[i]); err != nil {
			return err
		}
	}
	return crew.Each(ctx, w.options.Workers, len(pairs), func(i int) {
		p := &pairs[i]
		p.NewRaw = rawOf(parsed, p.New)
		if p.Old.Loaded != nil {
			p.OldRaw = rawOf(parsed, p.Old)
		}
		for _, at := range p.Namesakes {
			p.NamesakesRaw = append(p.NamesakesRaw, rawOf(parsed, at))
		}
		p.apply(d)
	})
}

func (p problems) has(a affected.At) bool {
	_, found := p[problemKey{a.Key(), a.Entry().Ref.Key()}]
	return found
}

func (p *pair) apply(d *affected.Delta) {
	p.After, p.err = d.New.Apply(p.NewRaw)
	p.After.Base().SourcePath = p.New.Path
	for _, raw := range p.NamesakesRaw {
		before, _ := d.Old.Apply(raw)
		p.Baseline = append(p.Baseline, before)
	}
	if p.Old.Loaded == nil {
		return
	}
	// A job that was invalid before is compared as far as Prow got with it.
	p.Before, _ = d.Old.Apply(p.OldRaw)
	p.Before.Base().SourcePath = p.Old.Path
	p.Baseline = []affected.Effective{p.Before}
}

func (w *work) judge(ctx context.Context, c *comparison, pairs []pair, wanted bool) error {
	first := len(c.jobs)
	var judged []*pair
	for i := range pairs {
		p := &pairs[i]
		e := p.New.Entry()
		key := problemKey{p.New.Key(), e.Ref.Key()}
		delete(c.after.problems, key)
		if p.err != nil {
			c.after.problems[key] = affected.FileError{File: p.New.Path, Message: prowtree.Cut(p.err.Error())}
			continue
		}
		if !wanted {
			continue
		}
		if job, ok := c.delta.Judge(&p.Pair); ok {
			c.jobs = append(c.jobs, job)
			judged = append(judged, p)
		} else {
			c.print.rewritten(p)
		}
	}
	return w.judgeGates(ctx, c, judged, c.jobs[first:])
}
