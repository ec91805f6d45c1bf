// Package plan finds out which jobs a pull request on a config repository
// affects: it reads both revisions from a mirror, merges them, and hands what
// they say to package affected. It owns caches and concurrency; it knows
// nothing of GitHub's API or Kubernetes, and decides nothing about what to run.
package plan

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/key"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// Request names one pull request at one moment. Base and Head are full SHAs.
type Request struct {
	Org    string
	Repo   string
	Number int
	// Author is whose pull request it is: authors share the places for planning. The
	// answer does not depend on it.
	Author string
	// Layout says where the repository keeps its configuration.
	layout.Layout
	// Gates say what jobs may ask for, see Result.Findings.
	Gates gate.Config
	// Limits bound what the plan may take, where it is made in a process of its own.
	Limits  Limits
	BaseRef string
	Base    string
	Head    string
}

// Limits are what a plan may take.
type Limits struct {
	// Timeout is for the head, BaseTimeout for reading the base branch before.
	Timeout, BaseTimeout time.Duration
	// Memory is what the process may have, and each git command that it runs, in
	// bytes.
	Memory int64
}

// OrDefault fills in what is not set.
func (l Limits) OrDefault() Limits {
	l.Timeout = cmp.Or(l.Timeout, DefaultLimits.Timeout)
	l.BaseTimeout = cmp.Or(l.BaseTimeout, DefaultLimits.BaseTimeout)
	l.Memory = cmp.Or(l.Memory, DefaultLimits.Memory)
	return l
}

// DefaultLimits leave room for the largest repositories that are known, several
// times over.
var DefaultLimits = Limits{Timeout: 2 * time.Minute, BaseTimeout: 10 * time.Minute, Memory: 768 << 20}

// String is equal for equal limits.
func (l Limits) String() string {
	return fmt.Sprintf("%s, %s, %d MiB", l.Timeout, l.BaseTimeout, l.Memory>>20)
}

// Key is equal for requests with the same answer.
func (r Request) Key() string {
	// All of it can be encoded.
	gates, _ := json.Marshal(r.Gates)
	return key.Of(r.Org, r.Repo, r.Base, r.Head, r.Layout.Key(), string(gates), r.Limits.String())
}

// Result is a plan: the affected jobs, and what is in their way.
type Result struct {
	affected.Result

	// Findings say of the affected jobs, by their keys, what is in their way, those
	// that are in the list as outlines included. Jobs of which there is nothing to
	// say are not in it.
	Findings map[string]gate.Finding

	// Targets are the repositories (org/repo, sorted), of those that the affected jobs
	// are about or check out, that a job at base is about: to ask about them with our
	// credentials tells nobody more than base does. Jobs that are outlines check out
	// nothing here.
	Targets []string

	// Details answers what the plan does not hold. It is nil where that is all.
	Details Details

	// Weight is about how much memory it takes, in bytes, where that is known.
	Weight int
}

// Details looks again at what a plan was made from. Where a plan is made in
// another process its answers may fail like a plan, with ErrBusy, or with
// ErrForgotten.
type Details interface {
	Effective(ctx context.Context, jobs []affected.Job) ([]affected.Job, error)
	Check(ctx context.Context, jobs []affected.Job) (map[string]gate.Finding, error)
	ConfigMaps(ctx context.Context, jobs []affected.Job) ([]affected.ConfigMapContent, error)
	Lookup(ctx context.Context, names []string) ([]Located, error)
}

// ConfigMaps returns the ConfigMaps that the pull request changes and that one of the
// given affected jobs reads, sorted by name, cluster and namespace.
func (r *Result) ConfigMaps(ctx context.Context, jobs []affected.Job) ([]affected.ConfigMapContent, error) {
	if r.Details == nil {
		return nil, nil
	}
	return r.Details.ConfigMaps(ctx, jobs)
}

// Effective returns the given affected jobs with their effective jobs after
// the merge and at base. A long plan has only outlines of them, which is enough
// to list jobs and to select some: call it for those before rendering them.
func (r *Result) Effective(ctx context.Context, jobs []affected.Job) ([]affected.Job, error) {
	if r.Details == nil || !slices.ContainsFunc(jobs, func(j affected.Job) bool { return j.Outline }) {
		return jobs, nil
	}
	return r.Details.Effective(ctx, jobs)
}

// Check looks again at affected jobs, as Effective returns them: their findings by
// their keys. Outlines ask for nothing.
func (r *Result) Check(ctx context.Context, jobs []affected.Job) (map[string]gate.Finding, error) {
	if r.Details == nil {
		return r.Findings, nil
	}
	return r.Details.Check(ctx, jobs)
}

// Lookup lists the jobs after the merge that have one of the names, affected
// or not.
func (r *Result) Lookup(ctx context.Context, names ...string) ([]Located, error) {
	if r.Details == nil || len(names) == 0 {
		return nil, nil
	}
	return r.Details.Lookup(ctx, names)
}

// Planner finds the affected jobs of a pull request.
//
// A *RefusedError comes together with a result that lists what could be read,
// with the rest in Incomplete. A *ConflictError, a *MissingPathError, an
// *UnfetchedError and a *StoppedError come without one. All other errors are worth
// a retry.
type Planner interface {
	Plan(ctx context.Context, req Request) (*Result, error)
}

// ConflictError says that the pull request cannot be merged.
type ConflictError struct {
	Files []string
}

func (e *ConflictError) Error() string {
	return "merge conflict in " + strings.Join(e.Files, ", ")
}

// RefusedError says that Prow would not load the configuration.
type RefusedError struct {
	// Reason is Prow's own.
	Reason string
	// File and Line say where, if known.
	File string
	Line int
	// TooLarge says that it is not Prow that refuses: it is more than is planned.
	TooLarge bool
	// BaseBroken says that the base branch is refused for the same reason, so
	// this pull request is not to blame.
	BaseBroken bool
}

func (e *RefusedError) Error() string {
	text := e.Reason
	switch {
	case e.File != "" && e.Line > 0:
		text = fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
	case e.File != "":
		text = e.File + ": " + e.Reason
	}
	if e.BaseBroken {
		return "the base branch is broken already: " + text
	}
	return text
}

// MissingPathError says that a path in the settings does not exist.
type MissingPathError = prowtree.MissingPathError

// conflictFrom translates a conflict in git's words into a plan's.
func conflictFrom(err error) error {
	var conflict *repo.ConflictError
	if errors.As(err, &conflict) {
		return &ConflictError{Files: conflict.Files}
	}
	return err
}
