package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
)

// work is one plan in the making.
type work struct {
	*Incremental
	*prowtree.Loader
	repository string
	head       string
	gates      gate.Config
	// changed adds up what it takes to make the jobs that differ, expected the same
	// as far as it can be told before they are read.
	changed, expected efforts
}

// state is what is known of one tree. It is not changed once it is made.
type state struct {
	// tree is the tree, or a commit with it.
	tree string
	// anchor and changed make up revision.
	anchor   *affected.Anchor
	changed  map[string]*affected.Loaded
	revision *affected.Revision
	// entangled: which job files there are depends on more than their paths.
	entangled bool

	prowtree.Listing
	prow     *prowtree.ProwConfig
	defaults *affected.Defaults
	problems problems
}

// broken reports whether Prow's own configuration cannot be loaded.
func (s *state) broken() bool { return s.prow.Err != nil }

// compact returns the same state as an anchor of its own.
func (s *state) compact() *state {
	out := *s
	out.anchor = affected.NewAnchor(slices.Collect(s.revision.Files()))
	out.changed = map[string]*affected.Loaded{}
	out.revision = out.anchor.With(out.changed)
	return &out
}

// problemKey is a job of a file, or the file itself.
type problemKey struct {
	file, job string
}

// problems is what Prow would refuse a tree for.
type problems map[problemKey]affected.FileError

// Parts of a problemKey that are no job.
const (
	wholeFile  = ""
	clashes    = "\x00clash"
	duplicates = "\x00duplicate"
)

func (p problems) list() []affected.FileError {
	out := slices.Collect(maps.Values(p))
	affected.SortErrors(out)
	return slices.Compact(out)
}

// forgetFiles drops what was wrong with files that are looked at again. What is
// wrong with Prow's own configuration as a whole is found where it is read.
func (p problems) forgetFiles(keys map[string]bool) {
	maps.DeleteFunc(p, func(k problemKey, _ affected.FileError) bool {
		ofMain := k.job == wholeFile && k.file == affected.MainKey
		ofAll := len(k.job) > 0 && k.job[0] == 0
		return keys[k.file] && !ofMain && !ofAll
	})
}

// inLoadingOrder lists what keeps files from being loaded before what is wrong
// with what they say: Prow's loader does not get that far.
func (p problems) inLoadingOrder() []affected.FileError {
	load := problems{}
	for k, e := range p {
		if k.job == wholeFile || strings.HasPrefix(k.job, duplicates) || strings.HasPrefix(e.Message, "duplicated basename") {
			load[k] = e
		}
	}
	if len(load) > 0 {
		return load.list()
	}
	return p.list()
}
