//go:build race

package receiver

// raceDetector says whether the tests run under it: it makes everything slower.
const raceDetector = true
