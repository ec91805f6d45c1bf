// Package config holds the manifests of an installation; its tests hold them to
// what they promise.
package config

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// manifest is one document of one file.
type manifest struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	file string
	raw  []byte
}

// manifests reads those of a kind from this directory and that of the Tasks.
func manifests(t testing.TB, kind string) []manifest {
	t.Helper()
	var found []manifest
	for _, pattern := range []string{"*.yaml", "../tasks/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, raw := range bytes.Split(content, []byte("\n---\n")) {
				m := manifest{file: file, raw: raw}
				if err := yaml.Unmarshal(raw, &m); err != nil {
					t.Fatalf("%s: %v", file, err)
				}
				if m.Kind == kind {
					found = append(found, m)
				}
			}
		}
	}
	return found
}

// parse reads all objects of a kind, and accepts no field that it does not know.
func parse[T any](t testing.TB, kind string) []T {
	t.Helper()
	var objects []T
	for _, m := range manifests(t, kind) {
		var object T
		if err := yaml.UnmarshalStrict(m.raw, &object); err != nil {
			t.Fatalf("%s: %s %s: %v", m.file, kind, m.Name, err)
		}
		objects = append(objects, object)
	}
	return objects
}
