package configupdater

import (
	"fmt"
	"strings"
	"testing"
)

func TestPatternsAreBounded(t *testing.T) {
	many := "config_updater:\n  maps:\n"
	for i := range 1001 {
		many += fmt.Sprintf("    %d/*: {name: x}\n", i)
	}
	for content, want := range map[string]string{
		"config_updater:\n  maps:\n    ? '" + strings.Repeat("*-", 50_000) + "'\n    : {name: x}\n": "a pattern of more than 1024 bytes",
		many: "more than 1000 patterns",
		"config_updater: {maps: {'a/*': {name: x}}}": "",
	} {
		u, err := parseUpdater([]byte(content))
		if err != nil || want != "" && !strings.Contains(u.err, want) || want == "" && u.err != "" {
			t.Errorf("%.40s: %v, %v", content, u, err)
		}
	}
}
