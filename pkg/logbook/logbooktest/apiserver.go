//go:build integration

package logbooktest

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

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
	_, file, _, _ := runtime.Caller(0)
	env := &envtest.Environment{
		CRDDirectoryPaths:     []string{filepath.Join(filepath.Dir(file), "../../../config/300-rehearsal.yaml")},
		ErrorIfCRDPathMissing: true,
	}
	config, err := env.Start()
	if err != nil {
		t.Fatalf("starting an API server: %v", err)
	}
	config.QPS = -1
	s := &APIServer{env: env, config: config}
	t.Cleanup(s.Stop)
	return s
}

// Stop stops the API server; again is as good as once.
func (s *APIServer) Stop() {
	// What it could say is that a process is gone already.
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

// Rehearsals is a client for the Rehearsals of a namespace of its own.
func (s *APIServer) Rehearsals(t testing.TB) rehearsals.RehearsalInterface {
	t.Helper()
	client, err := kubernetes.NewForConfig(s.config)
	if err != nil {
		t.Fatal(err)
	}
	namespace, err := client.CoreV1().Namespaces().Create(context.Background(),
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
