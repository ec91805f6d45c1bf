package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

// TestEnormous plans heads that would take all memory, or years, and checks the refusals.
// If a case does not end, its limit is missing.
func TestEnormous(t *testing.T) {
	sized(t)
	list := func(line string, n int) string { return strings.Repeat(line, n) }
	jobs := func(head string, n int, job func(i int) string) string {
		var b strings.Builder
		b.WriteString(head)
		for i := range n {
			b.WriteString(job(i))
		}
		return b.String()
	}
	tooMany := "more than 200000 list items and mappings: split it into several files"
	for name, tc := range map[string]struct{ path, content, want string }{
		"empty mappings":       {"jobs/x.yaml", "a: [" + list("{},", 1_000_000) + "]", tooMany},
		"compressed":           {"jobs/x.yaml", compressed(t, "presubmits:\n  a/b:\n"+list("  - {}\n", 300_000)), tooMany},
		"nulls":                {"jobs/x.yaml", "periodics:\n" + list("-\n", 1_000_000), tooMany},
		"aliases":              {"jobs/x.yaml", "x: &x [" + list("{},", 1000) + "]\ny: [" + list("*x,", 300) + "]", "document contains excessive aliasing"},
		"empty jobs":           {"jobs/x.yaml", "periodics:\n" + list("- {}\n", 50_000), "more than 20000 jobs: split it into several files"},
		"main file":            {"prow/config.yaml", "tide: [" + list("{},", 1_000_000) + "]", tooMany},
		"jobs of one name":     {"jobs/x.yaml", jobs("presubmits:\n  a/b:\n", 1000, func(i int) string { return fmt.Sprintf("  - {name: j, branches: [b%d], %s}\n", i, spec) }), "more than 500 presubmit jobs of a/b are called j"},
		"presets":              {"jobs/x.yaml", jobs("presets:\n", 5001, func(i int) string { return fmt.Sprintf("- {labels: {a: x%d}}\n", i) }), "more than 5000 presets"},
		"presets of one label": {"jobs/x.yaml", jobs("presets:\n", 300, func(int) string { return "- {labels: {a: b}}\n" }), "more than 200 presets ask for the label a: b"},
		"presets for all":      {"jobs/x.yaml", jobs("presets:\n", 300, func(i int) string { return fmt.Sprintf("- {env: [{name: E%d}]}\n", i) }), "more than 200 presets are for all jobs"},
		"expressions":          {"jobs/x.yaml", jobs("presubmits:\n  a/b:\n", 100, func(i int) string { return fmt.Sprintf("  - {name: j%d, run_if_changed: '\\pL{50}', %s}\n", i, spec) }), "regular expressions that are too long together"},
		"branches":             {"jobs/x.yaml", jobs("postsubmits:\n  a/b:\n", 100, func(i int) string { return fmt.Sprintf("  - {name: j%d, branches: ['\\pL{50}'], %s}\n", i, spec) }), "regular expressions that are too long together"},
		"skip_branches": {"jobs/x.yaml", jobs("postsubmits:\n  a/b:\n", 100, func(i int) string {
			return fmt.Sprintf("  - {name: j%d, skip_branches: ['\\pL{50}'], %s}\n", i, spec)
		}), "regular expressions that are too long together"},
		"triggers in the main file": {"prow/config.yaml", jobs("presubmits:\n  a/b:\n", 100, func(i int) string {
			return fmt.Sprintf("  - {name: j%d, trigger: '\\pL{50}', rerun_command: x, %s}\n", i, spec)
		}), "regular expressions that are too long together"},
		"jobs of the main file": {"prow/config.yaml", "periodics:\n" + list("- {}\n", 50_000), "more than 20000 jobs"},
		"an expression":         {"jobs/x.yaml", jobs("presubmits:\n  a/b:\n", 1, func(int) string { return fmt.Sprintf("  - {name: j, run_if_changed: '\\pL{500}', %s}\n", spec) }), "job j has a regular expression of more than 50000 instructions"},
		"nested repetition": {"jobs/x.yaml", jobs("presubmits:\n  a/b:\n", 1, func(int) string {
			return fmt.Sprintf("  - {name: j, branches: ['%s'], %s}\n", list("(a{1,100}){1,9}", 400), spec)
		}), "job j has a regular expression of more than 50000 instructions"},
		"branches of a job": {"jobs/x.yaml", jobs("presubmits:\n  a/b:\n", 1, func(int) string { return fmt.Sprintf("  - {name: j, branches: [%s], %s}\n", list("main,", 2000), spec) }), "job j has branches of more than 8 KiB together"},
		"branches of namesakes": {"jobs/x.yaml", jobs("presubmits:\n  a/b:\n", 400, func(i int) string {
			return fmt.Sprintf("  - {name: j, branches: [%s], %s}\n", jobs("", 400, func(k int) string { return fmt.Sprintf("b%d-%d,", i, k) }), spec)
		}), "more than 500000000 steps to compare"},
		"a long quantity":     {"jobs/x.yaml", "periodics:\n- {name: j, interval: 1h, spec: {containers: [{resources: {requests: {cpu: '" + list("9", 1_000_000) + "'}}}]}}\n", "a number of more than 1000 digits"},
		"default decorations": {"prow/config.yaml", jobs("plank:\n  default_decoration_config_entries:\n", 5001, func(i int) string { return fmt.Sprintf("  - {repo: a/b%d, config: {%s}}\n", i, decorated) }), "more than 5000 default decorations"},
		"one context": {"jobs/x.yaml", jobs("presubmits:\n  a/b:\n", 1000, func(i int) string {
			return fmt.Sprintf("  - {name: j%d, context: c, branches: [b%d], %s}\n", i, i, spec)
		}), "more than 500 presubmit jobs of a/b report to the context c"},
	} {
		t.Run(name, func(t *testing.T) {
			tree := worktree.New(t)
			tree.Write("prow/config.yaml", "{}")
			tree.Write("prow/extra/README", "x")
			tree.Write("jobs/a.yaml", periodic("a"))
			base := tree.Commit()
			tree.Write(tc.path, tc.content)
			head := tree.Commit()
			tree.Git("rm", "--quiet", "--force", tc.path)
			tree.Write("prow/config.yaml", "{}")
			repaired := tree.Commit()
			req := Request{Org: "org", Repo: "config", Base: base, Head: head, Layout: scenery}
			result, err := newTestPlanner(tree).Plan(t.Context(), req)
			if err == nil || result == nil || !Terminal(err) || !strings.HasPrefix(err.Error(), tc.path+": ") || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("err = %.300v; want %s", err, tc.want)
			}
			req.Base, req.Head = head, repaired
			if _, err = newTestPlanner(tree).Plan(t.Context(), req); err != nil && !strings.HasPrefix(err.Error(), "the base branch is broken already: "+tc.path) {
				t.Errorf("with it in base: %.300v", err)
			}
		})
	}
}

