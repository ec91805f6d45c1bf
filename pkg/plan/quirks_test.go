package plan

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

// quirk checks each step from one revision to the next, with warm and cold caches.
func quirk(t *testing.T, name string, scenes ...map[string]string) {
	quirkAt(t, scenery, name, scenes...)
}

func quirkAt(t *testing.T, settings layout.Layout, name string, scenes ...map[string]string) {
	t.Run(name, func(t *testing.T) {
		loader := &truths{worktree.New(t), settings, map[string]truth{}}
		h := &history{}
		parent := 0
		for _, files := range scenes {
			s := &scene{raw: map[string]string{"prow/extra/README": "x"}, links: map[string]string{}, modules: map[string]string{}}
			for p, c := range files {
				switch {
				case strings.HasPrefix(c, "-> "):
					s.links[p] = c[3:]
				case strings.HasPrefix(c, "@"):
					s.modules[p] = strings.Repeat(c[1:], 40)
				default:
					s.raw[p] = c
				}
			}
			parent = h.commit(s, parent)
		}
		shas := h.write(loader.tree)
		mirror := func(context.Context, Request) (*repo.Mirror, error) { return loader.tree.Mirror(), nil }
		warm := NewPlanner(Options{Mirror: mirror, Workers: 2})
		for i := 1; i+1 < len(shas); i++ {
			req := Request{Org: "org", Repo: "config", Base: shas[i], Head: shas[i+1], Layout: settings}
			before, after := loader.of(req.Base), loader.of(req.Head)
			for name, p := range map[string]*Incremental{"warm": warm, "cold": NewPlanner(Options{Mirror: mirror, Workers: 1})} {
				result, err := p.Plan(t.Context(), req)
				if text := disagreement(t.Context(), before, after, result, err); text != "" {
					t.Errorf("step %d %s: %s", i, name, text)
				}
			}
		}
	})
}

// spec is a pod that Prow accepts.
const spec = "spec: {containers: [{image: i, command: [c]}]}"

// with returns files with additional ones, and without those whose content is "".
func with(files map[string]string, more ...string) map[string]string {
	out := map[string]string{}
	for k, v := range files {
		out[k] = v
	}
	for i := 0; i < len(more); i += 2 {
		if more[i+1] == "" {
			delete(out, more[i])
		} else {
			out[more[i]] = more[i+1]
		}
	}
	return out
}

