package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	duckv1 "knative.dev/pkg/apis/duck/v1"
)

// Rehearsal is one pull request on a config repository: what was said about it
// and what became of that.
//
// +genclient
// +genreconciler
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=rh
// +kubebuilder:printcolumn:name="Pull",type=string,JSONPath=`.status.summary.pull`
// +kubebuilder:printcolumn:name="Head",type=string,JSONPath=`.status.summary.head`
// +kubebuilder:printcolumn:name="Affected",type=integer,JSONPath=`.status.plan.affected`
// +kubebuilder:printcolumn:name="Run",type=string,JSONPath=`.status.summary.run`
// +kubebuilder:printcolumn:name="Passed",type=integer,JSONPath=`.status.summary.passed`
// +kubebuilder:printcolumn:name="Failed",type=integer,JSONPath=`.status.summary.failed`
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.summary.state`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type Rehearsal struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec RehearsalSpec `json:"spec"`
	// +optional
	Status RehearsalStatus `json:"status,omitempty"`
}

// RehearsalList is a list of Rehearsals.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
// +kubebuilder:object:root=true
type RehearsalList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`

	Items []Rehearsal `json:"items"`
}

// RehearsalSpec is the log of what was heard about the pull request.
type RehearsalSpec struct {
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="a Rehearsal belongs to one pull request for life"
	Pull Pull `json:"pull"`

	// Observed is the latest event heard. It only wakes the controller, which
	// reads the truth from GitHub.
	// +optional
	Observed *Observed `json:"observed,omitempty"`

	// Pushes are who pushed to the pull request, by their login in lower case and the
	// number of their account, with the latest push of each, and who opened it again, by
	// the same, /reopened and the head that they found there. Nobody is taken out: whoever pushed once has a part in what is there.
	// +kubebuilder:validation:MaxProperties=100
	// +mapType=atomic
	// +optional
	Pushes map[string]Push `json:"pushes,omitempty"`

	// Commands are appended, never changed; the controller removes those older
	// than a week, and what those who may not command have written at once. The
	// bounds keep the whole object below etcd's 1.5 MiB, where a character may take
	// six bytes, with all that the controller has to say of them. One person, whose
	// entry is the last, can take half of it; what makes the log no longer is never
	// refused.
	// +listType=map
	// +listMapKey=id
	// +kubebuilder:validation:MaxItems=400
	// +kubebuilder:validation:XValidation:rule="size(self) <= size(oldSelf) || self.map(c, size(c.text)).sum() <= 49152",reason=FieldValueForbidden,message="the log is full: it holds 49152 characters at most"
	// +kubebuilder:validation:XValidation:rule="size(self) <= size(oldSelf) || size(self.filter(c, c.by == self[size(self)-1].by)) <= 200",reason=FieldValueForbidden,message="the log is full for the author of the last entry: it holds 200 entries of one person at most"
	// +kubebuilder:validation:XValidation:rule="size(self) <= size(oldSelf) || self.filter(c, c.by == self[size(self)-1].by).map(c, size(c.text)).sum() <= 24576",reason=FieldValueForbidden,message="the log is full for the author of the last entry: it holds 24576 characters of one person at most"
	// +optional
	Commands []Command `json:"commands,omitempty"`

	// Refused are whose commands found no room in the log, by their login in lower
	// case, with the latest of each: the controller tells them.
	// +kubebuilder:validation:MaxProperties=20
	// +mapType=atomic
	// +optional
	Refused map[string]Refusal `json:"refused,omitempty"`
}

// Refusal is that a command found no room in the log.
type Refusal struct {
	// By is the login of who wrote it.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	By string `json:"by"`
	// At is when it was written, by GitHub's clock.
	At metav1.Time `json:"at"`
}

// Pull names a pull request.
type Pull struct {
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	Org string `json:"org"`
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	Repo string `json:"repo"`
	// +kubebuilder:validation:Minimum=1
	Number int `json:"number"`
}

// Observed is an event that was heard.
type Observed struct {
	// Event is the webhook's action (opened, synchronize, edited, reopened,
	// closed, created) or "sweep".
	// +kubebuilder:validation:MaxLength=40
	Event string `json:"event"`
	// Head is the head SHA that the event spoke of; empty for comments.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	Head string `json:"head,omitempty"`
	// At is GitHub's time of the event.
	At metav1.Time `json:"at"`
}

// MaxPushers is how many people Pushes has room for.
const MaxPushers = 100

// Push is that somebody gave the pull request a head.
type Push struct {
	// Event is the webhook's action: synchronize, opened or reopened.
	// +kubebuilder:validation:MaxLength=40
	Event string `json:"event"`
	// By is the login of who pushed; of a pull request that was opened or reopened,
	// of who did that.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	By string `json:"by"`
	// ID is GitHub's number of that account, which stays when it is renamed; 0 when
	// it was not told.
	// +optional
	ID int64 `json:"id,omitempty"`
	// Head is the full SHA that was pushed.
	// +kubebuilder:validation:MaxLength=64
	Head string `json:"head"`
	// At is GitHub's time of the event.
	At metav1.Time `json:"at"`
}

