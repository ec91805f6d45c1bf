// Package rehearsal names the API group.
package rehearsal

// GroupName is the API group of the Rehearsal resource.
const GroupName = "rehearsal.dev"
