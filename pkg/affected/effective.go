package affected

import (
	"slices"

	"sigs.k8s.io/prow/pkg/config"
	"sigs.k8s.io/prow/pkg/pjutil"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// IsZero reports whether no job is set.
func (e Effective) IsZero() bool {
	return e.Presubmit == nil && e.Postsubmit == nil && e.Periodic == nil
}

// Base returns the part that all types of jobs share.
func (e Effective) Base() *config.JobBase {
	switch {
	case e.Presubmit != nil:
		return &e.Presubmit.JobBase
	case e.Postsubmit != nil:
		return &e.Postsubmit.JobBase
	case e.Periodic != nil:
		return &e.Periodic.JobBase
	}
	return &config.JobBase{}
}

// Spec returns the ProwJobSpec that Prow would create for the job at refs.
func (e Effective) Spec(refs prowapi.Refs) prowapi.ProwJobSpec {
	switch {
	case e.Presubmit != nil:
		return pjutil.PresubmitSpec(*e.Presubmit, refs)
	case e.Postsubmit != nil:
		return pjutil.PostsubmitSpec(*e.Postsubmit, refs)
	case e.Periodic != nil:
		return pjutil.PeriodicSpec(*e.Periodic)
	}
	return prowapi.ProwJobSpec{}
}

// brancher returns the branches of a job; nil for periodics.
func (e Effective) brancher() *config.Brancher {
	switch {
	case e.Presubmit != nil:
		return &e.Presubmit.Brancher
	case e.Postsubmit != nil:
		return &e.Postsubmit.Brancher
	}
	return nil
}

// Identify returns the identity of the job in the given target repository.
func (e Effective) Identify(repo string) Ref {
	switch {
	case e.Presubmit != nil:
		return newRef(prowapi.PresubmitJob, repo, e.Presubmit.Name, e.Presubmit.Brancher)
	case e.Postsubmit != nil:
		return newRef(prowapi.PostsubmitJob, repo, e.Postsubmit.Name, e.Postsubmit.Brancher)
	case e.Periodic != nil:
		return newRef(prowapi.PeriodicJob, "", e.Periodic.Name, config.Brancher{})
	}
	return Ref{}
}

func newRef(kind prowapi.ProwJobType, repo, name string, b config.Brancher) Ref {
	return Ref{Type: kind, Repo: repo, Name: name, Branches: sorted(b.Branches), SkipBranches: sorted(b.SkipBranches)}
}

// sorted returns a sorted copy that is never nil, so that it is `[]` in JSON.
func sorted(in []string) []string {
	out := append([]string{}, in...)
	slices.Sort(out)
	return out
}

// trigger has the fields that control when and how a job starts, and that count as a
// change.
type trigger struct {
	AlwaysRun         bool   `json:"always_run,omitempty"`
	AlwaysRunSet      *bool  `json:"always_run_set,omitempty"`
	Optional          bool   `json:"optional,omitempty"`
	RunIfChanged      string `json:"run_if_changed,omitempty"`
	SkipIfOnlyChanged string `json:"skip_if_only_changed,omitempty"`
	Trigger           string `json:"trigger,omitempty"`
	RunBeforeMerge    bool   `json:"run_before_merge,omitempty"`
	Interval          string `json:"interval,omitempty"`
	Cron              string `json:"cron,omitempty"`
	MinimumInterval   string `json:"minimum_interval,omitempty"`
}

func (e Effective) trigger() trigger {
	switch {
	case e.Presubmit != nil:
		p := e.Presubmit
		return trigger{
			AlwaysRun: p.AlwaysRun, Optional: p.Optional, RunIfChanged: p.RunIfChanged,
			SkipIfOnlyChanged: p.SkipIfOnlyChanged, Trigger: p.Trigger, RunBeforeMerge: p.RunBeforeMerge,
		}
	case e.Postsubmit != nil:
		p := e.Postsubmit
		return trigger{AlwaysRunSet: p.AlwaysRun, RunIfChanged: p.RunIfChanged, SkipIfOnlyChanged: p.SkipIfOnlyChanged}
	case e.Periodic != nil:
		p := e.Periodic
		return trigger{Interval: p.Interval, Cron: p.Cron, MinimumInterval: p.MinimumInterval}
	}
	return trigger{}
}
