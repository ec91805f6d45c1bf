package event

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	run := func(selection Selection) Command { return Command{Verb: Run, Selection: selection} }
	jobs := func(names ...string) Command { return Command{Verb: Run, Selection: Named, Jobs: names} }
	autoAck := func(c Command) Command { c.AutoAck = true; return c }
	tests := []struct {
		line string
		want Command
	}{
		{"/pj-rehearse", run(Sample)},
		{"/rehearse", run(Sample)},
		{"/PJ-REHEARSE", run(Sample)},
		{"/pj-rehearse more", run(More)},
		{"/pj-rehearse MAX", run(Max)},
		{"/pj-rehearse all", run(All)},
		{"/pj-rehearse failed", run(Failed)},
		{"/pj-rehearse max 3", unknown("nothing may follow `max`")},
		{"/pj-rehearse a", jobs("a")},
		{"/pj-rehearse  b\ta  b", jobs("b", "a")},
		{"/pj-rehearse Pull-Foo_1.2", jobs("Pull-Foo_1.2")},
		{"/pj-rehearse a list", jobs("a", "list")},
		{"/pj-rehearse a@release-4.2 a@feature/x", jobs("a@release-4.2", "a@feature/x")},
		{"/pj-rehearse *-e2e-* pull-*@release-4.*", jobs("*-e2e-*", "pull-*@release-4.*")},
		{"/pj-rehearse a@", unknown("it has words that cannot be job names")},
		{"/pj-rehearse @main", unknown("it has words that cannot be job names")},
		{"/pj-rehearse a/b", unknown("it has words that cannot be job names")},
		{"/pj-rehearse a, b!", unknown("it has words that cannot be job names")},
		{"/pj-rehearse `a`", unknown("it has words that cannot be job names")},
		{"/pj-rehearse auto-ack", autoAck(run(Sample))},
		{"/pj-rehearse Auto-ACK more", autoAck(run(More))},
		{"/pj-rehearse auto-ack failed", autoAck(run(Failed))},
		{"/pj-rehearse auto-ack a b", autoAck(jobs("a", "b"))},
		{"/pj-rehearse auto-ack auto-ack", unknown("`auto-ack` cannot follow `auto-ack`")},
		{"/pj-rehearse auto-ack abort", unknown("`abort` cannot follow `auto-ack`")},
		{"/pj-rehearse auto-ack max 3", unknown("nothing may follow `max`")},
		{"/pj-rehearse list", Command{Verb: List}},
		{"/pj-rehearse LIST", Command{Verb: List}},
		{"/rehearse ?", Command{Verb: List}},
		{"/pj-rehearse list a", unknown("nothing may follow `list`")},
		{"/pj-rehearse explain a", Command{Verb: Explain, Jobs: []string{"a"}}},
		{"/pj-rehearse explain a@main", Command{Verb: Explain, Jobs: []string{"a@main"}}},
		{"/pj-rehearse explain", unknown("`explain` needs the name of a job")},
		{"/pj-rehearse explain a b", unknown("only one name may follow `explain`")},
		{"/pj-rehearse explain a*", unknown("`explain` needs the full name of a job")},
		{"/pj-rehearse ack", Command{Verb: Ack}},
		{"/pj-rehearse ack please", unknown("only a commit SHA may follow `ack`, with at least seven digits")},
		{"/pj-rehearse skip", Command{Verb: Skip}},
		{"/pj-rehearse reject", Command{Verb: Reject}},
		{"/pj-rehearse abort", Command{Verb: Abort}},
		{"/pj-rehearse abort a b*", Command{Verb: Abort, Jobs: []string{"a", "b*"}}},
		{"/pj-rehearse network-access-allowed", Command{Verb: AllowNetwork}},
		{"/rehearse approve", Command{Verb: Approve}},
		{"/rehearse Approve", Command{Verb: Approve}},
		{"/rehearse approve it", unknown("only a commit SHA may follow `approve`, with at least seven digits")},
		{"/rehearse approve 123456", unknown("only a commit SHA may follow `approve`, with at least seven digits")},
		{"/rehearse approve 1234567 8", unknown("only a commit SHA may follow `approve`")},
		{"/rehearse approve 12AB567", Command{Verb: Approve, SHA: "12ab567"}},
		{"/rehearse privileges-allowed 1a2b3c4d5e6f", Command{Verb: AllowPrivileges, SHA: "1a2b3c4d5e6f"}},
		{"/rehearse ack " + strings.Repeat("a", 40), Command{Verb: Ack, SHA: strings.Repeat("a", 40)}},
		{"/rehearse reject 1234567", unknown("nothing may follow `reject`")},
		{"/rehearse 1a2b3c4d5e6f", jobs("1a2b3c4d5e6f")},
		{"/rehearse approve-images", jobs("approve-images")},
		{"/rehearse privileges-allowed", Command{Verb: AllowPrivileges}},
		{"/rehearse auto-ack approve", unknown("`approve` cannot follow `auto-ack`")},
		{"/rehearse help", Command{Verb: Help}},
		{"/test all", unknown("it is not a command")},
		{"", unknown("it is not a command")},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			if got := Parse(tt.line, DefaultPrefixes()); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("Parse(%q) = %+v, want %+v", tt.line, got, tt.want)
			}
		})
	}
}

