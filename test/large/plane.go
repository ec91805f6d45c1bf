package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	tektonclient "github.com/tektoncd/pipeline/pkg/client/clientset/versioned"
	prowclient "sigs.k8s.io/prow/pkg/client/clientset/versioned"

	"github.com/rehearsal-dev/rehearsal/pkg/client/clientset/versioned"
)

// auditPolicy makes the API server log the metadata of all calls, without their bodies.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
`

// plane is etcd and an API server, with clients that have all permissions.
type plane struct {
	dir   string
	env   *envtest.Environment
	admin *rest.Config
	audit string // the log of all calls

	kube       kubernetes.Interface
	tekton     tektonclient.Interface
	prow       prowclient.Interface
	rehearsals versioned.Interface
	metadata   metadata.Interface
}

// startPlane starts both from the binaries in KUBEBUILDER_ASSETS. Their files are below
// dir.
func startPlane(dir string) (*plane, error) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		return nil, errors.New("KUBEBUILDER_ASSETS must name the directory with etcd, kube-apiserver and kubectl")
	}
	crds, err := crdPaths()
	if err != nil {
		return nil, err
	}
	p := &plane{dir: dir, audit: filepath.Join(dir, "audit.log")}
	policy := filepath.Join(dir, "audit-policy.yaml")
	if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
		return nil, err
	}
	p.env = &envtest.Environment{CRDDirectoryPaths: crds, ErrorIfCRDPathMissing: true, ControlPlaneStartTimeout: patience}
	p.env.ControlPlane.GetAPIServer().Configure().
		Set("audit-policy-file", policy).Set("audit-log-path", p.audit).Set("audit-log-maxsize", "4000")
	p.env.ControlPlane.Etcd = &envtest.Etcd{}
	p.env.ControlPlane.Etcd.Configure().Set("quota-backend-bytes", "4294967296")
	if p.admin, err = p.env.Start(); err != nil {
		return p, fmt.Errorf("starting the API server: %w", err)
	}
	p.admin.QPS = -1
	return p, p.connect()
}

func (p *plane) connect() (err error) {
	if p.kube, err = kubernetes.NewForConfig(p.admin); err != nil {
		return err
	}
	if p.tekton, err = tektonclient.NewForConfig(p.admin); err != nil {
		return err
	}
	if p.prow, err = prowclient.NewForConfig(p.admin); err != nil {
		return err
	}
	if p.metadata, err = metadata.NewForConfig(p.admin); err != nil {
		return err
	}
	p.rehearsals, err = versioned.NewForConfig(p.admin)
	return err
}

func (p *plane) stop() error { return p.env.Stop() }

// as returns a user's access to the API server, and a kubeconfig for it.
func (p *plane) as(user string, groups ...string) (*rest.Config, string, error) {
	added, err := p.env.AddUser(envtest.User{Name: user, Groups: groups}, nil)
	if err != nil {
		return nil, "", fmt.Errorf("making a certificate for %s: %w", user, err)
	}
	raw, err := added.KubeConfig()
	if err != nil {
		return nil, "", err
	}
	path := filepath.Join(p.dir, strings.ReplaceAll(user, ":", "-")+".kubeconfig") // KUBECONFIG is a list separated by colons
	return added.Config(), path, os.WriteFile(path, raw, 0o600)
}
