// Package v1alpha1 is the contract between the receiver, the controller, the
// tasks and the command line: one Rehearsal per pull request on a config
// repository. Spec is the log of what was heard and is appended to by whoever
// hears something; status is what the controller made of it, and is written by
// the controller alone.
//
// +k8s:deepcopy-gen=package
// +groupName=rehearsal.dev
package v1alpha1
