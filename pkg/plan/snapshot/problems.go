package snapshot

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

// Problems are the reasons why Prow would refuse a tree.
type Problems map[Key]affected.FileError

// Key identifies a problem.
type Key struct {
	// File is the key of a file.
	File  string
	About About
	// Text is the key of the job, or distinguishes several problems of a file.
	Text string
}

// About is the part of a file that a problem is about.
type About int

const (
	// WholeFile means that the file cannot be read.
	WholeFile About = iota
	// Clash means that the file, or one of its jobs, is a duplicate.
	Clash
	// Duplicate means that a preset is a duplicate.
	Duplicate
	// OneJob means that a job is not valid.
	OneJob
)

// OfFile returns the key of the problem of a whole file.
func OfFile(key string) Key { return Key{File: key} }

// OfJob returns the key of the problem of a job.
func OfJob(file string, job affected.Ref) Key { return Key{file, OneJob, job.Key()} }

// Compare orders the problems of a file.
func (k Key) Compare(other Key) int {
	return cmp.Or(cmp.Compare(k.About, other.About), cmp.Compare(k.Text, other.Text))
}

// List returns the problems, sorted.
func (p Problems) List() []affected.FileError {
	out := slices.Collect(maps.Values(p))
	affected.SortErrors(out)
	return slices.Compact(out)
}

// Has reports whether there is a problem with a job.
func (p Problems) Has(a affected.At) bool {
	_, found := p[OfJob(a.Key(), a.Entry().Ref)]
	return found
}

// ForgetFiles removes the problems of files that are checked again, and of their jobs.
// Problems of Prow's own configuration as a whole stay: they are determined where it is
// read.
func (p Problems) ForgetFiles(keys map[string]bool) {
	maps.DeleteFunc(p, func(k Key, _ affected.FileError) bool {
		switch k.About {
		case WholeFile:
			return keys[k.File] && k.File != affected.MainKey
		case OneJob:
			return keys[k.File]
		default:
			return false
		}
	})
}

// InLoadingOrder returns the problems. Those that prevent loading a file come before
// those of its content, because Prow's loader does not get that far.
func (p Problems) InLoadingOrder() []affected.FileError {
	load := Problems{}
	for k, e := range p {
		if k.About == WholeFile || k.About == Duplicate || strings.HasPrefix(e.Message, "duplicated basename") {
			load[k] = e
		}
	}
	if len(load) > 0 {
		return load.List()
	}
	return p.List()
}

// SetDuplicates determines the duplicate presets again.
func (p Problems) SetDuplicates(presets []affected.PlacedPreset) {
	maps.DeleteFunc(p, func(k Key, _ affected.FileError) bool { return k.About == Duplicate })
	for _, e := range affected.DuplicatePresets(presets) {
		p[Key{e.File, Duplicate, e.Message}] = e
	}
}

// SetClashes determines again the clashes of every changed file, and of every file that
// clashed before.
func (p Problems) SetClashes(ctx context.Context, r *affected.Revision, files []string) error {
	again := map[string]*affected.Loaded{}
	look := func(key string) {
		if f := r.File(key); f != nil {
			again[key] = f
		}
	}
	for _, key := range files {
		look(key)
	}
	for k := range p {
		if k.About == Clash {
			// The path may be that of the main file.
			look(k.File)
			look(affected.MainKey)
			delete(p, k)
		}
	}
	found, err := r.Clashes(ctx, maps.Values(again))
	for _, e := range found {
		p[Key{e.File, Clash, e.Message}] = e
	}
	return err
}