// RehearsalStatus is what the controller made of the spec.
type RehearsalStatus struct {
	duckv1.Status `json:",inline"`

	// Pull is the pull request as GitHub last told it.
	// +optional
	Pull *PullStatus `json:"pull,omitempty"`
	// Plan is the outcome of the last planning.
	// +optional
	Plan *PlanStatus `json:"plan,omitempty"`
	// Commands are the verdicts on spec.commands. The controller alone writes them,
	// so managedFields need not name each.
	// +listType=atomic
	// +optional
	Commands []CommandStatus `json:"commands,omitempty"`
	// Runs are the runs that were asked for, oldest first. Of those that are over,
	// the latest 100 stay.
	// +listType=atomic
	// +optional
	Runs []RunStatus `json:"runs,omitempty"`
	// Acknowledgement says whether somebody, or a run, vouched for the head.
	// +optional
	Acknowledgement *Acknowledgement `json:"acknowledgement,omitempty"`
	// Unplanned is set while the affected jobs of the head are looked for.
	// +optional
	Unplanned *Unplanned `json:"unplanned,omitempty"`
	// NetworkAccess says whether somebody allowed rehearsals of the head to use
	// the network.
	// +optional
	NetworkAccess *Acknowledgement `json:"networkAccess,omitempty"`
	// HeadApproval lets jobs of a head run that its author may not run alone, or
	// that base does not know. It is void on a push.
	// +optional
	HeadApproval *Approval `json:"headApproval,omitempty"`
	// PrivilegeApproval lets jobs run with what they ask for beyond what base
	// grants them. It is void on a push, and when they ask for something else.
	// +optional
	PrivilegeApproval *Approval `json:"privilegeApproval,omitempty"`
	// CommitStatus is the commit status that was set last.
	// +optional
	CommitStatus *CommitStatus `json:"commitStatus,omitempty"`
	// Comments are the ids of the comments we keep on the pull request, by what
	// they are: "plan", "denied/<login>/<head>".
	// +mapType=atomic
	// +optional
	Comments map[string]CommentStatus `json:"comments,omitempty"`
	// LookForDoubles is when the comments are looked through for such that were
	// written twice. It is set while there may be any.
	// +optional
	LookForDoubles *metav1.Time `json:"lookForDoubles,omitempty"`
	// Doubts are what GitHub says that is not believed yet: it also says so while
	// nothing is wrong. They are stored so that a restart does not begin anew to wait.
	// +listType=atomic
	// +optional
	Doubts []Doubt `json:"doubts,omitempty"`
	// UnservedSince is since when the settings do not list the repository.
	// +optional
	UnservedSince *metav1.Time `json:"unservedSince,omitempty"`
	// Uncleaned is set while there may be PipelineRuns, or what they were to run, of
	// runs that are gone from status.
	Uncleaned bool `json:"uncleaned,omitempty"`
	// Summary feeds the printer columns.
	// +optional
	Summary Summary `json:"summary,omitempty"`
}

// Doubt is something that GitHub says, and since when.
type Doubt struct {
	What  string      `json:"what"`
	Since metav1.Time `json:"since"`
}

// PullStatus is the pull request as GitHub told it.
type PullStatus struct {
	Head    string `json:"head"`
	BaseRef string `json:"baseRef"`
	Base    string `json:"base"`
	Author  string `json:"author"`
	// HeadRef is the name of the head's branch.
	HeadRef string `json:"headRef,omitempty"`
	Open    bool   `json:"open"`
	Title   string `json:"title,omitempty"`
	// Untrusted is set while the pull request has the label that forbids to run
	// anything of it.
	Untrusted bool `json:"untrusted,omitempty"`
	// OtherBase is set while the pull request is for a branch that the settings do
	// not list: what that says of jobs and of people counts for nothing.
	OtherBase bool `json:"otherBase,omitempty"`
	// AuthorTrusted is set when the policy lets the pull requests of its author, and
	// of everybody else who pushed to it or wrote its commits, run without an
	// approval of the head.
	AuthorTrusted bool `json:"authorTrusted,omitempty"`
	// Distrusted is the login of one of them who is not trusted.
	// +optional
	Distrusted string `json:"distrusted,omitempty"`
	// HeadTold is true when an event told how the head came about: by opening
	// the pull request, or by a push at HeadSince. Otherwise nobody knows when
	// it was pushed.
	HeadTold bool `json:"headTold,omitempty"`
	// HeadSince is GitHub's time of that push.
	// +optional
	HeadSince *metav1.Time `json:"headSince,omitempty"`
	// RepositoryID is GitHub's number of the repository, which outlives its name.
	RepositoryID int64 `json:"repositoryID,omitempty"`
	// AuthorID is GitHub's number of the author's account.
	AuthorID int64 `json:"authorID,omitempty"`
	// Contributors are who wrote the commits, once GitHub was asked.
	// +optional
	Contributors *Contributors `json:"contributors,omitempty"`
	// ReadAt is when GitHub was last asked.
	ReadAt metav1.Time `json:"readAt"`
	// SpecGeneration is the metadata.generation for which it was asked.
	SpecGeneration int64 `json:"specGeneration"`
}

