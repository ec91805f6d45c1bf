package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	duckv1 "knative.dev/pkg/apis/duck/v1"
)

// RehearsalStatus is the state of the pull request as the controller knows it.
type RehearsalStatus struct {
	duckv1.Status `json:",inline"`

	// Pull is the pull request as last read from GitHub. Empty until it was read.
	// +optional
	Pull *PullStatus `json:"pull,omitempty"`
	// Plan is a summary of the jobs that the pull request affects. The comment on
	// the pull request lists them. It can be the plan of an older head: compare its
	// head with that of status.pull. Empty until there is a plan, or a reason why
	// there is none.
	// +optional
	Plan *PlanStatus `json:"plan,omitempty"`
	// Commands are the decisions about spec.commands, and about some commands that
	// were removed from there.
	// +listType=atomic
	// +optional
	Commands []CommandStatus `json:"commands,omitempty"`
	// Runs are the runs of the pull request, oldest first. The latest 100 of those
	// that have ended are kept.
	// +listType=atomic
	// +optional
	Runs []RunStatus `json:"runs,omitempty"`
	// Acknowledgement says whether a person, or a run that passed, has acknowledged
	// the head, so that it can be merged. Empty until the head is acknowledged, or
	// there is a plan.
	// +optional
	Acknowledgement *Acknowledgement `json:"acknowledgement,omitempty"`
	// Unplanned is set while the affected jobs of the head are being determined.
	// +optional
	Unplanned *Unplanned `json:"unplanned,omitempty"`
	// NetworkAccess says whether rehearsals of the head may use the network. It has
	// the states and reasons of an acknowledgement. Required means that nobody has
	// allowed it.
	// +optional
	NetworkAccess *Acknowledgement `json:"networkAccess,omitempty"`
	// HeadApproval permits running the jobs of a head that need approval, because
	// its author is not trusted or the jobs are new. Empty while nobody has approved
	// the head. A push voids it.
	// +optional
	HeadApproval *Approval `json:"headApproval,omitempty"`
	// PrivilegeApproval permits running jobs with privileges that the base branch
	// does not grant them. Empty while nobody has allowed that. A push voids it, and
	// so does a job that requests other privileges.
	// +optional
	PrivilegeApproval *Approval `json:"privilegeApproval,omitempty"`
	// CommitStatus is the commit status that was set last. Empty when none was set,
	// or the settings disable it.
	// +optional
	CommitStatus *CommitStatus `json:"commitStatus,omitempty"`
	// Comments are Rehearsal's comments on the pull request that are kept up to
	// date, except those of runs. The keys are plan (the list of affected jobs),
	// full (whose commands did not fit in the log), waits/<ID of a run> (that a run
	// has to wait), and denied/<login>/<head>/<reason> (why commands were not
	// accepted).
	// +mapType=atomic
	// +optional
	Comments map[string]CommentStatus `json:"comments,omitempty"`
	// LookForDoubles is when Rehearsal's comments are searched for duplicates. Empty
	// when there cannot be any.
	// +optional
	LookForDoubles *metav1.Time `json:"lookForDoubles,omitempty"`
	// Doubts are refusals by GitHub that are not yet taken as final, because GitHub
	// sometimes refuses while nothing is wrong. They are stored so that the wait
	// does not start again when the controller restarts. The latest 20 are kept.
	// +listType=atomic
	// +optional
	Doubts []Doubt `json:"doubts,omitempty"`
	// UnservedSince is the time since which the settings do not list the repository.
	// Empty while they do.
	// +optional
	UnservedSince *metav1.Time `json:"unservedSince,omitempty"`
	// Uncleaned is true while there may still be PipelineRuns and ConfigMaps of runs
	// that were removed from status.runs.
	// +optional
	Uncleaned bool `json:"uncleaned,omitempty"`
	// Summary has the columns of kubectl get.
	// +optional
	Summary Summary `json:"summary,omitempty"`
}

// Doubt is something that GitHub refuses, and since when.
type Doubt struct {
	// What is what was requested of GitHub, such as a label and the state that it
	// shows.
	What string `json:"what"`
	// Since is when GitHub first refused it, by the controller's clock.
	Since metav1.Time `json:"since"`
}