var codeSpan = regexp.MustCompile("`[^`]*`")

func TestGrammar(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range Grammar() {
		line := e.Line("/x")
		if e.Does == "" || seen[line] {
			t.Errorf("%q is there twice or says nothing: %q", line, e.Does)
		}
		seen[line] = true
		if strings.ContainsAny(codeSpan.ReplaceAllString(e.Does, ""), "0123456789") {
			t.Errorf("%q names a number, which is for the settings to say", e.Does)
		}
		written := strings.NewReplacer("{job} {job} …", "a b", "{job}", "a", "{sha}", "0123456").Replace(line)
		if c := Parse(written, []string{"/x"}); c.Verb == Unknown {
			t.Errorf("%q is shown and not understood: %s", written, c.Reason)
		}
	}
}

// FuzzParse checks what callers of Parse rely on: the verb is a known one, only an
// Unknown command has a reason, and names can be put between backticks.
func FuzzParse(f *testing.F) {
	for _, r := range table {
		f.Add("/pj-rehearse " + r.Word)
		f.Add("/rehearse auto-ack " + r.Word + " a*@b")
		f.Add("/rehearse " + r.Word + " 0123456789")
	}
	f.Add("> /pj-rehearse\n```\n/rehearse ?\n```\n/REHEARSE <!-- x --> all")
	f.Fuzz(func(t *testing.T, body string) {
		for _, line := range CommandLines(body, DefaultPrefixes()) {
			c := Parse(line, DefaultPrefixes())
			if (c.Verb == Unknown) != (c.Reason != "") || c.Verb == "" || (c.Verb == Run) != (c.Selection != "") {
				t.Fatalf("Parse(%q) = %+v", line, c)
			}
			if c.AutoAck && c.Verb != Run || (c.Selection == Named) != (c.Verb == Run && len(c.Jobs) > 0) {
				t.Fatalf("Parse(%q) = %+v", line, c)
			}
			for _, job := range c.Jobs {
				if !isJob(job) || strings.ContainsAny(job, "`<>@ \n") && strings.Count(job, "@") != 1 {
					t.Fatalf("Parse(%q) names %q", line, job)
				}
			}
			if again := Parse(strings.Join(strings.Fields(line), " "), DefaultPrefixes()); !reflect.DeepEqual(again, c) {
				t.Fatalf("Parse(%q) = %+v, with other white space %+v", line, c, again)
			}
		}
	})
}

func TestParseStored(t *testing.T) {
	for line, want := range map[string]Command{
		"/pj-rehearse max": {Verb: Run, Selection: Max},
		"/gone max":        {Verb: Run, Selection: Max},
		"/gone":            {Verb: Run, Selection: Sample},
		"gone max":         unknown("it is not a command"),
		"/":                unknown("it is not a command"),
		"":                 unknown("it is not a command"),
	} {
		if got := ParseStored(line, DefaultPrefixes()); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v", line, got, want)
		}
	}
}
