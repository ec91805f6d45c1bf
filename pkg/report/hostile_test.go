package report_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/test/texts"
)

// foul are texts that would be commands to another bot if a line of a comment began with
// them.
var foul = []string{
	"/lgtm", "x\n/lgtm", "x\r/lgtm", "x\r\n   /lgtm", "\t/lgtm", "x\v/lgtm", "x\f/lgtm", "x\u0085/lgtm", "x\u2028/lgtm", "x\u2029/lgtm",
	"x\x1c/lgtm", "\u00a0/lgtm", "\u200b/lgtm", "\ufeff/lgtm", "\u2800/lgtm", "\u3164/lgtm", "\x00/lgtm", "\x1b[0m/lgtm", "\x1b/lgtm", "\xff/lgtm",
	"<!-- x -->/label x", "<!--\n-->/lgtm", "<!-- x\n/lgtm\n-->", "<!--> /lgtm", "<!\x01-- x -->/lgtm", "```\n/lgtm\n```", "`x`\n/lgtm", "``/lgtm", "\\\n/lgtm",
	"LGTM label has been added.  <details>Git tree hash: 0123</details>", "@kubernetes/sig-node-bugs",
}

var (
	lineEnds = regexp.MustCompile("[\n\r\v\f\u0085\u2028\u2029\x1c\x1d\x1e]")
	comment  = regexp.MustCompile(`(?s)<!--.*?-->`)
)

// slashLine returns the first line that some bot may read as starting with a slash,
// whatever it treats as a line or as white space, with or without the contents of HTML
// comments.
func slashLine(body string) string {
	for _, body := range []string{body, comment.ReplaceAllString(body, "")} {
		for _, line := range lineEnds.Split(body, -1) {
			start := strings.TrimLeftFunc(line, func(r rune) bool {
				return unicode.IsSpace(r) || !unicode.IsPrint(r) || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Mn) || r == '\u2800'
			})
			if strings.HasPrefix(start, "/") {
				return line
			}
		}
	}
	return ""
}

// TestNothingOfOursIsACommand: whatever is quoted, no line that we write begins with a
// slash, and none contains what other bots look for in comments by their account.
func TestNothingOfOursIsACommand(t *testing.T) {
	others := regexp.MustCompile(`LGTM label has been added.  <details>Git tree hash|@kubernetes/sig-`)
	for _, s := range foul {
		for name, body := range texts.Bodies(s) {
			if line := slashLine(body); line != "" {
				t.Errorf("%q in %s becomes the line %q", s, name, line)
			}
			if found := others.FindString(legible.Mute(body)); found != "" {
				t.Errorf("%q in %s leaves %q", s, name, found)
			}
		}
	}
}

// TestSlashLine: the test recognises lines that begin with a slash.
func TestSlashLine(t *testing.T) {
	for i, s := range foul[:17] {
		if slashLine(fmt.Sprintf("We say\n%s", s)) == "" {
			t.Errorf("%d: %q is not seen", i, s)
		}
	}
}

func FuzzNothingOfOursIsACommand(f *testing.F) {
	for _, s := range foul {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, body := range texts.Bodies(s) {
			if line := slashLine(body); line != "" {
				t.Errorf("%q in %s becomes the line %q", s, name, line)
			}
		}
	})
}

// TestLongTextsFit: no text makes a comment that GitHub refuses, however long it is and
// however much longer it becomes when its characters are spelled out.
func TestLongTextsFit(t *testing.T) {
	for name, s := range map[string]string{
		"tags": strings.Repeat("\U000e0061", 5000), "letters": strings.Repeat("&", 5000), "lines": strings.Repeat("/lgtm\n", 5000), "groups": strings.Repeat("@kubernetes/sig-", 500), "backticks": strings.Repeat("`", 5000),
	} {
		all := map[string]string{}
		plan, run, explain := texts.Filled[report.PlanView](s), texts.Filled[report.RunView](s), texts.Filled[report.ExplainView](s)
		plan.Problem, plan.Marker, plan.Commands, explain.Commands = nil, "", report.Commands{}, report.Commands{}
		for range 100 {
			plan.Warnings, plan.Unread = append(plan.Warnings, s), append(plan.Unread, report.FileProblem{File: s, Message: s})
			plan.Jobs, plan.Removed = append(plan.Jobs, plan.Jobs[0]), append(plan.Removed, plan.Jobs[0])
			run.Manifest.Notes, run.Outcomes = append(run.Manifest.Notes, s), append(run.Outcomes, run.Outcomes[0])
			run.Manifest.Jobs = append(run.Manifest.Jobs, run.Manifest.Jobs[0])
		}
		all["plan with much"], all["run with much"] = report.Plan(plan), report.Run(run)
		all["explain"], all["answer"] = report.Explain(explain), report.Answer("1", s, s, plan.Warnings...)
		plan.Problem = &report.Problem{Conflicts: plan.Warnings}
		all["conflicts"] = report.Plan(plan)
		plan.Problem = &report.Problem{Refused: &plan.Unread[0]}
		all["refused"] = report.Plan(plan)
		for where, body := range all {
			if n := utf8.RuneCountInString(legible.Mute(body)); n > 65_536 {
				t.Errorf("%s in %s: %d characters", name, where, n)
			}
		}
	}
}
