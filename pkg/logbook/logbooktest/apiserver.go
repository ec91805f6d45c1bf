//go:build integration

package logbooktest

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/pkg/client/clientset/versioned"
	rehearsals "github.com/rehearsal-dev/rehearsal/pkg/client/clientset/versioned/typed/rehearsal/v1alpha1"
)

// APIServer is etcd and a kube-apiserver that knows Rehearsals.
type APIServer struct {
	env    *envtest.Environment
	config *rest.Config
}

// Start starts them from the binaries in KUBEBUILDER_ASSETS, until the test
// ends.
func Start(t testing.TB) *APIServer {
	t.Helper()
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		t.Fatal("KUBEBUILDER_ASSETS must name the directory with etcd, kube-apiserver and kubectl")
	}
	env := &envtest.Environment{
		CRDDirectoryPaths:     []string{filepath.Join(root(t), "config", "300-rehearsal.yaml")},
		ErrorIfCRDPathMissing: true,
		// Starting can be slow on a busy machine.
		ControlPlaneStartTimeout: 2 * time.Minute,
	}
	config, err := env.Start()
	if err != nil {
		_ = env.Stop() // of what did start
		t.Fatalf("starting an API server: %v", err)
	}
	config.QPS = -1
	s := &APIServer{env: env, config: config}
	t.Cleanup(s.Stop)
	return s
}

// root is the top of the repository. Tests run in their package's directory, and
// with -trimpath nothing else knows where the sources are.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil && dir != filepath.Dir(dir) {
		if _, statErr := os.Stat(filepath.Join(dir, "ko.yaml")); statErr == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	t.Fatalf("the tests do not run in the repository: %v", err)
	return ""
}

// Stop stops the API server. It is idempotent.
func (s *APIServer) Stop() {
	// The only error is that a process has already gone.
	_ = s.env.Stop()
}

// Kubeconfig writes a kubeconfig file for a command to use.
func (s *APIServer) Kubeconfig(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, s.env.KubeConfig, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Config returns the configuration of the administrator.
func (s *APIServer) Config() *rest.Config { return rest.CopyConfig(s.config) }

// As returns the configuration of another user, who has the rights that Roles grant.
func (s *APIServer) As(user string) *rest.Config {
	config := s.Config()
	config.Impersonate.UserName = user
	return config
}

// RehearsalsAs returns a user's client for the Rehearsals of an existing namespace.
func (s *APIServer) RehearsalsAs(t testing.TB, user, namespace string) rehearsals.RehearsalInterface {
	t.Helper()
	ours, err := versioned.NewForConfig(s.As(user))
	if err != nil {
		t.Fatal(err)
	}
	return ours.RehearsalV1alpha1().Rehearsals(namespace)
}

// Install creates the objects in files of config/.
func (s *APIServer) Install(t testing.TB, files ...string) {
	t.Helper()
	admin, err := client.New(s.Config(), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(root(t), "config", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, document := range bytes.Split(content, []byte("\n---\n")) {
			var object unstructured.Unstructured
			if err := yaml.Unmarshal(document, &object.Object); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if err := admin.Create(t.Context(), &object); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
		}
	}
}

// Rehearsals returns a client for the Rehearsals of a new namespace.
func (s *APIServer) Rehearsals(t testing.TB) rehearsals.RehearsalInterface {
	t.Helper()
	kube, err := kubernetes.NewForConfig(s.config)
	if err != nil {
		t.Fatal(err)
	}
	namespace, err := kube.CoreV1().Namespaces().Create(context.Background(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ours, err := versioned.NewForConfig(s.config)
	if err != nil {
		t.Fatal(err)
	}
	return ours.RehearsalV1alpha1().Rehearsals(namespace.Name)
}
