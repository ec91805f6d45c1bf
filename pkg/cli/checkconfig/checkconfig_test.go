package checkconfig

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/cli/program"
)

func TestCheckConfigReadsStandardInput(t *testing.T) {
	cmd := New()
	var out bytes.Buffer
	cmd.SetIn(strings.NewReader("kind: ConfigMap\nmetadata: {name: config-rehearsal}\ndata:\n  config.yaml: |\n    prefixs: []\n"))
	cmd.SetOut(&out)
	cmd.SetArgs([]string{"-"})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err := cmd.ExecuteContext(t.Context())
	if err == nil || program.Status(err) != program.ExitRefused || !strings.Contains(err.Error(), "standard input:5: prefixs: is not a setting") {
		t.Errorf("got %v, output\n%s", err, &out)
	}
}
