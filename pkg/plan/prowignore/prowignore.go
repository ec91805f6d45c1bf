// Package prowignore determines which files .prowignore files exclude. It does this as
// Prow's loader does, including quirks, mistakes and panics, but in bounded time.
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

// Limits on the rules. Each is far above what any repository has.
const (
	// maxFile limits a file, in bytes: the parser of rules is recursive, and a stack
	// overflow cannot be recovered from.
	maxFile = 64 << 10
	// maxFiles limits the total size of the different files of a tree, in bytes.
	maxFiles = 1 << 20
	// maxLine limits a rule, in bytes: no name is longer.
	maxLine = 4096
	// maxSteps limits the comparison of the rules with the names of all files, in
	// compared characters. 100 rules and 10,000 files take about ten million.
	maxSteps = 300_000_000
)

// File is a .prowignore file. Its rules apply below Dir, which is relative to the root of
// the job files.
type File struct {
	Dir, Path, Blob string
}

// Mistake is a file that Prow, or this package, cannot apply, and the reason.
type Mistake struct {
	File
	Line    int
	Message string
}

// Rules are the .prowignore files of a tree. Their rules are those of .gitignore, as
// Prow's loader reads them.
type Rules struct {
	files    map[string]*ruleFile
	mistakes []Mistake
	matcher  matcher
	// dirs caches the results for directories.
	dirs map[string]bool
}

// ruleFile is one file. It is parsed when its rules are first needed, because Prow does
// not read the others, so mistakes in those do not matter.
type ruleFile struct {
	file    File
	content []byte
	parsed  bool
	rules   []rule
	err     *ruleError
}

// ruleError says why the rules of a file cannot be applied.
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

// Empty reports whether there are no files.
func (r *Rules) Empty() bool { return len(r.files) == 0 }

// Mistakes returns the files that could not be applied so far.
func (r *Rules) Mistakes() []Mistake { return r.mistakes }

// note records a file that cannot be applied.
func (r *Rules) note(f *ruleFile) {
	f.parsed, f.rules = true, nil
	r.mistakes = append(r.mistakes, Mistake{f.file, f.err.line, f.err.message})
}

// Ignored reports whether a path below the root is excluded. An excluded directory
// excludes everything below it. Otherwise the nearest file with a matching rule decides.
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

// parseRules parses the rules with Prow's own parser.
func parseRules(content []byte) ([]rule, *ruleError) {
	lines := bytes.SplitAfter(content, []byte("\n"))
	for i, line := range lines {
		switch {
		case len(line) > maxLine:
			// The parser takes quadratic time.
			return nil, &ruleError{i + 1, fmt.Sprintf("longer than %d bytes", maxLine)}
		case bytes.IndexByte(line, 0) >= 0:
			// The parser treats it as the end of the file, and then goes on.
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

// rule is one rule, split as the library splits it.
type rule struct {
	negated, anchored, directory bool
	// glob is the pattern without its markers. parts are the parts between its separators
	// if it has `**`, which is "" in the list.
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

// tokensOf returns the tokens of a pattern, without its negation.
func tokensOf(p gitignore.Pattern) []*gitignore.Token {
	text := p.String()
	if p.Include() {
		text = text[1:]
	}
	// The first character may start a comment or a negation. The added separator is not
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
