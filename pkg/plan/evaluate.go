package plan

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/snapshot"
)

// Limits on what is in memory at once while jobs are compared: parsed files, and jobs
// with the presets and defaults of both sides.
const (
	chunkFiles = 32
	chunkJobs  = 256
)

// validate determines which of the jobs that may differ are valid.
func (w *evaluator) validate(ctx context.Context, s *step) error {
	known, err := s.reconsider(ctx)
	if err != nil {
		return err
	}
	at, err := w.candidates(ctx, s, known, func(*affected.Entry, affected.Job) {})
	if err != nil {
		return err
	}
	return w.inParts(s, at, func(part []affected.At) error {
		pairs := make([]pair, len(part))
		for i := range part {
			pairs[i].New = part[i]
		}
		return w.applied(ctx, s, pairs, func(pairs []pair) error {
			for i := range pairs {
				s.isValid(&pairs[i])
			}
			return nil
		})
	})
}

// evaluate decides about every job that may differ from the jobs of a base with given
// defaults, and validates it.
func (w *evaluator) evaluate(ctx context.Context, c *comparison, base *snapshot.Snapshot, defaults *affected.Defaults) error {
	c.delta = w.newDelta(&c.step, base, defaults)
	for _, ch := range c.changes {
		c.delta.Files = append(c.delta.Files, affected.FileChange{Path: ch.Path, OldBlob: ch.OldBlob, NewBlob: ch.NewBlob})
	}
	err := c.delta.Compare(ctx, w.options.Sources, treeReader{w, c.after.Tree})
	c.warnings = append(c.warnings, c.delta.Warnings...)
	if err != nil {
		return err
	}
	known, err := c.reconsider(ctx)
	if err != nil {
		return err
	}
	w.findShed(c)
	c.gates.hidden = c.hiddenRepos(w.repository)
	at, err := w.candidates(ctx, &c.step, known, c.decided)
	if err != nil {
		return err
	}
	err = w.inParts(&c.step, at, func(part []affected.At) error {
		err := w.applied(ctx, &c.step, pairUp(c.delta, part), func(pairs []pair) error { return w.check(ctx, c, pairs) })
		c.outline()
		return err
	})
	c.outline()
	return err
}

// reconsider determines again the problems of files that differ, except those of single
// jobs. It returns the previous problems.
func (s *step) reconsider(ctx context.Context) (known snapshot.Problems, err error) {
	to := s.after
	known = maps.Clone(to.Problems)
	again := map[string]bool{}
	for _, key := range s.files {
		f := to.Revision.File(key)
		if before := s.delta.Before.File(key); f != nil && before != nil && f.File == before.File && f.Err == before.Err {
			continue
		}
		again[key] = true
	}
	to.Problems.ForgetFiles(again)
	for key := range again {
		if f := to.Revision.File(key); f != nil && f.Err != nil {
			to.Problems[snapshot.OfFile(key)] = *f.Err
		}
	}
	return known, to.Problems.SetClashes(ctx, to.Revision, s.files)
}

// inParts calls do with the jobs of a few files at a time.
func (w *evaluator) inParts(s *step, at []affected.At, do func([]affected.At) error) error {
	if err := w.spendExpected(s, at); err != nil {
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
		if err := do(part); err != nil {
			return err
		}
	}
	return nil
}

// applied calls do with pairs and their effective jobs.
func (w *evaluator) applied(ctx context.Context, s *step, pairs []pair, do func([]pair) error) error {
	parsed, err := w.parsePairs(ctx, pairs)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(pairs, chunkJobs) {
		if err := w.apply(ctx, s.delta, parsed, part); err != nil {
			return err
		}
		if err := do(part); err != nil {
			return err
		}
		clear(part)
	}
	return nil
}

