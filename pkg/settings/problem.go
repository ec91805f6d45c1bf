package settings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with the settings.
type Problem struct {
	// File is the name of the file as Parse was told it.
	File string
	// Line counts from 1; 0 when the problem is not in a line.
	Line int
	// Path leads to the field, such as repositories[0].limits.sample; empty for the
	// file as a whole.
	Path string
	// Message says what is wrong and what would be right.
	Message string
}

func (p Problem) String() string {
	place := p.File
	if p.Line > 0 {
		place = fmt.Sprintf("%s:%d", place, p.Line)
	}
	if p.Path != "" {
		place += ": " + p.Path
	}
	return place + ": " + p.Message
}

// InvalidError is everything that is wrong with the settings, in the order of
// the lines.
type InvalidError struct {
	Problems []Problem
}

func (e *InvalidError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// problems collects what is wrong with one file.
type problems struct {
	file string
	list []Problem
}

// maxProblems are told; a file with more is not the one that was meant.
const maxProblems = 100

// add notes a problem, once for a field: what follows from the first says less.
func (p *problems) add(line int, path, format string, args ...any) {
	if len(p.list) == maxProblems {
		return
	}
	if path != "" && slices.ContainsFunc(p.list, func(other Problem) bool { return other.Path == path }) {
		return
	}
	p.list = append(p.list, Problem{File: p.file, Line: line, Path: path, Message: fmt.Sprintf(format, args...)})
}

func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Path, b.Path))
	})
	return &InvalidError{Problems: p.list}
}
