//go:build integration

package config

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// TestSettingsOutliveAnUpgrade writes settings as the documentation says, and
// applies config/ again.
func TestSettingsOutliveAnUpgrade(t *testing.T) {
	kubeconfig := logbooktest.Start(t).Kubeconfig(t)
	kubectl := func(in []byte, args ...string) []byte {
		t.Helper()
		cmd := exec.Command(filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl"),
			append([]string{"--kubeconfig", kubeconfig, "--cache-dir", t.TempDir()}, args...)...)
		cmd.Stdin = bytes.NewReader(in)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("kubectl %v: %v\n%s", args, err, out)
		}
		return out
	}
	const mine = "dry_run: true\nrepositories:\n- {repo: a/b, prow_config: config.yaml}\n"
	file := filepath.Join(t.TempDir(), settings.File)
	if err := os.WriteFile(file, []byte(mine), 0o600); err != nil {
		t.Fatal(err)
	}

	kubectl(nil, "apply", "-f", "100-namespace.yaml", "-f", "400-config-rehearsal.yaml")
	manifest := kubectl(nil, "-n", ours, "create", "configmap", settings.ConfigMap, "--from-file="+file, "--dry-run=client", "-o", "yaml")
	kubectl(manifest, "apply", "--server-side", "--force-conflicts", "--field-manager=settings", "-f", "-")
	kubectl(nil, "apply", "-f", "400-config-rehearsal.yaml")

	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	cm, err := clientFor(t, config).CoreV1().ConfigMaps(ours).Get(t.Context(), settings.ConfigMap, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	all := parse[corev1.ConfigMap](t, "ConfigMap")
	shipped := all[slices.IndexFunc(all, func(cm corev1.ConfigMap) bool { return cm.Name == settings.ConfigMap })]
	want := map[string]string{settings.File: mine, settings.Example: shipped.Data[settings.Example]}
	if diff := cmp.Diff(want, cm.Data); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(shipped.Labels, cm.Labels); diff != "" {
		t.Error(diff)
	}
	if s, err := settings.ParseManifest("manifest", kubectl(nil, "-n", ours, "get", "configmap", settings.ConfigMap, "-o", "yaml")); err != nil || !s.DryRun {
		t.Errorf("what is shown is understood as %+v, %v", s, err)
	}
}
