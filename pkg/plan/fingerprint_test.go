package plan

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

// acknowledged returns a config repository and an acknowledged pull request, which
// changes all kinds of jobs, presets and files.
func acknowledged(more int) (base, head map[string]string) {
	job := func(name, part, word string) string {
		return fmt.Sprintf("  - name: %s\n    decorate: true\n    branches: [main]\n    labels: {preset-a: x}\n    spec: {containers: [{image: a, command: [make], args: [%s]}]}\n%s", name, word, part)
	}
	const post = "postsubmits:\n  acme/widget:\n  - {name: publish, decorate: true, spec: {containers: [{image: a, command: [%s]}]}}\n"
	const nightly = "periodics:\n- {name: nightly, interval: 1h, decorate: true, spec: {containers: [{image: a, command: [%s]}]}}\n"
	side := func(word string) map[string]string {
		jobs := "presubmits:\n  acme/widget:\n" + job("unit", "", word) + job("secret", "    hidden: true\n", word) +
			job("deploy", "    annotations: {rehearsal.restricted: 'true'}\n", word) + job("held", "    cluster: build01\n", word) + job("still", "", "still")
		for i := range more {
			jobs += job(fmt.Sprint("many-", i), "", word)
		}
		return map[string]string{
			"prow/config.yaml": "prowjob_namespace: prow\npod_namespace: pods\nplank:\n  default_decoration_config_entries:\n  - config: {timeout: 2h, grace_period: 10s, utility_images: {clonerefs: c, initupload: i, entrypoint: e, sidecar: s}, gcs_configuration: {bucket: b, path_strategy: explicit}, gcs_credentials_secret: s}\n" +
				"deck: {spyglass: {size_limit: 1" + fmt.Sprint(len(word)) + "}}\n",
			"prow/plugins.yaml": "config_updater: {maps: {'text/*.txt': {name: texts}}}\ntriggers: [{repos: [acme/" + word + "]}]\n",
			"jobs/a.yaml":       jobs,
			"jobs/post.yaml":    fmt.Sprintf(post, word),
			"jobs/nightly.yaml": fmt.Sprintf(nightly, word),
			"jobs/presets.yaml": "presets:\n- labels: {preset-a: x}\n  env: [{name: A, value: a}]\n- labels: {preset-unused: x}\n  env: [{name: B, value: " + word + "}]\n",
			"jobs/run.sh":       "echo " + word + "\n", "OWNERS": "approvers: [" + word + "]\n", "README.md": word + "\n", "text/a.txt": word + "\n",
		}
	}
	base, head = side("before"), side("after")
	base["jobs/gone.yaml"] = "presubmits:\n  acme/widget:\n" + job("gone", "", "a") + job("gone-too", "", "a")
	head["jobs/gone.yaml"] = "presubmits:\n  acme/widget:\n" + job("gone-too", "", "a")
	base["jobs/other.yaml"] = "presubmits:\n  acme/other:\n" + job("other", "", "a")
	head["jobs/other.yaml"] = base["jobs/other.yaml"]
	return base, head
}

