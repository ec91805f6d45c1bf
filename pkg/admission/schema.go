package admission

import (
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apimachinery/pkg/runtime"
)

// schemaOf returns the schema of one version of a custom resource.
func schemaOf(crd *apiextensionsv1.CustomResourceDefinition, version string) (*structuralschema.Structural, error) {
	for _, v := range crd.Spec.Versions {
		if v.Name != version || v.Schema == nil || v.Schema.OpenAPIV3Schema == nil {
			continue
		}
		var props apiextensions.JSONSchemaProps
		if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(v.Schema.OpenAPIV3Schema, &props, nil); err != nil {
			return nil, fmt.Errorf("converting the schema of %s: %w", crd.Name, err)
		}
		schema, err := structuralschema.NewStructural(&props)
		if err != nil {
			return nil, fmt.Errorf("reading the schema of %s: %w", crd.Name, err)
		}
		return schema, nil
	}
	return nil, fmt.Errorf("%s has no schema of version %s", crd.Name, version)
}

// asKept changes an object into what the API server stores: without fields that are not
// in the schema, and with defaults. Without a schema nothing changes.
func asKept(o object, schema *structuralschema.Structural) {
	if schema == nil {
		return
	}
	pruning.Prune(o, schema, true)
	setDefaults(o, schema)
}

// setDefaults does the same as the API server in
// k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting, which cannot be used
// without all of its validation.
func setDefaults(value any, schema *structuralschema.Structural) {
	if schema == nil {
		return
	}
	switch v := value.(type) {
	case object:
		for key, field := range schema.Properties {
			if v[key] == nil && field.Default.Object != nil {
				v[key] = runtime.DeepCopyJSONValue(field.Default.Object)
			}
		}
		for key := range v {
			if field, ok := schema.Properties[key]; ok {
				setDefaults(v[key], &field)
			} else if schema.AdditionalProperties != nil {
				setDefaults(v[key], schema.AdditionalProperties.Structural)
			}
		}
	case []any:
		for i := range v {
			setDefaults(v[i], schema.Items)
		}
	}
}
