// Package prowignore says which files .prowignore files leave out, as Prow's loader
// does: quirks, mistakes and panics included, but in bounded time.
package prowignore

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

	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// Bounds of what is followed. Each is far above what any repository has.
const (
	// maxFile bounds a file, in bytes: the parser of rules is recursive, and a stack
	// that is full cannot be recovered from.
	maxFile = 64 << 10
	// maxFiles bounds the different files of a tree together.
	maxFiles = 1 << 20
	// maxLine bounds a rule, in bytes: no name is longer.
	maxLine = 4096
	// maxSteps bounds the comparison of the rules with the names of all files, in
	// characters looked at. 100 rules and 10,000 files take about ten million.
	maxSteps = 300_000_000
)

// File is a .prowignore file. Its rules are for what is below Dir, which is relative to
// the root of the job files.
type File struct {
	Dir, Path, Blob string
}

// Mistake is a file that Prow, or we, cannot follow, and why.
type Mistake struct {
	File
	Line    int
	Message string
}

// Rules are the files of a tree. The rules are those of .gitignore as Prow's loader
// reads them.
type Rules struct {
	files    map[string]*ruleFile
	mistakes []Mistake
	matcher  matcher
	// dirs has the directories that have been looked at.
	dirs map[string]bool
}

// ruleFile is one file. It is parsed when its rules are needed first: Prow does not
// look at others, so they may say what they like.
type ruleFile struct {
	file    File
	content []byte
	parsed  bool
	rules   []rule
	err     *ruleError
}

// ruleError says why the rules of a file cannot be followed.
type ruleError struct {
	line    int
	message string
}

// Read reads files.
func Read(ctx context.Context, objects repo.Objects, files []File) (*Rules, error) {
	r := &Rules{files: map[string]*ruleFile{}, matcher: matcher{ctx: ctx}, dirs: map[string]bool{}}
	byBlob := map[string]*ruleFile{}
	var ids []string
	var at []*ruleFile
	for _, file := range files {
		f := byBlob[file.Blob]
		if f == nil {
			f = &ruleFile{file: file}
			byBlob[file.Blob] = f
			ids, at = append(ids, file.Blob), append(at, f)
		}
		r.files[file.Dir] = f
	}
	total := 0
	err := objects.BlobsUpTo(ctx, maxFile, ids, func(_ string, content []byte) error {
		f := at[0]
		at = at[1:]
		total += len(content)
		switch {
		case len(content) > maxFile:
			f.err = &ruleError{message: fmt.Sprintf("larger than %d KiB", maxFile>>10)}
		case total > maxFiles:
			f.err = &ruleError{message: fmt.Sprintf("the rules of all such files are larger than %d KiB", maxFiles>>10)}
		default:
			f.content = bytes.Clone(content)
			return nil
		}
		r.note(f)
		return nil
	})
	return r, err
}

// Empty says that there are no files.
func (r *Rules) Empty() bool { return len(r.files) == 0 }

// Mistakes are the files that could not be followed so far.
func (r *Rules) Mistakes() []Mistake { return r.mistakes }

// note notes a file that cannot be followed.
func (r *Rules) note(f *ruleFile) {
	f.parsed, f.rules = true, nil
	r.mistakes = append(r.mistakes, Mistake{f.file, f.err.line, f.err.message})
}

// Ignored reports whether a path below the root is left out. A directory that
// is left out takes everything below along; else the nearest file that has an
// opinion decides.
func (r *Rules) Ignored(p string, isDir bool) (bool, error) {
	p = path.Clean(p)
	if len(r.files) == 0 || p == "." {
		return false, nil
	}
	if isDir {
		if known, ok := r.dirs[p]; ok {
			return known, nil
		}
	}
	out, err := r.Ignored(path.Dir(p), true)
	if !out && err == nil {
		out, err = r.decide(p, isDir)
	}
	if isDir {
		r.dirs[p] = out
	}
	return out, err
}

func (r *Rules) decide(p string, isDir bool) (bool, error) {
	for dir := path.Dir(p); ; dir = path.Dir(dir) {
		r.matcher.step(1 + len(dir)/8)
		if f := r.files[dir]; f != nil {
			relative := p
			if dir != "." {
				relative = p[len(dir)+1:]
			}
			if rule := r.match(f, relative, isDir); rule != nil {
				return !rule.negated, nil
			}
			if err := r.matcher.ctx.Err(); err != nil {
				return false, err
			}
		}
		if dir == "." {
			return false, nil
		}
	}
}

// match returns the rule of a file that decides about a path, or nil.
func (r *Rules) match(f *ruleFile, relative string, isDir bool) *rule {
	if !f.parsed {
		f.parsed = true
		if f.rules, f.err = parseRules(f.content); f.err != nil {
			r.note(f)
		}
	}
	for i, rule := range slices.Backward(f.rules) {
		matches, err := r.matcher.matches(rule, relative, isDir)
		if err != nil {
			f.err = &ruleError{rule.line, err.Error()}
			r.note(f)
			return nil
		}
		if matches {
			return &f.rules[i]
		}
	}
	return nil
}

var errPanics = errors.New("Prow does not load the jobs: it panics over this pattern") //nolint:staticcheck // ST1005: Prow is a name

// parseRules has Prow's own parser read the rules.
func parseRules(content []byte) ([]rule, *ruleError) {
	lines := bytes.SplitAfter(content, []byte("\n"))
	for i, line := range lines {
		switch {
		case len(line) > maxLine:
			// The parser takes the square of it.
			return nil, &ruleError{i + 1, fmt.Sprintf("longer than %d bytes", maxLine)}
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
		return nil, &ruleError{n, errPanics.Error()}
	}
	rules := make([]rule, len(patterns))
	for i, p := range patterns {
		rules[i] = newRule(p)
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

// rule is one rule, taken apart as the library does.
type rule struct {
	negated, anchored, directory bool
	// glob is the pattern without marks, parts what is between its separators
	// where it has `**`, which is "" among them.
	glob  string
	parts []string
	path  bool
	line  int
}

func newRule(p gitignore.Pattern) rule {
	r := rule{negated: p.Include(), line: p.Position().Line}
	tokens := tokensOf(p)
	if len(tokens) > 0 && tokens[0].Type == gitignore.SEPARATOR {
		r.anchored = true
		tokens = tokens[1:]
	}
	if last := len(tokens) - 1; last >= 0 && tokens[last].Type == gitignore.SEPARATOR {
		r.directory = true
		tokens = tokens[:last]
	}
	var parts []string
	anyDepth := false
	for _, token := range tokens {
		r.glob += token.Token()
		switch token.Type {
		case gitignore.SEPARATOR:
			r.path = true
		case gitignore.ANY:
			anyDepth = true
			parts = append(parts, "")
		default:
			parts = append(parts, token.Token())
		}
	}
	if anyDepth {
		r.parts = parts
	}
	return r
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
