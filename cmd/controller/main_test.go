package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// apiServer returns an API server with one ConfigMap, or none if data is nil.
func apiServer(t *testing.T, data map[string]string) *rest.Config {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if data == nil || !strings.HasSuffix(r.URL.Path, "/namespaces/rehearsals/configmaps/"+settings.ConfigMap) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		err := json.NewEncoder(w).Encode(corev1.ConfigMap{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, Data: data,
		})
		if err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("SYSTEM_NAMESPACE", "rehearsals")
	return &rest.Config{Host: server.URL}
}

// TestControllerCanReport: the controller may have to report a run itself. So it needs
// the logs from Deck, and the secrets to censor, as the finally task does.
func TestControllerCanReport(t *testing.T) {
	credentials := t.TempDir()
	if err := os.WriteFile(filepath.Join(credentials, "token"), []byte("canary-4711\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := newOptions(t.Context(), apiServer(t, map[string]string{settings.File: "prow: {pod_namespace: pods}"}), t.TempDir(), credentials, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Planner.Close)
	if o.Logs.HTTP == nil || o.Logs.HTTP.Timeout == 0 || o.Logs.Namespace != "pods" {
		t.Errorf("logs: %+v", o.Logs)
	}
	if got := o.Logs.Secrets(); !slices.Equal(got, []string{"canary-4711"}) {
		t.Errorf("secrets: %q", got)
	}
}

// TestControllerNeedsSettings: without its ConfigMap the controller cannot follow changes
// either.
func TestControllerNeedsSettings(t *testing.T) {
	_, err := newOptions(t.Context(), apiServer(t, nil), t.TempDir(), "", "")
	if err == nil || !strings.Contains(err.Error(), "reading the settings") {
		t.Errorf("got %v", err)
	}
}
