package plan

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/key"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/snapshot"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/yamlline"
)

// refusal returns a *RefusedError when Prow would not load the tree after the change. The
// base is to blame if it already has every one of the problems.
func (w *work) refusal(base *snapshot.Snapshot, c *comparison, found snapshot.Problems) error {
	list := found.InLoadingOrder()
	if len(list) == 0 {
		return nil
	}
	known := map[string]bool{}
	for _, e := range base.Problems {
		known[complaint(e)] = true
	}
	fresh := slices.DeleteFunc(slices.Clone(list), func(e affected.FileError) bool { return known[complaint(e)] })
	if len(fresh) == 0 {
		return &RefusedError{BaseBroken: true, Reason: list[0].Message, File: list[0].File, Line: list[0].Line}
	}
	// The author probably has to correct a file that they changed.
	touched := setOf(c.files)
	changed := func(e affected.FileError) bool { return touched[e.File] }
	if i := slices.IndexFunc(fresh, changed); i >= 0 {
		return &RefusedError{Reason: fresh[i].Message, File: fresh[i].File, Line: fresh[i].Line}
	}
	e := fresh[0]
	if causes := w.causes(c); len(causes) > 0 {
		e.Message += " (this file is as it was; what it depends on is changed in " + strings.Join(causes, ", ") + ")"
	}
	return &RefusedError{Reason: e.Message, File: e.File, Line: e.Line}
}

// causes returns the changed files on which all jobs depend.
func (w *work) causes(c *comparison) []string {
	var out []string
	for _, p := range c.files {
		before, after := c.delta.Before.File(p), c.delta.After.File(p)
		if p == w.Layout.ProwConfig || hasPresets(before) || hasPresets(after) {
			if p != affected.MainKey {
				out = append(out, p)
			}
		}
	}
	return out
}

func hasPresets(f *affected.Loaded) bool { return f != nil && f.File != nil && len(f.Presets) > 0 }

// complaint identifies a problem without its place in the file, because edits move lines.
func complaint(e affected.FileError) string {
	return key.Of(e.File, yamlline.Without(e.Message))
}

// maxLocated limits the files that are searched for lines, and the searches in each file.
const maxLocated = 20

// located returns the problems of the tree after the change, with their lines if these
// can be found. A message without a line is still complete, so a read error must not hide
// it.
func (w *work) located(ctx context.Context, c *comparison) snapshot.Problems {
	if len(c.after.Problems) == 0 {
		return nil
	}
	out := maps.Clone(c.after.Problems)
	byFile := map[string][]snapshot.Key{}
	for k, e := range out {
		if e.Line == 0 {
			byFile[e.File] = append(byFile[e.File], k)
		}
	}
	for _, keys := range byFile {
		slices.SortFunc(keys, snapshot.Key.Compare)
	}
	var changed, others []string
	touched := setOf(c.files)
	for _, p := range slices.Sorted(maps.Keys(byFile)) {
		if touched[p] {
			changed = append(changed, p)
		} else {
			others = append(others, p)
		}
	}
	files := append(changed, others...)
	for _, p := range files[:min(len(files), maxLocated)] {
		f, blob := w.fileOf(c.after, p)
		if blob == "" {
			continue
		}
		_ = w.Objects.BlobsUpTo(ctx, affected.MaxFile, []string{blob}, func(_ string, content []byte) error {
			d := yamlline.Parse(content)
			// Each search reads the whole file.
			for _, k := range byFile[p][:min(len(byFile[p]), maxLocated)] {
				e := out[k]
				e.Line = c.lineOf(d, f, k, e)
				out[k] = e
			}
			return nil
		})
	}
	return out
}

func setOf(list []string) map[string]bool {
	out := make(map[string]bool, len(list))
	for _, s := range list {
		out[s] = true
	}
	return out
}

// fileOf returns the summary of a file, if there is one, and its blob.
func (w *work) fileOf(s *snapshot.Snapshot, p string) (*affected.Loaded, string) {
	if f := s.Revision.File(p); f != nil {
		if f.Err != nil && !prowtree.IsSyntax(f.Err) {
			// There is no content to search.
			return f, ""
		}
		return f, f.Blob
	}
	if blob := s.Config.Blobs[p]; blob != "" {
		return s.Revision.File(affected.MainKey), blob
	}
	return nil, ""
}

// lineOf returns the line of a problem in its file, or 0.
func (c *comparison) lineOf(d yamlline.Document, f *affected.Loaded, k snapshot.Key, e affected.FileError) int {
	switch {
	case k.About == snapshot.WholeFile:
		return d.OfMistake(e.Message)
	case k.About == snapshot.Duplicate:
		pair, _, _ := strings.Cut(e.Message, affected.AlsoIn)
		_, pair, _ = strings.Cut(pair, " : ")
		return d.OfPreset(pair[:max(strings.LastIndex(pair, ":"), 0)])
	case f == nil || f.File == nil:
		return 0
	case k.About == snapshot.Clash:
		return c.lineOfClash(d, f, e.Message)
	}
	for i := range f.Jobs {
		if f.Jobs[i].Ref.Key() == k.Text {
			return d.OfJob(f.Jobs[i].Ref, nth(f, i))
		}
	}
	return 0
}

// nth counts the jobs of the same type and repository before one.
func nth(f *affected.Loaded, i int) int {
	n := 0
	for j := range i {
		if f.Jobs[j].Ref.Type == f.Jobs[i].Ref.Type && f.Jobs[j].Ref.Repo == f.Jobs[i].Ref.Repo {
			n++
		}
	}
	return n
}

// lineOfClash returns the line of the last job that a message is about. Jobs whose text
// has changed are preferred.
func (c *comparison) lineOfClash(d yamlline.Document, f *affected.Loaded, message string) int {
	message, _, _ = strings.Cut(message, affected.AlsoIn)
	line, isNew := 0, false
	for i := range f.Jobs {
		ref := f.Jobs[i].Ref
		if !mentions(message, ref.Name) || !strings.Contains(message, string(ref.Type)) && strings.Contains(message, "duplicated") {
			continue
		}
		old, ok := c.delta.Before.Find(ref)
		rewritten := !ok || !bytes.Equal(old.Entry().Digest, f.Jobs[i].Digest)
		if rewritten || !isNew {
			line, isNew = d.OfJob(ref, nth(f, i)), isNew || rewritten
		}
	}
	return line
}

// mentions reports whether a message contains a name as a separate word.
func mentions(message, name string) bool {
	for rest := message; name != ""; {
		i := strings.Index(rest, name)
		if i < 0 {
			return false
		}
		end := i + len(name)
		if (i == 0 || !isNameByte(rest[i-1])) && (end == len(rest) || !isNameByte(rest[end])) {
			return true
		}
		rest = rest[end:]
	}
	return false
}

func isNameByte(b byte) bool {
	return b == '-' || b == '_' || b == '.' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}
