package plan

import (
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/layout"
)

// periodic returns a job file with one job.
func periodic(name string) string {
	return "periodics: [{name: " + name + ", interval: 1h, " + spec + "}]\n"
}

// TestLayouts compares layouts of files with what Prow loads from them.
func TestLayouts(t *testing.T) {
	base := map[string]string{"prow/config.yaml": "{}\n", "jobs/a.yaml": periodic("a")}
	quirk(t, "order of branches in expressions", base,
		with(base, "jobs/b.yaml", "presubmits: {o/r: [{name: x, branches: [B], "+spec+"}, {name: x, skip_branches: [b, (?i)m], "+spec+"}]}\n"),
		with(base, "jobs/b.yaml", "presubmits: {o/r: [{name: x, branches: [B], "+spec+"}, {name: x, skip_branches: [(?i)m, b], "+spec+"}]}\n"),
		with(base, "jobs/b.yaml", "presubmits: {o/r: [{name: x, branches: [B], "+spec+"}, {name: x, skip_branches: [b, (?i)m], always_run: true, "+spec+"}]}\n"),
		with(base, "jobs/b.yaml", "postsubmits: {o/r: [{name: x, branches: [z(a, b)], "+spec+"}, {name: x, skip_branches: [b, (?i)m], "+spec+"}]}\n"))
	quirk(t, "expressions that only compile together", base,
		with(base, "jobs/b.yaml", "presubmits: {o/r: [{name: x, skip_branches: [z(a, b)], "+spec+"}, {name: x, branches: [zb], "+spec+"}]}\n"),
		with(base, "jobs/b.yaml", "presubmits: {o/r: [{name: x, skip_branches: [b), z(a], "+spec+"}]}\n"))
	quirk(t, "job_config is a link to a directory", base,
		map[string]string{"prow/config.yaml": "{}\n", "jobs": "-> real", "real/a.yaml": periodic("a")},
		map[string]string{"prow/config.yaml": "{}\n", "jobs": "-> real", "real/a.yaml": periodic("b")},
		base,
		map[string]string{"prow/config.yaml": periodic("m"), "jobs": "-> nowhere"}, base,
		map[string]string{"prow/config.yaml": periodic("m"), "jobs": "-> real.yaml", "real.yaml": periodic("b")})
	quirkAt(t, layout.Layout{ProwConfig: "prow/config.yaml"}, "no job_config",
		map[string]string{"prow/config.yaml": periodic("m"), "jobs/a.yaml": periodic("a")}, map[string]string{"prow/config.yaml": periodic("n")})
	linked := layout.Layout{ProwConfig: "prow/config.yaml", JobConfig: "jobs.yaml"}
	quirkAt(t, linked, "job_config is a link to a directory with a file's name",
		map[string]string{"prow/config.yaml": "{}\n", "jobs.yaml": periodic("a")},
		map[string]string{"prow/config.yaml": "{}\n", "jobs.yaml": "-> real", "real/a.yaml": periodic("a")},
		map[string]string{"prow/config.yaml": "{}\n", "jobs.yaml/a.yaml": periodic("a")},
		map[string]string{"prow/config.yaml": "{}\n", "jobs.yaml": "-> real.yaml", "real.yaml": periodic("a")})
	quirk(t, "VERSION is no file", base,
		with(base, "prow/VERSION/x", "x"), with(base, "prow/VERSION", "1"), with(base, "prow/VERSION", "2"),
		with(base, "prow/VERSION", "-> nowhere"), with(base, "prow/VERSION", "-> ../jobs"), with(base, "prow/VERSION", "@1"), base)
	quirk(t, "linked directory, ignored", base,
		with(base, "jobs/c.yaml", "-> d", "jobs/d/README", "x", "jobs/.prowignore", "c.yaml\n"),
		with(base, "jobs/c.yaml", "-> d", "jobs/d/README", "x", "jobs/.prowignore", "c.yaml/\n"),
		with(base, "jobs/c.yaml", "-> d", "jobs/d", periodic("d"), "jobs/.prowignore", "c.yaml/\n"),
		with(base, "jobs/c.yaml", "-> .", "jobs/.prowignore", "c.yaml/\n"),
		with(base, "jobs/c.yaml", "-> ../..", "jobs/.prowignore", "c.yaml/\n"),
		with(base, "jobs/c.yaml", "-> ..", "jobs/.prowignore", "c.yaml/\n"))
	root := layout.Layout{ProwConfig: "prow/config.yaml", JobConfig: "."}
	quirkAt(t, root, "job_config is the root",
		with(base, "a.yaml", periodic("r")), with(base, "a.yaml", periodic("r"), "..x.yaml", periodic("x")),
		with(base, "..d/y.yaml", periodic("x"), ".z.yaml", periodic("z")), with(base, "..d/y.yaml", periodic("y"), ".z.yaml", periodic("zz")),
		with(base, "b/config.yaml", periodic("x")), base,
		with(base, "prow/config.yaml", periodic("m")), base,
		with(base, "prow/config.yaml", "presets: [{labels: {p: x}}]"), base,
		with(base, ".prowignore", "prow\n", "prow/config.yaml", periodic("m")), with(base, ".prowignore", "prow\n", "prow/config.yaml", periodic("n")),
		with(base, ".prowignore", "jobs\n", "prow/config.yaml", "pod_namespace: x\n"))
	quirkAt(t, layout.Layout{ProwConfig: "prow/config.yaml", JobConfig: "prow", SupplementalProwConfigDirs: []string{"."}}, "everything in one directory",
		map[string]string{"prow/config.yaml": "{}\n", "prow/a.yaml": periodic("a")},
		map[string]string{"prow/config.yaml": "decorate_all_jobs: false\n", "prow/a.yaml": periodic("b"), "..x_prowconfig.yaml": "]"},
		map[string]string{"prow/config.yaml": "{}\n", "prow/a.yaml": periodic("b"), "x_prowconfig.yaml": "]"},
		map[string]string{"prow/config.yaml": "{}\n", "prow/a.yaml": periodic("c"), "prow/x_prowconfig.yaml": "tide: {queries: [{repos: [o/r]}]}\n"})
	quirkAt(t, layout.Layout{ProwConfig: "prow/config.yaml", JobConfig: "..jobs"}, "job_config starts with two dots",
		map[string]string{"prow/config.yaml": "{}\n", "..jobs/a.yaml": periodic("a")}, map[string]string{"prow/config.yaml": "{}\n", "..jobs/a.yaml": periodic("b")})
	quirk(t, "directories that look like files", base,
		with(base, "jobs/x.yaml/README", "x"), with(base, "jobs/x.yaml/y.yaml", periodic("y")), with(base, "jobs/x.yaml", periodic("x")))
	quirk(t, "submodules", base,
		with(base, "jobs/sub.yaml", "@1"), with(base, "jobs/sub.yaml", "@2"), with(base, "jobs/sub.yaml", periodic("s")), with(base, "jobs/sub.yaml", "@1"),
		with(base, "jobs/l.yaml", "-> sub", "jobs/sub", "@1"), map[string]string{"prow/config.yaml": "{}\n", "jobs": "@1"}, base)
	quirk(t, "names", base,
		with(base, "jobs/A.yaml", periodic("b"), "jobs/\xff\xfe.yaml", periodic("c"), "jobs/ü s p.yaml", periodic("d"), "jobs/:(top).yaml", periodic("e")),
		with(base, "jobs/a.yaml", "", "jobs/A.yaml", periodic("b"), "jobs/\xff\xfe.yaml", periodic("cc")),
		with(base, "jobs/*.yaml", periodic("f"), "jobs/-x.yaml", periodic("g"), "jobs/.hidden.yaml", periodic("h"), "jobs/.yaml", periodic("i"), "jobs/x.YAML", periodic("j")),
		with(base, "jobs/d/.prowignore", "x.yaml", "jobs/d/x.yaml", periodic("f"), "jobs/.prowignore", "!x.yaml"))
	quirk(t, "content", base,
		with(base, "jobs/a.yaml", "\n"), with(base, "jobs/a.yaml", "# nothing\n"), with(base, "jobs/a.yaml", "---\n---\n"+periodic("a")),
		with(base, "jobs/a.yaml", strings.ReplaceAll(periodic("a"), "\n", "\r\n")), with(base, "jobs/a.yaml", "\ufeff"+periodic("a")),
		with(base, "jobs/a.yaml", periodic("a")+"periodics: []\n"), with(base, "jobs/a.yaml", strings.ReplaceAll(periodic("a"), "{name: a", "{name: b, name: a")),
		with(base, "jobs/a.yaml", "x: &x [a, b]\ny: [*x, *x]\n"+periodic("a")), with(base, "jobs/a.yaml", "x: &x [*x]\n"+periodic("a")),
		with(base, "jobs/a.yaml", "# "+strings.Repeat("x", 1<<20)+"\n"+periodic("a")),
		with(base, "jobs/a.yaml", strings.ReplaceAll(periodic("a"), "image: i", "image: "+strings.Repeat("x", 1<<18))), base)
	quirk(t, "prow config is no file", base,
		map[string]string{"prow/config.yaml/config.yaml": "{}\n", "jobs/a.yaml": periodic("a")}, base,
		with(base, "prow/config.yaml", "-> nowhere"), base, with(base, "prow/config.yaml", "-> ../jobs"), base,
		with(base, "prow/extra/x_prowconfig.yaml", "-> nowhere"), base, with(base, "prow/extra/x_prowconfig.yaml", "-> ."), base,
		with(base, "prow/extra/x_prowconfig.yaml", "@1"), with(base, "prow/extra/x_prowconfig.yaml/y_prowconfig.yaml", "]"))
}
