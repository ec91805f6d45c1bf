package plan

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	gitignore "github.com/denormal/go-gitignore"

	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

// libraryIgnores is the answer of the library in Prow's loader for one file of
// rules: whether a path is left out, whether any rule is about it, and whether
// it panics.
func libraryIgnores(rules, p string, isDir bool) (ignored, decided, panics bool) {
	defer func() { panics = recover() != nil }()
	match := gitignore.New(strings.NewReader(rules), "/", nil).Relative(p, isDir)
	return match != nil && match.Ignore(), match != nil, false
}

func ourIgnores(rules, p string, isDir bool) (ignored, decided, panics bool) {
	ig := &ignores{matcher: matcher{ctx: context.Background()}}
	f := &ignoreFile{content: []byte(rules)}
	rule := ig.match(f, p, isDir)
	if f.err != nil {
		return false, false, f.err.message == errIgnorePanics.Error()
	}
	return rule != nil && !rule.negated, rule != nil, false
}

func compareIgnores(t *testing.T, rules, p string, isDir bool) {
	t.Helper()
	ignored, decided, panics := libraryIgnores(rules, p, isDir)
	gotIgnored, gotDecided, gotPanics := ourIgnores(rules, p, isDir)
	if gotPanics != panics || !panics && (gotIgnored != ignored || gotDecided != decided) {
		t.Errorf("rules %q, path %q, directory %v: ignored, decided, panics = %v, %v, %v; Prow's library says %v, %v, %v",
			rules, p, isDir, gotIgnored, gotDecided, gotPanics, ignored, decided, panics)
	}
}

// TestIgnoresAsProwDoes compares the rules that anybody may write with those of
// the library, mistakes and panics included.
func TestIgnoresAsProwDoes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	word := func(alphabet []string, n int) string {
		var b strings.Builder
		for range rng.IntN(n) {
			b.WriteString(alphabet[rng.IntN(len(alphabet))])
		}
		return b.String()
	}
	inRules := strings.Split("a b . * * ** ? [ ] ^ ! - \\ / / é # \xff \n \r \t", " ")
	inRules = append(inRules, " ")
	inPaths := strings.Split("a b . / é - ] \\ * \xff #", " ")
	for range 300_000 {
		p := strings.Trim(word(inPaths, 9), "/")
		if p == "" {
			p = "a"
		}
		compareIgnores(t, word(inRules, 10), p, rng.IntN(2) == 0)
		if t.Failed() {
			return
		}
	}
}

func FuzzIgnores(f *testing.F) {
	for _, rules := range []string{"a", "[é", "*a*b*c", "/", "!/", "**/a/**", "a/*/b/", "[!a-c]?", "\\*", "#a\n!b", "a b\r\nc", "[a-", "[]", "*[é"} {
		f.Add(rules, "a/b/c", false)
	}
	f.Fuzz(func(t *testing.T, rules, p string, isDir bool) {
		if strings.Contains(rules, "\x00") || len(rules) > 24 || len(p) > 24 || strings.HasPrefix(p, "/") || p == "" {
			return
		}
		compareIgnores(t, rules, p, isDir)
	})
}

// TestIgnoreTakesPolynomialTime counts steps, as time depends on the machine.
func TestIgnoreTakesPolynomialTime(t *testing.T) {
	name := strings.Repeat("a", 250)
	for _, rules := range []string{
		strings.Repeat("*a", 100) + "b",
		strings.Repeat("**/", 100) + "b",
		strings.Repeat("*[a-z]", 50) + "b",
		strings.Repeat("a*/", 50) + strings.Repeat("*a", 50) + "b",
	} {
		ig := &ignores{matcher: matcher{ctx: t.Context()}}
		f := &ignoreFile{content: []byte(rules)}
		rule := ig.match(f, strings.Repeat(name+"/", 10)+name, false)
		if rule != nil || f.err != nil || ig.matcher.steps > 10_000_000 {
			t.Errorf("%.20s…: rule %v, error %v after %d steps", rules, rule, f.err, ig.matcher.steps)
		}
	}
}

func TestIgnoreIsBounded(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	ig := &ignores{files: map[string]*ignoreFile{}, matcher: matcher{ctx: canceled}, dirs: map[string]bool{}}
	ig.files["."] = &ignoreFile{content: []byte(strings.Repeat("*a", 1000) + "b")}
	if _, err := ig.ignored(strings.Repeat("a", 4000), false); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v; the context is done", err)
	}
	ig = &ignores{matcher: matcher{ctx: t.Context(), steps: maxIgnoreSteps - 10}}
	f := &ignoreFile{content: []byte("\n" + strings.Repeat("a", 100))}
	if ig.match(f, strings.Repeat("a", 100), false) != nil || f.err == nil || f.err.line != 2 || !strings.Contains(f.err.message, "use fewer of them") {
		t.Errorf("after too many steps: %v", f.err)
	}
}

// TestBadRules has .prowignore files that Prow does not load, and one that it
// does although a rule in it is bad: no name gets that far.
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
		"x\n[é\ny":                  "jobs/.prowignore:2: " + errIgnorePanics.Error(),
		"\n\n/\n":                   "jobs/.prowignore:3: " + errIgnorePanics.Error(),
		"# x\r\n!/\r\na.yaml":       "jobs/.prowignore:2: " + errIgnorePanics.Error(),
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
