//go:build race

package plan

// raceDetector says that the tests run under it, which no test can that measures memory, or bounds it.
const raceDetector = true
