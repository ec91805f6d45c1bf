package settings

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	yamlv3 "go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// conforms validates a file against the schema, as an editor does.
func conforms(t testing.TB) func(file string) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return func(file string) error {
		var document yamlv3.Node
		if err := yamlv3.Unmarshal([]byte(file), &document); err != nil {
			return err
		}
		return schema.Validate(plainValue(&document))
	}
}

// plainValue returns YAML 1.2 as JSON: "yes" is a string in it.
func plainValue(n *yamlv3.Node) any {
	switch n.Kind {
	case yamlv3.DocumentNode:
		return plainValue(n.Content[0])
	case yamlv3.MappingNode:
		fields := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			fields[n.Content[i].Value] = plainValue(n.Content[i+1])
		}
		return fields
	case yamlv3.SequenceNode:
		list := []any{}
		for _, item := range n.Content {
			list = append(list, plainValue(item))
		}
		return list
	}
	switch tag := n.ShortTag(); tag {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int", "!!float":
		var number float64
		_ = n.Decode(&number) // it is a number
		return number
	}
	return n.Value
}

// accepted are valid files.
var accepted = []string{
	"{}",
	"dry_run: true\nsweep_interval: 1h30m0.5s\nprefixes: [/x]\npage_url: \"\"\n",
	repository + ", limits: {sample: 1, all: 500}, labels: {ack: lgtm}, sticky_authors: []}]\n",
	"users: {alice@example.com: alice, 7: bob}\nquotas: {jobs: 100}\ngithub: {app_id: 123456}\n",
	"defaults:\n  policy: {preset: openshift, run: [member, writer, \"anyone label:x\"]}\n  gates: {max_timeout: 4h, max_resources: {cpu: 4, memory: 8Gi}}\n",
	"defaults: {status_context: 2026-11-20, labels: {ack: yes, network: 1.2.3}}\n",
}

func TestSchemaAgreesWithTheParser(t *testing.T) {
	schema := conforms(t)
	for _, file := range accepted {
		if _, err := ParseFile("f", []byte(file)); err != nil {
			t.Errorf("%s\nis refused: %v", file, err)
		}
		if err := schema(file); err != nil {
			t.Errorf("%s\ndoes not conform: %v", file, err)
		}
	}
	for _, tc := range refused {
		if tc.together {
			continue
		}
		if err := schema(tc.file); err == nil {
			t.Errorf("%s: the schema accepts what the parser refuses:\n%s", tc.name, tc.file)
		}
	}
}

// TestExamples parses all published examples of settings.
func TestExamples(t *testing.T) {
	schema := conforms(t)
	for name, file := range examples(t) {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseFile(name, []byte(file)); err != nil {
				t.Error(err)
			}
			if err := schema(file); err != nil {
				t.Error(err)
			}
		})
	}
}

var fenced = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// examples returns the example in config/ and those in the documentation: blocks of YAML
// that are not Kubernetes objects.
func examples(t *testing.T) map[string]string {
	t.Helper()
	raw, err := os.ReadFile("../../config/400-config-rehearsal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cm corev1.ConfigMap
	if err := yaml.UnmarshalStrict(raw, &cm); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{"config": cm.Data[Example]}
	if len(cm.Data) != 1 || cm.Name != ConfigMap {
		t.Errorf("applying ConfigMap %s sets more than its example", cm.Name)
	}
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range fenced.FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(block[1], "apiVersion:") {
				found[item(filepath.Base(page), i)] = block[1]
			}
		}
	}
	if len(found) < 2 {
		t.Error("there is no example in the documentation")
	}
	return found
}

// TestExampleShowsTheDefaults checks that a copy of the example changes no setting.
func TestExampleShowsTheDefaults(t *testing.T) {
	s, err := ParseFile("example", []byte(examples(t)["config"]))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Repositories) != 1 {
		t.Fatalf("repositories are %+v", s.Repositories)
	}
	s.Repositories = nil
	if !equal(s, Defaults()) {
		t.Errorf("the example gives %+v", s)
	}
}