// PullStatus is the pull request as read from GitHub.
type PullStatus struct {
	// Head is the full SHA of the pull request's latest commit.
	Head string `json:"head"`
	// BaseRef is the name of the branch to merge into.
	BaseRef string `json:"baseRef"`
	// Base is the full SHA of the latest commit of that branch when GitHub was last
	// read.
	Base string `json:"base"`
	// Author is the login of the person who opened the pull request.
	Author string `json:"author"`
	// HeadRef is the name of the branch that the pull request comes from. Empty when
	// GitHub does not report it.
	// +optional
	HeadRef string `json:"headRef,omitempty"`
	// Open is false once the pull request is merged or closed.
	Open bool `json:"open"`
	// Title is the title of the pull request. Long titles are shortened.
	// +optional
	Title string `json:"title,omitempty"`
	// Untrusted is true while the pull request has the label that forbids running
	// anything of it. The settings name the label.
	// +optional
	Untrusted bool `json:"untrusted,omitempty"`
	// OtherBase is true while the base branch is one that the settings do not list.
	// The jobs and the policy of such a branch are not used.
	// +optional
	OtherBase bool `json:"otherBase,omitempty"`
	// AuthorTrusted is true when the policy permits running the head without
	// approval: the author, everybody who pushed to the pull request and everybody
	// who is named in its commits is trusted.
	// +optional
	AuthorTrusted bool `json:"authorTrusted,omitempty"`
	// Distrusted is the login of one of these people who is not trusted. Empty when
	// all are trusted, or when that is not known.
	// +optional
	Distrusted string `json:"distrusted,omitempty"`
	// HeadTold is true when an event reported the origin of the head: the pull
	// request was opened with it, or it was pushed at headSince. Otherwise it is not
	// known whether it was already the head when a command was written.
	// +optional
	HeadTold bool `json:"headTold,omitempty"`
	// HeadSince is the time of that push, by GitHub's clock. Empty when there was no
	// push, or it was not reported.
	// +optional
	HeadSince *metav1.Time `json:"headSince,omitempty"`
	// RepositoryID is GitHub's ID of the repository. It stays the same when the
	// repository is renamed. 0 or missing while it is not known.
	// +optional
	RepositoryID int64 `json:"repositoryID,omitempty"`
	// AuthorID is GitHub's ID of the author's account. It stays the same when the
	// account is renamed. 0 or missing while it is not known.
	// +optional
	AuthorID int64 `json:"authorID,omitempty"`
	// Contributors are the people named in the commits. Empty until they are read
	// from GitHub.
	// +optional
	Contributors *Contributors `json:"contributors,omitempty"`
	// ReadAt is when the pull request was last read from GitHub, by the controller's
	// clock.
	ReadAt metav1.Time `json:"readAt"`
	// SpecGeneration is the metadata.generation for which the pull request was read.
	// When it is 0 or another generation, the pull request is read again.
	SpecGeneration int64 `json:"specGeneration"`
}

// Contributors are the people named in the commits of one head: authors,
// co-authors and committers. Commits state these names themselves.
type Contributors struct {
	// Head is the full SHA of the last of these commits.
	Head string `json:"head"`
	// BaseRef is the name of the branch to merge into. It contains none of these
	// commits.
	BaseRef string `json:"baseRef"`
	// People are the accounts, sorted by login.
	// +listType=atomic
	// +optional
	People []Contributor `json:"people,omitempty"`
	// Unmapped is the full SHA of a commit that names a person whose e-mail address
	// belongs to no GitHub account. Empty when there is none.
	// +optional
	Unmapped string `json:"unmapped,omitempty"`
	// Because says why the list is incomplete. Empty when it is complete.
	// +optional
	Because string `json:"because,omitempty"`
}

// Contributor is a GitHub account.
type Contributor struct {
	// Login is the name of the account.
	Login string `json:"login"`
	// ID is GitHub's ID of the account. 0 or missing when it is not known.
	// +optional
	ID int64 `json:"id,omitempty"`
}

// PlanStatus summarises how merging one head into one base changes the jobs. A
// job is affected when it is new, or when the merge would change its ProwJob.
type PlanStatus struct {
	// Head is the full SHA of the head that was planned.
	Head string `json:"head"`
	// Base is the full SHA of the commit that the head was merged into for the plan.
	Base string `json:"base"`
	// BaseRef is the name of the branch of that commit.
	BaseRef string `json:"baseRef"`
	// Tree is the SHA of the Git tree that results from the merge. Empty when there
	// is no plan.
	// +optional
	Tree string `json:"tree,omitempty"`
	// Jobs is the number of all jobs that the repository configures after the merge.
	Jobs int `json:"jobs"`
	// Affected is the number of affected jobs. Each is offered, held or excluded.
	Affected int `json:"affected"`
	// Excluded is the number of affected jobs that cannot be rehearsed, or that are
	// part of a run only when they are named.
	Excluded int `json:"excluded"`
	// Removed is the number of jobs of the base branch that the merge removes.
	// +optional
	Removed int `json:"removed,omitempty"`
	// Offered is the number of affected jobs that are part of a run without being
	// named.
	// +optional
	Offered int `json:"offered,omitempty"`
	// Due is the number of affected jobs that should be rehearsed: those that are
	// offered, and those that are not offered only because they are held or cannot
	// be rehearsed. When it is 0, the pull request is acknowledged automatically.
	// +optional
	Due int `json:"due,omitempty"`
	// Digest is a SHA-256 that changes whenever the affected jobs, or the reasons
	// why they are affected, change. Other commits with the same result have the
	// same digest. Empty when there is no plan.
	// +optional
	Digest string `json:"digest,omitempty"`
	// Rendered is a SHA-256 that changes whenever the effects of the pull request
	// change: on the jobs, whether they are rehearsed or not, or on any file that
	// contains more than jobs. It does not depend on the commits. Empty when it is
	// not known.
	// +optional
	Rendered string `json:"rendered,omitempty"`
	// Held is the number of affected jobs that wait for approval.
	// +optional
	Held int `json:"held,omitempty"`
	// Asks is a SHA-256 that changes whenever the privileges change that jobs
	// request and the base branch does not grant them. Empty when they request none.
	// +optional
	Asks string `json:"asks,omitempty"`
	// Shown is when the comment first named this head, by GitHub's clock. Commands
	// written later are about this head. Empty until the comment names it.
	// +optional
	Shown *metav1.Time `json:"shown,omitempty"`
	// AsksSince is when the comment first showed the privileges that asksShown and
	// asking are about, by GitHub's clock. An approval written earlier cannot be
	// about them. Empty until the comment shows them.
	// +optional
	AsksSince *metav1.Time `json:"asksSince,omitempty"`
	// AsksShown is true when the comment shows all requested privileges completely.
	// Only then can all of them be allowed at once.
	// +optional
	AsksShown bool `json:"asksShown,omitempty"`
	// Asking are the jobs whose privileges can be allowed by naming the job: the
	// comment shows their names and everything that they request. There are at most
	// 500. Empty when the comment shows none.
	// +listType=atomic
	// +optional
	Asking []AskingJob `json:"asking,omitempty"`
	// Noted is a hash of the other contents of the plan comment, such as who
	// approved what. When it changes, the comment is written again.
	// +optional
	Noted string `json:"noted,omitempty"`
	// LookAgain is when planning is tried again, because GitHub did not provide
	// something of another repository, or because planning has failed for a long
	// time. Empty when there is no need.
	// +optional
	LookAgain *metav1.Time `json:"lookAgain,omitempty"`
	// Error says why there is no plan, in the words of the pull request's comment.
	// Empty when there is a plan.
	// +optional
	Error string `json:"error,omitempty"`
	// Stopped is set when planning exceeded its limits, or crashed. Planning is not
	// tried again for this head, unless readingBase or limits permits it.
	// +optional
	Stopped *StoppedPlan `json:"stopped,omitempty"`
}

