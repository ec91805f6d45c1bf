package settings

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"
)

// maxFile limits the file, in bytes: no ConfigMap can be larger.
const maxFile = 1 << 20

const unreadKey = "is not a known key: all settings are in %s"

// Parse reads the data of the ConfigMap. The error is an InvalidError; its files
// are keys of the ConfigMap, such as config-rehearsal/config.yaml.
func Parse(data map[string]string) (*Settings, error) {
	p := problems{file: ConfigMap}
	for key := range data {
		if key != File && key != Example {
			p.add(0, key, unreadKey, File)
		}
	}
	s, err := ParseFile(ConfigMap+"/"+File, []byte(data[File]))
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		p.list = append(p.list, invalid.Problems...)
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	return s, nil
}

// ParseFile reads the settings from the content of a file. The error is an
// InvalidError, with the name in each of its problems.
func ParseFile(name string, content []byte) (*Settings, error) {
	d := &decoder{problems: problems{file: name}, lines: map[string]int{}}
	s := Defaults()
	if root := d.document(content); root != nil {
		d.settings(root, s)
		s.normalise()
		d.validate(s)
	}
	if err := d.err(); err != nil {
		return nil, err
	}
	return s, nil
}

// document returns the only document of the file; nil if the file is empty or not
// readable.
func (d *decoder) document(content []byte) *yaml.Node {
	if len(content) > maxFile {
		d.add(0, "", "has %d bytes, more than the limit of %d", len(content), maxFile)
		return nil
	}
	stream := yaml.NewDecoder(bytes.NewReader(content))
	var first, second yaml.Node
	if err := stream.Decode(&first); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		d.syntax(content, err)
		return nil
	}
	if err := stream.Decode(&second); err == nil {
		d.add(second.Line, "", "a second document begins here; only one is allowed")
	} else if !errors.Is(err, io.EOF) {
		d.syntax(content, err)
	}
	root := first.Content[0]
	if root.ShortTag() == "!!null" || !d.plain(root) {
		return nil
	}
	return root
}

// plain refuses YAML that could make a small file large in memory, or give a field a
// meaning other than its text.
func (d *decoder) plain(n *yaml.Node) bool {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		d.add(n.Line, "", "anchors and aliases (&, *) are not supported; put what repositories share into defaults")
		return false
	case n.Style&yaml.TaggedStyle != 0:
		d.add(n.Line, "", "tags such as %s are not supported", n.Tag)
		return false
	}
	ok := true
	for _, c := range n.Content {
		ok = d.plain(c) && ok
	}
	return ok
}

// settings fills s. Repositories come last, wherever they are in the file, because each
// starts from the defaults.
func (d *decoder) settings(root *yaml.Node, s *Settings) {
	var others, repositories []*yaml.Node
	for pair := range slices.Chunk(root.Content, 2) {
		if root.Kind == yaml.MappingNode && pair[0].Value == "repositories" {
			repositories = append(repositories, pair...)
		} else {
			others = append(others, pair...)
		}
	}
	root.Content = append(others, repositories...)
	d.defaults = &s.Defaults
	d.decode(root, "", reflect.ValueOf(s).Elem(), noRules)
}
