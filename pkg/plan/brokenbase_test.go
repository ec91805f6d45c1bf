package plan

import (
	"slices"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

// If the base's own Prow configuration cannot be read, the head's is used in its place.
// What jobs read may still have changed.
func TestConfigMapsOnABrokenBase(t *testing.T) {
	tree := worktree.New(t)
	tree.Write("prow/config.yaml", "plank: [\n")
	tree.Write("prow/plugins.yaml", "config_updater: {maps: {files/a.txt: {name: filled}}}\n")
	tree.Write("files/a.txt", "one\n")
	tree.Write("jobs/a.yaml", "periodics:\n- {name: a, interval: 1h, spec: {containers: [{image: i, envFrom: [{configMapRef: {name: filled}}]}]}}\n- {name: b, interval: 1h, spec: {containers: [{image: i}]}}\n")
	base := tree.Commit()
	tree.Write("prow/config.yaml", "pod_namespace: test-pods\n")
	tree.Write("files/a.txt", "two\n")
	l := layout.Layout{ProwConfig: "prow/config.yaml", JobConfig: "jobs", PluginConfig: "prow/plugins.yaml"}
	result, err := newTestPlanner(tree).Plan(t.Context(), Request{Org: "org", Repo: "config", Base: base, Head: tree.Commit(), Layout: l})
	if err != nil {
		t.Fatal(err)
	}
	const want = "periodic  a !: spec, rehearsed, configmap ConfigMap filled"
	if got := describe(result); !slices.Contains(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
