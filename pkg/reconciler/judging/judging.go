// Package judging decides what follows from the command log of a Rehearsal and from its
// pull request: the decisions on commands, the runs that exist and that have to end, who
// has acknowledged the head, and what is deleted from the log. It is pure: callers pass in
// all facts.
package judging
