package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

func unmarshal(raw []byte, into any) error {
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("is not JSON: %w", err)
	}
	return nil
}

// undescribed reports fields that are in none of the schemas. A plain validator accepts
// them, because GitHub's schemas are open.
func undescribed(path string, value any, schemas []*openapi3.Schema) error {
	schemas = alternatives(schemas)
	var problems []error
	switch value := value.(type) {
	case map[string]any:
		for _, field := range slices.Sorted(maps.Keys(value)) {
			inner, known := property(schemas, field)
			if !known {
				problems = append(problems, fmt.Errorf("GitHub does not describe %s.%s", path, field))
			}
			problems = append(problems, undescribed(path+"."+field, value[field], inner))
		}
	case []any:
		var items []*openapi3.Schema
		for _, s := range schemas {
			if s.Items != nil {
				items = append(items, s.Items.Value)
			}
		}
		for _, item := range value {
			problems = append(problems, undescribed(path+"[]", item, items))
		}
	}
	return errors.Join(problems...)
}

// alternatives flattens anyOf, oneOf and allOf.
func alternatives(schemas []*openapi3.Schema) []*openapi3.Schema {
	var flat []*openapi3.Schema
	for _, s := range schemas {
		flat = append(flat, s)
		for _, refs := range []openapi3.SchemaRefs{s.AnyOf, s.OneOf, s.AllOf} {
			for _, ref := range refs {
				flat = append(flat, alternatives([]*openapi3.Schema{ref.Value})...)
			}
		}
	}
	return flat
}

// property finds the schemas of a field. An object without described properties may have
// any.
func property(schemas []*openapi3.Schema, field string) (found []*openapi3.Schema, known bool) {
	free := true
	for _, s := range schemas {
		if ref := s.Properties[field]; ref != nil {
			found = append(found, ref.Value)
		}
		if len(s.Properties) > 0 || s.AdditionalProperties.Has != nil && !*s.AdditionalProperties.Has {
			free = false
		}
		if more := s.AdditionalProperties.Schema; more != nil {
			found = append(found, more.Value)
		}
	}
	return found, free || len(found) > 0
}
