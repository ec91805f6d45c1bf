package event

import (
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	jobs := func(names ...string) Command { return Command{Verb: RunJobs, Jobs: names} }
	unknown := func(reason string) Command { return Command{Verb: Unknown, Reason: reason} }
	tests := []struct {
		line string
		want Command
	}{
		{"/pj-rehearse", Command{Verb: RunSample}},
		{"/rehearse", Command{Verb: RunSample}},
		{"/PJ-REHEARSE", Command{Verb: RunSample}},
		{"/pj-rehearse list", Command{Verb: List}},
		{"/pj-rehearse LIST", Command{Verb: List}},
		{"/pj-rehearse abort", Command{Verb: Abort}},
		{"/pj-rehearse abort a", unknown("nothing may follow `abort`")},
		{"/pj-rehearse list a", unknown("nothing may follow `list`")},
		{"/pj-rehearse a", jobs("a")},
		{"/pj-rehearse  b\ta  b", jobs("b", "a")},
		{"/pj-rehearse Pull-Foo_1.2", jobs("Pull-Foo_1.2")},
		{"/pj-rehearse a list", jobs("a", "list")},
		{"/pj-rehearse a@release-4.2 a@feature/x", jobs("a@release-4.2", "a@feature/x")},
		{"/pj-rehearse a@", unknown("it has words that cannot be the name of a job")},
		{"/pj-rehearse @main", unknown("it has words that cannot be the name of a job")},
		{"/pj-rehearse a/b", unknown("it has words that cannot be the name of a job")},
		{"/pj-rehearse a, b!", unknown("it has words that cannot be the name of a job")},
		{"/pj-rehearse `a`", unknown("it has words that cannot be the name of a job")},
		{"/pj-rehearse ack", unknown("`ack` is not supported")},
		{"/pj-rehearse Auto-ACK", unknown("`auto-ack` is not supported")},
		{"/pj-rehearse network-access-allowed", unknown("`network-access-allowed` is not supported")},
		{"/pj-rehearse max 3", unknown("`max` is not supported")},
		{"/rehearse ?", unknown("`?` is not supported")},
		{"/rehearse all", unknown("`all` is not supported")},
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

func TestGrammar(t *testing.T) {
	want := []string{"/x", "/x {job} {job} …", "/x list", "/x abort"}
	for i, e := range Grammar() {
		if got := e.Line("/x"); got != want[i] || e.Does == "" {
			t.Errorf("entry %d is %q (%q), want %q", i, got, e.Does, want[i])
		}
		if strings.ContainsAny(e.Does, "0123456789") {
			t.Errorf("%q names a number, which is for the settings to say", e.Does)
		}
	}
}
