package affected

import (
	"fmt"
	"regexp/syntax"
	"strings"

	"sigs.k8s.io/prow/pkg/config"
)

// Bounds of regular expressions, in instructions of the compiled program. Nine bytes can
// compile to a million instructions.
const (
	// maxPrograms bounds the total of a file.
	maxPrograms = 2_000_000
	// maxProgram bounds one expression, because matching needs a stack as deep as the
	// program is long. The branches of a job are one expression.
	maxProgram = 50_000
)

// MaxBranches bounds the total length of a job's branches and skip_branches, in bytes.
const MaxBranches = 8 << 10

// tooLongPatterns refuses expressions that take too much time and memory to compile.
func tooLongPatterns(jc *config.JobConfig) error {
	n := 0
	for _, raw := range Raws(jc) {
		if b := raw.brancher(); b != nil && textOf(b.Branches)+textOf(b.SkipBranches) > MaxBranches {
			return fmt.Errorf("job %s has branches of more than %d KiB together: use fewer, or a shorter expression", Shorten(raw.Base().Name), MaxBranches>>10)
		}
		for _, pattern := range raw.patterns() {
			own := Instructions(pattern...)
			if own > maxProgram {
				return fmt.Errorf("job %s has a regular expression of more than %d instructions: make it shorter", Shorten(raw.Base().Name), maxProgram)
			}
			n += own
		}
		if n > maxPrograms {
			return fmt.Errorf("regular expressions that are too long together (more than %d instructions): make them shorter, or split the file", maxPrograms)
		}
	}
	return nil
}

// patterns returns the expressions of a job. A list is one expression.
func (e Effective) patterns() [][]string {
	var out [][]string
	if b := e.brancher(); b != nil {
		out = append(out, b.Branches, b.SkipBranches)
	}
	switch {
	case e.Presubmit != nil:
		out = append(out, []string{e.Presubmit.Trigger}, []string{e.Presubmit.RunIfChanged}, []string{e.Presubmit.SkipIfOnlyChanged})
	case e.Postsubmit != nil:
		out = append(out, []string{e.Postsubmit.RunIfChanged}, []string{e.Postsubmit.SkipIfOnlyChanged})
	}
	return out
}

func textOf(list []string) int {
	n := 0
	for _, s := range list {
		n += len(s) + 1
	}
	return n
}

// Instructions returns the approximate length of the compiled program for an expression
// that matches any of the patterns.
func Instructions(patterns ...string) int {
	pattern := strings.Join(patterns, "|")
	if !strings.ContainsAny(pattern, `{\`) {
		// Nothing in the pattern expands.
		return len(pattern)
	}
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return len(pattern)
	}
	return instructions(re)
}

func instructions(re *syntax.Regexp) int {
	n := 2 + len(re.Rune)/2
	for _, sub := range re.Sub {
		n += instructions(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Max, re.Min, 1)
	}
	return n
}
