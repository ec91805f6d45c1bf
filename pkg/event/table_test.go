package event

import (
	"maps"
	"reflect"
	"slices"
	"testing"
)

// A column that is not filled in denies the command, and so does the first value of each
// type. The test finds a forgotten column before a user does.
func TestEveryColumnIsFilledIn(t *testing.T) {
	for _, r := range table {
		if r.Takes == 0 || r.Verb == "" || r.Does == "" || r.Effect == Starts && r.Selection == "" {
			t.Errorf("%q: %+v", r.Word, r)
		}
		kind := reflect.ValueOf(r.Kind)
		for i := range kind.NumField() {
			if kind.Field(i).IsZero() {
				t.Errorf("%q (%s) does not say its %s", r.Word, r.Verb, kind.Type().Field(i).Name)
			}
		}
	}
}

// Every right that a row needs has a description of what it allows, and no other right
// has one.
func TestEveryRightHasADeed(t *testing.T) {
	asked, told := map[Right]bool{}, map[Right]bool{}
	for _, r := range table {
		asked[r.Right] = true
	}
	for _, d := range Deeds() {
		if d.Right == "" || d.Does == "" || told[d.Right] {
			t.Errorf("%+v", d)
		}
		told[d.Right] = true
	}
	if !maps.Equal(asked, told) {
		t.Errorf("commands take the rights %v, people are told of %v", asked, told)
	}
}

func TestWordsSelectOneRow(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range table {
		if r.Word != "" && seen[r.Word] {
			t.Errorf("%q is there twice", r.Word)
		}
		seen[r.Word] = true
		if r.Place == OnCommandLine && (r.Word == "" || r.Effect != Acknowledges) {
			t.Errorf("%q cannot be a command of the command line", r.Word)
		}
		if got := r.Command.Kind(); got != r.Kind {
			t.Errorf("%q (%s) has %+v here, and %+v elsewhere", r.Word, r.Verb, r.Kind, got)
		}
	}
	for alias, word := range aliases {
		if !seen[word] || seen[alias] {
			t.Errorf("%q stands for %q", alias, word)
		}
	}
}

// A row with an empty Kind permits nothing and is subject to every check.
func TestTableIsClosed(t *testing.T) {
	before := table
	t.Cleanup(func() { table = before })
	table = append(slices.Clone(before), Row{Word: "bogus", Command: Command{Verb: "bogus"}})
	said := Parse("/rehearse bogus", DefaultPrefixes())
	if said.Verb != "bogus" {
		t.Fatalf("it is read as %+v", said)
	}
	for name, kind := range map[string]Kind{
		"added, and forgotten":             said.Kind(),
		"not there":                        Command{Verb: "never heard of"}.Kind(),
		"a known verb as it is never read": Command{Verb: List, AutoAck: true}.Kind(),
	} {
		if kind.Right != "" || kind.IsQuestion() || !kind.MustBeVerified() || !kind.ByOthers() || !kind.BindsToHead() || !kind.NeedsTrust() || !kind.OnlyOpen() {
			t.Errorf("%s: %+v permits something", name, kind)
		}
	}
	if said := Parse("/rehearse bogus a", DefaultPrefixes()); said.Verb != Unknown {
		t.Errorf("it takes what follows: %+v", said)
	}
}

// Only these commands are not verified with GitHub.
func TestQuestions(t *testing.T) {
	var questions []Verb
	for _, r := range table {
		if !r.MustBeVerified() {
			questions = append(questions, r.Verb)
		}
		if r.IsQuestion() != (r.Right == ToAsk) || r.IsQuestion() == (r.BindsToHead() || r.NeedsTrust()) && r.Verb != Reject && r.Verb != Abort {
			t.Errorf("%q: %+v", r.Word, r.Kind)
		}
	}
	if want := []Verb{List, Explain, Help, Unknown}; !slices.Equal(questions, want) {
		t.Errorf("not verified are %q, want %q", questions, want)
	}
}
