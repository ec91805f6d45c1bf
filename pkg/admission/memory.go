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
	// keptConfigMaps is how many ConfigMaps are cached: each takes up to a megabyte.
	keptConfigMaps = 16
	// believed is how long an entry is cached.
	believed = time.Minute
)

// memory caches what was read. The tasks of a run all come at once, and need the same few
// objects.
type memory struct {
	configMaps *cache.LRUExpireCache
	schemas    *cache.LRUExpireCache
}

func newMemory() *memory {
	return &memory{configMaps: cache.NewLRUExpireCache(keptConfigMaps), schemas: cache.NewLRUExpireCache(2)}
}

// reading reads ConfigMaps for one decision, from the cache if it has them.
type reading struct {
	run.ConfigMaps
	memory *memory
	// remembered says that something came from the cache.
	remembered bool
	// forget makes every read go to the API server.
	forget bool
}

func (r *reading) anew() *reading {
	return &reading{ConfigMaps: r.ConfigMaps, memory: r.memory, forget: true}
}

// Get implements run.ConfigMaps. It caches only immutable ConfigMaps. The cached objects
// are shared, so callers must not change them.
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

// schemaVersion identifies a version of a schema in one state of a definition.
type schemaVersion struct{ uid, resourceVersion, version string }

// schemaOf is the function schemaOf with a cache, because the conversion is slow.
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
