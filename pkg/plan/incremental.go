package plan

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync"

	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/key"
	"github.com/rehearsal-dev/rehearsal/pkg/lru"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/snapshot"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/pkg/sources"
)

// keptJobs is how many effective jobs a plan keeps. Those of longer plans are made again
// on request.
const keptJobs = 50

// maxDistance is the number of job files in which a revision may differ from its anchor
// before it becomes an anchor itself.
const maxDistance = 500

// keptDistance is the same number for what is kept on disk, where every process has to
// apply the differences again.
const keptDistance = 32

// Options configure an Incremental planner.
type Options struct {
	// Mirror returns a mirror that has the commits of a request.
	Mirror func(ctx context.Context, req Request) (*repo.Mirror, error)
	// Memory limits the parsed files that are kept, in bytes of their text. Each byte
	// takes about eight bytes of memory.
	Memory int64
	// Workers limits how many files one plan parses at once.
	Workers int
	// CacheDir is the directory that keeps what is known of base branches between
	// processes; "" keeps nothing.
	CacheDir string
	// Sources are what can affect a job; all sources, unless set.
	Sources []affected.Source
	// Progress is called with what a plan is doing, if set.
	Progress func(message string)
}

// Incremental is a planner whose work depends on the size of the change. The first plan
// for a repository reads all of it; later plans read only what differs.
type Incremental struct {
	options Options
	read    *prowtree.Cache
	kept    snapshot.Store
	// known caches what sources have parsed from blobs.
	known *lru.Cache[any]
	// states caches the states of base commits.
	states *lru.Cache[*snapshot.Snapshot]

	mu     sync.Mutex
	latest map[string]*repository
}

// repository has the base that was read last, because the next is rarely far from it. Its
// lock is held while another base is read: concurrent plans would only repeat the work.
type repository struct {
	sync.Mutex
	base *snapshot.Snapshot
}

