package run

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// ConfigMaps is the part of the client that is needed to read what was handed over.
type ConfigMaps interface {
	Get(ctx context.Context, name string, opts metav1.GetOptions) (*corev1.ConfigMap, error)
}

// ReadManifest reads the manifest of a run by name. If it does not exist, the error is
// the API server's not-found error.
func ReadManifest(ctx context.Context, configMaps ConfigMaps, name string) (Manifest, error) {
	var m Manifest
	err := read(ctx, configMaps, name, ManifestKey, &m)
	return m, err
}

// ReadProwJob reads a stored ProwJob.
func ReadProwJob(ctx context.Context, configMaps ConfigMaps, configMap, name string) (*prowapi.ProwJob, error) {
	pj := &prowapi.ProwJob{}
	return pj, read(ctx, configMaps, configMap, name, pj)
}

// ReadProwJobs reads all ProwJobs in a ConfigMap, sorted by name.
func ReadProwJobs(ctx context.Context, configMaps ConfigMaps, configMap string) ([]*prowapi.ProwJob, error) {
	cm, err := get(ctx, configMaps, configMap)
	if err != nil {
		return nil, err
	}
	var all []*prowapi.ProwJob
	for _, key := range slices.Sorted(maps.Keys(cm.Data)) {
		pj := &prowapi.ProwJob{}
		// Manifests and inputs are in the same ConfigMaps.
		if json.Unmarshal([]byte(cm.Data[key]), pj) == nil && pj.Name == key && pj.Spec.Job != "" {
			all = append(all, pj)
		}
	}
	return all, nil
}

// ReadInputs reads the ConfigMaps that must exist before a stored ProwJob.
func ReadInputs(ctx context.Context, configMaps ConfigMaps, pj *prowapi.ProwJob) ([]*corev1.ConfigMap, error) {
	var inputs []*corev1.ConfigMap
	for _, place := range strings.Fields(pj.Annotations[AnnotationInputs]) {
		configMap, name, _ := strings.Cut(place, "/")
		cm := &corev1.ConfigMap{}
		if err := read(ctx, configMaps, configMap, name, cm); err != nil {
			return nil, err
		}
		inputs = append(inputs, cm)
	}
	return inputs, nil
}

// DamagedError says that a ConfigMap of a run exists without its expected content. The
// error is permanent, because the ConfigMaps of a run do not change.
type DamagedError struct {
	ConfigMap, Key string
	// Err is the error of decoding the value; nil if there is no value.
	Err error
}

func (e *DamagedError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("ConfigMap %s has no key %s", e.ConfigMap, e.Key)
	}
	return fmt.Sprintf("ConfigMap %s, key %s: %v", e.ConfigMap, e.Key, e.Err)
}

func (e *DamagedError) Unwrap() error { return e.Err }

func get(ctx context.Context, configMaps ConfigMaps, name string) (*corev1.ConfigMap, error) {
	cm, err := configMaps.Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading ConfigMap %s: %w", name, err)
	}
	return cm, nil
}

func read(ctx context.Context, configMaps ConfigMaps, name, key string, into any) error {
	cm, err := get(ctx, configMaps, name)
	if err != nil {
		return err
	}
	raw, ok := cm.Data[key]
	if !ok {
		return &DamagedError{ConfigMap: name, Key: key}
	}
	if err := json.Unmarshal([]byte(raw), into); err != nil {
		return &DamagedError{ConfigMap: name, Key: key, Err: err}
	}
	return nil
}

// ReadResult reads the verdicts of a run by name. If the run is not over, the error is
// the API server's not-found error.
func ReadResult(ctx context.Context, configMaps ConfigMaps, name string) (Result, error) {
	var r Result
	err := read(ctx, configMaps, ResultName(name), ResultKey, &r)
	return r, err
}
