package rehearsal

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain ignores goroutines that other packages start when they are imported.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }
