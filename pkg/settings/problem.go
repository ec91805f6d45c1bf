package settings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one error in the settings.
type Problem struct {
	// File is the name of the file, as given to Parse.
	File string
	// Line counts from 1; 0 if the problem is not in a line.
	Line int
	// Path is the path of the field, such as repositories[0].limits.sample; empty for the
	// whole file.
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

// InvalidError has everything that is wrong with the settings, in the order of the lines.
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

// problems collects the problems of one file.
type problems struct {
	file string
	list []Problem
}

// maxProblems is how many problems are reported. A file with more is probably the wrong
// file.
const maxProblems = 100

// add records a problem, only once per field: later problems usually follow from the
// first.
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
