// Package yamlline finds the lines of a YAML file to which messages of Prow's loader
// refer. Few messages contain a line. It does not know where a file comes from.
package yamlline

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

// maxSearched limits the files that are searched for the line of a mistake, in bytes. A
// search takes about thirty times as much memory.
const maxSearched = 1 << 20

// Document is a YAML file that is searched for lines.
type Document struct {
	text []byte
	// root is nil if the file is not YAML.
	root *yaml.Node
}

func Parse(content []byte) Document {
	plain, err := affected.Plain(content)
	if err != nil || len(plain) > maxSearched {
		return Document{}
	}
	d := Document{text: plain}
	var file yaml.Node
	if yaml.Unmarshal(plain, &file) == nil && len(file.Content) > 0 {
		d.root = file.Content[0]
	}
	return d
}

var yamlLine = regexp.MustCompile(`\bline (\d+)`)

// In returns the line that a message names, or 0.
func In(message string) int {
	found := yamlLine.FindStringSubmatch(message)
	if found == nil {
		return 0
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		return 0
	}
	return n
}

// Without returns a message without its line numbers.
func Without(message string) string { return yamlLine.ReplaceAllString(message, "") }

// UnknownField returns the field that a message of a strict loader is about.
func UnknownField(message string) (name string, ok bool) {
	found := unknownField.FindStringSubmatch(message)
	if found == nil {
		return "", false
	}
	return found[1], true
}

var (
	wrongType    = regexp.MustCompile(`cannot unmarshal (\w+)\b.* into Go struct field \w+\.([\w.-]+) of type`)
	wrongWhole   = regexp.MustCompile(`cannot unmarshal \w+ into Go value of type`)
	badDuration  = regexp.MustCompile(`time: .* ?duration ("(?:[^"\\]|\\.)*")`)
	badQuantity  = regexp.MustCompile(`quantities must match|unable to parse quantity`)
	noAnchor     = regexp.MustCompile(`unknown anchor '([^']*)' referenced`)
	unknownField = regexp.MustCompile(`json: unknown field "([^"]*)"`)
)

// OfMistake returns the line that the error of reading the file is about, or 0.
func (d Document) OfMistake(message string) int {
	if n := In(message); n > 0 {
		return n
	}
	if found := noAnchor.FindStringSubmatch(message); found != nil {
		return d.lineAt(bytes.Index(d.text, []byte("*"+found[1])))
	}
	if found := wrongType.FindStringSubmatch(message); found != nil {
		return lineOf(ofKind(fieldsAt(d.root, fieldPath(found[2])), found[1]))
	}
	if found := badDuration.FindStringSubmatch(message); found != nil {
		value, _ := strconv.Unquote(found[1])
		return lineOf(search(d.root, func(_, n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Value == value }))
	}
	if name, ok := UnknownField(message); ok {
		return d.OfOnlyKey(name)
	}
	switch {
	case strings.Contains(message, "control characters"):
		return d.lineAt(bytes.IndexFunc(d.text, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\r\n", r) }))
	case strings.Contains(message, "UTF-8"):
		return d.lineAt(len(d.text) - len(afterValid(d.text)))
	case strings.Contains(message, "invalid map key"):
		return lineOf(search(d.root, func(key, _ *yaml.Node) bool { return key != nil && key.Kind != yaml.ScalarNode }))
	case strings.Contains(message, "yaml: did not find"), wrongWhole.MatchString(message):
		// The parser does not name the first line.
		return 1
	case badQuantity.MatchString(message):
		return d.ofQuantity()
	}
	return 0
}

func (d Document) lineAt(offset int) int {
	if offset < 0 || offset >= len(d.text) {
		return 0
	}
	return bytes.Count(d.text[:offset], []byte("\n")) + 1
}

func afterValid(text []byte) []byte {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 {
			break
		}
		text = text[size:]
	}
	return text
}

// OfJob returns the line with the name of the i-th job, as written, of a type and
// repository, or 0.
func (d Document) OfJob(ref affected.Ref, i int) int {
	list := valueOf(d.root, string(ref.Type)+"s")
	if ref.Repo != "" {
		list = valueOf(list, ref.Repo)
	}
	if list == nil || list.Kind != yaml.SequenceNode || i >= len(list.Content) {
		return 0
	}
	job := target(list.Content[i])
	if name := valueOf(job, "name"); name != nil {
		return name.Line
	}
	return job.Line
}

// OfPreset returns the last line that gives a preset a label, or 0.
func (d Document) OfPreset(label string) int {
	line := 0
	presets := valueOf(d.root, "presets")
	if presets == nil {
		return 0
	}
	for _, p := range presets.Content {
		if value := valueOf(valueOf(target(p), "labels"), label); value != nil {
			line = value.Line
		}
	}
	return line
}

// OfOnlyKey returns the line of the only field with a name, or 0 if there are none or
// several.
func (d Document) OfOnlyKey(name string) int {
	line := 0
	search(d.root, func(key, _ *yaml.Node) bool {
		if key == nil || key.Value != name {
			return false
		}
		if line > 0 {
			line = -1
			return true
		}
		line = key.Line
		return false
	})
	return max(line, 0)
}

// ofQuantity returns the first line with an invalid quantity, or 0.
func (d Document) ofQuantity() int {
	bad := func(n *yaml.Node) bool {
		if n.Kind != yaml.ScalarNode {
			return false
		}
		_, err := resource.ParseQuantity(n.Value)
		return err != nil
	}
	var found *yaml.Node
	search(d.root, func(key, n *yaml.Node) bool {
		switch {
		case key == nil:
		case key.Value == "sizeLimit" && bad(n):
			found = n
		case (key.Value == "requests" || key.Value == "limits") && n.Kind == yaml.MappingNode:
			for i := 1; i < len(n.Content) && found == nil; i += 2 {
				if bad(n.Content[i]) {
					found = n.Content[i]
				}
			}
		}
		return found != nil
	})
	return lineOf(found)
}

func lineOf(n *yaml.Node) int {
	if n == nil {
		return 0
	}
	return n.Line
}

// target follows an alias.
func target(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// valueOf returns a field of a mapping, or nil.
func valueOf(n *yaml.Node, name string) *yaml.Node {
	if n = target(n); n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if strings.EqualFold(n.Content[i].Value, name) {
			return target(n.Content[i+1])
		}
	}
	return nil
}

// search returns the first value, in the order of the file, for which is returns true.
// The key is that of the value, and nil for elements of lists.
func search(n *yaml.Node, is func(key, value *yaml.Node) bool) *yaml.Node {
	if n == nil || n.Kind == yaml.AliasNode {
		return nil
	}
	for i := 0; i < len(n.Content); i++ {
		var key *yaml.Node
		if n.Kind == yaml.MappingNode && i+1 < len(n.Content) {
			key = n.Content[i]
			i++
		}
		if is(key, n.Content[i]) {
			return n.Content[i]
		}
		if found := search(n.Content[i], is); found != nil {
			return found
		}
	}
	return nil
}

// fieldPath returns the path of a decoding error without the names of embedded structs,
// which do not occur in files.
func fieldPath(path string) []string {
	return slices.DeleteFunc(strings.Split(path, "."), func(name string) bool { return name == "" || name[0] >= 'A' && name[0] <= 'Z' })
}

// fieldsAt returns the values at a path that omits the keys of maps and the elements of
// lists.
func fieldsAt(n *yaml.Node, path []string) []*yaml.Node {
	if n = target(n); n == nil {
		return nil
	}
	if len(path) == 0 {
		return []*yaml.Node{n}
	}
	if value := valueOf(n, path[0]); value != nil {
		return fieldsAt(value, path[1:])
	}
	var out []*yaml.Node
	for i, child := range n.Content {
		if n.Kind == yaml.SequenceNode || n.Kind == yaml.MappingNode && i%2 == 1 {
			out = append(out, fieldsAt(child, path)...)
		}
	}
	return out
}

// ofKind returns the first value of a kind, in the terms of package json, among the
// values and their direct children.
func ofKind(values []*yaml.Node, kind string) *yaml.Node {
	for _, n := range values {
		for i, child := range n.Content {
			isValue := n.Kind == yaml.SequenceNode || i%2 == 1
			if c := target(child); isValue && kindOf(c) == kind && c.Kind != yaml.SequenceNode {
				return child
			}
		}
		if kindOf(n) == kind {
			return n
		}
	}
	return nil
}

func kindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "object"
	case n.Kind == yaml.SequenceNode:
		return "array"
	case n.ShortTag() == "!!bool":
		return "bool"
	case n.ShortTag() == "!!int", n.ShortTag() == "!!float":
		return "number"
	case n.ShortTag() == "!!str" && n.Style == 0 && oldBool.MatchString(n.Value):
		return "bool"
	}
	return "string"
}

// oldBool matches what Prow's parser reads as a boolean, and later parsers do not.
var oldBool = regexp.MustCompile(`^(?i:yes|no|on|off|y|n)$`)
