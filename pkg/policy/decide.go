package policy

import (
	"slices"
	"strings"
)

// Fact is something to find out about a person, in lower case throughout. Of is
// one of the Fact constants.
type Fact struct {
	Of    string
	Login string
	// Team is org/slug; only for FactTeam.
	Team string
}

// What there is to find out, the cheapest first.
const (
	// FactMember: a member of the organisation of the repository.
	FactMember = string(member)
	// FactWriter and FactAdmin: that access to the repository, or better.
	FactWriter = string(writer)
	FactAdmin  = string(admin)
	// FactTeam: a member of a team.
	FactTeam = string(team)
	// FactRootApprover and FactApprover: a collaborator whom the OWNERS files of
	// the base branch let approve at the top, and every changed file.
	FactRootApprover = string(rootApprover)
	FactApprover     = string(approver)
)

var costs = []string{FactMember, FactWriter, FactAdmin, FactTeam, FactRootApprover, FactApprover}

// Answer is what was found out. Because is a sentence for people on why it could
// not be decided, and counts as no; mostly empty.
type Answer struct {
	Holds   bool
	Because string
}

// Facts are what is known. What is missing is not known, which is not the same
// as no.
type Facts map[Fact]Answer

// Person is an account. An id stays when an account is renamed; it is 0 where it is
// not known.
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
	// By and Author are logins, ByID the id of the former where it is known.
	By     string
	ByID   int64
	Author string
	// Others are who made the pull request what it is besides its author, and may
	// include that: whoever pushed to it, and wrote its commits.
	Others []Person
	// Unknown says that there may be more of them.
	Unknown bool
	// Labels are those of the pull request.
	Labels []string
}

// byMaker says that somebody asks who made the pull request.
func (q Question) byMaker() bool {
	return strings.EqualFold(q.By, q.Author) || slices.ContainsFunc(q.Others, func(p Person) bool { return p.is(q.By, q.ByID) })
}

// makers are the logins of who made the pull request, the author first.
func (q Question) makers() []string {
	logins := []string{q.Author}
	for _, p := range q.Others {
		if !strings.EqualFold(p.Login, q.Author) {
			logins = append(logins, p.Login)
		}
	}
	return logins
}

// Decision is a verdict, or what has to be found out before there is one.
type Decision struct {
	// Need is what to find out next; nil once it is decided.
	Need    *Fact
	Allowed bool
	// Own says that it was denied because nobody may do that to a pull request that
	// they made, alone or with others.
	Own bool
	// Unknown says that it was denied only because nobody can tell who made the
	// pull request.
	Unknown bool
	// Distrusted is who of those that made the pull request is not trusted, where that
	// was decided; empty when nobody can tell who made it.
	Distrusted string
	// Because are the reasons why facts could not be found out.
	Because []string
}

// Decide says whether somebody may do something, or what it takes to know.
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

// Trusts says whether a pull request runs without an approval of each head, or
// what it takes to know. Of the question, what is about the pull request counts:
// everybody who made it must be trusted.
func (c Config) Trusts(q Question, known Facts) Decision {
	if q.Author == "" {
		return Decision{}
	}
	e := evaluation{q: q, facts: known, trust: c.filled().trusted()}
	d := e.decision(e.trusted())
	d.Distrusted = e.distrusted
	return d
}

// trusted is the rule about the author, without what would go round in circles.
func (c Config) trusted() []alternative {
	return slices.DeleteFunc(c.Trust.parse(), func(a alternative) bool {
		return slices.ContainsFunc(a, func(c condition) bool { return c.kind == author || c.kind == trustedAuthor })
	})
}

// truth is what is known of a condition. The order makes min a conjunction and
// max a disjunction.
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

// evaluation goes through rules and collects what is not known.
type evaluation struct {
	q     Question
	facts Facts
	// trust is the rule about the author.
	trust   []alternative
	needs   []Fact
	because []string
	// distrusted is the first who is found not to be trusted.
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

// rule is a disjunction. What is left to ask of alternatives, or of a rule, that
// are decided is not worth asking.
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

// trusted says whether everybody who made the pull request is trusted. The first
// who is not, or of whom it is not known, settles it: one after the other is asked
// about.
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
