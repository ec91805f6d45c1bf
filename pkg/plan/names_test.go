package plan

import (
	"testing"

	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/layout"
)

// TestNamesOfFiles compares names that are constants here with Prow's.
func TestNamesOfFiles(t *testing.T) {
	if layout.IgnoreFileName != config.ProwIgnoreFileName || layout.VersionFileName != config.ConfigVersionFileName {
		t.Errorf("Prow has %s and %s", config.ProwIgnoreFileName, config.ConfigVersionFileName)
	}
}
