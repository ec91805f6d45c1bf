package local

import (
	"strings"
	"testing"
)

func FuzzSettings(f *testing.F) {
	f.Add([]byte("prow_config: a\njob_config: b/\nsupplemental_prow_config_dirs: [./c]\n"))
	f.Add([]byte("[]"))
	f.Fuzz(func(t *testing.T, content []byte) {
		s, err := parseSettings(content)
		if err == nil && s.ProwConfig == "" && !strings.ContainsAny(string(content), "/") {
			t.Errorf("accepted without a Prow configuration: %+v", s)
		}
	})
}
