//go:build race

package wire

// raceDetector says whether the tests run under it: it takes memory of its own.
const raceDetector = true
