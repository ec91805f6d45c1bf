// Package render turns affected jobs and a request into the ProwJobs of a
// rehearsal and the hand-over to the tasks that run them. It is pure: whatever
// has to be asked of GitHub, git or a cluster is part of its input.
//
// A rehearsal is a presubmit of the config repository's pull request that does
// what the original job does: the original's target repository is checked out
// beside the pull request, as the working directory.
package render

import (
	"strings"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// Input is everything about a pull request and its settings that rendering
// depends on, whatever the run.
type Input struct {
	// Org and Repo are the config repository.
	Org, Repo string
	// Number, Title, Author and HeadRef are the pull request's.
	Number  int
	Title   string
	Author  string
	HeadRef string
	// Head and Base are full SHAs, BaseRef the branch that Base is a commit of.
	Head, Base, BaseRef string
	// RepoLink is the page of the config repository; links in Deck start with it.
	RepoLink string
	// CloneURI is where pods clone the config repository from. Without it they
	// would use RepoLink, which private repositories and mirrors do not serve.
	CloneURI string
	// DefaultBranches are the default branches of target repositories (by
	// org/repo) of jobs that name no branch, see NeedDefaultBranch.
	DefaultBranches map[string]string
	// Unknown says of others (by org/repo) why they are not known.
	Unknown map[string]string
	// Command is how rehearsals are asked for; "/pj-rehearse" when empty.
	Command string
	// Tips are the commits that the branches and tags of other repositories were
	// at, by TipKey, see Checkouts. Those that it lacks are not pinned.
	Tips map[string]string
	// ConfigMaps are those that the pull request changes and that jobs read.
	ConfigMaps []ConfigMap
	// Gates is what is in the way of jobs; nil where nobody asks.
	Gates *Gates
}

// Gates is what is in the way of jobs, and what was taken out of it.
type Gates struct {
	// Findings are by the keys of the jobs that they are about.
	Findings map[string]gate.Finding
	// HeadApproved says that somebody let new jobs of this head run, AllowedBy, by
	// the keys of jobs, who allowed them all that they ask for.
	HeadApproved bool
	AllowedBy    map[string]string
}

// Hold is why a job waits for approval.
type Hold struct {
	// New is why the head has to be approved for it; empty when it need not.
	New string
	// Asks are the privileges that nobody has allowed.
	Asks []gate.Ask
}

// Zero says that nothing holds the job.
func (h Hold) Zero() bool { return h.New == "" && len(h.Asks) == 0 }

// Sentence says in plain text what the job waits for, and for which command.
func (h Hold) Sentence() string {
	return report.HeldBecause(h.Asks, h.New)
}

// hold is what the finding about a job means after what was allowed.
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
	// Problem is why there is no content; empty when there is.
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

// Run is the run for which ProwJobs are made.
type Run struct {
	// Rehearsal and UID are the name and uid of the Rehearsal.
	Rehearsal, UID string
	// Home is the namespace of the Rehearsal.
	Home string
	// ID is the id of the command that asked for the run, Name the run's name.
	ID, Name string
	// Namespace is where Prow expects its ProwJobs, PodNamespace where it makes
	// their pods.
	Namespace, PodNamespace string
	// RequireScheduling is set where Prow's scheduler is on.
	RequireScheduling bool
	// DefaultTimeout bounds jobs that are not decorated, hence set no own
	// time-out: plank's pod_running_timeout.
	DefaultTimeout time.Duration
	// Queueing is how long its jobs may have to wait before they start (plank does
	// not time out jobs that wait under max_concurrency).
	Queueing time.Duration
}

// Job is an affected job and what its rehearsal is called.
type Job struct {
	affected.Job

	// Branch is the branch of the target repository that is rehearsed; empty
	// for periodics.
	Branch string
	// Argument names this job in a command: its name, or name@branch where
	// several affected jobs have that name.
	Argument string
	// Problem is why the job cannot be rehearsed; empty if it can.
	Problem string
	// Hold is what the job waits for; it is not run before.
	Hold Hold

	// rehearsal is the name of the job in Prow, context its GitHub context.
	rehearsal string
	context   string
	short     string
}

// Runnable says whether the job can be rehearsed, else why not. A job may be
// runnable and yet not be offered by default, see affected.Job.Rehearse.
func (j Job) Runnable() (bool, string) { return j.Problem == "", j.Problem }

// Offered says whether the job is part of a run that names no jobs.
func (j Job) Offered() bool { return j.due() && j.Hold.Zero() }

// due says whether the job would be, were it not held.
func (j Job) due() bool { return j.Rehearse && j.Problem == "" }

// NotOffered is the rule that keeps a job out of runs that name no jobs; empty
// for jobs that are offered.
func (j Job) NotOffered() string {
	if j.Problem != "" {
		return j.Problem
	}
	if j.Excluded == "" {
		return j.Hold.Sentence()
	}
	return j.Excluded
}
