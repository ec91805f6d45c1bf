package repo

import (
	"testing"

	"go.uber.org/goleak"
)

// Goroutines that other packages start in their init functions are ignored.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }
