package plan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"

	gitignore "github.com/denormal/go-gitignore"

	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// ignores is the .prowignore files of a tree, by directory below the root of
// the job files. The rules are those of .gitignore as Prow's loader reads them.
type ignores struct {
	files map[string]*ignoreFile
	// bad are the files that Prow, or we, cannot follow.
	bad []repo.Entry

	matcher matcher
	// dirs has the directories that have been looked at.
	dirs map[string]bool
}

// ignoreFile is one .prowignore file. It is parsed when its rules are needed
// first: Prow does not look at others, so they may say what they like.
type ignoreFile struct {
	entry   repo.Entry
	content []byte
	parsed  bool
	rules   []ignoreRule
	err     *ruleError
}

// ruleError says why the rules of a file cannot be followed.
type ruleError struct {
	line    int
	message string
}

// readIgnores reads the .prowignore files among entries.
func readIgnores(ctx context.Context, objects repo.Objects, l layout.Layout, entries []repo.Entry) (*ignores, error) {
	ig := &ignores{files: map[string]*ignoreFile{}, matcher: matcher{ctx: ctx}, dirs: map[string]bool{}}
	byBlob := map[string]*ignoreFile{}
	var ids []string
	var at []*ignoreFile
	for _, e := range entries {
		if !l.IsIgnoreFile(e.Path) || !readable(e) {
			continue
		}
		f := byBlob[e.Blob]
		if f == nil {
			f = &ignoreFile{entry: e}
			byBlob[e.Blob] = f
			ids, at = append(ids, e.Blob), append(at, f)
		}
		ig.files[l.BelowJobConfig(path.Dir(e.Path))] = f
	}
	total := 0
	err := objects.BlobsUpTo(ctx, maxIgnoreFile, ids, func(_ string, content []byte) error {
		f := at[0]
		at = at[1:]
		total += len(content)
		switch {
		case len(content) > maxIgnoreFile:
			f.err = &ruleError{message: fmt.Sprintf("larger than %d KiB", maxIgnoreFile>>10)}
		case total > maxIgnoreFiles:
			f.err = &ruleError{message: fmt.Sprintf("the rules of all such files are larger than %d KiB", maxIgnoreFiles>>10)}
		default:
			f.content = bytes.Clone(content)
			return nil
		}
		ig.found(f)
		return nil
	})
	return ig, err
}

// found notes a file that cannot be followed.
func (ig *ignores) found(f *ignoreFile) {
	f.parsed, f.rules = true, nil
	e := f.entry
	e.Mode = badRules(f.err)
	ig.bad = append(ig.bad, e)
}

// ignored reports whether a path below the root is left out. A directory that
// is left out takes everything below along; else the nearest file that has an
// opinion decides.
func (ig *ignores) ignored(p string, isDir bool) (bool, error) {
	p = path.Clean(p)
	if len(ig.files) == 0 || p == "." {
		return false, nil
	}
	if isDir {
		if known, ok := ig.dirs[p]; ok {
			return known, nil
		}
	}
	out, err := ig.ignored(path.Dir(p), true)
	if !out && err == nil {
		out, err = ig.decide(p, isDir)
	}
	if isDir {
		ig.dirs[p] = out
	}
	return out, err
}

func (ig *ignores) decide(p string, isDir bool) (bool, error) {
	for dir := path.Dir(p); ; dir = path.Dir(dir) {
		ig.matcher.step(1 + len(dir)/8)
		if f := ig.files[dir]; f != nil {
			relative := p
			if dir != "." {
				relative = p[len(dir)+1:]
			}
			if rule := ig.match(f, relative, isDir); rule != nil {
				return !rule.negated, nil
			}
			if err := ig.matcher.ctx.Err(); err != nil {
				return false, err
			}
		}
		if dir == "." {
			return false, nil
		}
	}
}

