package snapshot

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

// Problems is what Prow would refuse a tree for.
type Problems map[Key]affected.FileError

// Key says what a problem is about.
type Key struct {
	// File is the key of a file.
	File  string
	About About
	// Text is the key of the job, or tells several problems of a file apart.
	Text string
}

// About is what of a file a problem is about.
type About int

const (
	// WholeFile is that it cannot be read.
	WholeFile About = iota
	// Clash is that it, or a job of it, is there twice.
	Clash
	// Duplicate is that a preset is there twice.
	Duplicate
	// OneJob is that a job is not valid.
	OneJob
)

// OfFile is the problem of a file as a whole.
func OfFile(key string) Key { return Key{File: key} }

// OfJob is the problem of a job.
func OfJob(file string, job affected.Ref) Key { return Key{file, OneJob, job.Key()} }

// Compare orders the problems of a file.
func (k Key) Compare(other Key) int {
	return cmp.Or(cmp.Compare(k.About, other.About), cmp.Compare(k.Text, other.Text))
}

// List lists them, sorted.
func (p Problems) List() []affected.FileError {
	out := slices.Collect(maps.Values(p))
	affected.SortErrors(out)
	return slices.Compact(out)
}

// Has says whether there is one with a job.
func (p Problems) Has(a affected.At) bool {
	_, found := p[OfJob(a.Key(), a.Entry().Ref)]
	return found
}

// ForgetFiles drops what was wrong with files that are looked at again, and with their
// jobs. What is wrong with Prow's own configuration as a whole is found where it is read.
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

// InLoadingOrder lists what keeps files from being loaded before what is wrong with what
// they say: Prow's loader does not get that far.
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

// SetDuplicates looks again for presets that are there twice.
func (p Problems) SetDuplicates(presets []affected.PlacedPreset) {
	maps.DeleteFunc(p, func(k Key, _ affected.FileError) bool { return k.About == Duplicate })
	for _, e := range affected.DuplicatePresets(presets) {
		p[Key{e.File, Duplicate, e.Message}] = e
	}
}

// SetClashes looks again at everything that a changed file, or one that
// clashed before, may clash with.
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
			// The path may be the main file's.
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
