package affected

import (
	"iter"
	"maps"
	"path"
	"slices"

	"sigs.k8s.io/prow/pkg/config"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// Clashes returns what Prow refuses about files taken together: base names
// that are not unique, jobs that are there twice, contexts that two jobs report
// to. Only clashes in which one of the given files takes part are looked for.
func (r *Revision) Clashes(files iter.Seq[*Loaded]) []FileError {
	found := map[FileError]bool{}
	for f := range files {
		if !f.Main && r.sharesBase(f.Path) {
			found[FileError{File: f.Path, Message: "duplicated basename is not allowed: " + path.Base(f.Path)}] = true
		}
		if f.File == nil {
			continue
		}
		for i := range f.Jobs {
			if message := r.clash(At{f, i}); message != "" {
				found[FileError{File: f.Path, Message: message}] = true
			}
		}
	}
	out := slices.Collect(maps.Keys(found))
	SortErrors(out)
	return out
}

func (r *Revision) sharesBase(p string) bool {
	n := len(r.overlay.withBase(path.Base(p)))
	for _, other := range r.anchor.withBase(path.Base(p)) {
		if _, replaced := r.changed[other]; !replaced {
			n++
		}
	}
	return n > 1
}

func (r *Revision) clash(a At) string {
	e := a.Entry()
	same := r.named(e.name())
	if e.Ref.Type == prowapi.PeriodicJob {
		if len(same) > 1 {
			return "duplicated periodic job: " + e.Ref.Name
		}
		return ""
	}
	for _, other := range same {
		if other != a && intersect(e, other.Entry()) {
			return "duplicated " + string(e.Ref.Type) + " jobs (consider both inrepo and central config): [" + e.Ref.Name + "]"
		}
	}
	for _, other := range r.withContext(e.context()) {
		if o := other.Entry(); o.Ref.Name != e.Ref.Name && intersect(e, o) {
			first, second := min(e.Ref.Name, o.Ref.Name), max(e.Ref.Name, o.Ref.Name)
			return "jobs " + first + " and " + second + " report to the same GitHub context \"" + e.Context + "\""
		}
	}
	return ""
}

// intersect asks Prow whether two jobs run on a common branch.
func intersect(a, b *Entry) bool {
	jobs := []config.Postsubmit{{Brancher: a.brancher()}, {Brancher: b.brancher()}}
	if config.SetPostsubmitRegexes(jobs) != nil {
		// Each job is refused for its expressions already.
		return false
	}
	return jobs[0].Intersects(jobs[1].Brancher)
}

// DuplicatePresets returns the label pairs that more than one preset has,
// which Prow refuses.
func DuplicatePresets(presets []PlacedPreset) []FileError {
	seen := map[string]bool{}
	var out []FileError
	for _, p := range presets {
		for _, l := range slices.Sorted(maps.Keys(p.Labels)) {
			pair := l + ":" + p.Labels[l]
			if seen[pair] {
				out = append(out, FileError{File: p.File, Message: "duplicated preset 'label:value' pair : " + pair})
			}
			seen[pair] = true
		}
	}
	return out
}
