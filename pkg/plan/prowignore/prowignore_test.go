package prowignore

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	gitignore "github.com/denormal/go-gitignore"
)

// libraryIgnores returns the result of the library in Prow's loader for one file of
// rules: whether a path is excluded, whether any rule matches it, and whether the library
// panics.
func libraryIgnores(rules, p string, isDir bool) (ignored, decided, panics bool) {
	defer func() { panics = recover() != nil }()
	match := gitignore.New(strings.NewReader(rules), "/", nil).Relative(p, isDir)
	return match != nil && match.Ignore(), match != nil, false
}

func ourIgnores(rules, p string, isDir bool) (ignored, decided, panics bool) {
	r := &Rules{matcher: matcher{ctx: context.Background()}}
	f := &ruleFile{content: []byte(rules)}
	rule := r.match(f, p, isDir)
	if f.err != nil {
		return false, false, f.err.message == errPanics.Error()
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

// TestIgnoresAsProwDoes compares possible rules with the results of the library,
// including mistakes and panics.
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

// TestIgnoreTakesPolynomialTime counts steps, because time depends on the machine.
func TestIgnoreTakesPolynomialTime(t *testing.T) {
	name := strings.Repeat("a", 250)
	for _, rules := range []string{
		strings.Repeat("*a", 100) + "b",
		strings.Repeat("**/", 100) + "b",
		strings.Repeat("*[a-z]", 50) + "b",
		strings.Repeat("a*/", 50) + strings.Repeat("*a", 50) + "b",
	} {
		r := &Rules{matcher: matcher{ctx: t.Context()}}
		f := &ruleFile{content: []byte(rules)}
		rule := r.match(f, strings.Repeat(name+"/", 10)+name, false)
		if rule != nil || f.err != nil || r.matcher.steps > 10_000_000 {
			t.Errorf("%.20s…: rule %v, error %v after %d steps", rules, rule, f.err, r.matcher.steps)
		}
	}
}

func TestIgnoreIsBounded(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	r := &Rules{files: map[string]*ruleFile{}, matcher: matcher{ctx: canceled}, dirs: map[string]bool{}}
	r.files["."] = &ruleFile{content: []byte(strings.Repeat("*a", 1000) + "b")}
	if _, err := r.Ignored(strings.Repeat("a", 4000), false); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v; the context is done", err)
	}
	r = &Rules{matcher: matcher{ctx: t.Context(), steps: maxSteps - 10}}
	f := &ruleFile{content: []byte("\n" + strings.Repeat("a", 100))}
	if r.match(f, strings.Repeat("a", 100), false) != nil || f.err == nil || f.err.line != 2 || !strings.Contains(f.err.message, "use fewer of them") {
		t.Errorf("after too many steps: %v", f.err)
	}
}
