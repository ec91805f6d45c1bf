//go:build !linux

package repo

// restrict does nothing here: controllers run on Linux, and nothing else fetches.
func restrict(int, Limits) error { return nil }
