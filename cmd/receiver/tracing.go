package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"knative.dev/pkg/configmap"
	"knative.dev/pkg/observability/tracing"
)

// flushTimeout bounds the export of the last spans.
const flushTimeout = 5 * time.Second

// trace exports spans according to the ConfigMap config-observability, in Knative's
// format. By default it exports none, like the controller. The ConfigMap is read once.
// The caller must call flush at the end.
func trace(ctx context.Context, dir string) (flush func(*slog.Logger), err error) {
	data, err := configmap.Load(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the ConfigMap config-observability: %w", err)
	}
	config, err := tracing.NewFromMap(data)
	if err != nil {
		return nil, fmt.Errorf("the ConfigMap config-observability: %w", err)
	}
	provider, err := tracing.NewTracerProvider(ctx, config,
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "rehearsal-receiver"))))
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	otel.SetTracerProvider(provider)
	return func(log *slog.Logger) {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
		defer cancel()
		if err := provider.Shutdown(ending); err != nil {
			log.Error("the last spans are lost", "error", err)
		}
	}, nil
}
