package rig

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/yaml"
)

// Decoration returns the decoration of the cluster's Prow: utility images of its own
// version, which upload to the cluster's object store.
func (c *Cluster) Decoration(ctx context.Context) (*prowapi.DecorationConfig, error) {
	cm, err := c.prowConfig(ctx)
	if err != nil {
		return nil, err
	}
	var prow struct {
		Plank struct {
			Defaults map[string]*prowapi.DecorationConfig `json:"default_decoration_configs"`
		} `json:"plank"`
	}
	if err := yaml.Unmarshal([]byte(cm.Data[prowConfigKey]), &prow); err != nil {
		return nil, fmt.Errorf("read Prow's configuration: %w", err)
	}
	decoration := prow.Plank.Defaults["*"]
	if decoration == nil {
		return nil, fmt.Errorf("the cluster's Prow has no decoration for all jobs: bring the cluster up to date with `make cluster`")
	}
	return decoration, nil
}

// PlankConfig returns the part of Prow's configuration that decorates jobs like the
// cluster's Prow.
func (c *Cluster) PlankConfig(ctx context.Context) (string, error) {
	decoration, err := c.Decoration(ctx)
	if err != nil {
		return "", err
	}
	raw, err := yaml.Marshal(map[string]any{
		"plank": map[string]any{"default_decoration_configs": map[string]any{"*": decoration}},
	})
	return string(raw), err
}

func (c *Cluster) prowConfig(ctx context.Context) (*corev1.ConfigMap, error) {
	cm, err := c.Kube.CoreV1().ConfigMaps(ProwJobNamespace).Get(ctx, prowConfigMap, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("find Prow's configuration: %w", err)
	}
	return cm, nil
}
