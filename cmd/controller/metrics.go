package main

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"knative.dev/pkg/observability"
	o11yconfigmap "knative.dev/pkg/observability/configmap"
	"knative.dev/pkg/observability/metrics"
	"knative.dev/pkg/system"
)

// withMetrics serves metrics to Prometheus, on port 9090, unless the ConfigMap
// config-observability exists. That has Knative's format and takes precedence.
func withMetrics(ctx context.Context, config *rest.Config) (context.Context, error) {
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	name := o11yconfigmap.Name()
	cm, err := kube.CoreV1().ConfigMaps(system.Namespace()).Get(ctx, name, metav1.GetOptions{})
	switch label := system.ResourceLabel(); {
	case err == nil && label != "" && cm.Labels[label] == "":
		return nil, fmt.Errorf("the ConfigMap %s has no label %s, so Knative does not see it: kubectl -n %s label configmap %s %s=true", name, label, system.Namespace(), name, label)
	case err == nil:
		return ctx, nil
	case !apierrors.IsNotFound(err):
		return nil, fmt.Errorf("looking for the ConfigMap %s: %w", name, err)
	}
	chosen := observability.DefaultConfig()
	chosen.Metrics.Protocol = metrics.ProtocolPrometheus
	return observability.WithConfig(ctx, chosen), nil
}