// TestQuirks has cases that are easy to plan wrongly.
func TestQuirks(t *testing.T) {
	whole := func(timeout, path string) string {
		return "plank: {default_decoration_config_entries: [{config: {timeout: " + timeout + ", utility_images: {clonerefs: c, initupload: i, entrypoint: e, sidecar: s}, gcs_configuration: {bucket: b, path_strategy: " + path + "}, gcs_credentials_secret: g}}]}\n"
	}
	base := map[string]string{
		"prow/config.yaml": whole("1h", "explicit"),
		"jobs/a.yaml":      "periodics: [{name: a, interval: 1h, decorate: true, " + spec + "}]\n",
	}
	quirk(t, "custom agent, decoration becomes invalid",
		with(base, "jobs/b.yaml", "periodics: [{name: b, interval: 1h, agent: custom, decorate: true, "+spec+"}]\n", "jobs/a.yaml", "periodics: []\n"),
		with(base, "jobs/b.yaml", "periodics: [{name: b, interval: 1h, agent: custom, decorate: true, "+spec+"}]\n", "jobs/a.yaml", "periodics: []\n", "prow/config.yaml", whole("1h", "odd")))
	quirk(t, "custom agent, becomes valid",
		with(base, "jobs/b.yaml", "periodics: [{name: b, interval: 1h, agent: custom, decorate: true, "+spec+"}]\n", "jobs/a.yaml", "periodics: []\n", "prow/config.yaml", whole("1h", "odd")),
		with(base, "jobs/b.yaml", "periodics: [{name: b, interval: 1h, agent: custom, decorate: true, "+spec+"}]\n", "jobs/a.yaml", "periodics: []\n"))
	quirk(t, "invalid decoration is fixed", with(base, "prow/config.yaml", whole("1h", "odd")), base, with(base, "prow/config.yaml", whole("2h", "explicit")))
	quirk(t, "invalid decoration stays invalid otherwise", with(base, "prow/config.yaml", whole("1h", "odd")), with(base, "prow/config.yaml", whole("2h", "odd")), base)
	quirk(t, "linked prow config",
		with(base, "prow/config.yaml", "-> ../real.yaml", "real.yaml", base["prow/config.yaml"]+"periodics: [{name: m, interval: 1h, "+spec+"}, {name: n, interval: 1h, "+spec+"}]\n"),
		with(base, "prow/config.yaml", "-> ../real.yaml", "real.yaml", base["prow/config.yaml"]+"periodics: [{name: m, interval: 1h, cluster: x, "+spec+"}]\n"))
	quirk(t, "link through a linked directory",
		base, with(base, "jobs/c.yaml", "-> ../dir/x.yaml", "dir", "-> real", "real/x.yaml", "periodics: [{name: x, interval: 1h, "+spec+"}]\n"))
	quirk(t, "link to a directory", base, with(base, "jobs/c.yaml", "-> d", "jobs/d/README", "x"))
	quirk(t, "dead link", base, with(base, "jobs/c.yaml", "-> nowhere"))
	quirk(t, "dead link, ignored", base, with(base, "jobs/c.yaml", "-> nowhere", "jobs/.prowignore", "c.yaml\n"))
	quirk(t, "linked ignore file", base, with(base, "jobs/.prowignore", "-> ../ignore", "ignore", "a.yaml\n"))
	quirk(t, "utf-16 presets, cold",
		with(base, "jobs/p.yaml", utf16("presets: [{labels: {p: 'x'}, env: [{name: A, value: a}]}]\n"), "jobs/a.yaml", "periodics: [{name: a, interval: 1h, labels: {p: x}, "+spec+"}]\n"),
		with(base, "jobs/p.yaml", utf16("presets: [{labels: {p: 'x'}, env: [{name: A, value: b}]}]\n"), "jobs/a.yaml", "periodics: [{name: a, interval: 1h, labels: {p: x}, "+spec+"}]\n"))
	quirk(t, "utf-16 presets, job changes",
		with(base, "jobs/p.yaml", utf16("presets: [{labels: {p: 'x'}, env: [{name: A, value: a}]}]\n"), "jobs/a.yaml", "periodics: [{name: a, interval: 1h, labels: {p: x}, "+spec+"}]\n"),
		with(base, "jobs/p.yaml", utf16("presets: [{labels: {p: 'x'}, env: [{name: A, value: a}]}]\n"), "jobs/a.yaml", "periodics: [{name: a, interval: 1h, labels: {p: x}, spec: {containers: [{env: [{name: A, value: x}]}]}}]\n"))
	quirk(t, "escaped jobs in main",
		with(base, "prow/config.yaml", `{"\x70eriodics": [{"name": "m", "interval": "1h", "spec": {"containers": [{"image": "i"}]}}]}`, "jobs/a.yaml", "presets: [{labels: {p: x}, env: [{name: A, value: a}]}]"),
		with(base, "prow/config.yaml", `{"\x70eriodics": [{"name": "m", "interval": "1h", "labels": {"p": "x"}, "spec": {"containers": [{"image": "i"}]}}]}`, "jobs/a.yaml", "presets: [{labels: {p: x}, env: [{name: A, value: a}]}]"))
	quirk(t, "numbers too large for a float",
		with(base, "jobs/a.yaml", "periodics: [{name: a, interval: 1h, max_concurrency: 9007199254740993, "+spec+"}]\n"),
		with(base, "jobs/a.yaml", "periodics: [{name: a, interval: 1h, max_concurrency: 9007199254740992, "+spec+"}]\n"))
	big := "plank: {default_decoration_config_entries: [{config: {timeout: 1h, utility_images: {clonerefs: c, initupload: i, entrypoint: e, sidecar: s}, gcs_configuration: {bucket: b, path_strategy: explicit}, gcs_credentials_secret: g, censoring_options: {censoring_buffer_size: %}}}]}\nperiodics: [{name: m, interval: 1h, " + spec + "}]\n"
	quirk(t, "numbers in main with jobs",
		with(base, "prow/config.yaml", strings.ReplaceAll(big, "%", "9007199254740993")),
		with(base, "prow/config.yaml", strings.ReplaceAll(big, "%", "9007199254740992")),
		with(base, "prow/config.yaml", strings.ReplaceAll(big, "%", "1000000000000000000000")))
	quirk(t, "two presets without labels",
		with(base, "jobs/p.yaml", "presets: [{env: [{name: A, value: a}]}, {env: [{name: B, value: b}]}]\n"),
		with(base, "jobs/p.yaml", "presets: [{env: [{name: B, value: b}]}, {env: [{name: A, value: a}]}]\n"),
		with(base, "jobs/p.yaml", "presets: [{env: [{name: B, value: b}]}]\n"))
	quirk(t, "duplicates at base, one removed",
		with(base, "jobs/b.yaml", "periodics: [{name: a, interval: 1h, decorate: true, "+spec+"}]\n"), base, with(base, "jobs/b.yaml", "periodics: [{name: a, interval: 1h, decorate: true, "+spec+"}]\n"))
	quirk(t, "duplicate differing, the first removed",
		with(base, "jobs/b.yaml", "periodics: [{name: a, interval: 2h, agent: jenkins, decorate: true, "+spec+"}]\n"), base, with(base, "jobs/a.yaml", "", "jobs/b.yaml", "periodics: [{name: a, interval: 2h, agent: jenkins, decorate: true, "+spec+"}]\n"), base)
	quirk(t, "job file becomes a directory", base, with(base, "jobs/a.yaml", "", "jobs/a.yaml/a.yaml", base["jobs/a.yaml"]), base)
	quirk(t, "all job files go", base, with(base, "jobs/a.yaml", "", "jobs/README", "x"), with(base, "jobs/a.yaml", ""))
	quirk(t, "extra goes", base, with(base, "prow/extra/README", ""))
	quirk(t, "config broken then repaired",
		base, with(base, "prow/config.yaml", "]"), with(base, "prow/config.yaml", "pod_namespace: x\n", "jobs/c.yaml", "periodics: [{name: c, interval: 1h, "+spec+"}]\n"), base)
	quirk(t, "config broken by jobs, repaired elsewhere",
		base, with(base, "prow/config.yaml", base["prow/config.yaml"]+"periodics: {}\n"), with(base, "prow/config.yaml", "plank: []\n"), base)
	quirk(t, "mode change", base, base)
	quirk(t, "merge keys",
		with(base, "jobs/a.yaml", "x: &x {labels: {a: b}, interval: 1h}\nperiodics: [{<<: *x, name: a, "+spec+"}]\n"),
		with(base, "jobs/a.yaml", "x: &x {labels: {a: c}, interval: 1h}\nperiodics: [{<<: *x, name: a, "+spec+"}]\n"))
	quirk(t, "nul in branches", base,
		with(base, "jobs/b.yaml", "presubmits: {o/r: [{name: x, branches: [\"a\\0-b\"], "+spec+"}, {name: x, branches: [a], skip_branches: [b], "+spec+"}]}\n"))
	quirk(t, "same key twice in other case", base,
		with(base, "jobs/b.yaml", "Presubmits: {o/r: [{name: x, "+spec+"}]}\npresubmits: {o/r: [{name: yy, "+spec+"}], o/s: [{name: z, "+spec+"}]}\nperiodics: []\nPERIODICS: [{name: c, interval: 1h, "+spec+"}]\n"))
	quirk(t, "same keys in main in other case", base,
		with(base, "prow/config.yaml", base["prow/config.yaml"]+"Presubmits: {o/r: [{name: x, "+spec+"}]}\npresubmits: {o/r: [{name: yy, "+spec+"}], o/s: [{name: z, "+spec+"}]}\nperiodics: []\nPERIODICS: [{name: c, interval: 1h, "+spec+"}]\n"))
	quirk(t, "undecorated containers",
		with(base, "jobs/a.yaml", "periodics: [{name: a, interval: 1h, spec: {containers: [{name: a, command: [c]}, {name: b, command: [c]}]}}]\n", "prow/config.yaml", "decorate_all_jobs: true\n"+whole("1h", "explicit")),
		with(base, "jobs/a.yaml", "periodics: [{name: a, interval: 1h, spec: {containers: [{name: a, command: [c]}, {name: b, command: [c]}]}}]\n", "prow/config.yaml", whole("1h", "explicit")))
}

