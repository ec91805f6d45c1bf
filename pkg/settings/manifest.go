package settings

import (
	"bytes"
	"errors"

	"go.yaml.in/yaml/v3"
)

// ParseManifest reads the settings from the file itself, or from a manifest with the
// ConfigMap, alone or among other objects. The error is an InvalidError. Its lines are
// those of content if the file is a block in the manifest (config.yaml: |), otherwise
// those of the file.
func ParseManifest(name string, content []byte) (*Settings, error) {
	cm, objects := configMapIn(content)
	p := problems{file: name}
	switch {
	case objects && cm == nil:
		p.add(0, "", "has Kubernetes objects, but not the ConfigMap %s", ConfigMap)
		return nil, p.err()
	case cm == nil:
		return ParseFile(name, content)
	}
	var file *yaml.Node
	for i := 0; i+1 < len(cm.Content); i += 2 {
		switch key := cm.Content[i]; key.Value {
		case File:
			file = cm.Content[i+1]
		case Example:
		default:
			p.add(key.Line, "data."+key.Value, unreadKey, File)
		}
	}
	s, err := Defaults(), error(nil)
	if file != nil {
		s, err = parseBlock(name, file)
	}
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		p.list = append(p.list, invalid.Problems...)
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	return s, nil
}

func parseBlock(name string, file *yaml.Node) (*Settings, error) {
	if file.Style&yaml.LiteralStyle == 0 {
		return ParseFile(name+"/"+File, []byte(file.Value))
	}
	s, err := ParseFile(name, []byte(file.Value))
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		for i := range invalid.Problems {
			if p := &invalid.Problems[i]; p.Line > 0 {
				p.Line += file.Line
			}
		}
	}
	return s, err
}

// configMapIn returns the data of our ConfigMap among the documents of a manifest, or nil
// if it is not there, and whether there are any objects.
func configMapIn(content []byte) (data *yaml.Node, objects bool) {
	if len(content) > maxFile {
		return nil, false
	}
	stream := yaml.NewDecoder(bytes.NewReader(content))
	for {
		var document yaml.Node
		if err := stream.Decode(&document); err != nil {
			return nil, objects
		}
		object := document.Content[0]
		kind, metadata := valueOf(object, "kind"), valueOf(object, "metadata")
		objects = objects || kind != nil && valueOf(object, "apiVersion") != nil
		if kind == nil || kind.Value != "ConfigMap" || metadata == nil {
			continue
		}
		if name := valueOf(metadata, "name"); name == nil || name.Value != ConfigMap {
			continue
		}
		if data := valueOf(object, "data"); data != nil {
			return data, true
		}
		return &yaml.Node{Kind: yaml.MappingNode}, true
	}
}

// valueOf returns the value of a key of a map; nil if there is none.
func valueOf(n *yaml.Node, key string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}
