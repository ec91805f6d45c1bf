// Package v1alpha1 is the contract between the receiver, the controller, the
// tasks and the command line: one Rehearsal per pull request on a config
// repository. Spec is the log of what was reported about the pull request. The
// receiver, the command line and the controller append to it. Status is what the
// controller derived from the log. Only the controller writes it.
//
// +k8s:deepcopy-gen=package
// +groupName=rehearsal.dev
package v1alpha1
