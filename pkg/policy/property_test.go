package policy

import (
	"errors"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// world is a set of facts about three people, in bits.
type world uint64

var logins = []string{"alice", "bob", "mallory"}

// subject is the fact for each bit of a world.
var subject = func() []Fact {
	var all []Fact
	for _, login := range logins {
		for _, of := range costs {
			f := Fact{Of: of, Login: login}
			if of == FactTeam {
				f.Team = "acme/ops"
			}
			all = append(all, f)
		}
	}
	return all
}()

func (w world) has(f Fact) bool {
	i := slices.Index(subject, f)
	return i >= 0 && w>>i&1 == 1
}

// consistent makes admins writers.
func (w world) consistent() world {
	for i, f := range subject {
		if f.Of == FactAdmin && w.has(f) {
			w |= 1 << (i - 1)
		}
	}
	return w
}

// facts returns the facts of a world for which the bits of known are set.
func (w world) facts(known uint64) Facts {
	facts := Facts{}
	for i, f := range subject {
		if known>>i&1 == 1 {
			facts[f] = Answer{Holds: w.has(f)}
		}
	}
	return facts
}

const everything = ^uint64(0)

// hold checks what must be true for any config, question and world.
func hold(t *testing.T, c Config, q Question, w world, known uint64) {
	t.Helper()
	valid := c.Validate() == nil
	full, partial := c.Decide(q, w.facts(everything)), c.Decide(q, w.facts(known))
	switch {
	case full.Need != nil && slices.Contains(subject, *full.Need):
		t.Fatalf("%+v %+v: everything is known, and %+v is asked for", c, q, *full.Need)
	case partial.Need == nil && full.Need == nil && partial.Allowed != full.Allowed:
		t.Fatalf("%+v %+v: decided %t before it knew that it is %t", c, q, partial.Allowed, full.Allowed)
	case partial.Need != nil && partial.Allowed:
		t.Fatalf("%+v %+v: allowed what it does not know: %+v", c, q, partial)
	case partial.Need != nil && w.facts(known)[*partial.Need] != (Answer{}):
		t.Fatalf("%+v %+v: asks for what it knows: %+v", c, q, *partial.Need)
	}
	alone := q
	alone.Others, alone.Unknown = nil, false
	if d := c.Decide(alone, w.facts(everything)); full.Allowed && !d.Allowed {
		t.Fatalf("%+v %+v: others who made it give a right", c, q)
	}
	for _, d := range []Decision{full, partial} {
		if d.Allowed && q.Command.byOthers() && (strings.EqualFold(q.By, q.Author) || q.Unknown) {
			t.Fatalf("%+v: %s by the author, or by somebody who may be one", c, q.Command)
		}
		for _, p := range q.Others {
			if d.Allowed && q.Command.byOthers() && (strings.EqualFold(q.By, p.Login) || p.ID != 0 && p.ID == q.ByID) {
				t.Fatalf("%+v: %s by %s, who made %+v", c, q.Command, q.By, q)
			}
		}
		if d.Allowed && valid && q.Command.byOthers() && w.facts(everything)[Fact{}] == (Answer{}) && c.Decide(q, world(0).facts(everything)).Allowed && !named(c, q) {
			t.Fatalf("%+v: %s by somebody of whom nothing is true", c, q.Command)
		}
	}
	if full.Allowed {
		more := w | world(known)
		if d := c.Decide(q, more.facts(everything)); !d.Allowed && d.Need == nil {
			t.Fatalf("%+v %+v: more rights take something away", c, q)
		}
		run := q
		run.Command = Run
		if q.Command == Ack && !c.Decide(run, w.facts(everything)).Allowed {
			t.Fatalf("%+v: %s acknowledges and may not run", c, q.By)
		}
	}
}

// named reports whether the rule for a question names the person who asks.
func named(c Config, q Question) bool {
	return strings.Contains(strings.ToLower(strings.Join(*c.rules()[string(q.Command)], " ")), "user:")
}

// words from which rules are built.
var vocabulary = []string{
	"anyone", "nobody", "author", "member", "writer", "admin", "approver", "root-approver", "team:acme/ops", "user:bob",
	"trusted-author", "label:ok",
}

func randomRule(r *rand.Rand) Rule {
	var rule Rule
	for range r.Intn(4) {
		var words []string
		for range 1 + r.Intn(3) {
			words = append(words, vocabulary[r.Intn(len(vocabulary))])
		}
		rule = append(rule, strings.Join(words, " "))
	}
	return rule
}

func randomConfig(r *rand.Rand) Config {
	c := Config{Preset: append(Presets(), "")[r.Intn(len(Presets())+1)]}
	for _, field := range ruleNames() {
		*c.rules()[field] = randomRule(r)
	}
	return c
}

func randomQuestion(r *rand.Rand) Question {
	q := Question{Command: Commands()[r.Intn(len(Commands()))], By: logins[r.Intn(3)], Author: "Alice"}
	if r.Intn(2) == 0 {
		q.Labels = []string{"ok"}
	}
	q.ByID, q.Unknown = int64(r.Intn(3)), r.Intn(4) == 0
	for range r.Intn(3) {
		q.Others = append(q.Others, Person{strings.ToUpper(logins[r.Intn(3)]), int64(r.Intn(4))})
	}
	return q
}

func TestPropertiesOfDecisions(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	valid := 0
	for range 10_000 {
		c, q := randomConfig(r), randomQuestion(r)
		if c.Validate() == nil {
			valid++
		}
		hold(t, c, q, world(r.Uint64()).consistent(), r.Uint64())
	}
	if valid < 100 {
		t.Errorf("only %d tables were valid: nothing was shown of those", valid)
	}
}

// TestFailingLookups lets random lookups fail. What is then allowed must also be allowed
// without failures.
func TestFailingLookups(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	away := errors.New("GitHub is away")
	for range 4_000 {
		c, q, w := randomConfig(r), randomQuestion(r), world(r.Uint64()).consistent()
		failed := false
		d, err := Settle(func(known Facts) Decision { return c.Decide(q, known) }, Facts{}, func(f Fact) (Answer, error) {
			if r.Intn(3) == 0 {
				failed = true
				return Answer{Holds: true}, away
			}
			return Answer{Holds: w.has(f)}, nil
		})
		if failed != (err != nil) || failed && d.Allowed {
			t.Fatalf("%+v %+v: %+v, %v", c, q, d, err)
		}
		if d.Allowed && !c.Decide(q, w.facts(everything)).Allowed {
			t.Fatalf("%+v %+v: allowed by lookups that failed", c, q)
		}
	}
}

// FuzzPolicy parses a table as users write it, and asks every question about any world.
func FuzzPolicy(f *testing.F) {
	for _, text := range []string{
		"", "preset: openshift", "preset: kubevirt\nack: [root-approver]", "run: [anyone]\nprivileges: [author]",
		"approve: ['team:acme/ops member', 'user:ALICE', '!label:x']\ntrust: [label:ok]", "preset: nonsense",
		"ack: [nobody admin]\nnetwork: ['user:mallory']", "run: ['label:ok']\nack: ['author label:ok']",
	} {
		f.Add(text, uint64(0), uint64(0))
		f.Add(text, everything, uint64(0xf0f0))
	}
	f.Fuzz(func(t *testing.T, text string, facts, known uint64) {
		var c Config
		if err := yaml.UnmarshalStrict([]byte(text), &c); err != nil {
			return
		}
		w := world(facts).consistent()
		for _, command := range Commands() {
			for _, by := range []string{"Alice", "bob", "mallory", ""} {
				q := Question{Command: command, By: by, Author: "alice", Labels: []string{"ok"}}
				hold(t, c, q, w, known)
				q.Author = ""
				if d := c.Decide(q, w.facts(everything)); d.Allowed || d.Need != nil {
					t.Fatalf("%q: %s may %s what nobody wrote", text, by, command)
				}
			}
			if who := c.Who(command, "acme", "release"); who == "" || strings.Contains(who, "\n") {
				t.Fatalf("%q: %s is for %q", text, command, who)
			}
		}
		if d := c.Trusts(Question{Author: "alice"}, Facts{}); d.Allowed && d.Need != nil {
			t.Fatalf("%q: %+v", text, d)
		}
	})
}
