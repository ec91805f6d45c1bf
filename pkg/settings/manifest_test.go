package settings

import (
	"strings"
	"testing"
)

func TestParseManifest(t *testing.T) {
	head := "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: config-rehearsal\n"
	for _, tc := range []struct {
		name, content string
		// want is the error. If it is empty, the settings are those of a dry run.
		want string
	}{
		{name: "the file", content: "dry_run: true\n"},
		{name: "a broken file", content: "# x\ndry_run: 1\n", want: `f:2: dry_run: is the number 1, not true or false`},
		{name: "a manifest", content: head + "data:\n  _example: x\n  config.yaml: |\n    dry_run: true\n"},
		{name: "a broken manifest", content: head + "data:\n  config.yaml: |-\n    # x\n    dry_run: 1\n  prefixes: /x\n",
			want: "f:8: dry_run: is the number 1, not true or false\nf:9: data.prefixes: is not a known key: all settings are in config.yaml"},
		{name: "among others", content: "kind: ConfigMap\nmetadata: {name: other}\n---\n" + head + "data:\n  config.yaml: |\n    dry_run: true\n"},
		{name: "in quotes", content: head + "data: {config.yaml: \"\\ndry_run: 1\\n\"}\n", want: "f/config.yaml:2: dry_run: is the number 1, not true or false"},
		{name: "JSON", content: `{"kind": "ConfigMap", "metadata": {"name": "config-rehearsal"}, "data": {"config.yaml": "dry_run: true"}}`},
		{name: "another ConfigMap", content: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\ndata: {}\n", want: "f: has Kubernetes objects, but not the ConfigMap config-rehearsal"},
		{name: "no YAML", content: "kind: [\n", want: "f:2: is not YAML"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := ParseManifest("f", []byte(tc.content))
			switch {
			case tc.want == "" && err != nil:
				t.Error(err)
			case tc.want == "" && !s.DryRun:
				t.Errorf("got %+v", s)
			case tc.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tc.want)):
				t.Errorf("error is %v", err)
			}
		})
	}
	if s, err := ParseManifest("f", []byte(head)); err != nil || !equal(s, Defaults()) {
		t.Errorf("no data gives %+v, %v", s, err)
	}
}
