package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// kind is a kind of condition: a word in a rule.
type kind string

const (
	anyone        kind = "anyone"
	nobody        kind = "nobody"
	author        kind = "author"
	member        kind = "member"
	writer        kind = "writer"
	admin         kind = "admin"
	approver      kind = "approver"
	rootApprover  kind = "root-approver"
	team          kind = "team"
	user          kind = "user"
	trustedAuthor kind = "trusted-author"
	label         kind = "label"
)

// kinds are all kinds.
var kinds = []kind{anyone, nobody, author, member, writer, admin, approver, rootApprover, team, user, trustedAuthor, label}

// condition is a kind with its argument, which follows the colon.
type condition struct {
	kind kind
	arg  string
}

func (c condition) String() string {
	if c.arg == "" {
		return string(c.kind)
	}
	return string(c.kind) + ":" + c.arg
}

// onPull says that the condition is about the pull request, not about a person.
func (c condition) onPull() bool { return c.kind == trustedAuthor || c.kind == label }

// vouches says that the condition holds only for people whom somebody known here has
// admitted.
func (c condition) vouches() bool {
	return !c.onPull() && c.kind != anyone && c.kind != author
}

// arguments describe what follows the colon.
var arguments = map[kind]struct {
	shape   *regexp.Regexp
	example string
}{
	team:  {regexp.MustCompile(`^[A-Za-z0-9-]+/[a-z0-9._-]+$`), "team:my-org/my-team"},
	user:  {regexp.MustCompile(`^[A-Za-z0-9_-]+(\[bot\])?$`), "user:alice"},
	label: {regexp.MustCompile(`^\S{1,50}$`), "label:ok-to-rehearse"},
}

// parseCondition reads one word. The error is a clause.
func parseCondition(word string) (condition, error) {
	if strings.HasPrefix(word, "!") {
		return condition{}, fmt.Errorf("%q: conditions cannot be negated, because what is missing is no reason to trust", word)
	}
	name, arg, colon := strings.Cut(word, ":")
	c := condition{kind(name), arg}
	argument, takes := arguments[c.kind]
	switch {
	case !slices.Contains(kinds, c.kind):
		return condition{}, fmt.Errorf("unknown condition %q%s", word, suggest(name, kinds))
	case takes && !argument.shape.MatchString(arg):
		return condition{}, fmt.Errorf("%q: write it like %s", word, argument.example)
	case !takes && colon:
		return condition{}, fmt.Errorf("%q: nothing may follow %s", word, name)
	}
	return c, nil
}

// alternative is a conjunction of conditions.
type alternative []condition

func parseAlternative(text string) (alternative, error) {
	var a alternative
	for _, word := range strings.Fields(text) {
		c, err := parseCondition(word)
		if err != nil {
			return nil, err
		}
		a = append(a, c)
	}
	if len(a) == 0 {
		return nil, fmt.Errorf("is empty; write nobody to allow nobody")
	}
	return a, nil
}

// parse reads a rule; an invalid one holds for nobody.
func (r Rule) parse() []alternative {
	var all []alternative
	for _, text := range r {
		if a, err := parseAlternative(text); err == nil {
			all = append(all, a)
		}
	}
	return all
}

// implies reports whether everybody who meets a also meets b, whatever the facts are.
func (a alternative) implies(b alternative) bool {
	for _, want := range b {
		if !slices.ContainsFunc(a, func(have condition) bool { return have.implies(want) }) {
			return false
		}
	}
	return true
}

func (c condition) implies(other condition) bool {
	switch {
	case c.same(other), c.kind == nobody, other.kind == anyone:
		return true
	}
	return c.kind == admin && other.kind == writer
}

// same compares names as GitHub does: without regard to case.
func (c condition) same(other condition) bool {
	return c.kind == other.kind && strings.EqualFold(c.arg, other.arg)
}
