// Package judging decides what follows from the log of a Rehearsal and from its pull
// request: the verdicts on commands, the runs that there are and that have to end, who
// has vouched for the head, and what the log forgets. All of it is pure: what is to be
// known is handed in.
package judging