// outline drops the effective jobs of a plan that is too long to keep them. It fills in
// those that the decisions did not need.
func (c *comparison) outline() {
	for i := range c.jobs {
		j := &c.jobs[i]
		if j.Outline || !j.Effective.IsZero() && len(c.jobs) <= keptJobs {
			continue
		}
		if at, ok := c.after.Revision.Find(j.Ref); ok {
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

// candidates returns the jobs whose text has to be compared. If a source can decide about
// a job from its summary, that is done at once, and an affected job is passed to decided.
func (w *evaluator) candidates(ctx context.Context, s *step, known snapshot.Problems, decided func(*affected.Entry, affected.Job)) ([]affected.At, error) {
	at, changed, err := s.rewritten(ctx, known)
	sources := s.selecting()
	if len(sources) == 0 || err != nil {
		return at, err
	}
	for _, source := range sources {
		if err := w.spendQuick(s, source); err != nil {
			return nil, err
		}
	}
	for f := range s.after.Revision.Files() {
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
			if s.select1(sources, a, decided) {
				at = append(at, a)
			}
		}
	}
	return at, nil
}

// rewritten returns the jobs of changed files whose text has changed. The other jobs are
// as valid as before, unless they were invalid.
func (s *step) rewritten(ctx context.Context, known snapshot.Problems) ([]affected.At, map[affected.At]bool, error) {
	var at []affected.At
	set := map[affected.At]bool{}
	for _, key := range s.files {
		f := s.after.Revision.File(key)
		if f == nil || f.File == nil {
			continue
		}
		if before := s.delta.Before.File(key); before != nil && before.File == f.File {
			continue
		}
		for i := range f.Jobs {
			if err := ctx.Err(); err != nil {
				return nil, nil, err
			}
			a := affected.At{Loaded: f, I: i}
			e := a.Entry()
			old, ok := s.delta.Before.Find(e.Ref)
			if ok && bytes.Equal(old.Entry().Digest, e.Digest) && !known.Has(old) {
				continue
			}
			at = append(at, a)
			set[a] = true
		}
	}
	return at, set, nil
}

// select1 reports whether a job in an unchanged file has to be compared.
func (s *step) select1(sources []candidateSource, a affected.At, decided func(*affected.Entry, affected.Job)) bool {
	e := a.Entry()
	quick, look := deciding(sources, e)
	switch {
	case look:
		return true
	case quick == nil:
		return false
	case s.after.Problems.Has(a):
		// The job may be valid now.
		return true
	}
	decision := quick.Decide(a)
	switch {
	case !decision.Sure:
		return true
	case decision.Invalid != "":
		s.after.Problems[snapshot.OfJob(a.Key(), e.Ref)] = affected.FileError{File: a.Path, Message: invalidJob(e, decision.Invalid)}
	case decision.Affected:
		decided(e, decision.Job)
	}
	return false
}

// decided adds an affected job of which only the defaults differ.
func (c *comparison) decided(e *affected.Entry, job affected.Job) {
	c.jobs = append(c.jobs, job)
	c.print.outline(e)
	c.gates.note(e.Ref.Key(), c.gates.checkOutline(c.delta, e))
}

func invalidJob(e *affected.Entry, message string) string {
	return "invalid " + string(e.Ref.Type) + " job " + e.Ref.Name + ": " + message
}

// isValid records whether Prow accepts a job after the change.
func (s *step) isValid(p *pair) bool {
	key := snapshot.OfJob(p.New.Key(), p.New.Entry().Ref)
	delete(s.after.Problems, key)
	if p.err != nil {
		s.after.Problems[key] = affected.FileError{File: p.New.Path, Message: prowtree.Cut(p.err.Error())}
	}
	return p.err == nil
}

func (w *evaluator) check(ctx context.Context, c *comparison, pairs []pair) error {
	first := len(c.jobs)
	var differing []*pair
	for i := range pairs {
		p := &pairs[i]
		if !c.isValid(p) {
			continue
		}
		if job, ok := c.delta.Decide(&p.Pair); ok {
			c.jobs = append(c.jobs, job)
			differing = append(differing, p)
		} else {
			c.print.rewritten(p)
		}
	}
	return w.checkGates(ctx, c, differing, c.jobs[first:])
}
