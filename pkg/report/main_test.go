package report

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain ignores goroutines that other packages start when they are linked.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }
