package settings

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/nearest"
)

// Enumeration is implemented by string types with a fixed set of values.
type Enumeration interface{ Values() []string }

// decoder fills structs from YAML. After a problem it continues, and keeps the previous
// value of the field. It records the line of each field.
type decoder struct {
	problems
	// lines are the lines of the fields, by path.
	lines map[string]int
	// defaults are the initial values of repositories.
	defaults *Options
}

// DurationPattern matches durations in the file.
const DurationPattern = `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`

var (
	durationText       = regexp.MustCompile(DurationPattern)
	durationType       = reflect.TypeFor[time.Duration]()
	objectDurationType = reflect.TypeFor[metav1.Duration]()
	enumerationType    = reflect.TypeFor[Enumeration]()
)

// decode fills v, which must be settable.
func (d *decoder) decode(n *yaml.Node, path string, v reflect.Value, rules rules) {
	switch {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		d.add(n.Line, path, "has no value: write one, or remove it for the default")
	case v.Type() == durationType:
		d.duration(n, path, v)
	case v.Type() == objectDurationType:
		d.duration(n, path, v.FieldByName("Duration"))
	case v.Addr().Type().Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		d.text(n, path, v, rules)
	case v.Addr().Type().Implements(reflect.TypeFor[json.Unmarshaler]()):
		d.json(n, path, v)
	default:
		d.decodeKind(n, path, v, rules)
	}
}

func (d *decoder) decodeKind(n *yaml.Node, path string, v reflect.Value, rules rules) {
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, path, v)
	case reflect.Map:
		d.mapping(n, path, v, rules)
	case reflect.Slice:
		d.sequence(n, path, v, rules)
	case reflect.Pointer:
		fresh := reflect.New(v.Type().Elem())
		if !v.IsNil() {
			fresh.Elem().Set(v.Elem())
		}
		d.decode(n, path, fresh.Elem(), rules)
		v.Set(fresh)
	case reflect.String:
		if s, ok := d.scalar(n, path, "!!str", "text"); ok && d.allowed(n, path, s, v.Type(), rules) {
			v.SetString(s)
		}
	case reflect.Bool:
		if s, ok := d.scalar(n, path, "!!bool", "true or false"); ok {
			v.SetBool(strings.EqualFold(s, "true"))
		}
	case reflect.Int, reflect.Int32, reflect.Int64:
		d.number(n, path, v, rules)
	default:
		d.add(n.Line, path, "cannot be read: no setting is of the kind %s", v.Kind())
	}
}

// scalar returns the text of a scalar with a tag.
func (d *decoder) scalar(n *yaml.Node, path, tag, want string) (string, bool) {
	got := n.ShortTag()
	if n.Kind == yaml.ScalarNode && (got == tag || tag == "!!str" && got == "!!timestamp") {
		return n.Value, true
	}
	hint := ""
	if n.Kind == yaml.ScalarNode && tag == "!!str" {
		hint = fmt.Sprintf(": put it in quotes, %q", n.Value)
	}
	d.add(n.Line, path, "is %s, not %s%s", describe(n), want, hint)
	return "", false
}

func (d *decoder) number(n *yaml.Node, path string, v reflect.Value, rules rules) {
	if _, ok := d.scalar(n, path, "!!int", "a whole number"); !ok {
		return
	}
	var number int64
	if err := n.Decode(&number); err != nil || v.OverflowInt(number) {
		d.add(n.Line, path, "is %s, which is too large", n.Value)
		return
	}
	if wrong := rules.number(number); wrong != "" {
		d.add(n.Line, path, "is %d, %s", number, wrong)
		return
	}
	v.SetInt(number)
}

func (d *decoder) duration(n *yaml.Node, path string, v reflect.Value) {
	parsed, err := time.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || !durationText.MatchString(n.Value) || err != nil {
		d.add(n.Line, path, "is %s, not a duration such as 90s, 30m or 2h", describe(n))
		return
	}
	v.SetInt(int64(parsed))
}

func (d *decoder) text(n *yaml.Node, path string, v reflect.Value, rules rules) {
	s, ok := d.scalar(n, path, "!!str", "text")
	if !ok || !d.allowed(n, path, s, v.Type(), rules) {
		return
	}
	fresh := reflect.New(v.Type())
	if err := fresh.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s)); err != nil {
		d.add(n.Line, path, "%v", err)
		return
	}
	v.Set(fresh.Elem())
}

func (d *decoder) json(n *yaml.Node, path string, v reflect.Value) {
	var plain any
	err := n.Decode(&plain)
	var raw []byte
	if err == nil {
		raw, err = json.Marshal(plain)
	}
	fresh := reflect.New(v.Type())
	if err == nil {
		err = fresh.Interface().(json.Unmarshaler).UnmarshalJSON(raw)
	}
	if err != nil {
		d.add(n.Line, path, "is %s: %v", describe(n), err)
		return
	}
	v.Set(fresh.Elem())
}

// allowed reports whether the type and the rules permit a text.
func (d *decoder) allowed(n *yaml.Node, path, s string, t reflect.Type, rules rules) bool {
	values := rules.enum
	if t.Implements(enumerationType) {
		values = reflect.Zero(t).Interface().(Enumeration).Values()
	}
	wrong := ""
	switch {
	case len(values) > 0 && !slices.Contains(values, s):
		wrong = "which is not known" + meant(s, values)
	case len(values) == 0:
		wrong = rules.text(s)
	}
	if wrong != "" {
		d.add(n.Line, path, "is %q, %s", s, wrong)
	}
	return wrong == ""
}

// meant suggests the names that an unknown one may stand for. It lists all names when
// none is similar.
func meant(name string, known []string) string {
	if near := nearest.Names(name, known); len(near) > 0 {
		return "; did you mean " + strings.Join(near, " or ") + "?"
	}
	known = slices.Sorted(slices.Values(known))
	return "; known are " + strings.Join(known, ", ")
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// child returns the path of a field or key below path.
func child(path, key string) string {
	switch {
	case !plainKey.MatchString(key):
		return fmt.Sprintf("%s[%q]", path, key)
	case path == "":
		return key
	}
	return path + "." + key
}

// describe describes a value in the file, for a message.
func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a map"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.ShortTag() == "!!int" || n.ShortTag() == "!!float":
		return "the number " + n.Value
	case n.ShortTag() == "!!bool":
		return n.Value
	}
	return fmt.Sprintf("%q", n.Value)
}

// item returns the path of an item of the list at path.
func item(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
