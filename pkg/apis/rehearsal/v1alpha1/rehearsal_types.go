package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Rehearsal is the resource of one pull request on a config repository: the
// commands that were given, and the state of their runs.
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

	// Spec is the log of what was reported about the pull request. The receiver, the
	// command line and the controller append to it. The controller also trims it.
	Spec RehearsalSpec `json:"spec"`
	// Status is the state of the pull request. Only the controller writes it. Its
	// conditions are Pulled (GitHub lets the controller read the pull request),
	// Planned (the affected jobs of the head are known), Reported (the pull request
	// shows everything that there is to show) and Ready, which is True when the
	// other three are True.
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

// RehearsalSpec is the log of what was reported about the pull request.
type RehearsalSpec struct {
	// Pull names the pull request. It is immutable.
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="a Rehearsal belongs to one pull request for life"
	Pull Pull `json:"pull"`

	// Observed is the latest event of the pull request. It only triggers the
	// controller, which reads the actual state from GitHub. Empty until an event is
	// reported.
	// +optional
	Observed *Observed `json:"observed,omitempty"`

	// Pushes record who opened the pull request, pushed to it, or opened it again.
	// The latest of each is kept. These people cannot give permissions that need a
	// second person. A key is the login in lower case and, when GitHub reported it,
	// a slash and the ID of the account. When the pull request was opened again,
	// /reopened/ and its head at that time follow. Entries are never removed. With
	// 100 entries, it is no longer known who is a second person.
	// +kubebuilder:validation:MaxProperties=100
	// +mapType=atomic
	// +optional
	Pushes map[string]Push `json:"pushes,omitempty"`

	// Commands are the command lines, in the order in which they were reported.
	// Entries are appended and never changed. The controller removes entries older
	// than a week, and immediately those of people who may not give commands. The
	// limits are 400 entries and 49152 characters in all texts, and half of that per
	// person, so that the whole object stays below etcd's 1.5 MiB. A write that does
	// not add entries is never refused for its size.
	// +listType=map
	// +listMapKey=id
	// +kubebuilder:validation:MaxItems=400
	// +kubebuilder:validation:XValidation:rule="size(self) <= size(oldSelf) || self.map(c, size(c.text)).sum() <= 49152",reason=FieldValueForbidden,message="the log is full: it holds 49152 characters at most"
	// +kubebuilder:validation:XValidation:rule="size(self) <= size(oldSelf) || size(self.filter(c, c.by == self[size(self)-1].by)) <= 200",reason=FieldValueForbidden,message="the log is full for the author of the last entry: it holds 200 entries of one person at most"
	// +kubebuilder:validation:XValidation:rule="size(self) <= size(oldSelf) || self.filter(c, c.by == self[size(self)-1].by).map(c, size(c.text)).sum() <= 24576",reason=FieldValueForbidden,message="the log is full for the author of the last entry: it holds 24576 characters of one person at most"
	// +optional
	Commands []Command `json:"commands,omitempty"`

	// Refused records whose commands did not fit in the log. The key is the login in
	// lower case; the latest refusal of each person is kept. The controller reports
	// the refusals on the pull request, and removes all of them once the latest is a
	// week old.
	// +kubebuilder:validation:MaxProperties=20
	// +mapType=atomic
	// +optional
	Refused map[string]Refusal `json:"refused,omitempty"`
}

// Refusal records that a command did not fit in the log.
type Refusal struct {
	// By is the login of the author of the command.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	By string `json:"by"`
	// At is when the command was written, by GitHub's clock.
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

// Observed is an event of the pull request.
type Observed struct {
	// Event is the action of the webhook (opened, synchronize for a push, edited,
	// reopened, closed), or sweep when the controller found the pull request by
	// polling GitHub.
	// +kubebuilder:validation:MaxLength=40
	Event string `json:"event"`
	// Head is the full SHA of the head in the event. Empty when the event has none.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	Head string `json:"head,omitempty"`
	// At is the time of the event, by GitHub's clock.
	At metav1.Time `json:"at"`
}

// MaxPushers is the limit on the number of entries in RehearsalSpec.Pushes.
const MaxPushers = 100

// Push records that a person set the head of the pull request.
type Push struct {
	// Event is the action of the webhook: synchronize for a push, opened or
	// reopened.
	// +kubebuilder:validation:MaxLength=40
	Event string `json:"event"`
	// By is the login of the person who pushed the head, or opened the pull request
	// with it.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	By string `json:"by"`
	// ID is GitHub's ID of that account. It stays the same when the account is
	// renamed. 0 or missing when GitHub did not report it.
	// +optional
	ID int64 `json:"id,omitempty"`
	// Head is the full SHA of the head.
	// +kubebuilder:validation:MaxLength=64
	Head string `json:"head"`
	// At is the time of the event, by GitHub's clock.
	At metav1.Time `json:"at"`
}
