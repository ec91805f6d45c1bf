package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
)

// role is a person with certain facts.
type role struct {
	name  string
	login string
	facts []string
}

// people are one of each role. The author of the pull request is alice; each test decides
// whether she is trusted.
var people = []role{
	{"stranger", "mallory", nil},
	{"author", "Alice", nil},
	{"member", "mia", []string{FactMember}},
	{"writer", "wim", []string{FactWriter}},
	{"admin", "ada", []string{FactWriter, FactAdmin}},
	{"approver", "ann", []string{FactMember, FactApprover}},
	{"root approver", "ron", []string{FactMember, FactRootApprover}},
}

// truthful returns the facts about people, and authorFacts about alice.
func truthful(authorFacts ...string) func(Fact) (Answer, error) {
	return func(f Fact) (Answer, error) {
		if f.Login == "alice" {
			return Answer{Holds: slices.Contains(authorFacts, f.Of)}, nil
		}
		for _, p := range people {
			if strings.EqualFold(p.login, f.Login) {
				return Answer{Holds: slices.Contains(p.facts, f.Of)}, nil
			}
		}
		return Answer{}, fmt.Errorf("nobody knows %s", f.Login)
	}
}

func allowed(t *testing.T, c Config, q Question, find func(Fact) (Answer, error)) bool {
	t.Helper()
	d, err := Settle(func(known Facts) Decision { return c.Decide(q, known) }, Facts{}, find)
	if err != nil {
		t.Fatal(err)
	}
	return d.Allowed
}

// TestPresets checks every command × role × preset.
func TestPresets(t *testing.T) {
	// Who is allowed, of stranger, author, member, writer, admin, approver, root
	// approver.
	tables := map[string]map[Command]string{
		"": {
			Run: "...ww..", Abort: ".a.ww..", Ack: "...ww..", Reject: "...ww..",
			Approve: "...ww..", Privileges: "...ww..", Network: "...ww..", Ask: ".a.ww..",
		},
		"openshift": {
			Run: ".amwwmm", Abort: ".amwwmm", Ack: "..mwwmm", Reject: "..mwwmm",
			Approve: "..mwwmm", Privileges: "...ww..", Network: "..m..mm", Ask: ".amwwmm",
		},
		"kubevirt, the author is a member": {
			Run: ".....or", Abort: ".am..mm", Ack: ".....or", Reject: ".....or",
			Approve: ".....or", Privileges: "......r", Network: ".....or", Ask: ".am..mm",
		},
		"kubevirt, and it has the label": {
			Run: ".am..or", Abort: ".am..mm", Ack: ".....or", Reject: ".....or",
			Approve: ".....or", Privileges: "......r", Network: ".....or", Ask: ".am..mm",
		},
		"kubevirt, the author is a stranger": {
			Run: "......r", Abort: ".am..mm", Ack: "......r", Reject: ".....or",
			Approve: ".....or", Privileges: "......r", Network: ".....or", Ask: ".am..mm",
		},
		"open": {
			Run: "xxxxxxx", Abort: ".amwwmm", Ack: "..mwwmm", Reject: "..mwwmm",
			Approve: "..mwwmm", Privileges: "...ww..", Network: "..mwwmm", Ask: "xxxxxxx",
		},
	}
	for name, table := range tables {
		preset, situation, _ := strings.Cut(name, ", ")
		c := Config{Preset: preset}
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		q := Question{Author: "alice"}
		if strings.Contains(situation, "label") {
			q.Labels = []string{"other", "OK-to-rehearse"}
		}
		find := truthful()
		if preset == "kubevirt" && !strings.Contains(situation, "stranger") {
			find = truthful(FactMember)
		}
		for _, command := range Commands() {
			for i, p := range people {
				q.Command, q.By = command, p.login
				want := table[command][i] != '.'
				if got := allowed(t, c, q, find); got != want {
					t.Errorf("preset %q: %s by the %s: allowed is %t, want %t", name, command, p.name, got, want)
				}
			}
		}
	}
}