func utf16(s string) string {
	out := []byte{0xff, 0xfe}
	for _, r := range s {
		out = append(out, byte(r), byte(r>>8))
	}
	return string(out)
}

// history writes commits without a work tree.
type history struct {
	bytes.Buffer
	marks int
}

func (h *history) blob(mode, path, content string) {
	_, _ = fmt.Fprintf(h, "M %s inline %s\ndata %d\n%s\n", mode, path, len(content), content)
}

// commit adds a commit and returns its mark.
func (h *history) commit(s *scene, parent int) int {
	h.marks++
	_, _ = fmt.Fprintf(h, "commit refs/heads/c%d\nmark :%d\ncommitter a <a@example.com> 0 +0000\ndata 0\n", h.marks, h.marks)
	if parent > 0 {
		_, _ = fmt.Fprintf(h, "from :%d\ndeleteall\n", parent)
	}
	for _, p := range slices.Sorted(maps.Keys(s.files)) {
		h.blob("100644", p, s.text(p))
	}
	for _, p := range slices.Sorted(maps.Keys(s.raw)) {
		h.blob("100644", p, s.raw[p])
	}
	for _, p := range slices.Sorted(maps.Keys(s.links)) {
		h.blob("120000", p, s.links[p])
	}
	for _, p := range slices.Sorted(maps.Keys(s.modules)) {
		_, _ = fmt.Fprintf(h, "M 160000 %s %s\n", s.modules[p], p)
	}
	return h.marks
}