// Contributors are who wrote the commits of one head, as those say of themselves:
// authors, co-authors and committers.
type Contributors struct {
	// Head is the SHA of the last commit, BaseRef the branch that they are not in.
	Head    string `json:"head"`
	BaseRef string `json:"baseRef"`
	// People are sorted by login.
	// +optional
	People []Contributor `json:"people,omitempty"`
	// Unmapped is a commit by somebody with an e-mail address that belongs to no
	// account on GitHub.
	// +optional
	Unmapped string `json:"unmapped,omitempty"`
	// Because says why these are not all.
	// +optional
	Because string `json:"because,omitempty"`
}

// Contributor is an account.
type Contributor struct {
	Login string `json:"login"`
	// ID is GitHub's number of it; 0 where that is not known.
	// +optional
	ID int64 `json:"id,omitempty"`
}

// PlanStatus is the outcome of planning one head on one base.
type PlanStatus struct {
	Head    string `json:"head"`
	Base    string `json:"base"`
	BaseRef string `json:"baseRef"`
	// Tree is the merged tree.
	Tree     string `json:"tree,omitempty"`
	Jobs     int    `json:"jobs"`
	Affected int    `json:"affected"`
	Excluded int    `json:"excluded"`
	Removed  int    `json:"removed,omitempty"`
	// Offered counts the affected jobs that are rehearsed without being named, Due
	// those and the ones that would be if they could.
	Offered int `json:"offered,omitempty"`
	Due     int `json:"due,omitempty"`
	// Digest changes whenever the answer does.
	Digest string `json:"digest,omitempty"`
	// Rendered changes whenever the pull request does something else: to the jobs,
	// whether they are rehearsed or not, or to any file that is more than jobs. The
	// commits do not count. It is empty where that is not known.
	Rendered string `json:"rendered,omitempty"`
	// Held counts the jobs that wait for an approval.
	Held int `json:"held,omitempty"`
	// Asks changes whenever jobs ask for other privileges beyond those that base
	// grants them; empty when they ask for none.
	Asks string `json:"asks,omitempty"`
	// Shown is when, by GitHub's clock, the comment came to name this head: words
	// that were written later are about it.
	// +optional
	Shown *metav1.Time `json:"shown,omitempty"`
	// AsksSince is when, by GitHub's clock, the comment came to show what AsksShown
	// and Asking say.
	// +optional
	AsksSince *metav1.Time `json:"asksSince,omitempty"`
	// AsksShown says that the comment shows all of them whole: only then may they
	// be allowed all at once.
	AsksShown bool `json:"asksShown,omitempty"`
	// Asking are the jobs that may be allowed by name: those that the comment names
	// beside everything that they ask for, whole. They are 500 at most.
	// +optional
	Asking []AskingJob `json:"asking,omitempty"`
	// Noted changes whenever there is something else to say beside the plan in
	// its comment; it is of what that says.
	Noted string `json:"noted,omitempty"`
	// LookAgain is when GitHub is asked again for what the plan lacks of other
	// repositories.
	// +optional
	LookAgain *metav1.Time `json:"lookAgain,omitempty"`
	// Error is why there is no plan, as told on the pull request.
	Error string `json:"error,omitempty"`
	// Stopped says that planning was ended. It is not tried again for this head.
	// +optional
	Stopped *StoppedPlan `json:"stopped,omitempty"`
}

// Unplanned is since when the affected jobs of a head are looked for.
type Unplanned struct {
	Head  string      `json:"head"`
	Since metav1.Time `json:"since"`
	// FailingSince is when errors began to keep them from being known.
	// +optional
	FailingSince *metav1.Time `json:"failingSince,omitempty"`
}

// StoppedPlan is a plan that took more than it may, or broke down.
type StoppedPlan struct {
	// Why completes a sentence about planning, such as "took more than 2 minutes".
	Why string `json:"why"`
	// ReadingBase says that it was the base branch that could not be read, which is
	// tried again when that has moved on.
	ReadingBase bool `json:"readingBase,omitempty"`
	// Limits are those of the settings at that time. With others it is tried again.
	Limits string `json:"limits"`
}

// CommitStatus is a commit status that we have set.
type CommitStatus struct {
	Head        string `json:"head"`
	Context     string `json:"context"`
	State       string `json:"state"`
	Description string `json:"description"`
	// Since is when, by GitHub's clock, this head had its first status.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`
}

// CommentStatus is a comment that we keep on the pull request.
type CommentStatus struct {
	ID int64 `json:"id"`
	// Hash is of the body that we last wrote.
	Hash string `json:"hash"`
	// At is when that was, by GitHub's clock.
	// +optional
	At *metav1.Time `json:"at,omitempty"`
}

// Summary feeds the printer columns.
type Summary struct {
	Pull   string `json:"pull,omitempty"`
	Head   string `json:"head,omitempty"`
	Run    string `json:"run,omitempty"`
	Passed *int   `json:"passed,omitempty"`
	Failed *int   `json:"failed,omitempty"`
	State  string `json:"state,omitempty"`
}