func TestTrust(t *testing.T) {
	for name, tc := range map[string]struct {
		config Config
		facts  []string
		labels []string
		want   bool
	}{
		"a stranger":                 {Config{}, nil, nil, false},
		"a member, by default":       {Config{}, []string{FactMember}, nil, false},
		"a writer":                   {Config{}, []string{FactWriter}, nil, true},
		"a member, in openshift":     {Config{Preset: "openshift"}, []string{FactMember}, nil, true},
		"a writer, in kubevirt":      {Config{Preset: "kubevirt"}, []string{FactWriter}, nil, false},
		"a stranger with a label":    {Config{Preset: "kubevirt"}, nil, []string{"ok-to-rehearse"}, false},
		"a label, where it is ruled": {Config{Trust: Rule{"label:ok"}}, nil, []string{"OK"}, true},
		"an unknown preset":          {Config{Preset: "nonsense"}, []string{FactWriter, FactMember, FactAdmin}, nil, false},
		"not even himself":           {Config{Trust: Rule{"author"}}, nil, nil, false},
		"nor in a circle":            {Config{Trust: Rule{"trusted-author"}}, nil, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Settle(func(known Facts) Decision {
				return tc.config.Trusts(Question{Author: "Alice", Labels: tc.labels}, known)
			}, Facts{}, truthful(tc.facts...))
			if err != nil || d.Allowed != tc.want {
				t.Errorf("trusted is %t (%v), want %t", d.Allowed, err, tc.want)
			}
		})
	}
	if d := (Config{Preset: "open", Trust: Rule{"anyone"}}).Trusts(Question{}, Facts{}); d.Allowed || d.Need != nil {
		t.Errorf("an account that is gone: %+v", d)
	}
}

// TestTrustOfSeveral checks that one contributor who is not trusted is enough, and that
// no facts about the others are then looked up.
func TestTrustOfSeveral(t *testing.T) {
	for name, tc := range map[string]struct {
		others     []Person
		unknown    bool
		distrusted string
		asked      string
	}{
		"the author, twice":       {[]Person{{"ALICE", 1}}, false, "", "writer alice"},
		"a writer":                {[]Person{{"alice", 1}, {"bob", 2}}, false, "", "writer alice, writer bob"},
		"a stranger in between":   {[]Person{{"mallory", 3}, {"bob", 2}}, false, "mallory", "writer alice, writer mallory"},
		"somebody who is unknown": {[]Person{{"bob", 2}}, true, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			d, err := Settle(func(known Facts) Decision {
				return Config{}.Trusts(Question{Author: "alice", Others: tc.others, Unknown: tc.unknown}, known)
			}, Facts{}, func(f Fact) (Answer, error) {
				asked = append(asked, f.Of+" "+f.Login)
				return Answer{Holds: f.Login != "mallory"}, nil
			})
			if err != nil || d.Allowed == (tc.unknown || tc.distrusted != "") || d.Distrusted != tc.distrusted || strings.Join(asked, ", ") != tc.asked {
				t.Errorf("%+v, %v, after asking %q", d, err, asked)
			}
		})
	}
}