// match returns the rule of a file that decides about a path, or nil.
func (ig *ignores) match(f *ignoreFile, relative string, isDir bool) *ignoreRule {
	if !f.parsed {
		f.parsed = true
		if f.rules, f.err = parseRules(f.content); f.err != nil {
			ig.found(f)
		}
	}
	for i, rule := range slices.Backward(f.rules) {
		matches, err := ig.matcher.matches(rule, relative, isDir)
		if err != nil {
			f.err = &ruleError{rule.line, err.Error()}
			ig.found(f)
			return nil
		}
		if matches {
			return &f.rules[i]
		}
	}
	return nil
}

var errIgnorePanics = errors.New("Prow does not load the jobs: it panics over this pattern") //nolint:staticcheck // ST1005: Prow is a name

// parseRules has Prow's own parser read the rules.
func parseRules(content []byte) ([]ignoreRule, *ruleError) {
	lines := bytes.SplitAfter(content, []byte("\n"))
	for i, line := range lines {
		switch {
		case len(line) > maxIgnoreLine:
			// The parser takes the square of it.
			return nil, &ruleError{i + 1, fmt.Sprintf("longer than %d bytes", maxIgnoreLine)}
		case bytes.IndexByte(line, 0) >= 0:
			// The parser takes it for the end of the file, and then goes on.
			return nil, &ruleError{i + 1, "a rule with a NUL character"}
		}
	}
	patterns, ok := parsePatterns(content)
	if !ok {
		n := sort.Search(len(lines), func(n int) bool {
			_, ok := parsePatterns(bytes.Join(lines[:n], nil))
			return !ok
		})
		return nil, &ruleError{n, errIgnorePanics.Error()}
	}
	rules := make([]ignoreRule, len(patterns))
	for i, p := range patterns {
		rules[i] = newIgnoreRule(p)
	}
	return rules, nil
}

func parsePatterns(content []byte) (patterns []gitignore.Pattern, ok bool) {
	defer func() {
		if recover() != nil {
			patterns, ok = nil, false
		}
	}()
	return gitignore.NewParser(bytes.NewReader(content), func(gitignore.Error) bool { return true }).Parse(), true
}

// ignoreRule is one rule, taken apart as the library does.
type ignoreRule struct {
	negated, anchored, directory bool
	// glob is the pattern without marks, parts what is between its separators
	// where it has `**`, which is "" among them.
	glob  string
	parts []string
	path  bool
	line  int
}

func newIgnoreRule(p gitignore.Pattern) ignoreRule {
	rule := ignoreRule{negated: p.Include(), line: p.Position().Line}
	tokens := tokensOf(p)
	if len(tokens) > 0 && tokens[0].Type == gitignore.SEPARATOR {
		rule.anchored = true
		tokens = tokens[1:]
	}
	if last := len(tokens) - 1; last >= 0 && tokens[last].Type == gitignore.SEPARATOR {
		rule.directory = true
		tokens = tokens[:last]
	}
	var parts []string
	anyDepth := false
	for _, token := range tokens {
		rule.glob += token.Token()
		switch token.Type {
		case gitignore.SEPARATOR:
			rule.path = true
		case gitignore.ANY:
			anyDepth = true
			parts = append(parts, "")
		default:
			parts = append(parts, token.Token())
		}
	}
	if anyDepth {
		rule.parts = parts
	}
	return rule
}

// tokensOf takes a pattern apart, its negation aside.
func tokensOf(p gitignore.Pattern) []*gitignore.Token {
	text := p.String()
	if p.Include() {
		text = text[1:]
	}
	// What stands first may mean a comment or a negation. The separator is no
	// part of the pattern.
	lexer := gitignore.NewLexer(strings.NewReader("/" + text))
	var tokens []*gitignore.Token
	for {
		token, err := lexer.Next()
		if err != nil || token.Type == gitignore.EOF {
			return tokens[1:]
		}
		tokens = append(tokens, token)
	}
}
