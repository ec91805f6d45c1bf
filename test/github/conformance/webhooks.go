package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rehearsal-dev/rehearsal/test/github/examples"
	"github.com/rehearsal-dev/rehearsal/test/github/internal/data"
)

// Webhooks validates the payloads of webhooks.
type Webhooks struct {
	compiler *jsonschema.Compiler
	fields   map[string]shape // the top-level fields, by event
	objects  shape            // the fields of objects, which are the same in all events
}

// loadSchemas parses the schemas once per test binary.
var loadSchemas = sync.OnceValues(func() (any, error) {
	raw, err := data.Read(data.WebhookSchemas)
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("parse GitHub's webhook schemas: %w", err)
	}
	return doc, nil
})

const schemaURL = "https://github.invalid/webhooks.json"

// NewWebhooks returns a validator.
func NewWebhooks(tb testing.TB) *Webhooks {
	tb.Helper()
	doc, err := loadSchemas()
	data.Need(tb, err)
	w := &Webhooks{compiler: jsonschema.NewCompiler(), fields: map[string]shape{}, objects: shape{}}
	w.compiler.DefaultDraft(jsonschema.Draft7)
	// The library's own check does not support operators, as in {/name}.
	w.compiler.RegisterFormat(&jsonschema.Format{Name: "uri-template", Validate: func(any) error { return nil }})
	if err := w.compiler.AddResource(schemaURL, doc); err != nil {
		tb.Fatal(err)
	}
	for _, e := range examples.All(tb) {
		var payload map[string]any
		if err := json.Unmarshal(e.Payload, &payload); err != nil {
			tb.Fatal(err)
		}
		if w.fields[e.Event] == nil {
			w.fields[e.Event] = shape{}
		}
		for field, value := range payload {
			w.fields[e.Event].note(field, value)
			w.objects.learn(field, value)
		}
	}
	return w
}

// Validate checks a payload against the schema of its event and action. Each of its fields
// must also exist, with the same type, in a published example. Whether a field may be null
// is left to the schema, because examples rarely show it.
func (w *Webhooks) Validate(event, action string, payload []byte) error {
	name := event + "$" + action
	if action == "" {
		name = event + "$event"
	}
	schema, err := w.compiler.Compile(schemaURL + "#/definitions/" + name)
	if err != nil {
		return fmt.Errorf("find the schema of %s %s: %w", event, action, err)
	}
	var body map[string]any
	if err := unmarshal(payload, &body); err != nil {
		return err
	}
	problems := []error{schema.Validate(body)}
	for _, field := range slices.Sorted(maps.Keys(body)) {
		if w.fields[event][field] == nil && field != "changes" {
			problems = append(problems, fmt.Errorf("no example of %s has %s", event, field))
		}
		problems = append(problems, w.objects.compare(field, body[field]))
	}
	return errors.Join(problems...)
}

// unseen are fields that are in the schemas, but in no example: there is no example of an
// edited or a merged pull request.
var unseen = map[string]bool{
	"changes.base": true, "changes.title": true, "pull_request.merged_at": true, "pull_request.merged_by": true,
	"issue.pull_request.merged_at": true,
}

// shape has the JSON types of each path in some documents.
type shape map[string]map[string]bool

func (s shape) note(path string, value any) {
	if s[path] == nil {
		s[path] = map[string]bool{}
	}
	s[path][kind(value)] = true
}

func (s shape) learn(path string, value any) {
	s.note(path, value)
	switch value := value.(type) {
	case map[string]any:
		for field, inner := range value {
			s.learn(path+"."+field, inner)
		}
	case []any:
		for _, item := range value {
			s.learn(path+"[]", item)
		}
	}
}

func (s shape) compare(path string, value any) error {
	if unseen[path] {
		return nil
	}
	if s[path] == nil {
		return fmt.Errorf("no example has %s", path)
	}
	problems := []error{}
	if value != nil && !s[path][kind(value)] {
		problems = append(problems, fmt.Errorf("%s is %s, in examples %v", path, kind(value), slices.Sorted(maps.Keys(s[path]))))
	}
	switch value := value.(type) {
	case map[string]any:
		for _, field := range slices.Sorted(maps.Keys(value)) {
			problems = append(problems, s.compare(path+"."+field, value[field]))
		}
	case []any:
		for _, item := range value {
			problems = append(problems, s.compare(path+"[]", item))
		}
	}
	return errors.Join(problems...)
}

func kind(value any) string {
	switch value.(type) {
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "boolean"
	}
	return "null"
}
