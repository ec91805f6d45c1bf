//go:build !linux

package repo

// restrict bounds nothing here: controllers run on Linux, and nobody else fetches.
func restrict(int, Limits) error { return nil }
