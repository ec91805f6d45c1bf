//go:build race

package worker

// boundsMemory says that a child limits its memory. It does not under the race detector,
// whose own data counts as well and takes terabytes.
const boundsMemory = false