// Unplanned says since when the affected jobs of a head are being determined.
type Unplanned struct {
	// Head is the full SHA of that head.
	Head string `json:"head"`
	// Since is when that began, by the controller's clock.
	Since metav1.Time `json:"since"`
	// FailingSince is when the first error prevented it, by the controller's clock.
	// Empty while there was no error.
	// +optional
	FailingSince *metav1.Time `json:"failingSince,omitempty"`
}

// StoppedPlan says why planning was stopped, and when it can be tried again.
type StoppedPlan struct {
	// Why completes a sentence about planning, such as "took more than 2
	// minutes".
	Why string `json:"why"`
	// ReadingBase is true when planning was stopped while reading the base branch.
	// Planning is tried again once the base branch has another commit.
	// +optional
	ReadingBase bool `json:"readingBase,omitempty"`
	// Limits are the limits in the settings when planning was stopped: the time for
	// planning, the time for reading the base branch, and memory. With other limits,
	// planning is tried again.
	Limits string `json:"limits"`
}

// CommitStatus is a commit status that Rehearsal has set.
type CommitStatus struct {
	// Head is the full SHA of the commit with the status.
	Head string `json:"head"`
	// Context is the name of the status, from the settings.
	Context string `json:"context"`
	// State is the state in GitHub's terms: success once the pull request is
	// acknowledged or has nothing to rehearse, pending while somebody has to act,
	// failure when jobs have failed, error when there can be no plan.
	// +kubebuilder:validation:Enum=error;failure;pending;success
	State string `json:"state"`
	// Description is the sentence that GitHub shows beside the state.
	Description string `json:"description"`
	// Since is when the first status was set on this commit, by GitHub's clock.
	// Empty when GitHub did not report it.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`
}

// CommentStatus is a comment by Rehearsal on the pull request.
type CommentStatus struct {
	// ID is GitHub's ID of the comment.
	ID int64 `json:"id"`
	// Hash is a hash of the body that was last written. Empty when the comment has
	// to be written again.
	Hash string `json:"hash"`
	// At is when the body was last written, by GitHub's clock. Empty when GitHub did
	// not report it.
	// +optional
	At *metav1.Time `json:"at,omitempty"`
}

// Summary has the columns of kubectl get.
type Summary struct {
	// Pull is the pull request: org/repo#number.
	// +optional
	Pull string `json:"pull,omitempty"`
	// Head is the first 12 characters of the SHA of the head.
	// +optional
	Head string `json:"head,omitempty"`
	// Run is the name of the latest PipelineRun of the latest run. Empty when that
	// run has no PipelineRun, or there is no run.
	// +optional
	Run string `json:"run,omitempty"`
	// Passed is the number of jobs of that run that passed. Empty when there is no
	// run.
	// +optional
	Passed *int `json:"passed,omitempty"`
	// Failed is the number of jobs of that run that failed. Empty when there is no
	// run.
	// +optional
	Failed *int `json:"failed,omitempty"`
	// State is the state of the latest run. Without a run, it is Refused when there
	// can be no plan; otherwise it is Open or Closed, like the pull request.
	// +optional
	State string `json:"state,omitempty"`
}