// NewPlanner returns a planner with empty caches.
func NewPlanner(o Options) *Incremental {
	if o.Memory == 0 {
		o.Memory = 4 << 20
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Sources == nil {
		o.Sources = sources.All
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	return &Incremental{
		options: o,
		read:    prowtree.NewCache(o.Memory),
		kept:    snapshot.Store{Dir: o.CacheDir},
		known:   lru.New[any](math.MaxInt, keptParsed),
		states:  lru.New[*snapshot.Snapshot](math.MaxInt, 64),
		latest:  map[string]*repository{},
	}
}

// Plan implements Planner. A damaged mirror is rebuilt once, if that is possible.
func (p *Incremental) Plan(ctx context.Context, req Request) (*Result, error) {
	result, err := p.plan(ctx, req)
	if !repo.Corrupt(err) {
		return result, err
	}
	mirror, mirrorErr := p.options.Mirror(ctx, req)
	if mirrorErr != nil {
		return nil, mirrorErr
	}
	if err := mirror.Rebuild(ctx, req.Head); err != nil {
		return nil, Unfetched(err)
	}
	return p.plan(ctx, req)
}

// plan reads the base first, because errors until then are not the head's fault.
func (p *Incremental) plan(ctx context.Context, req Request) (*Result, error) {
	mirror, err := p.options.Mirror(ctx, req)
	if err != nil {
		return nil, err
	}
	w := p.work(req, mirror.Objects)
	base, err := w.readBase(ctx, req)
	if err != nil {
		return resultOf(refusedBase(req, err))
	}
	merged, err := mirror.Merge(ctx, req.Base, req.Head)
	if refused, ok := boundIn(err); ok {
		return resultOf(refusedWhole(req, "", refused))
	}
	if err != nil {
		return nil, conflictFrom(err)
	}
	defer func() { _ = merged.Close() }()
	again := func(ctx context.Context) (*repo.Merged, error) {
		mirror, err := p.options.Mirror(ctx, req)
		if err != nil {
			return nil, err
		}
		merged, err := mirror.Merge(ctx, req.Base, req.Head)
		return merged, conflictFrom(err)
	}
	w.Objects = merged.Objects
	return resultOf(w.planTree(ctx, req, base, merged.Tree, again))
}

func resultOf(local *Local, err error) (*Result, error) {
	if local == nil {
		return nil, err
	}
	return &local.Result, err
}

// PlanMerged plans for a merge that has already been made. The caller keeps it open as
// long as the result is used.
func (p *Incremental) PlanMerged(ctx context.Context, req Request, merged *repo.Merged) (*Local, error) {
	kept := func(context.Context) (*repo.Merged, error) {
		return &repo.Merged{Objects: merged.Objects, Tree: merged.Tree}, nil
	}
	w := p.work(req, merged.Objects)
	base, err := w.readBase(ctx, req)
	if err != nil {
		return refusedBase(req, err)
	}
	return w.planTree(ctx, req, base, merged.Tree, kept)
}

func (p *Incremental) work(req Request, objects repo.Objects) *work {
	return &work{&stepper{&evaluator{
		Incremental: p,
		Loader: &prowtree.Loader{
			Cache: p.read, Objects: objects, Layout: req.Layout, Watched: watchedBy(p.options.Sources, req.Layout), Workers: p.options.Workers,
		},
		repository: req.Org + "/" + req.Repo, head: req.Head, gates: req.Gates,
		changed:  efforts{max: maxChangedSteps, what: "the jobs that differ"},
		expected: efforts{max: maxChangedSteps, what: "the jobs that differ"},
	}}}
}

// readBase returns the state of the base, which must match the layout.
func (w *work) readBase(ctx context.Context, req Request) (*snapshot.Snapshot, error) {
	base, err := w.baseState(ctx, req.Base)
	if refused, ok := boundIn(err); ok {
		refused.BaseBroken = true
		return nil, refused
	}
	if err != nil {
		return nil, err
	}
	if err := w.missingWatched(base); err != nil {
		return nil, err
	}
	// The work for the base does not count against the head.
	w.changed.sum.Store(0)
	w.expected.sum.Store(0)
	TellBaseRead(ctx)
	return base, nil
}

func (w *work) planTree(ctx context.Context, req Request, base *snapshot.Snapshot, tree string, again reopen) (*Local, error) {
	c, err := w.compareWith(ctx, base, tree)
	var missing *MissingPathError
	if errors.As(err, &missing) {
		// The base has the path, so the change removes it.
		return refusedWhole(req, tree, &RefusedError{File: missing.Path, Reason: "no such file or directory"})
	}
	if refused, ok := boundIn(err); ok {
		return refusedWhole(req, tree, refused)
	}
	if err != nil {
		return nil, err
	}
	found := w.located(ctx, c)
	local := &Local{
		Result: Result{
			Result: affected.Result{
				Base: req.Base, Head: req.Head, Tree: tree, Jobs: c.after.Revision.Jobs(), Affected: c.jobs,
				Removed: c.delta.Removed(c.files), Warnings: warned(c.warnings), Incomplete: listed(found.List()),
				Fingerprint: w.fingerprint(req, c),
			},
			Findings: c.gates.found,
		},
		BaseConfig: c.delta.Old.Config, HeadConfig: c.delta.New.Config,
		planner: w.Incremental, request: req, compared: c, again: again,
	}
	if local.Affected == nil {
		local.Affected = []affected.Job{}
	}
	local.Sort()
	local.Targets = knownTargets(c.delta.Before, local.Affected)
	local.Details = local
	return local, w.refusal(base, c, found)
}

func refusedWhole(req Request, tree string, refused *RefusedError) (*Local, error) {
	return &Local{Result: Result{Result: affected.Result{
		Base: req.Base, Head: req.Head, Tree: tree, Affected: []affected.Job{}, Removed: []affected.Ref{},
		Incomplete: []affected.FileError{{File: refused.File, Message: refused.Reason}},
	}}}, refused
}

// refusedBase returns the result for a base that cannot be read.
func refusedBase(req Request, err error) (*Local, error) {
	var refused *RefusedError
	if errors.As(err, &refused) {
		return refusedWhole(req, "", refused)
	}
	return nil, err
}

// baseState returns the state of a base commit. It reads what differs from the nearest
// known commit, or everything if there is none.
func (w *work) baseState(ctx context.Context, commit string) (*snapshot.Snapshot, error) {
	id := key.Of(w.repository, w.Layout.Key(), key.Of(w.Watched...))
	if known, ok := w.states.Get(key.Of(id, commit)); ok {
		return known, nil
	}
	r := w.repositoryFor(id)
	r.Lock()
	defer r.Unlock()
	if known, ok := w.states.Get(key.Of(id, commit)); ok {
		return known, nil
	}
	if r.base == nil {
		r.base = w.kept.Read(ctx, id, w.Loader)
	}
	base, err := w.fromKnown(ctx, r.base, commit)
	if err != nil {
		return nil, err
	}
	fresh := base == nil
	if fresh {
		w.options.Progress("reading the whole configuration once")
		if base, err = w.cold(ctx, commit); err != nil {
			return nil, err
		}
	}
	if base.Broken() {
		return base, nil
	}
	if base.Distance() > maxDistance {
		base = base.Compact()
	}
	if fresh || w.options.CacheDir != "" && base.Distance() > keptDistance {
		base = base.Compact()
		// If the state is not kept, only the next process has more work.
		if err := w.kept.Write(id, base); err != nil {
			w.options.Progress("not keeping the cache: " + err.Error())
		}
	}
	r.base = base
	w.states.Add(key.Of(id, commit), base, 1)
	return base, nil
}

func (w *work) repositoryFor(id string) *repository {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.latest[id] == nil {
		w.latest[id] = &repository{}
	}
	return w.latest[id]
}

// fromKnown returns the state of a commit by its differences from a known state. It
// returns nil when there is no known state, or when its tree is no longer in the mirror.
func (w *work) fromKnown(ctx context.Context, known *snapshot.Snapshot, commit string) (*snapshot.Snapshot, error) {
	if known == nil {
		return nil, nil
	}
	base, err := w.advance(ctx, known, commit)
	var missing *MissingPathError
	switch {
	case err == nil:
		return base, nil
	case ctx.Err() != nil, errors.As(err, &missing):
		return nil, err
	}
	if _, ok := boundIn(err); ok {
		return nil, err
	}
	return nil, nil
}

// compareWith compares the base with a tree. Where the base's own Prow
// configuration is broken, the head's stands in for it.
func (w *work) compareWith(ctx context.Context, base *snapshot.Snapshot, tree string) (*comparison, error) {
	if !base.Broken() {
		return w.compare(ctx, base, tree)
	}
	after, err := w.cold(ctx, tree)
	if err != nil {
		return nil, err
	}
	changes, err := w.Objects.Diff(ctx, base.Tree, tree)
	if err != nil {
		return nil, err
	}
	c := &comparison{
		step:     step{after: after, changes: changes, files: append(pathsOf(changes), affected.MainKey)},
		outlines: affected.NewOutlines(), gates: gates{config: w.gates, blind: true},
		warnings: []string{"the base branch's Prow configuration is broken: " + base.Prow.Err.Message},
	}
	if after.Broken() {
		none := affected.NewDefaults(w.Layout.ProwConfig, &config.Config{}, nil)
		c.delta = &affected.Delta{Before: base.Revision, After: after.Revision, Old: none, New: none}
		return c, nil
	}
	before := affected.NewDefaults(w.Layout.ProwConfig, after.Prow.Config, base.Revision.Presets())
	return c, w.evaluate(ctx, c, base, before)
}