// TestAsksNoMoreThanItNeeds checks which facts are looked up, and in which order.
func TestAsksNoMoreThanItNeeds(t *testing.T) {
	kubevirt := Config{Preset: "kubevirt"}
	for name, tc := range map[string]struct {
		config Config
		q      Question
		facts  []string // of alice
		want   []string
	}{
		"anyone costs nothing":           {Config{Preset: "open"}, Question{Command: Run, By: "mallory"}, nil, nil},
		"nor does the author":            {Config{}, Question{Command: Abort, By: "alice"}, nil, nil},
		"nor what the author never may":  {Config{}, Question{Command: Privileges, By: "ALICE"}, []string{FactAdmin, FactWriter}, nil},
		"a member is not asked further":  {Config{Preset: "openshift"}, Question{Command: Ack, By: "mia"}, nil, []string{"member mia"}},
		"a writer is asked both":         {Config{Preset: "openshift"}, Question{Command: Ack, By: "wim"}, nil, []string{"member wim", "writer wim"}},
		"OWNERS come last":               {kubevirt, Question{Command: Run, By: "ann"}, []string{FactMember}, []string{"member ann", "member alice", "root-approver ann", "approver ann"}},
		"a label saves OWNERS":           {kubevirt, Question{Command: Run, By: "mia", Labels: []string{"ok-to-rehearse"}}, []string{FactMember}, []string{"member mia", "member alice"}},
		"so does a stranger who is none": {kubevirt, Question{Command: Run, By: "mallory"}, nil, []string{"member mallory", "root-approver mallory"}},
		"and an author who is none":      {kubevirt, Question{Command: Run, By: "mia"}, nil, []string{"member mia", "member alice", "root-approver mia"}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.q.Author = "alice"
			var asked []string
			find := func(f Fact) (Answer, error) {
				asked = append(asked, f.Of+" "+f.Login)
				return truthful(tc.facts...)(f)
			}
			allowed(t, tc.config, tc.q, find)
			if diff := cmp.Diff(tc.want, asked); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnErrorIsNoDecision(t *testing.T) {
	away := errors.New("GitHub is away")
	for _, preset := range Presets() {
		for _, command := range Commands() {
			for _, p := range people {
				q := Question{Command: command, By: p.login, Author: "alice"}
				c, calls := Config{Preset: preset}, 0
				for failAt := 0; failAt <= calls; failAt++ {
					n := 0
					d, err := Settle(func(known Facts) Decision { return c.Decide(q, known) }, Facts{}, func(f Fact) (Answer, error) {
						n++
						if n > failAt {
							return Answer{Holds: true}, away
						}
						calls = max(calls, n)
						return truthful(FactMember)(f)
					})
					if n > failAt && (!errors.Is(err, away) || d.Allowed) {
						t.Errorf("%s: %s by %s: %+v, %v", preset, command, p.name, d, err)
					}
				}
			}
		}
	}
}

func TestWhatCannotBeDecidedIsNo(t *testing.T) {
	c := Config{Preset: "kubevirt"}
	find := func(f Fact) (Answer, error) {
		if f.Of == FactApprover {
			return Answer{Holds: true, Because: "There are too many OWNERS files."}, nil
		}
		return truthful(FactMember)(f)
	}
	q := Question{Command: Run, By: "ann", Author: "alice"}
	d, err := Settle(func(known Facts) Decision { return c.Decide(q, known) }, Facts{}, find)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Decision{Because: []string{"There are too many OWNERS files."}}, d); diff != "" {
		t.Error(diff)
	}
}

func TestTeams(t *testing.T) {
	c := Config{Run: Rule{"team:Acme/admins", "user:Renovate[bot]"}, Ack: Rule{"team:acme/admins"}}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	find := func(f Fact) (Answer, error) {
		return Answer{Holds: f == Fact{Of: FactTeam, Login: "tom", Team: "acme/admins"}}, nil
	}
	for login, want := range map[string]bool{"Tom": true, "tim": false, "renovate[BOT]": true, "renovate": false} {
		if got := allowed(t, c, Question{Command: Run, By: login, Author: "alice"}, find); got != want {
			t.Errorf("%s: %t", login, got)
		}
	}
	if allowed(t, c, Question{Command: Ack, By: "renovate[bot]", Author: "alice"}, find) {
		t.Error("somebody acknowledges who is not in the team")
	}
}

// A command that is not in the grammar is denied to everybody; every command in the
// grammar is in a row of the table.
func TestCommandsOfTheGrammar(t *testing.T) {
	everything := func(c Command) bool {
		cfg := Config{Preset: "open", Run: Rule{"anyone"}, Abort: Rule{"anyone"}, Reject: Rule{"anyone"}, Ask: Rule{"anyone"}, Ack: Rule{"user:bob"}, Approve: Rule{"user:bob"}, Privileges: Rule{"user:bob"}, Network: Rule{"user:bob"}}
		return cfg.Decide(Question{Command: c, By: "bob", Author: "alice"}, nil).Allowed
	}
	rows := map[Command]bool{}
	for _, r := range event.Table() {
		rows[CommandOf(r.Command)] = true
		if !everything(CommandOf(r.Command)) {
			t.Errorf("%q (%s) is for nobody", r.Word, r.Verb)
		}
	}
	if len(rows) != len(Commands()) {
		t.Errorf("the grammar has %v, the policy %v", rows, Commands())
	}
	bogus := CommandOf(event.Command{Verb: "bogus"})
	if everything(bogus) {
		t.Errorf("what the grammar does not have is allowed as %q", bogus)
	}
	for _, c := range Commands() {
		if want := c == Approve || c == Privileges || c == Network; c.byOthers() != want {
			t.Errorf("%s is for others: %t", c, !want)
		}
	}
}
