package plan

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

// panics is the message about a pattern over which Prow's library panics.
const panics = "Prow does not load the jobs: it panics over this pattern"

// TestBadRules has .prowignore files that Prow does not load, and one that it loads
// although a rule in it is bad, because no name is compared with that rule.
func TestBadRules(t *testing.T) {
	base := map[string]string{"prow/config.yaml": "{}", "jobs/b.yaml": periodic("b"), "jobs/a/é.yaml": periodic("e"), "jobs/d/c.yaml": periodic("c")}
	quirk(t, "panics", base, with(base, "jobs/.prowignore", "[é"), base)
	quirk(t, "does not get there", base, with(base, "jobs/.prowignore", "x[é"), with(base, "jobs/.prowignore", "x[é\nb.yaml"))
	quirk(t, "panics over one name", base, with(base, "jobs/a/.prowignore", "c.yaml\nx[é"), with(base, "jobs/a/.prowignore", "c.yaml\nx[é", "jobs/a/xy.yaml", periodic("y")))
	quirk(t, "no pattern", base, with(base, "jobs/.prowignore", "a.yaml\n/\nb.yaml\n"), with(base, "jobs/.prowignore", "!/"))
	quirk(t, "nobody looks", base, with(base, "jobs/text/.prowignore", "[é\n/"), with(base, "jobs/text/.prowignore", "[é\n/", "jobs/text/x.yaml", periodic("x")))
	tree := worktree.New(t)
	tree.Write("prow/extra/README", "x")
	for p, content := range base {
		tree.Write(p, content)
	}
	before := tree.Commit()
	for rules, want := range map[string]string{
		"x\n[é\ny":                  "jobs/.prowignore:2: " + panics,
		"\n\n/\n":                   "jobs/.prowignore:3: " + panics,
		"# x\r\n!/\r\na.yaml":       "jobs/.prowignore:2: " + panics,
		strings.Repeat("a", 5000):   "jobs/.prowignore:1: longer than 4096 bytes",
		"a\n\x00":                   "jobs/.prowignore:2: a rule with a NUL character",
		strings.Repeat("a\n", 4e4):  "jobs/.prowignore: larger than 64 KiB",
		strings.Repeat("/*a", 1365): "",
	} {
		tree.Write("jobs/.prowignore", rules)
		req := Request{Org: "org", Repo: "config", Base: before, Head: tree.Commit(), Layout: scenery}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		_, err := newTestPlanner(tree).Plan(ctx, req)
		cancel()
		if text := errorText(err); text != want {
			t.Errorf("%.20q: %s; want %s", rules, text, want)
		}
	}
}

// TestManyIgnoreFiles has a .prowignore in each of many directories.
func TestManyIgnoreFiles(t *testing.T) {
	tree := worktree.New(t)
	tree.Write("prow/config.yaml", "{}")
	tree.Write("prow/extra/README", "x")
	tree.Write("jobs/a.yaml", periodic("a"))
	base := tree.Commit()
	for i := range 20 {
		dir := "jobs/" + strings.Repeat("d", i+1) + "/"
		tree.Write(dir+".prowignore", string(bytes.Repeat([]byte{'a' + byte(i), '\n'}, 30<<10)))
		tree.Write(dir+strings.Repeat("j", i+1)+".yaml", periodic(strings.Repeat("j", i+1)))
	}
	req := Request{Org: "org", Repo: "config", Base: base, Head: tree.Commit(), Layout: scenery}
	_, err := newTestPlanner(tree).Plan(t.Context(), req)
	if err == nil || !strings.Contains(err.Error(), ".prowignore: the rules of all such files are larger than 1024 KiB") {
		t.Errorf("err = %v", err)
	}
}
