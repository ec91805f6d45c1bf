package config

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// TestEveryFieldIsDescribed: kubectl explain has something to say of each.
func TestEveryFieldIsDescribed(t *testing.T) {
	for _, crd := range parse[apiextensionsv1.CustomResourceDefinition](t, "CustomResourceDefinition") {
		for _, version := range crd.Spec.Versions {
			schema := version.Schema.OpenAPIV3Schema
			// The API server describes the metadata of all resources.
			delete(schema.Properties, "metadata")
			missing := undescribed(crd.Spec.Names.Singular, *schema)
			if len(missing) > 0 {
				t.Errorf("%s has no description of %q", crd.Name, missing)
			}
		}
	}
}

// TestUndescribed: a description is missed wherever it is taken out.
func TestUndescribed(t *testing.T) {
	field := func(description string) apiextensionsv1.JSONSchemaProps {
		return apiextensionsv1.JSONSchemaProps{Type: "string", Description: description}
	}
	object := apiextensionsv1.JSONSchemaProps{Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{"a": field("x"), "b": field("")}}
	list, byName := object, object
	list.Description, byName.Description = "x", ""
	list.Properties, byName.Properties = nil, nil
	list.Items = &apiextensionsv1.JSONSchemaPropsOrArray{Schema: &object}
	byName.AdditionalProperties = &apiextensionsv1.JSONSchemaPropsOrBool{Schema: &object}
	root := apiextensionsv1.JSONSchemaProps{Properties: map[string]apiextensionsv1.JSONSchemaProps{"list": list, "map": byName}}
	if diff := cmp.Diff([]string{"r", "r.list[].b", "r.map", "r.map{}.b"}, undescribed("r", root)); diff != "" {
		t.Error(diff)
	}
}

// undescribed are the fields in and below a schema that nobody has described. Those of
// lists and maps describe their elements as well.
func undescribed(path string, schema apiextensionsv1.JSONSchemaProps) []string {
	var missing []string
	if schema.Description == "" {
		missing = append(missing, path)
	}
	return append(missing, undescribedBelow(path, schema)...)
}

func undescribedBelow(path string, schema apiextensionsv1.JSONSchemaProps) []string {
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		missing = append(missing, undescribed(path+"."+name, schema.Properties[name])...)
	}
	if schema.Items != nil {
		missing = append(missing, undescribedBelow(path+"[]", *schema.Items.Schema)...)
	}
	if schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil {
		missing = append(missing, undescribedBelow(path+"{}", *schema.AdditionalProperties.Schema)...)
	}
	return missing
}
