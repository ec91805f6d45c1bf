package runs

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/lru"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

const (
	// keptManifests is how many manifests are kept. One of 500 jobs is about 300 KiB.
	keptManifests = 256
	// ManifestTime is how long a manifest is assumed to exist after it was read.
	ManifestTime = 5 * time.Minute
)

// Manifests keeps the manifests that were read last: every pass over a run needs its
// manifest, which never changes. The zero value is ready to use.
type Manifests struct{ known lru.Recent[keptManifest] }

type keptManifest struct {
	run.Manifest
	until time.Time
}

// read returns the manifest of a run, from memory if possible. The result is shared and
// must not be changed.
func (k *Manifests) read(ctx context.Context, configMaps run.ConfigMaps, rh *v1alpha1.Rehearsal, name string, now time.Time) (run.Manifest, error) {
	known := k.known.UpTo(keptManifests)
	key := string(rh.UID) + "/" + name
	if m, ok := known.Get(key); ok && now.Before(m.until) {
		return m.Manifest, nil
	}
	m, err := run.ReadManifest(ctx, configMaps, name)
	if err != nil {
		return m, err
	}
	known.Add(key, keptManifest{m, now.Add(ManifestTime)})
	return m, nil
}

// oncePerName reads each ConfigMap only once, because a ConfigMap of a run holds many
// ProwJobs.
type oncePerName struct {
	run.ConfigMaps
	known map[string]*corev1.ConfigMap
}

func onceEach(configMaps run.ConfigMaps) run.ConfigMaps {
	return oncePerName{configMaps, map[string]*corev1.ConfigMap{}}
}

func (o oncePerName) Get(ctx context.Context, name string, opts metav1.GetOptions) (*corev1.ConfigMap, error) {
	if cm := o.known[name]; cm != nil {
		return cm, nil
	}
	cm, err := o.ConfigMaps.Get(ctx, name, opts)
	if err == nil {
		o.known[name] = cm
	}
	return cm, err
}
