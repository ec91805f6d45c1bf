package policy

import (
	"slices"
	"strings"
)

// Fact is something to look up about a person, all in lower case. Of is one of the
// Fact constants.
type Fact struct {
	Of    string
	Login string
	// Team is org/slug; only for FactTeam.
	Team string
}

// The facts, the cheapest first.
const (
	// FactMember: a member of the organisation of the repository.
	FactMember = string(member)
	// FactWriter and FactAdmin: that access to the repository, or better.
	FactWriter = string(writer)
	FactAdmin  = string(admin)
	// FactTeam: a member of a team.
	FactTeam = string(team)
	// FactRootApprover and FactApprover: a collaborator who is an approver in the
	// top-level OWNERS file of the base branch, or of every changed file.
	FactRootApprover = string(rootApprover)
	FactApprover     = string(approver)
)

var costs = []string{FactMember, FactWriter, FactAdmin, FactTeam, FactRootApprover, FactApprover}

// Answer is the result of a lookup. Because is a sentence for people that says why it
// could not be decided; it counts as no. It is usually empty.
type Answer struct {
	Holds   bool
	Because string
}

// Facts are the known answers. A missing one is unknown, which is not the same as no.
type Facts map[Fact]Answer

// Person is an account. Its id survives renames; it is 0 if it is not known.
type Person struct {
	Login string
	ID    int64
}

// is compares as GitHub does.
func (p Person) is(login string, id int64) bool {
	return strings.EqualFold(p.Login, login) || p.ID != 0 && p.ID == id
}

// Question is who wants to do what to which pull request.
type Question struct {
	Command Command
	// By and Author are logins, ByID the id of the former if it is known.
	By     string
	ByID   int64
	Author string
	// Others are the other contributors: everybody who pushed to the pull request or is
	// named in its commits. They may include the author.
	Others []Person
	// Unknown says that there may be more contributors.
	Unknown bool
	// Labels are those of the pull request.
	Labels []string
}

// byMaker reports whether the person is a contributor.
func (q Question) byMaker() bool {
	return strings.EqualFold(q.By, q.Author) || slices.ContainsFunc(q.Others, func(p Person) bool { return p.is(q.By, q.ByID) })
}

// makers returns the logins of the contributors, the author first.
func (q Question) makers() []string {
	logins := []string{q.Author}
	for _, p := range q.Others {
		if !strings.EqualFold(p.Login, q.Author) {
			logins = append(logins, p.Login)
		}
	}
	return logins
}

// Decision is the decision, or the fact that is needed next.
type Decision struct {
	// Need is the fact to look up next; nil once it is decided.
	Need    *Fact
	Allowed bool
	// Own says that it was denied because contributors may not do this to their own pull
	// request.
	Own bool
	// Unknown says that it was denied only because the contributors are not known.
	Unknown bool
	// Distrusted is a contributor who is not trusted, if that was decided; empty if the
	// contributors are not known.
	Distrusted string
	// Because are the reasons why facts could not be looked up.
	Because []string
}

// Decide returns whether a person may do something, or which fact is needed to decide
// that.
func (c Config) Decide(q Question, known Facts) Decision {
	if q.By == "" || q.Author == "" || !slices.Contains(Commands(), q.Command) {
		return Decision{}
	}
	if q.Command.byOthers() && q.byMaker() {
		return Decision{Own: true}
	}
	table := c.filled()
	e := evaluation{q: q, facts: known, trust: table.trusted()}
	rules := [][]alternative{(*table.rules()[string(q.Command)]).parse()}
	if q.Command == Ack {
		rules = append(rules, table.Run.parse())
	}
	verdict := yes
	for _, rule := range rules {
		verdict = min(verdict, e.rule(rule, q.By))
	}
	if q.Unknown && q.Command.byOthers() && verdict == yes {
		return Decision{Unknown: true}
	}
	return e.decision(verdict)
}

// Trusts says whether a pull request runs without an approval of each head, or which
// fact it needs. Only the question's facts about the pull request matter: all
// contributors must be trusted.
func (c Config) Trusts(q Question, known Facts) Decision {
	if q.Author == "" {
		return Decision{}
	}
	e := evaluation{q: q, facts: known, trust: c.filled().trusted()}
	d := e.decision(e.trusted())
	d.Distrusted = e.distrusted
	return d
}

// trusted is the trust rule, without conditions that would be circular.
func (c Config) trusted() []alternative {
	return slices.DeleteFunc(c.Trust.parse(), func(a alternative) bool {
		return slices.ContainsFunc(a, func(c condition) bool { return c.kind == author || c.kind == trustedAuthor })
	})
}

// truth is a three-valued truth. The order makes min a conjunction and max a
// disjunction.
type truth int

const (
	no truth = iota
	open
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// evaluation evaluates rules and collects the unknown facts.
type evaluation struct {
	q     Question
	facts Facts
	// trust is the rule about the author.
	trust   []alternative
	needs   []Fact
	because []string
	// distrusted is the first contributor who is found not to be trusted.
	distrusted string
}

func (e *evaluation) decision(verdict truth) Decision {
	switch verdict {
	case yes:
		return Decision{Allowed: true}
	case no:
		slices.Sort(e.because)
		return Decision{Because: slices.Compact(e.because)}
	}
	return Decision{Need: e.cheapest()}
}

func (e *evaluation) cheapest() *Fact {
	need := slices.MinFunc(e.needs, func(a, b Fact) int { return slices.Index(costs, a.Of) - slices.Index(costs, b.Of) })
	return &need
}

// rule is a disjunction. It does not ask for facts of alternatives that are already
// decided.
func (e *evaluation) rule(rule []alternative, login string) truth {
	verdict, before := no, len(e.needs)
	for _, a := range rule {
		mark := len(e.needs)
		holds := e.alternative(a, login)
		if holds != open {
			e.needs = e.needs[:mark]
		}
		verdict = max(verdict, holds)
	}
	if verdict == yes {
		e.needs = e.needs[:before]
	}
	return verdict
}

func (e *evaluation) alternative(a alternative, login string) truth {
	verdict := truthOf(len(a) > 0)
	for _, c := range a {
		verdict = min(verdict, e.condition(c, login))
	}
	return verdict
}

func (e *evaluation) condition(c condition, login string) truth {
	switch c.kind {
	case anyone:
		return yes
	case author:
		return truthOf(strings.EqualFold(login, e.q.Author))
	case user:
		return truthOf(strings.EqualFold(login, c.arg))
	case label:
		return truthOf(slices.ContainsFunc(e.q.Labels, func(l string) bool { return strings.EqualFold(l, c.arg) }))
	case trustedAuthor:
		return e.trusted()
	case member, writer, admin, approver, rootApprover, team:
		return e.fact(Fact{Of: string(c.kind), Login: strings.ToLower(login), Team: strings.ToLower(c.arg)})
	}
	return no
}

// trusted returns whether all contributors are trusted. They are checked one after the
// other: the first who is not trusted, or not known, decides.
func (e *evaluation) trusted() truth {
	if e.q.Unknown {
		return no
	}
	for _, login := range e.q.makers() {
		switch holds := e.rule(e.trust, login); holds {
		case no:
			e.distrusted = login
			return no
		case open:
			return open
		}
	}
	return yes
}

func (e *evaluation) fact(f Fact) truth {
	answer, known := e.facts[f]
	if !known {
		e.needs = append(e.needs, f)
		return open
	}
	if answer.Because != "" {
		e.because = append(e.because, answer.Because)
		return no
	}
	return truthOf(answer.Holds)
}
