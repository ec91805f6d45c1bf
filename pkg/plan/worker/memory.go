//go:build !race

package worker

// boundsMemory says that a child limits its memory.
const boundsMemory = true