// decorated is a decoration that Prow accepts.
const decorated = "timeout: 2h, grace_period: 15m, utility_images: {clonerefs: a, initupload: a, entrypoint: a, sidecar: a}, gcs_credentials_secret: s, gcs_configuration: {bucket: b, path_strategy: explicit}"

// TestBombInTheTree plans with a directory of billions of files, at base or in the head.
func TestBombInTheTree(t *testing.T) {
	sized(t)
	tree := worktree.New(t)
	tree.Write("prow/config.yaml", "{}")
	tree.Write("prow/extra/README", "x")
	tree.Write("jobs/a.yaml", periodic("a"))
	tree.Write("bomb/f0.yaml", "{}")
	base := tree.Commit()
	object := tree.Git("rev-parse", "HEAD:bomb")
	for range 7 {
		var lines strings.Builder
		for i := range 10 {
			fmt.Fprintf(&lines, "040000 tree %s\td%d\n", object, i)
		}
		object = tree.GitWith(lines.String(), "mktree")
	}
	jobs := tree.GitWith(tree.Git("ls-tree", "HEAD:jobs")+"\n040000 tree "+object+"\tx\n", "mktree")
	root := tree.GitWith(strings.ReplaceAll(tree.Git("ls-tree", "HEAD"), tree.Git("rev-parse", "HEAD:jobs"), jobs)+"\n", "mktree")
	head := tree.Git("commit-tree", "-m", "x", "-p", base, root)
	req := Request{Org: "org", Repo: "config", Base: base, Head: head, Layout: scenery}
	result, err := newTestPlanner(tree).Plan(t.Context(), req)
	if result == nil || !Terminal(err) || !strings.HasPrefix(errorText(err), "the repository ") {
		t.Errorf("err = %v", err)
	}
	req.Base, req.Head = head, head
	result, err = newTestPlanner(tree).Plan(t.Context(), req)
	if result == nil || !Terminal(err) || !strings.HasPrefix(errorText(err), "the base branch is broken already: the repository has more than 500000 files") {
		t.Errorf("base: err = %v", err)
	}
}

func TestLongPatterns(t *testing.T) {
	many := "config_updater:\n  maps:\n"
	for i := range 1001 {
		many += fmt.Sprintf("    %d/*: {name: x}\n", i)
	}
	for content, want := range map[string]string{
		"config_updater:\n  maps:\n    ? '" + strings.Repeat("*-", 50_000) + "'\n    : {name: x}\n": "a pattern of more than 1024 bytes",
		many: "more than 1000 patterns",
	} {
		tree := worktree.New(t)
		tree.Write("prow/config.yaml", "{}\n")
		tree.Write("prow/plugins.yaml", "{}\n")
		base := tree.Commit()
		tree.Write("prow/plugins.yaml", content)
		l := layout.Layout{ProwConfig: "prow/config.yaml", PluginConfig: "prow/plugins.yaml"}
		result, err := newTestPlanner(tree).Plan(t.Context(), Request{Org: "org", Repo: "config", Base: base, Head: tree.Commit(), Layout: l})
		if err != nil || len(result.Warnings) != 1 || !strings.HasPrefix(result.Warnings[0], "prow/plugins.yaml: config-updater does not take this: "+want) {
			t.Errorf("%.40s: %v, %v", content, result, err)
		}
	}
}
