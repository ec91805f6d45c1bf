//go:build race

package receiver

// raceDetector says whether the tests run under the race detector, which makes everything
// slower.
const raceDetector = true
