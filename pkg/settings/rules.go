package settings

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// rules are the constraints that the jsonschema tag of a field sets for its value, or for
// the items of its list. The schema is generated from the same tag.
type rules struct {
	required            bool
	minimum, maximum    int64
	minLength, minItems int
	pattern             *regexp.Regexp
	enum                []string
	example             string
}

var noRules = rules{minimum: math.MinInt64, maximum: math.MaxInt64}

func rulesOf(f reflect.StructField) rules {
	r := noRules
	for part := range strings.SplitSeq(f.Tag.Get("jsonschema"), ",") {
		key, value, _ := strings.Cut(part, "=")
		n, _ := strconv.ParseInt(value, 10, 64)
		switch key {
		case "required":
			r.required = true
		case "minimum":
			r.minimum = n
		case "maximum":
			r.maximum = n
		case "minLength":
			r.minLength = int(n)
		case "minItems":
			r.minItems = int(n)
		case "pattern":
			r.pattern = regexp.MustCompile(value)
		case "enum":
			r.enum = append(r.enum, value)
		case "example":
			r.example = value
		}
	}
	return r
}

// number says what is wrong with a number, as the end of a sentence; empty if it is
// valid.
func (r rules) number(n int64) string {
	switch {
	case n >= r.minimum && n <= r.maximum:
		return ""
	case r.minimum == math.MinInt64:
		return fmt.Sprintf("and must be at most %d", r.maximum)
	case r.maximum == math.MaxInt64:
		return fmt.Sprintf("and must be at least %d", r.minimum)
	}
	return fmt.Sprintf("and must be from %d to %d", r.minimum, r.maximum)
}

// text says what is wrong with a text, as the end of a sentence; empty if it is valid.
func (r rules) text(s string) string {
	switch {
	case s == "" && r.minLength > 0:
		return "and must not be empty"
	case utf8.RuneCountInString(s) < r.minLength:
		return fmt.Sprintf("and must have at least %d characters", r.minLength)
	case r.pattern != nil && !r.pattern.MatchString(s):
		return "which cannot be used" + r.like()
	}
	return ""
}

// like shows an example of a valid value.
func (r rules) like() string {
	if r.example == "" {
		return ""
	}
	return "; write it like " + r.example
}
