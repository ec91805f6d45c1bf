//go:build race

package worker

// boundsMemory says that a child bounds its memory. What the race detector keeps
// beside it counts as data, too, and is terabytes.
const boundsMemory = false