func (h *history) write(tree worktree.Tree) []string {
	marks := filepath.Join(tree.T.TempDir(), "marks")
	cmd := exec.Command("git", "fast-import", "--quiet", "--export-marks="+marks)
	cmd.Dir, cmd.Stdin = tree.Dir, &h.Buffer
	if out, err := cmd.CombinedOutput(); err != nil {
		tree.T.Fatalf("git fast-import: %v\n%s", err, out)
	}
	raw, err := os.ReadFile(marks)
	if err != nil {
		tree.T.Fatal(err)
	}
	shas := make([]string, h.marks+1)
	for _, line := range strings.Split(strings.TrimSpace(string(raw)), "\n") {
		mark, sha, _ := strings.Cut(strings.TrimPrefix(line, ":"), " ")
		n, _ := strconv.Atoi(mark)
		shas[n] = sha
	}
	return shas
}

// TestLargeIgnoreFile has rules for which Prow's parser would need gigabytes of stack.
func TestLargeIgnoreFile(t *testing.T) {
	tree := worktree.New(t)
	tree.Write("prow/config.yaml", "{}")
	tree.Write("jobs/a.yaml", "periodics: [{name: a, interval: 1h, "+spec+"}]\n")
	base := tree.Commit()
	tree.Write("jobs/.prowignore", strings.Repeat("- ", 64<<10))
	head := tree.Commit()
	mirror := func(context.Context, Request) (*repo.Mirror, error) { return tree.Mirror(), nil }
	settings := layout.Layout{ProwConfig: "prow/config.yaml", JobConfig: "jobs"}
	planner := NewPlanner(Options{Mirror: mirror})
	_, err := planner.Plan(t.Context(), Request{Base: base, Head: head, Layout: settings})
	if want := "jobs/.prowignore: larger than 64 KiB"; err == nil || err.Error() != want {
		t.Errorf("err = %v; want %s", err, want)
	}
	tree.Git("rm", "--quiet", "jobs/.prowignore")
	if _, err = planner.Plan(t.Context(), Request{Base: head, Head: tree.Commit(), Layout: settings}); err != nil {
		t.Errorf("taking it away again: %v", err)
	}
}
