//go:build race

package receiver

// raceDetector says that the tests run under it, which no test can that keeps a processor busy for as long as it may.
const raceDetector = true
