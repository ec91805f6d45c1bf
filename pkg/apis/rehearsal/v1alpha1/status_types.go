package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	duckv1 "knative.dev/pkg/apis/duck/v1"
)

// RehearsalStatus is what the controller made of the log.
type RehearsalStatus struct {
	duckv1.Status `json:",inline"`

	// Pull is the pull request as GitHub last told it. Empty until GitHub has.
	// +optional
	Pull *PullStatus `json:"pull,omitempty"`
	// Plan says which jobs the pull request affects, in numbers; the comment on
	// the pull request lists them. It may be of an older head: compare its head
	// with that of status.pull. Empty until there was a plan, or a reason why
	// there is none.
	// +optional
	Plan *PlanStatus `json:"plan,omitempty"`
	// Commands are the verdicts on spec.commands, and on some that have left it.
	// +listType=atomic
	// +optional
	Commands []CommandStatus `json:"commands,omitempty"`
	// Runs are the runs that were asked for, oldest first. Of those that are
	// over, the latest 100 stay.
	// +listType=atomic
	// +optional
	Runs []RunStatus `json:"runs,omitempty"`
	// Acknowledgement says whether somebody, or a run that passed, vouched for
	// the head, so that it may be merged. Empty until somebody has, or there was
	// a plan.
	// +optional
	Acknowledgement *Acknowledgement `json:"acknowledgement,omitempty"`
	// Unplanned is there while the affected jobs of the head are looked for.
	// +optional
	Unplanned *Unplanned `json:"unplanned,omitempty"`
	// NetworkAccess says whether somebody allowed rehearsals of the head to use
	// the network. Its states and reasons are those of an acknowledgement;
	// Required means that nobody has allowed it.
	// +optional
	NetworkAccess *Acknowledgement `json:"networkAccess,omitempty"`
	// HeadApproval lets jobs of the head run that its author may not run alone,
	// or that base does not know. Empty while nobody has approved the head; a
	// push voids it.
	// +optional
	HeadApproval *Approval `json:"headApproval,omitempty"`
	// PrivilegeApproval lets jobs run with what they ask for beyond what base
	// grants them. Empty while nobody has allowed that. A push voids it, and so
	// does a job that asks for something else.
	// +optional
	PrivilegeApproval *Approval `json:"privilegeApproval,omitempty"`
	// CommitStatus is the commit status that we set last. Empty when we have set
	// none, or the settings want none.
	// +optional
	CommitStatus *CommitStatus `json:"commitStatus,omitempty"`
	// Comments are our comments on the pull request that are kept up to date,
	// except those of runs, by what they are: plan lists the affected jobs, full
	// says whose commands found no room, waits/<id of a run> that a run has to
	// wait, and denied/<login>/<head>/<reason> why commands were not accepted.
	// +mapType=atomic
	// +optional
	Comments map[string]CommentStatus `json:"comments,omitempty"`
	// LookForDoubles is when our comments are searched for any that were written
	// twice. Empty when that cannot be.
	// +optional
	LookForDoubles *metav1.Time `json:"lookForDoubles,omitempty"`
	// Doubts are what GitHub refuses and we do not believe yet, because it does
	// so at times while nothing is wrong. They are stored so that the wait does
	// not begin anew when the controller restarts. The latest 20 stay.
	// +listType=atomic
	// +optional
	Doubts []Doubt `json:"doubts,omitempty"`
	// UnservedSince is since when the settings do not list the repository. Empty
	// while they do.
	// +optional
	UnservedSince *metav1.Time `json:"unservedSince,omitempty"`
	// Uncleaned is true while PipelineRuns and ConfigMaps may be left of runs
	// that have left status.runs.
	// +optional
	Uncleaned bool `json:"uncleaned,omitempty"`
	// Summary is what kubectl get shows.
	// +optional
	Summary Summary `json:"summary,omitempty"`
}

// Doubt is something that GitHub refuses, and since when.
type Doubt struct {
	// What is what we wanted of GitHub, such as a label and the state that it is
	// for.
	What string `json:"what"`
	// Since is when GitHub refused it first, by the controller's clock.
	Since metav1.Time `json:"since"`
}

