// Package render turns affected jobs and a request into the ProwJobs of a rehearsal and
// the hand-over to the tasks that run them. It is pure: all data from GitHub, git or a
// cluster is part of its input.
//
// A rehearsal is a presubmit of the config repository's pull request that does what the
// original job does: the original's target repository is checked out beside the pull
// request, as the working directory.
package render

import (
	"strings"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// Input is everything about a pull request and its settings that rendering depends on,
// for all runs.
type Input struct {
	// Org and Repo are the config repository.
	Org, Repo string
	// Number, Title, Author and HeadRef are those of the pull request.
	Number  int
	Title   string
	Author  string
	HeadRef string
	// Head and Base are full SHAs; BaseRef is the base branch.
	Head, Base, BaseRef string
	// RepoLink is the page of the config repository; links in Deck start with it.
	RepoLink string
	// CloneURI is the URL from which pods clone the config repository. Without it they
	// would use RepoLink, which does not work for private repositories and mirrors.
	CloneURI string
	// DefaultBranches are the default branches of target repositories (by org/repo) of
	// jobs that name no branch, see NeedDefaultBranch.
	DefaultBranches map[string]string
	// Unknown says why other default branches are unknown, by org/repo.
	Unknown map[string]string
	// Command is the prefix of commands; "/pj-rehearse" if empty.
	Command string
	// Tips are the commits of branches and tags of other repositories, by TipKey, see
	// Checkouts. A missing one is not pinned.
	Tips map[string]string
	// ConfigMaps are those that the pull request changes and that jobs read.
	ConfigMaps []ConfigMap
	// Gates decide which jobs are held or excluded; nil turns them off.
	Gates *Gates
}

// Gates has the findings about jobs, and the approvals.
type Gates struct {
	// Findings are by job key.
	Findings map[string]gate.Finding
	// HeadApproved says that somebody approved this head, with its new jobs. AllowedBy
	// has, by job key, the person who allowed all requests of a job.
	HeadApproved bool
	AllowedBy    map[string]string
}

// Hold is why a job waits for approval.
type Hold struct {
	// New is why the head must be approved for the job; empty if it need not.
	New string
	// Asks are the privileges that nobody has allowed.
	Asks []gate.Ask
}

// Zero reports whether the job is not held.
func (h Hold) Zero() bool { return h.New == "" && len(h.Asks) == 0 }

// Sentence says in plain text what the job waits for, and which command allows it.
func (h Hold) Sentence() string {
	return report.HeldBecause(h.Asks, h.New)
}

// hold returns what still holds a job, after the approvals.
func (g *Gates) hold(key string) Hold {
	var h Hold
	f := g.Findings[key]
	if !g.HeadApproved {
		h.New = f.New
	}
	if g.AllowedBy[key] == "" {
		h.Asks = f.Asks
	}
	return h
}

// ConfigMap is a ConfigMap as it will be after the merge.
type ConfigMap struct {
	// Cluster is the alias of a build cluster.
	Cluster, Namespace, Name string
	Data                     map[string]string
	BinaryData               map[string][]byte
	// Jobs are the keys of the jobs that read it.
	Jobs []string
	// Problem is why there is no content; empty if there is.
	Problem string
}

func (in Input) command() string {
	if in.Command == "" {
		return "/pj-rehearse"
	}
	return in.Command
}

func (in Input) repoLink() string { return strings.TrimSuffix(in.RepoLink, "/") }

func (in Input) isConfigRepo(org, repo string) bool { return org == in.Org && repo == in.Repo }

// Run is the run for which ProwJobs are rendered.
type Run struct {
	// Rehearsal and UID are the name and uid of the Rehearsal.
	Rehearsal, UID string
	// Home is the namespace of the Rehearsal.
	Home string
	// ID is the id of the command that started the run, Name the run's name.
	ID, Name string
	// Namespace is the namespace of ProwJobs, PodNamespace that of their pods.
	Namespace, PodNamespace string
	// RequireScheduling is set if Prow's scheduler is enabled.
	RequireScheduling bool
	// DefaultTimeout bounds jobs that are not decorated, and so have no timeout of their
	// own. It is plank's pod_running_timeout.
	DefaultTimeout time.Duration
	// Queueing is how long jobs may wait before they start (plank has no timeout for jobs
	// that wait because of max_concurrency).
	Queueing time.Duration
}

// Job is an affected job and the names of its rehearsal.
type Job struct {
	affected.Job

	// Branch is the rehearsed branch of the target repository; empty for periodics.
	Branch string
	// Argument names this job in a command: its name, or name@branch if several affected
	// jobs have that name.
	Argument string
	// Problem is why the job cannot be rehearsed; empty if it can.
	Problem string
	// Hold is what the job waits for; it does not run before.
	Hold Hold

	// rehearsal is the name of the rehearsal in Prow, context its GitHub context.
	rehearsal string
	context   string
	short     string
}

// Runnable reports whether the job can be rehearsed, else why not. A runnable job need
// not be offered, see affected.Job.Rehearse.
func (j Job) Runnable() (bool, string) { return j.Problem == "", j.Problem }

// Offered reports whether a selection can choose the job without its name.
func (j Job) Offered() bool { return j.due() && j.Hold.Zero() }

// due reports whether the job would be offered if it were not held.
func (j Job) due() bool { return j.Rehearse && j.Problem == "" }

// NotOffered returns the rule that keeps the job out of selections; empty for offered
// jobs.
func (j Job) NotOffered() string {
	if j.Problem != "" {
		return j.Problem
	}
	if j.Excluded == "" {
		return j.Hold.Sentence()
	}
	return j.Excluded
}
