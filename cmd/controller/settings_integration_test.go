//go:build integration

package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	clientset "github.com/rehearsal-dev/rehearsal/pkg/client/clientset/versioned"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// patience is a generous timeout for fast operations.
const patience = 2 * time.Minute

// TestBrokenSettings runs the controller on a real API server, and breaks and repairs its
// settings.
func TestBrokenSettings(t *testing.T) {
	server := logbooktest.Start(t)
	kubeconfig := server.Kubeconfig(t)
	kube := kubernetes.NewForConfigOrDie(server.Config())
	applyCRDs(t, kubeconfig)
	server.Install(t, "100-namespace.yaml", "400-config-rehearsal.yaml", "401-config-leader-election.yaml")
	write := func(file string) {
		t.Helper()
		patch := fmt.Sprintf(`{"data":{%q:%q}}`, settings.File, file)
		kubectl(t, kubeconfig, "-n", "rehearsals", "patch", "configmap", settings.ConfigMap, "--type=merge", "-p", patch)
	}
	bin := buildController(t)

	write("dry_run: maybe\n")
	c, _ := start(t, bin, kubeconfig)
	if err := c.Wait(); err == nil {
		t.Error("the controller starts with broken settings")
	}
	if want := "config-rehearsal/config.yaml:1: dry_run: is \"maybe\", not true or false"; !strings.Contains(c.Stderr.(*bytes.Buffer).String(), want) {
		t.Errorf("it does not say why:\n%s", c.Stderr)
	}
	write(nobodyListens)
	testReload(t, kube, write, bin, kubeconfig)
	testServedFromNowOn(t, clientset.NewForConfigOrDie(server.Config()), write, bin, kubeconfig)
}

// applyCRDs installs the CustomResourceDefinitions of Tekton and Prow.
func applyCRDs(t *testing.T, kubeconfig string) {
	t.Helper()
	kubectl(t, kubeconfig, "apply", "--server-side", "-f", modulePath(t, "github.com/tektoncd/pipeline", "config", "300-crds"),
		"-f", modulePath(t, "sigs.k8s.io/prow", "config", "prow", "cluster", "prowjob-crd"))
}

// buildController builds the controller and returns its path.
func buildController(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "controller")
	build := exec.Command("go", "build", "-o", bin, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as images are built, so that the build cache helps
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return bin
}

// nobodyListens are settings with a GitHub that does not answer.
const nobodyListens = "github: {endpoint: \"http://127.0.0.1:9\"}\n"

// testServedFromNowOn adds a repository to the settings. What was received about its pull
// requests before must be processed without a new event.
func testServedFromNowOn(t *testing.T, client clientset.Interface, write func(file string), bin, kubeconfig string) {
	write(nobodyListens)
	c, _ := start(t, bin, kubeconfig)
	defer stop(t, c)
	rehearsals := client.RehearsalV1alpha1().Rehearsals("rehearsals")
	_, err := rehearsals.Create(t.Context(), &v1alpha1.Rehearsal{
		ObjectMeta: metav1.ObjectMeta{Name: "acme-config-7"},
		Spec:       v1alpha1.RehearsalSpec{Pull: v1alpha1.Pull{Org: "acme", Repo: "config", Number: 7}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	reason := func() string {
		rh, err := rehearsals.Get(t.Context(), "acme-config-7", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if pulled := rh.Status.GetCondition(v1alpha1.ConditionPulled); pulled != nil {
			return pulled.Reason
		}
		return ""
	}
	eventually(t, "a condition that the repository is not served", func() bool { return reason() == "NotServed" })
	write(nobodyListens + "repositories: [{repo: acme/config, prow_config: config.yaml}]\n")
	eventually(t, "a condition that GitHub is asked", func() bool { return reason() == "Retrying" })
}

func stop(t *testing.T, c *exec.Cmd) {
	_ = c.Process.Signal(syscall.SIGTERM)
	_ = c.Wait()
	if t.Failed() {
		t.Logf("the controller said:\n%s", c.Stderr)
	}
}

func testReload(t *testing.T, kube kubernetes.Interface, write func(file string), bin, kubeconfig string) {
	c, metrics := start(t, bin, kubeconfig)
	defer stop(t, c)
	eventually(t, "metrics of valid settings", func() bool { return valid(metrics) == "1" })
	write("dry_run: true\nprefixs: [/x]\n")
	eventually(t, "metrics of refused settings", func() bool { return valid(metrics) == "0" })
	if got := value(metrics, "rehearsal_settings_refused_total"); got != "1" {
		t.Errorf("%s versions were refused", got)
	}
	eventually(t, "an event about them", func() bool {
		return told(t, kube, "Warning", "config-rehearsal/config.yaml:2: prefixs: is not a setting; did you mean prefixes?")
	})
	write("prefixes: [/x]\n")
	eventually(t, "metrics of mended settings", func() bool { return valid(metrics) == "1" })
	eventually(t, "an event about that", func() bool { return told(t, kube, "Normal", "valid again") })
}

// start starts the controller, with additional flags, and returns the URL of its metrics.
func start(t *testing.T, bin, kubeconfig string, flags ...string) (c *exec.Cmd, metrics string) {
	t.Helper()
	credentials := t.TempDir()
	if err := os.WriteFile(filepath.Join(credentials, "token"), []byte("token"), 0o600); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	c = exec.Command(bin, "--kubeconfig", kubeconfig, "--github-credentials", credentials, "--mirrors", t.TempDir(), "--pages-address", "127.0.0.1:0", "--webhook-port", freePort(t), "--probes-port", freePort(t))
	c.Args = append(c.Args, flags...)
	c.Env = append(os.Environ(), "SYSTEM_NAMESPACE=rehearsals", "SYSTEM_RESOURCE_LABEL=rehearsal.dev/config",
		"METRICS_PROMETHEUS_HOST=127.0.0.1", "METRICS_PROMETHEUS_PORT="+port, "PROFILING_PORT="+freePort(t))
	c.Stderr, c.Stdout = &bytes.Buffer{}, io.Discard
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c, "http://127.0.0.1:" + port + "/metrics"
}

func freePort(t *testing.T) string {
	t.Helper()
	port, err := rig.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("there is nothing for %s: %s", patience, what)
}

func get(url string) string {
	response, err := http.Get(url)
	if err != nil {
		return ""
	}
	defer response.Body.Close() //nolint:errcheck // errors of closing a reader do not matter
	body, _ := io.ReadAll(response.Body)
	return string(body)
}

func valid(metrics string) string { return value(metrics, "rehearsal_settings_valid") }

// value returns the value of a metric; empty if there is none.
func value(metrics, name string) string {
	for line := range strings.Lines(get(metrics)) {
		if rest, ok := strings.CutPrefix(line, name+"{"); ok {
			return strings.TrimSpace(rest[strings.LastIndexByte(rest, '}')+1:])
		}
	}
	return ""
}

// told reports whether the ConfigMap has an event.
func told(t *testing.T, kube kubernetes.Interface, kind, words string) bool {
	t.Helper()
	events, err := kube.CoreV1().Events("rehearsals").List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.name=" + settings.ConfigMap})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events.Items {
		if e.Type == kind && strings.Contains(e.Message, words) && e.InvolvedObject.Kind == "ConfigMap" {
			return true
		}
	}
	return false
}

func kubectl(t *testing.T, kubeconfig string, args ...string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl"), append([]string{"--kubeconfig", kubeconfig, "--cache-dir", t.TempDir()}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("kubectl %v: %v\n%s", args, err, out)
	}
}

// modulePath returns a path in a module of this build.
func modulePath(t *testing.T, module string, path ...string) string {
	t.Helper()
	found, err := rig.ModulePath(module, path...)
	if err != nil {
		t.Fatal(err)
	}
	return found
}
