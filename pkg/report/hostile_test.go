package report

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
)

// foul is text that would be a command to another bot, were a line of a comment
// to begin with it.
var foul = []string{
	"/lgtm", "x\n/lgtm", "x\r/lgtm", "x\r\n   /lgtm", "\t/lgtm", "x\v/lgtm", "x\f/lgtm", "x\u0085/lgtm", "x\u2028/lgtm", "x\u2029/lgtm",
	"x\x1c/lgtm", "\u00a0/lgtm", "\u200b/lgtm", "\ufeff/lgtm", "\u2800/lgtm", "\u3164/lgtm", "\x00/lgtm", "\x1b[0m/lgtm", "\x1b/lgtm", "\xff/lgtm",
	"<!-- x -->/label x", "<!--\n-->/lgtm", "<!-- x\n/lgtm\n-->", "<!--> /lgtm", "<!\x01-- x -->/lgtm", "```\n/lgtm\n```", "`x`\n/lgtm", "``/lgtm", "\\\n/lgtm",
	"LGTM label has been added.  <details>Git tree hash: 0123</details>", "@kubernetes/sig-node-bugs",
}

var timeType, verdictType = reflect.TypeFor[time.Time](), reflect.TypeFor[Verdict]()

// fill puts a text into every field that can hold one.
func fill(v reflect.Value, s string, depth int) {
	switch {
	case v.Type() == timeType:
		v.Set(reflect.ValueOf(start))
		return
	case v.Type() == verdictType:
		v.SetString(string(Failed))
		return
	case depth > 8 || !v.CanSet():
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Bool:
		v.SetBool(depth%2 == 0)
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(3)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), s, depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), s, depth+1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), s, depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, s, depth+1)
		fill(value, s, depth+1)
		v.SetMapIndex(key, value)
	}
}

func filled[T any](s string) T {
	var v T
	fill(reflect.ValueOf(&v).Elem(), s, 0)
	return v
}

// bodies is everything that is written to a pull request, with s wherever a text
// of others can be.
func bodies(s string) map[string]string {
	v, plan, explain, c := filled[RunView](s), filled[PlanView](s), filled[ExplainView](s), filled[Commands](s)
	plan.Marker = "" // is ours
	running := v
	running.Outcomes = []Outcome{filled[Outcome](s), filled[Outcome](s)}
	running.Outcomes[0].Verdict, running.Outcomes[1].Verdict, running.AbortReason, running.Over = Running, NotStarted, "", false
	all := map[string]string{
		"run": Run(v), "running": Run(running), "explain": Explain(explain),
		"help": c.Help(s, s, s), "unknown": c.Unknown(s, s, s, s), "denied": c.Denied(filled[Denial](s)),
		"answer": Answer(s, s, s, s, NotAffected(s, []string{s}), Excluded(s, s), PushBetween(s), NeedsOkToTest(s), OtherBase(s, s), NotAJob(s, []string{s}), NotRunning(s, []string{s}), NothingMatches(s), UnmappedUser(s), NoLongerAffected(s), c.OtherPrefix()),
	}
	for name, p := range map[string]*Problem{"": nil, " conflicts": {Conflicts: []string{s}}, " missing": {Missing: s, Setting: s}, " refused": {Refused: &FileProblem{File: s, Message: s}}} {
		plan.Problem = p
		all["plan"+name] = Plan(plan)
		plan.Acknowledgement, plan.HeadApproval = nil, nil
		all["plan of nobody"+name] = Plan(plan)
		plan.Acknowledgement, plan.HeadApproval = filled[*Acknowledgement](s), filled[*Approval](s)
	}
	plan.Problem = nil
	for i := range plan.Jobs {
		plan.Jobs[i].Held = nil
	}
	plan.Jobs[1].Excluded = ""
	all["plan without held jobs"] = Plan(plan)
	for range 30 {
		plan.Jobs = append(plan.Jobs, plan.Jobs...)[:min(2*len(plan.Jobs), 60)]
	}
	all["plan of many"] = Plan(plan)
	status := filled[StatusView](s)
	status.Problem = false
	_, all["status"] = Status(status)
	return all
}

var (
	lineEnds = regexp.MustCompile("[\n\r\v\f\u0085\u2028\u2029\x1c\x1d\x1e]")
	comment  = regexp.MustCompile(`(?s)<!--.*?-->`)
)

// slashLine is the first line that some bot may take for one that begins with a
// slash: whatever it calls a line and white space, with or without what HTML
// comments hide.
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

// TestNothingOfOursIsACommand: whatever is quoted, no line of what we write begins
// with a slash, nor does it say what other bots look for in comments of their
// account.
func TestNothingOfOursIsACommand(t *testing.T) {
	others := regexp.MustCompile(`LGTM label has been added.  <details>Git tree hash|@kubernetes/sig-`)
	for _, s := range foul {
		for name, body := range bodies(s) {
			if line := slashLine(body); line != "" {
				t.Errorf("%q in %s becomes the line %q", s, name, line)
			}
			if found := others.FindString(legible.Mute(body)); found != "" {
				t.Errorf("%q in %s leaves %q", s, name, found)
			}
		}
	}
}

// TestSlashLine: the test itself sees lines that begin with a slash.
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
		for name, body := range bodies(s) {
			if line := slashLine(body); line != "" {
				t.Errorf("%q in %s becomes the line %q", s, name, line)
			}
		}
	})
}
