package yamlline

import (
	"testing"

	"go.uber.org/goleak"
)

// What other packages start as soon as they are linked is not ours to end.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }
