package main

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"knative.dev/pkg/observability"
	o11yconfigmap "knative.dev/pkg/observability/configmap"
	"knative.dev/pkg/observability/metrics"
	"knative.dev/pkg/system"
)

// withMetrics serves metrics to Prometheus, on port 9090. The ConfigMap
// config-observability, in Knative's format, has the say where it exists.
func withMetrics(ctx context.Context, config *rest.Config) (context.Context, error) {
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	name := o11yconfigmap.Name()
	_, err = kube.CoreV1().ConfigMaps(system.Namespace()).Get(ctx, name, metav1.GetOptions{})
	switch {
	case err == nil:
		return ctx, nil
	case !apierrors.IsNotFound(err):
		return nil, fmt.Errorf("looking for the ConfigMap %s: %w", name, err)
	}
	chosen := observability.DefaultConfig()
	chosen.Metrics.Protocol = metrics.ProtocolPrometheus
	return observability.WithConfig(ctx, chosen), nil
}

// measureAnswers exports how large the answers of GitHub are that are kept: memory that
// fills up to a bound.
func measureAnswers(kept func() int64) error {
	_, err := otel.Meter("github.com/rehearsal-dev/rehearsal").Int64ObservableGauge("rehearsal.github.answers",
		metric.WithDescription("Size of the answers of GitHub that are kept, of which GitHub is asked whether they still hold"), metric.WithUnit("By"),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(kept())
			return nil
		}))
	return err
}
