package admission

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/cache"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

const (
	// keptConfigMaps is how many are remembered: each takes up to a megabyte.
	keptConfigMaps = 16
	// believed is how long one is taken to be there still.
	believed = time.Minute
)

// memory is what was read last. The tasks of a run come all at once, and ask about
// what the same few objects hold.
type memory struct {
	configMaps *cache.LRUExpireCache
	schemas    *cache.LRUExpireCache
}

func newMemory() *memory {
	return &memory{configMaps: cache.NewLRUExpireCache(keptConfigMaps), schemas: cache.NewLRUExpireCache(2)}
}

// reading reads ConfigMaps for one answer, from memory where that has them.
type reading struct {
	run.ConfigMaps
	memory *memory
	// remembered says that something came from memory.
	remembered bool
	// forget has all be read from the API server.
	forget bool
}

func (r *reading) anew() *reading {
	return &reading{ConfigMaps: r.ConfigMaps, memory: r.memory, forget: true}
}

// Get implements run.ConfigMaps. Only what cannot change is remembered, and what
// comes from memory is shared.
func (r *reading) Get(ctx context.Context, name string, opts metav1.GetOptions) (*corev1.ConfigMap, error) {
	if known, ok := r.memory.configMaps.Get(name); ok && !r.forget {
		r.remembered = true
		return known.(*corev1.ConfigMap), nil
	}
	cm, err := r.ConfigMaps.Get(ctx, name, opts)
	if err == nil && cm.Immutable != nil && *cm.Immutable {
		r.memory.configMaps.Add(name, cm, believed)
	} else {
		r.memory.configMaps.Remove(name)
	}
	return cm, err
}

// schemaVersion is one version of a schema of one state of a definition.
type schemaVersion struct{ uid, resourceVersion, version string }

// schemaOf is as the function of this name, which takes its time.
func (m *memory) schemaOf(crd *apiextensionsv1.CustomResourceDefinition, version string) (*structuralschema.Structural, error) {
	key := schemaVersion{string(crd.UID), crd.ResourceVersion, version}
	if known, ok := m.schemas.Get(key); ok && crd.ResourceVersion != "" {
		return known.(*structuralschema.Structural), nil
	}
	schema, err := schemaOf(crd, version)
	if err == nil {
		m.schemas.Add(key, schema, believed)
	}
	return schema, err
}
