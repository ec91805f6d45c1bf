package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/key"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// fingerprint collects the effects of a change, see affected.Result.Fingerprint. It
// collects during the comparison, because only then are complete jobs in memory.
type fingerprint struct {
	parts []string
	// outlines says that the defaults and presets of both sides are part of the
	// fingerprint, in place of those of single jobs.
	outlines bool
}

func (f *fingerprint) add(parts ...string) { f.parts = append(f.parts, key.Of(parts...)) }

// outline adds a job of which only the defaults differ.
func (f *fingerprint) outline(e *affected.Entry) {
	f.outlines = true
	f.add("outline", e.Ref.Key(), string(e.Digest))
}

// rewritten adds a job whose text has changed although it is the same for Prow.
func (f *fingerprint) rewritten(p *pair) {
	if p.Old.Loaded == nil || bytes.Equal(p.Old.Entry().Digest, p.New.Entry().Digest) {
		return
	}
	f.add("rewritten", p.New.Entry().Ref.Key(), string(p.Old.Entry().Digest), string(p.New.Entry().Digest))
}

// sumOf returns a hash of an affected job as Prow would run it, before and after the
// change, whether it is rehearsed or not.
func sumOf(j *affected.Job) string {
	h := sha256.New()
	// Writing to a hash never fails, and what Prow has decoded can be encoded.
	enc := json.NewEncoder(h)
	for _, e := range append([]affected.Effective{j.Effective, j.Before}, j.Baseline...) {
		_ = enc.Encode([]any{e.Presubmit, e.Postsubmit, e.Periodic})
	}
	_ = enc.Encode([]any{j.Change, j.Rehearse, j.Excluded})
	return string(h.Sum(nil))
}

// fingerprint returns a hash of all effects of the change when it is merged into a
// branch.
func (w *work) fingerprint(req Request, c *comparison) string {
	f := fingerprint{parts: slices.Clone(c.print.parts)}
	if c.print.outlines {
		f.add("defaults", c.delta.Old.Sum(), c.delta.New.Sum())
	}
	for _, ref := range c.delta.Removed(c.files) {
		if at, ok := c.delta.Before.Find(ref); ok {
			f.add("removed", ref.Key(), string(at.Entry().Digest))
		}
	}
	fed, strange := c.fed(), map[string]bool{}
	for _, s := range c.unknown {
		strange[s.Path] = true
	}
	for _, ch := range c.changes {
		before, after, understood := c.understood(ch)
		understood = understood && !strange[ch.Path]
		if understood && !fed[ch.Path] && !w.isProwFile(ch.Path) {
			if was, is := presetsOf(before), presetsOf(after); was != is {
				f.add("presets", ch.Path, was, is)
			}
			continue
		}
		f.add("file", ch.Path, ch.OldMode, ch.OldBlob, ch.NewMode, ch.NewBlob)
	}
	slices.Sort(f.parts)
	sum := sha256.Sum256([]byte(key.Of(req.BaseRef, key.Of(slices.Compact(f.parts)...))))
	return hex.EncodeToString(sum[:])
}

// fed returns the files that jobs may also read when they run.
func (c *comparison) fed() map[string]bool {
	out := map[string]bool{}
	for _, found := range c.delta.Found {
		input, ok := found.Evidence.(affected.Input)
		reads := func(j affected.Job) bool {
			return slices.ContainsFunc(j.Reasons, func(r affected.Reason) bool { return r.Source == found.Name() })
		}
		if !ok || !slices.ContainsFunc(c.jobs, reads) {
			continue
		}
		for _, path := range input.Files() {
			out[path] = true
		}
	}
	return out
}

// understood reports whether the jobs and presets of a changed file show all of its
// effects. Then its comments, order and style do not matter.
func (c *comparison) understood(ch repo.Change) (before, after *affected.Loaded, is bool) {
	before, after = c.delta.Before.File(ch.Path), c.delta.After.File(ch.Path)
	read := func(f *affected.Loaded, mode, blob string) bool {
		if blob == "" {
			return f == nil
		}
		return f != nil && f.File != nil && f.Blob == blob && mode != repo.ModeSymlink
	}
	sameMode := ch.OldBlob == "" || ch.NewBlob == "" || ch.OldMode == ch.NewMode
	return before, after, sameMode && read(before, ch.OldMode, ch.OldBlob) && read(after, ch.NewMode, ch.NewBlob)
}

func presetsOf(f *affected.Loaded) string {
	if f == nil || len(f.Presets) == 0 {
		return ""
	}
	raw, _ := json.Marshal(f.Presets) // as above
	return string(raw)
}
