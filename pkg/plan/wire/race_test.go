//go:build race

package wire

// raceDetector says whether the tests run under the race detector, which takes memory of
// its own.
const raceDetector = true
