package affected

import (
	"fmt"
	"regexp/syntax"
	"strings"

	"sigs.k8s.io/prow/pkg/config"
)

// maxPrograms bounds the regular expressions of a file together, in instructions
// of what they are compiled to: nine bytes can stand for a million.
const maxPrograms = 2_000_000

// tooLongPatterns refuses expressions that it takes much time and memory to compile.
func tooLongPatterns(jc *config.JobConfig) error {
	n := 0
	for _, raw := range Raws(jc) {
		if b := raw.brancher(); b != nil {
			n += Instructions(b.Branches...) + Instructions(b.SkipBranches...)
		}
		switch {
		case raw.Presubmit != nil:
			n += Instructions(raw.Presubmit.Trigger) + changeInstructions(raw.Presubmit.RegexpChangeMatcher)
		case raw.Postsubmit != nil:
			n += changeInstructions(raw.Postsubmit.RegexpChangeMatcher)
		}
		if n > maxPrograms {
			return fmt.Errorf("regular expressions that are too long together (more than %d instructions): make them shorter, or split the file", maxPrograms)
		}
	}
	return nil
}

func changeInstructions(cm config.RegexpChangeMatcher) int {
	return Instructions(cm.RunIfChanged) + Instructions(cm.SkipIfOnlyChanged)
}

// Instructions is about how long the program is that expressions are compiled to,
// where one matches what any of them does.
func Instructions(patterns ...string) int {
	pattern := strings.Join(patterns, "|")
	if !strings.ContainsAny(pattern, `{\`) {
		// Nothing in it stands for more than it is long.
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
