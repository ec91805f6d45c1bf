package settings

import (
	"testing"

	"go.uber.org/goleak"
)

// IgnoreCurrent ignores goroutines that imported packages start in init functions.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }
