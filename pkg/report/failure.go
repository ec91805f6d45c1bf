package report

import (
	"regexp"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// maxTogether is the maximum number of named jobs with the same failure.
const maxTogether = 30

// failures returns the sections on jobs that did not pass, in the order of the outcomes: a
// sentence and the excerpt. Jobs with the same failure share a section.
func failures(v RunView, outcomes []run.Outcome) []section {
	var sections []section
	for _, same := range together(v, outcomes) {
		sections = append(sections, section{title: failureTitle(same), lines: same[0].Excerpt, jobs: len(same)})
	}
	return sections
}

// together groups the outcomes that are worth explaining by their symptom.
func together(v RunView, outcomes []run.Outcome) [][]run.Outcome {
	var groups [][]run.Outcome
	index := map[string]int{}
	for _, o := range outcomes {
		if !saysMore(v, o) {
			continue
		}
		key := symptom(o)
		at, ok := index[key]
		if !ok {
			at = len(groups)
			index[key] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], o)
	}
	return groups
}

// saysMore reports whether more is known about a bad outcome than its verdict. For
// aborted jobs, the reason must differ from that of the run.
func saysMore(v RunView, o run.Outcome) bool {
	if o.Verdict == run.Aborted {
		return o.Detail != "" && (v.AbortReason == "" || !strings.Contains(o.Detail, strings.TrimRight(v.AbortReason, ".")))
	}
	return o.Verdict.Bad() && (o.Detail != "" || len(o.Excerpt) > 0)
}

// explanation returns the detail without the part that repeats the verdict.
func explanation(o run.Outcome) string {
	if rest, ok := strings.CutPrefix(o.Detail, "Aborted: "); ok && o.Verdict == run.Aborted {
		return rest
	}
	return o.Detail
}

// variable matches the differences between logs of the same failure: numbers, hashes,
// times, generated names.
var variable = regexp.MustCompile(`[A-Za-z0-9]*[0-9][A-Za-z0-9]*|/tmp/[^\s:'"]+`)

// symptom returns the same string for outcomes with the same failure.
func symptom(o run.Outcome) string {
	parts := []string{string(o.Verdict), o.Detail}
	s := strings.Join(append(parts, o.Excerpt...), "\n")
	for _, own := range []string{o.Name, o.Repo, o.Branch, o.ProwJob, o.Task} {
		if len(own) > 2 {
			s = strings.ReplaceAll(s, own, "\x00")
		}
	}
	return variable.ReplaceAllString(s, "0")
}

func failureTitle(same []run.Outcome) string {
	o := same[0]
	detail := ""
	if o.Detail != "" {
		detail = ": " + text(legible.Clip(explanation(o), maxDetail))
	}
	if len(same) == 1 {
		return "\n" + verdictIcon[o.Verdict] + " **" + code(legible.Clip(o.Name, maxName)) + "** " + words(o.Verdict) + detail + "\n"
	}
	s := "\n" + verdictIcon[o.Verdict] + " **These " + plural(len(same), "job") + " " + wordsOfMany(o.Verdict)
	if len(o.Excerpt) > 0 && detail == "" {
		s += " with the same error:**"
	} else {
		s += "**" + detail
	}
	var names []string
	for i, o := range same {
		if i == maxTogether {
			names = append(names, "and "+count(len(same)-i)+" more")
			break
		}
		names = append(names, code(legible.Clip(o.Name, maxName)))
	}
	return s + "\n\n" + strings.Join(names, ", ") + "\n"
}
