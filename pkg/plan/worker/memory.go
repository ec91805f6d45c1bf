//go:build !race

package worker

// boundsMemory says that a child bounds its memory.
const boundsMemory = true
