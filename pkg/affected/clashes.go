package affected

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"path"
	"slices"

	"sigs.k8s.io/prow/pkg/config"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// AlsoIn precedes, in a message, the other file of a clash.
const AlsoIn = " (also in "

func alsoIn(file, other string) string {
	if other == file {
		return ""
	}
	return AlsoIn + other + ")"
}

// ExcessError says that a revision exceeds a bound. The error is permanent.
type ExcessError struct {
	// File is the file to change.
	File string
	// Bound completes a sentence about the file: "has more than 5000 presets".
	Bound string
}

func (e *ExcessError) Error() string { return e.File + " " + e.Bound }

// Clashes returns what Prow refuses about several files together: base names that are not
// unique, duplicate jobs, and contexts that two jobs report to. It returns only clashes
// in which one of the given files takes part.
func (r *Revision) Clashes(ctx context.Context, files iter.Seq[*Loaded]) ([]FileError, error) {
	found := map[FileError]bool{}
	look := clashes{Revision: r, bases: map[string][2]string{}, branchers: map[*Entry]*compiledBranches{}}
	for f := range files {
		if other := look.sharesBase(f); other != "" {
			found[FileError{File: f.Path, Message: "duplicated basename is not allowed: " + path.Base(f.Path) + alsoIn(f.Path, other)}] = true
		}
		if f.File == nil {
			continue
		}
		for i := range f.Jobs {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if message := look.clash(At{f, i}); message != "" {
				found[FileError{File: f.Path, Message: message}] = true
			}
			if look.steps > maxBranchSteps {
				return nil, &ExcessError{File: f.Path, Bound: fmt.Sprintf("has jobs of one name or context whose branches take more than %d steps to compare: use fewer jobs or shorter expressions", maxBranchSteps)}
			}
		}
	}
	out := slices.Collect(maps.Keys(found))
	SortErrors(out)
	return out, nil
}

// clashes is one search for clashes, with its caches.
type clashes struct {
	*Revision
	// bases has the first two files, in order, of each base name.
	bases map[string][2]string
	// branchers are the compiled branches of jobs; nil if they cannot be compiled.
	branchers map[*Entry]*compiledBranches
	// steps is the approximate work of comparing branches so far, in characters read.
	steps int
}

// maxBranchSteps bounds the comparison of jobs with the same name or context: each pair
// is compared.
const maxBranchSteps = 500_000_000

// compiledBranches are the branches of a job and their sizes.
type compiledBranches struct {
	config.Brancher
	// text is the length of the branches, program that of the compiled branches, and
	// skipped that of the compiled skip_branches.
	text, program, skipped int
}

// steps returns the approximate work for Prow to compare two lists of branches.
func (b *compiledBranches) steps(o *compiledBranches) int {
	const call, element = 30, 20
	switch {
	case b.RunsAgainstAllBranch(), o.RunsAgainstAllBranch():
		return call
	case len(b.Branches) > 0 && len(o.Branches) > 0:
		return call + element*(len(b.Branches)+len(o.Branches))
	}
	return call + b.text*(o.program+o.skipped) + o.text*(b.program+b.skipped)
}

// sharesBase returns another job file with the same base name, or "".
func (c *clashes) sharesBase(f *Loaded) string {
	base := path.Base(f.Path)
	if f.Main || base == config.ProwIgnoreFileName {
		// A .prowignore file is in the list only if its rules cannot be followed.
		return ""
	}
	first, known := c.bases[base]
	if !known {
		all := slices.Clone(c.overlay.withBase(base))
		for _, other := range c.anchor.withBase(base) {
			if _, replaced := c.changed[other]; !replaced {
				all = append(all, other)
			}
		}
		slices.Sort(all)
		copy(first[:], slices.Compact(all))
		c.bases[base] = first
	}
	if first[0] == f.Path {
		return first[1]
	}
	return first[0]
}

func (c *clashes) clash(a At) string {
	e := a.Entry()
	twins := c.twins(a)
	switch {
	case len(twins) > 0 && e.Ref.Type == prowapi.PeriodicJob:
		return "duplicated periodic job: " + e.Ref.Name + alsoIn(a.Path, firstPath(twins))
	case len(twins) > 0:
		return "duplicated " + string(e.Ref.Type) + " jobs (consider both inrepo and central config): [" + e.Ref.Name + "]" + alsoIn(a.Path, firstPath(twins))
	case e.Ref.Type == prowapi.PeriodicJob:
		return ""
	}
	for _, other := range c.withContext(e.context()) {
		if o := other.Entry(); o.Ref.Name != e.Ref.Name && c.intersect(e, o) {
			first, second := min(e.Ref.Name, o.Ref.Name), max(e.Ref.Name, o.Ref.Name)
			return "jobs " + first + " and " + second + " report to the same GitHub context \"" + e.Context + "\"" + alsoIn(a.Path, other.Path)
		}
	}
	return ""
}

// twins returns the other jobs with the same name that run on a common branch.
func (c *clashes) twins(a At) []At {
	e := a.Entry()
	return slices.DeleteFunc(slices.Clone(c.named(e.name())), func(other At) bool {
		return other == a || e.Ref.Type != prowapi.PeriodicJob && !c.intersect(e, other.Entry())
	})
}

// firstPath returns the first path, in order, of the files of jobs.
func firstPath(jobs []At) string {
	first := jobs[0].Path
	for _, a := range jobs[1:] {
		first = min(first, a.Path)
	}
	return first
}

// intersect asks Prow whether two jobs run on a common branch.
func (c *clashes) intersect(a, b *Entry) bool {
	first, second := c.compiled(a), c.compiled(b)
	// A job that cannot be compiled is refused for its expressions already.
	if first == nil || second == nil || c.steps > maxBranchSteps {
		return false
	}
	c.steps += first.steps(second)
	return first.Intersects(second.Brancher)
}

// compiled returns the branches of a job as Prow compiles them.
func (c *clashes) compiled(e *Entry) *compiledBranches {
	known, ok := c.branchers[e]
	if !ok {
		jobs := []config.Postsubmit{{Brancher: e.brancher()}}
		if config.SetPostsubmitRegexes(jobs) == nil {
			b := jobs[0].Brancher
			known = &compiledBranches{b, textOf(b.Branches), Instructions(b.Branches...), Instructions(b.SkipBranches...)}
		}
		c.branchers[e] = known
	}
	return known
}

// DuplicatePresets returns the label pairs that several presets have, which Prow refuses.
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