// PullStatus is the pull request as GitHub told it.
type PullStatus struct {
	// Head is the full SHA of the pull request's latest commit.
	Head string `json:"head"`
	// BaseRef is the branch to merge into.
	BaseRef string `json:"baseRef"`
	// Base is the full SHA of a commit of that branch: the latest when GitHub
	// was asked.
	Base string `json:"base"`
	// Author is the login of who opened the pull request.
	Author string `json:"author"`
	// HeadRef is the name of the branch that the pull request is from. Empty
	// when GitHub does not tell.
	// +optional
	HeadRef string `json:"headRef,omitempty"`
	// Open is false once the pull request was merged or closed.
	Open bool `json:"open"`
	// Title is the title of the pull request, shortened where it is long.
	// +optional
	Title string `json:"title,omitempty"`
	// Untrusted is true while the pull request has the label that forbids to run
	// anything of it. The settings name that label.
	// +optional
	Untrusted bool `json:"untrusted,omitempty"`
	// OtherBase is true while the pull request is for a branch that the settings
	// do not list: what that branch says of jobs and of people counts for
	// nothing.
	// +optional
	OtherBase bool `json:"otherBase,omitempty"`
	// AuthorTrusted is true when the policy lets the head run without an
	// approval: its author, everybody who pushed to it and everybody who wrote
	// its commits is trusted.
	// +optional
	AuthorTrusted bool `json:"authorTrusted,omitempty"`
	// Distrusted is the login of one of these people who is not trusted. Empty
	// when all are, or nobody has found that out.
	// +optional
	Distrusted string `json:"distrusted,omitempty"`
	// HeadTold is true when an event told how the head came about: the pull
	// request was opened with it, or it was pushed at headSince. Otherwise
	// nobody knows whether it was there when a command was written.
	// +optional
	HeadTold bool `json:"headTold,omitempty"`
	// HeadSince is GitHub's time of that push. Empty when there was none, or it
	// was not heard.
	// +optional
	HeadSince *metav1.Time `json:"headSince,omitempty"`
	// RepositoryID is GitHub's number of the repository, which stays when it is
	// renamed. 0, or missing, while that is not known.
	// +optional
	RepositoryID int64 `json:"repositoryID,omitempty"`
	// AuthorID is GitHub's number of the author's account, which stays when it
	// is renamed. 0, or missing, while that is not known.
	// +optional
	AuthorID int64 `json:"authorID,omitempty"`
	// Contributors are who wrote the commits. Empty until GitHub was asked.
	// +optional
	Contributors *Contributors `json:"contributors,omitempty"`
	// ReadAt is when GitHub was last asked, by the controller's clock.
	ReadAt metav1.Time `json:"readAt"`
	// SpecGeneration is the metadata.generation for which GitHub was asked. With
	// another one, or 0, it is asked again.
	SpecGeneration int64 `json:"specGeneration"`
}

// Contributors are who wrote the commits of one head, as those say of
// themselves: authors, co-authors and committers.
type Contributors struct {
	// Head is the full SHA of the last of these commits.
	Head string `json:"head"`
	// BaseRef is the branch to merge into, which has none of these commits.
	BaseRef string `json:"baseRef"`
	// People are the accounts, sorted by login.
	// +listType=atomic
	// +optional
	People []Contributor `json:"people,omitempty"`
	// Unmapped is the full SHA of a commit by somebody whose e-mail address
	// belongs to no account on GitHub. Empty when there is none.
	// +optional
	Unmapped string `json:"unmapped,omitempty"`
	// Because says why these are not all. Empty when they are.
	// +optional
	Because string `json:"because,omitempty"`
}

// Contributor is an account on GitHub.
type Contributor struct {
	// Login is the name of the account.
	Login string `json:"login"`
	// ID is GitHub's number of the account. 0, or missing, when that is not
	// known.
	// +optional
	ID int64 `json:"id,omitempty"`
}