// fingerprintOf plans a pull request whose base has moved to another commit.
func fingerprintOf(t *testing.T, baseRef string, base, moved, head map[string]string, after func(worktree.Tree)) string {
	t.Helper()
	tree := worktree.New(t)
	lay := func(files map[string]string) string {
		tree.Git("rm", "-r", "--quiet", "--ignore-unmatch", ".")
		for path, content := range files {
			tree.Write(path, content)
		}
		return tree.Commit()
	}
	from := lay(base)
	tip := from
	if moved != nil {
		tip = lay(moved)
	}
	tree.Git("checkout", "--quiet", "--detach", from)
	pull := lay(head)
	if after != nil {
		after(tree)
		pull = tree.Commit()
	}
	planner := NewPlanner(Options{Mirror: func(context.Context, Request) (*repo.Mirror, error) { return tree.Mirror(), nil }})
	result, err := planner.Plan(t.Context(), Request{
		Org: "acme", Repo: "config", BaseRef: baseRef, Base: tip, Head: pull,
		Layout: layout.Layout{ProwConfig: "prow/config.yaml", JobConfig: "jobs", PluginConfig: "prow/plugins.yaml"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if result.Fingerprint == "" {
		t.Fatal("there is no fingerprint")
	}
	return result.Fingerprint
}

// edited returns files with a replacement in one of them.
func edited(t *testing.T, files map[string]string, path, old, new string) map[string]string {
	t.Helper()
	if !strings.Contains(files[path], old) {
		t.Fatalf("%s has no %q", path, old)
	}
	out := maps.Clone(files)
	out[path] = strings.ReplaceAll(files[path], old, new)
	return out
}

// TestFingerprint checks that an acknowledged change and any other change have different
// fingerprints.
func TestFingerprint(t *testing.T) {
	for size, more := range map[string]int{"short": 0, "long": keptJobs + 10} {
		if more > 0 && testing.Short() {
			continue
		}
		base, head := acknowledged(more)
		want := fingerprintOf(t, "main", base, nil, head, nil)
		type variant struct{ base, moved, head map[string]string }
		in := func(path, old, new string) variant { return variant{base, nil, edited(t, head, path, old, new)} }
		with := func(files map[string]string, path, content string) map[string]string {
			out := maps.Clone(files)
			out[path] = content
			return out
		}
		same := map[string]variant{
			"nothing":                      {base, nil, head},
			"a comment on a job":           in("jobs/a.yaml", "presubmits:", "# why\npresubmits:"),
			"the style of a file":          in("jobs/nightly.yaml", "interval: 1h", "interval: \"1h\""),
			"the order of fields":          in("jobs/nightly.yaml", "name: nightly, interval: 1h", "interval: 1h, name: nightly"),
			"base moved elsewhere":         {base, with(base, "README.base", "x"), head},
			"base moved in another job":    {base, edited(t, base, "jobs/other.yaml", "make", "made"), head},
			"a comment in an old job file": {base, nil, with(head, "jobs/other.yaml", "# x\n"+head["jobs/other.yaml"])},
		}
		for name, v := range same {
			t.Run(size+", "+name, func(t *testing.T) {
				if got := fingerprintOf(t, "main", v.base, v.moved, v.head, nil); got != want {
					t.Error("the fingerprint differs")
				}
			})
		}
		others := map[string]variant{
			"a job":                    in("jobs/a.yaml", "name: unit\n", "name: unit\n    max_concurrency: 1\n"),
			"a job's trigger":          in("jobs/a.yaml", "name: unit\n", "name: unit\n    optional: true\n"),
			"a job that was not":       in("jobs/a.yaml", "[still]", "[moves]"),
			"a job that is hidden":     in("jobs/a.yaml", "    hidden: true\n", "    hidden: true\n    optional: true\n"),
			"a job that is shown":      in("jobs/a.yaml", "    hidden: true\n", ""),
			"a job that is restricted": in("jobs/a.yaml", "name: deploy\n", "name: deploy\n    skip_report: true\n"),
			"a job that is held":       in("jobs/a.yaml", "build01", "build02"),
			"a postsubmit":             in("jobs/post.yaml", "after", "again"),
			"a periodic":               in("jobs/nightly.yaml", "after", "again"),
			"a new postsubmit":         {base, nil, with(head, "jobs/new.yaml", strings.Replace(head["jobs/post.yaml"], "publish", "deploy", 1))},
			"another job removed":      {base, nil, with(head, "jobs/gone.yaml", "# none\n")},
			"no job removed":           {base, nil, with(head, "jobs/gone.yaml", base["jobs/gone.yaml"])},
			"an unused preset":         in("jobs/presets.yaml", "name: B", "name: C"),
			"a new unused preset":      {base, nil, with(head, "jobs/p.yaml", "presets:\n- labels: {preset-p: x}\n")},
			"a script":                 in("jobs/run.sh", "echo", "rm"),
			"owners":                   in("OWNERS", "after", "mallory"),
			"a page":                   in("README.md", "after", "again"),
			"plugins":                  in("prow/plugins.yaml", "acme/after", "acme/again"),
			"plugins that do nothing":  in("prow/plugins.yaml", "triggers:", "# x\ntriggers:"),
			"Prow's own configuration": in("prow/config.yaml", "size_limit: 1", "size_limit: 2"),
			"a comment on that":        in("prow/config.yaml", "deck:", "# x\ndeck:"),
			"a text for a ConfigMap":   in("text/a.txt", "after", "again"),
			"a new file":               {base, nil, with(head, "new", "")},
			"a file less":              {base, nil, with(head, "README.md", base["README.md"])},
			"what Prow does not know":  in("jobs/nightly.yaml", "interval: 1h", "intervall: 2h, interval: 1h"),
			"other files than jobs":    {base, nil, with(head, "jobs/.prowignore", "nothing\n")},
			"base moved in a job":      {edited(t, base, "jobs/post.yaml", "name: publish,", "name: publish, max_concurrency: 3,"), nil, edited(t, head, "jobs/post.yaml", "name: publish,", "name: publish, max_concurrency: 3,")},
			"base moved in its preset": {base, edited(t, base, "jobs/presets.yaml", "value: a}", "value: b}"), head},
		}
		for name, v := range others {
			t.Run(size+", "+name, func(t *testing.T) {
				if got := fingerprintOf(t, "main", v.base, v.moved, v.head, nil); got == want {
					t.Error("the fingerprint is the same")
				}
			})
		}
		for name, after := range map[string]func(worktree.Tree){
			"a script that runs": func(w worktree.Tree) {
				if err := os.Chmod(filepath.Join(w.Dir, "jobs/run.sh"), 0o755); err != nil {
					t.Fatal(err)
				}
				w.Git("add", "--all")
			},
			"a link": func(w worktree.Tree) {
				path := filepath.Join(w.Dir, "README.md")
				if err := errors.Join(os.Remove(path), os.Symlink("OWNERS", path)); err != nil {
					t.Fatal(err)
				}
				w.Git("add", "--all")
			},
		} {
			t.Run(size+", "+name, func(t *testing.T) {
				if fingerprintOf(t, "main", base, nil, head, after) == want {
					t.Error("the fingerprint is the same")
				}
			})
		}
		t.Run(size+", another base branch", func(t *testing.T) {
			if fingerprintOf(t, "release", base, nil, head, nil) == want {
				t.Error("the fingerprint is the same")
			}
		})
	}
}

// TestFingerprintOfDefaults checks that everything that determines a job counts, also for
// jobs that only the defaults change.
func TestFingerprintOfDefaults(t *testing.T) {
	base, _ := acknowledged(keptJobs + 10)
	head := edited(t, base, "prow/config.yaml", "timeout: 2h", "timeout: 3h")
	want := fingerprintOf(t, "main", base, nil, head, nil)
	if got := fingerprintOf(t, "main", base, edited(t, base, "OWNERS", "before", "others"), head, nil); got != want {
		t.Error("base moved elsewhere, and the fingerprint differs")
	}
	for name, move := range map[string][3]string{
		"a job of base":    {"jobs/a.yaml", "name: many-7\n", "name: many-7\n    max_concurrency: 1\n"},
		"a preset of base": {"jobs/presets.yaml", "value: a}", "value: b}"},
	} {
		moved := edited(t, base, move[0], move[1], move[2])
		if fingerprintOf(t, "main", base, moved, head, nil) == want {
			t.Errorf("%s: the fingerprint is the same", name)
		}
	}
}
