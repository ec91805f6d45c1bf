package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Rehearsal is one pull request on a config repository: what was said about
// it and what became of that.
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

	// Spec is the log of what was heard about the pull request. Others append to
	// it, and the controller trims it.
	Spec RehearsalSpec `json:"spec"`
	// Status is what the controller made of the log. The controller alone writes
	// it. Its conditions are Pulled (GitHub lets us read the pull request),
	// Planned (the affected jobs of the head are known), Reported (the pull
	// request shows all that there is to show) and Ready, which is True when all
	// of these are.
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

	// Items are the Rehearsals.
	Items []Rehearsal `json:"items"`
}

// RehearsalSpec is the log of what was heard about the pull request.
type RehearsalSpec struct {
	// Pull names the pull request. It never changes.
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="a Rehearsal belongs to one pull request for life"
	Pull Pull `json:"pull"`

	// Observed is the latest event heard of the pull request. It only wakes the
	// controller, which reads the truth from GitHub. Empty until one was heard.
	// +optional
	Observed *Observed `json:"observed,omitempty"`

	// Pushes tell who gave the pull request a head, by opening it, by a push, or
	// by opening it again; of each, the latest. These people have made the pull
	// request, and cannot allow it what takes a second person. A key is the
	// login in lower case and, where GitHub told it, a slash and the number of
	// the account; for a pull request that was opened again, followed by
	// /reopened/ and the head that was found there. Nobody is taken out. When
	// 100 are in it, nobody can tell any more who is a second person.
	// +kubebuilder:validation:MaxProperties=100
	// +mapType=atomic
	// +optional
	Pushes map[string]Push `json:"pushes,omitempty"`

	// Commands are the lines that were written to us, in the order in which they
	// were heard. They are appended, and never changed. The controller removes
	// those older than a week, and at once what people wrote who may not
	// command. There is room for 400, and for 49152 characters in all their
	// texts, half of both for one person, so that the whole object stays below
	// etcd's 1.5 MiB. A write that does not make the log longer is never refused
	// for its size.
	// +listType=map
	// +listMapKey=id
	// +kubebuilder:validation:MaxItems=400
	// +kubebuilder:validation:XValidation:rule="size(self) <= size(oldSelf) || self.map(c, size(c.text)).sum() <= 49152",reason=FieldValueForbidden,message="the log is full: it holds 49152 characters at most"
	// +kubebuilder:validation:XValidation:rule="size(self) <= size(oldSelf) || size(self.filter(c, c.by == self[size(self)-1].by)) <= 200",reason=FieldValueForbidden,message="the log is full for the author of the last entry: it holds 200 entries of one person at most"
	// +kubebuilder:validation:XValidation:rule="size(self) <= size(oldSelf) || self.filter(c, c.by == self[size(self)-1].by).map(c, size(c.text)).sum() <= 24576",reason=FieldValueForbidden,message="the log is full for the author of the last entry: it holds 24576 characters of one person at most"
	// +optional
	Commands []Command `json:"commands,omitempty"`

	// Refused tell whose commands found no room in the log, by the login in
	// lower case; of each, the latest. The controller answers them on the pull
	// request, and removes all of these once the latest is a week old.
	// +kubebuilder:validation:MaxProperties=20
	// +mapType=atomic
	// +optional
	Refused map[string]Refusal `json:"refused,omitempty"`
}

// Refusal says that a command found no room in the log.
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
	// Org is the owner of the repository on GitHub: an organisation or a user.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	Org string `json:"org"`
	// Repo is the name of the repository, without its owner.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	Repo string `json:"repo"`
	// Number is the number of the pull request in that repository.
	// +kubebuilder:validation:Minimum=1
	Number int `json:"number"`
}

// Observed is an event that was heard.
type Observed struct {
	// Event is the action of the webhook (opened, synchronize for a push,
	// edited, reopened, closed), or sweep when the controller found the pull
	// request by itself.
	// +kubebuilder:validation:MaxLength=40
	Event string `json:"event"`
	// Head is the full SHA of the head that the event spoke of. Empty when it
	// spoke of none.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	Head string `json:"head,omitempty"`
	// At is GitHub's time of the event.
	At metav1.Time `json:"at"`
}

// MaxPushers is how many people Pushes has room for.
const MaxPushers = 100

// Push says that somebody gave the pull request a head.
type Push struct {
	// Event is the action of the webhook: synchronize for a push, opened or
	// reopened.
	// +kubebuilder:validation:MaxLength=40
	Event string `json:"event"`
	// By is the login of who pushed the head, or opened the pull request with
	// it.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	By string `json:"by"`
	// ID is GitHub's number of that account, which stays when it is renamed. 0,
	// or missing, when GitHub did not tell.
	// +optional
	ID int64 `json:"id,omitempty"`
	// Head is the full SHA of the head.
	// +kubebuilder:validation:MaxLength=64
	Head string `json:"head"`
	// At is GitHub's time of the event.
	At metav1.Time `json:"at"`
}