// PlanStatus says what merging one head into one base does to the jobs. A
// job is affected when the merge would change what Prow runs for it, or it
// is new.
type PlanStatus struct {
	// Head is the full SHA of the head that was planned.
	Head string `json:"head"`
	// Base is the full SHA of the commit that it was merged into to find that
	// out.
	Base string `json:"base"`
	// BaseRef is the branch of that commit.
	BaseRef string `json:"baseRef"`
	// Tree is the SHA of the git tree that the merge makes. Empty when there is
	// no plan.
	// +optional
	Tree string `json:"tree,omitempty"`
	// Jobs counts all jobs that the repository configures after the merge.
	Jobs int `json:"jobs"`
	// Affected counts the affected jobs. Each is offered, held or excluded.
	Affected int `json:"affected"`
	// Excluded counts the affected jobs that are not part of a run unless they
	// are named, or that cannot be rehearsed.
	Excluded int `json:"excluded"`
	// Removed counts the jobs that base has, and the merge takes away.
	// +optional
	Removed int `json:"removed,omitempty"`
	// Offered counts the affected jobs that are part of a run without being
	// named.
	// +optional
	Offered int `json:"offered,omitempty"`
	// Due counts the affected jobs that should be rehearsed: those that are
	// offered, and those that are not only because they are held or cannot be
	// rehearsed. When there are none, the pull request is acknowledged by
	// itself.
	// +optional
	Due int `json:"due,omitempty"`
	// Digest is a SHA-256 that changes whenever the affected jobs do, or why
	// they are affected. Other commits with the same answer have the same
	// digest. Empty when there is no plan.
	// +optional
	Digest string `json:"digest,omitempty"`
	// Rendered is a SHA-256 that changes whenever the pull request does
	// something else: to the jobs, whether they are rehearsed or not, or to any
	// file that is more than jobs. The commits do not count. Empty when that is
	// not known.
	// +optional
	Rendered string `json:"rendered,omitempty"`
	// Held counts the affected jobs that wait for somebody to approve them.
	// +optional
	Held int `json:"held,omitempty"`
	// Asks is a SHA-256 that changes whenever jobs ask for other privileges
	// beyond those that base grants them. Empty when they ask for none.
	// +optional
	Asks string `json:"asks,omitempty"`
	// Shown is when, by GitHub's clock, the comment came to name this head: what
	// is written later is about it. Empty until the comment does.
	// +optional
	Shown *metav1.Time `json:"shown,omitempty"`
	// AsksSince is when, by GitHub's clock, the comment came to show the
	// privileges that asksShown and asking are about. Nobody can have allowed
	// them before. Empty until the comment shows them.
	// +optional
	AsksSince *metav1.Time `json:"asksSince,omitempty"`
	// AsksShown is true when the comment shows all of these privileges whole:
	// only then may they be allowed all at once.
	// +optional
	AsksShown bool `json:"asksShown,omitempty"`
	// Asking are the jobs that may be allowed by name: those that the comment
	// names beside everything that they ask for. There are at most 500. Empty
	// when none is shown so.
	// +listType=atomic
	// +optional
	Asking []AskingJob `json:"asking,omitempty"`
	// Noted is a hash of what else the comment with the plan says, such as who
	// approved what. When that changes, the comment is written anew.
	// +optional
	Noted string `json:"noted,omitempty"`
	// LookAgain is when planning is tried again, because GitHub did not tell
	// something of another repository, or because there is no plan yet after
	// trying for long. Empty when there is no need.
	// +optional
	LookAgain *metav1.Time `json:"lookAgain,omitempty"`
	// Error says why there is no plan, as the pull request does. Empty when
	// there is one.
	// +optional
	Error string `json:"error,omitempty"`
	// Stopped is there when planning was ended because it took too much, or
	// broke down. It is not tried again for this head.
	// +optional
	Stopped *StoppedPlan `json:"stopped,omitempty"`
}

// Unplanned says since when the affected jobs of a head are looked for.
type Unplanned struct {
	// Head is the full SHA of that head.
	Head string `json:"head"`
	// Since is when that began, by the controller's clock.
	Since metav1.Time `json:"since"`
	// FailingSince is when the first error kept them from being known. Empty
	// while none has.
	// +optional
	FailingSince *metav1.Time `json:"failingSince,omitempty"`
}

// StoppedPlan says why planning was ended.
type StoppedPlan struct {
	// Why completes a sentence about planning, such as "took more than 2
	// minutes".
	Why string `json:"why"`
	// ReadingBase is true when it was the base branch that could not be read.
	// Then it is tried again once that has another commit.
	// +optional
	ReadingBase bool `json:"readingBase,omitempty"`
	// Limits are those of the settings when planning was ended: its time, that
	// for reading base, and memory. With other limits it is tried again.
	Limits string `json:"limits"`
}

// CommitStatus is a commit status that we have set.
type CommitStatus struct {
	// Head is the full SHA of the commit that has it.
	Head string `json:"head"`
	// Context is the name of the status, from the settings.
	Context string `json:"context"`
	// State is what GitHub calls it: success once the pull request is
	// acknowledged or has nothing to rehearse, pending while somebody has
	// something to do, failure when jobs have failed, error when there can be no
	// plan.
	// +kubebuilder:validation:Enum=error;failure;pending;success
	State string `json:"state"`
	// Description is the sentence beside it.
	Description string `json:"description"`
	// Since is when, by GitHub's clock, we first set a status on this commit.
	// Empty when GitHub did not tell.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`
}

// CommentStatus is a comment of ours on the pull request.
type CommentStatus struct {
	// ID is GitHub's number of the comment.
	ID int64 `json:"id"`
	// Hash is of the body that we last wrote. Empty when it has to be written
	// anew.
	Hash string `json:"hash"`
	// At is when that was, by GitHub's clock. Empty when GitHub did not tell.
	// +optional
	At *metav1.Time `json:"at,omitempty"`
}

// Summary is what kubectl get shows.
type Summary struct {
	// Pull is the pull request: org/repo#number.
	// +optional
	Pull string `json:"pull,omitempty"`
	// Head is the beginning of the SHA of the head: 12 characters.
	// +optional
	Head string `json:"head,omitempty"`
	// Run is the name of the latest PipelineRun of the latest run. Empty while
	// that run has none, or there is no run.
	// +optional
	Run string `json:"run,omitempty"`
	// Passed counts the jobs of that run that have passed. Empty when there is
	// no run.
	// +optional
	Passed *int `json:"passed,omitempty"`
	// Failed counts the jobs of that run that have failed. Empty when there is
	// no run.
	// +optional
	Failed *int `json:"failed,omitempty"`
	// State is that of the latest run. Without a run it is Refused when there
	// can be no plan, else Open or Closed, as the pull request.
	// +optional
	State string `json:"state,omitempty"`
}
