// Package plan determines which jobs a pull request on a config repository affects. It
// reads both revisions from a mirror, merges them, and passes the contents to package
// affected. It owns caches and concurrency. It knows nothing of GitHub's API or
// Kubernetes, and does not decide what to run.
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

// Request names the state of a pull request at one moment. Base and Head are full SHAs.
type Request struct {
	Org    string
	Repo   string
	Number int
	// Author is the author of the pull request. Slots for planning are shared out by
	// author; the plan does not depend on it.
	Author string
	// Layout says where the repository keeps its configuration.
	layout.Layout
	// Gates say what jobs may request, see Result.Findings.
	Gates gate.Config
	// Limits limit the planning if it runs in a separate process.
	Limits  Limits
	BaseRef string
	Base    string
	Head    string
}

// Limits are the resources that a plan may use.
type Limits struct {
	// Timeout is for the head. BaseTimeout is for reading the base branch before that.
	Timeout, BaseTimeout time.Duration
	// Memory is the limit of the process, and of each Git command that it runs, in bytes.
	Memory int64
}

// OrDefault returns the limits with defaults for those that are not set.
func (l Limits) OrDefault() Limits {
	l.Timeout = cmp.Or(l.Timeout, DefaultLimits.Timeout)
	l.BaseTimeout = cmp.Or(l.BaseTimeout, DefaultLimits.BaseTimeout)
	l.Memory = cmp.Or(l.Memory, DefaultLimits.Memory)
	return l
}

// DefaultLimits are several times what the largest known repositories need.
var DefaultLimits = Limits{Timeout: 2 * time.Minute, BaseTimeout: 10 * time.Minute, Memory: 768 << 20}

// String returns the same text for equal limits.
func (l Limits) String() string {
	return fmt.Sprintf("%s, %s, %d MiB", l.Timeout, l.BaseTimeout, l.Memory>>20)
}

// Key returns the same text for requests with the same plan.
func (r Request) Key() string {
	// These types can always be encoded.
	gates, _ := json.Marshal(r.Gates)
	return key.Of(r.Org, r.Repo, r.Base, r.Head, r.Layout.Key(), string(gates), r.Limits.String())
}

// Result is a plan: the affected jobs, and what prevents rehearsing them.
type Result struct {
	affected.Result

	// Findings say what prevents rehearsing affected jobs, by the keys of the jobs. They
	// include jobs that are only outlines in the list. Jobs without findings have no
	// entry.
	Findings map[string]gate.Finding

	// Targets are the repositories (org/repo, sorted) that the affected jobs are about or
	// check out, if a job at base is about them: asking GitHub about these with our
	// credentials reveals no more than base does. What jobs check out that are only
	// outlines is not included.
	Targets []string

	// Details provides what the plan does not contain. It is nil if there is nothing
	// else.
	Details Details

	// Weight is the approximate memory of the plan, in bytes, if it is known.
	Weight int
}

// Details answers questions about the data that a plan was made from. If the plan was
// made in another process, an answer can fail like a plan, with ErrBusy, or with
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

// Effective returns the given affected jobs with their effective jobs after the merge and
// at base. A long plan has only outlines of them, which is enough to list and to select
// jobs. Call Effective for jobs before rendering them.
func (r *Result) Effective(ctx context.Context, jobs []affected.Job) ([]affected.Job, error) {
	if r.Details == nil || !slices.ContainsFunc(jobs, func(j affected.Job) bool { return j.Outline }) {
		return jobs, nil
	}
	return r.Details.Effective(ctx, jobs)
}

// Check checks affected jobs again, as Effective returns them. It returns their findings
// by their keys. Outlines request nothing.
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
	// Reason is Prow's own message.
	Reason string
	// File and Line say where, if known.
	File string
	Line int
	// TooLarge says that the configuration exceeds our limits; Prow would not refuse it.
	TooLarge bool
	// BaseBroken says that the base branch is refused for the same reason, so this pull
	// request is not to blame.
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

// conflictFrom translates Git's error about a conflict into a *ConflictError.
func conflictFrom(err error) error {
	var conflict *repo.ConflictError
	if errors.As(err, &conflict) {
		return &ConflictError{Files: conflict.Files}
	}
	return err
}
