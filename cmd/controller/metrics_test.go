package main

import (
	"strings"
	"testing"

	"k8s.io/client-go/rest"
	"knative.dev/pkg/observability"
	"knative.dev/pkg/observability/metrics"

	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

func TestMetricsAreServedUnlessAConfigMapSaysOtherwise(t *testing.T) {
	config := apiServer(t, map[string]string{})
	ctx, err := withMetrics(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if got := observability.GetConfig(ctx); got == nil || got.Metrics.Protocol != metrics.ProtocolPrometheus {
		t.Errorf("without a ConfigMap: %+v", got)
	}
	t.Setenv("CONFIG_OBSERVABILITY_NAME", settings.ConfigMap)
	if ctx, err = withMetrics(t.Context(), config); err != nil || observability.GetConfig(ctx) != nil {
		t.Errorf("with a ConfigMap: %+v, %v", observability.GetConfig(ctx), err)
	}
	t.Setenv("SYSTEM_RESOURCE_LABEL", "rehearsal.dev/config")
	if _, err := withMetrics(t.Context(), config); err == nil || !strings.Contains(err.Error(), "label configmap "+settings.ConfigMap+" rehearsal.dev/config=true") {
		t.Errorf("a ConfigMap that Knative does not see: %v", err)
	}
	if _, err := withMetrics(t.Context(), &rest.Config{Host: "http://127.0.0.1:1"}); err == nil {
		t.Error("an API server that does not answer will do")
	}
}

func TestControllerRefusesBrokenSettings(t *testing.T) {
	_, err := newOptions(t.Context(), apiServer(t, map[string]string{settings.File: "dry_run: true\nprefix: /x\n"}), t.TempDir(), "", "")
	if want := "config-rehearsal/config.yaml:2: prefix: is not a setting; did you mean prefixes?"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}
