package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/nearest"
)

// Validate returns all errors, joined, each with the path of the field.
func (c Config) Validate() error {
	if _, ok := Preset(c.Preset); !ok && c.Preset != "" {
		return fmt.Errorf("preset: there is no %q%s; known are %s", c.Preset, suggest(c.Preset, Presets()), strings.Join(Presets(), ", "))
	}
	var errs []error
	given := c.rules()
	for _, field := range ruleNames() {
		for i, text := range *given[field] {
			if err := validate(field, text); err != nil {
				errs = append(errs, fmt.Errorf("%s[%d]: %w", field, i, err))
			}
		}
	}
	if len(errs) == 0 {
		return c.filled().ackIsNoWeaker()
	}
	return errors.Join(errs...)
}

// validate checks one alternative of a field.
func validate(field, text string) error {
	a, err := parseAlternative(text)
	if err != nil {
		return err
	}
	has := func(k kind) bool { return slices.ContainsFunc(a, func(c condition) bool { return c.kind == k }) }
	switch {
	case field == trust && has(author):
		return fmt.Errorf("%q: the author cannot be why the author is trusted", text)
	case field == trust && has(trustedAuthor):
		return fmt.Errorf("%q: trust itself decides whether the author is trusted", text)
	case Command(field).byOthers() && has(author):
		return fmt.Errorf("%q: the author of a pull request may never do this to it", text)
	case (Command(field).byOthers() || field == string(Ack) && !has(author)) && !slices.ContainsFunc(a, condition.vouches):
		return fmt.Errorf("%q: this must not be open to anyone; name a condition on the person, such as writer", text)
	}
	return nil
}

// ackIsNoWeaker checks that everybody who may acknowledge may also run.
func (c Config) ackIsNoWeaker() error {
	run := c.Run.parse()
	for i, a := range c.Ack.parse() {
		if !slices.ContainsFunc(run, a.implies) {
			return fmt.Errorf("ack[%d]: %q lets people who may not run acknowledge: each alternative of ack must hold all conditions of one of run (%s)",
				i, c.Ack[i], strings.Join(c.Run, "; "))
		}
	}
	return nil
}

// suggest returns a question with similar names; empty if there are none.
func suggest[T ~string](name string, names []T) string {
	known := make([]string, len(names))
	for i, n := range names {
		known[i] = string(n)
	}
	near := nearest.Names(name, known)
	if len(near) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(near, " or ") + "?"
}
