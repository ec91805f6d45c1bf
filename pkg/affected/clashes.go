package affected

import (
	"iter"
	"maps"
	"path"
	"slices"

	"sigs.k8s.io/prow/pkg/config"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// AlsoIn stands in a message before the other file that a clash is with.
const AlsoIn = " (also in "

func alsoIn(file, other string) string {
	if other == file {
		return ""
	}
	return AlsoIn + other + ")"
}

// Clashes returns what Prow refuses about files taken together: base names
// that are not unique, jobs that are there twice, contexts that two jobs report
// to. Only clashes in which one of the given files takes part are looked for.
func (r *Revision) Clashes(files iter.Seq[*Loaded]) []FileError {
	found := map[FileError]bool{}
	for f := range files {
		if other := r.sharesBase(f); other != "" {
			found[FileError{File: f.Path, Message: "duplicated basename is not allowed: " + path.Base(f.Path) + alsoIn(f.Path, other)}] = true
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

// sharesBase returns another job file of the same base name, or "".
func (r *Revision) sharesBase(f *Loaded) string {
	if f.Main || path.Base(f.Path) == config.ProwIgnoreFileName {
		// Files of rules are here when they cannot be followed.
		return ""
	}
	all := slices.Clone(r.overlay.withBase(path.Base(f.Path)))
	for _, other := range r.anchor.withBase(path.Base(f.Path)) {
		if _, replaced := r.changed[other]; !replaced {
			all = append(all, other)
		}
	}
	return firstOther(all, f.Path)
}

// firstOther returns the first in order that is not one itself, or "".
func firstOther(all []string, one string) string {
	slices.Sort(all)
	for _, p := range all {
		if p != one {
			return p
		}
	}
	return ""
}

func (r *Revision) clash(a At) string {
	e := a.Entry()
	twins := r.twins(a)
	switch {
	case len(twins) > 0 && e.Ref.Type == prowapi.PeriodicJob:
		return "duplicated periodic job: " + e.Ref.Name + alsoIn(a.Path, firstPath(twins))
	case len(twins) > 0:
		return "duplicated " + string(e.Ref.Type) + " jobs (consider both inrepo and central config): [" + e.Ref.Name + "]" + alsoIn(a.Path, firstPath(twins))
	case e.Ref.Type == prowapi.PeriodicJob:
		return ""
	}
	for _, other := range r.withContext(e.context()) {
		if o := other.Entry(); o.Ref.Name != e.Ref.Name && intersect(e, o) {
			first, second := min(e.Ref.Name, o.Ref.Name), max(e.Ref.Name, o.Ref.Name)
			return "jobs " + first + " and " + second + " report to the same GitHub context \"" + e.Context + "\"" + alsoIn(a.Path, other.Path)
		}
	}
	return ""
}

// twins returns the other jobs of a name that run on a common branch.
func (r *Revision) twins(a At) []At {
	e := a.Entry()
	return slices.DeleteFunc(slices.Clone(r.named(e.name())), func(other At) bool {
		return other == a || e.Ref.Type != prowapi.PeriodicJob && !intersect(e, other.Entry())
	})
}

// firstPath returns the first in order of the files of jobs.
func firstPath(jobs []At) string {
	first := jobs[0].Path
	for _, a := range jobs[1:] {
		first = min(first, a.Path)
	}
	return first
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
	seen := map[string]string{}
	var out []FileError
	for _, p := range presets {
		for _, l := range slices.Sorted(maps.Keys(p.Labels)) {
			pair := l + ":" + p.Labels[l]
			first, again := seen[pair]
			if !again {
				seen[pair] = p.File
				continue
			}
			message := "duplicated preset 'label:value' pair : " + pair
			out = append(out, FileError{File: p.File, Message: message + alsoIn(p.File, first)})
			if first != p.File {
				out = append(out, FileError{File: first, Message: message + alsoIn(first, p.File)})
			}
		}
	}
	return out
}
