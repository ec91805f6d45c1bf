package cluster

import (
	"strings"
	"testing"
)

// TestVerbs checks that every command of the grammar that applies to a pull request
// exists here.
func TestVerbs(t *testing.T) {
	var names []string
	for _, cmd := range Verbs() {
		names = append(names, cmd.Name())
		if strings.Contains(cmd.Long, "`") || cmd.Short == "" {
			t.Errorf("%s: %q, %q", cmd.Name(), cmd.Short, cmd.Long)
		}
	}
	if got := strings.Join(names, " "); got != "ack skip reject approve privileges-allowed network-access-allowed" {
		t.Errorf("the verbs are %s", got)
	}
}
