package plane

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/rest"

	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// startTime is the maximum time until etcd and the API server respond, on a machine that is
// busy with other tests.
const startTime = 2 * time.Minute

// newServers returns etcd and an API server on top of it, which can be stopped and started
// again with the same data, and the administrator's access to the API server.
func newServers(dir string) (etcd, api *Process, admin *rest.Config, err error) {
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	if assets == "" {
		return nil, nil, nil, fmt.Errorf("KUBEBUILDER_ASSETS must name the directory with etcd, kube-apiserver and kubectl")
	}
	ports, err := rig.FreePorts(3)
	if err != nil {
		return nil, nil, nil, err
	}
	client, peer, token := "http://127.0.0.1:"+ports[0], "http://127.0.0.1:"+ports[1], rig.Random()
	key, tokens := filepath.Join(dir, "service-accounts.pem"), filepath.Join(dir, "tokens.csv")
	if err := writeKey(key); err != nil {
		return nil, nil, nil, err
	}
	if err := os.WriteFile(tokens, []byte(token+",admin,admin,system:masters\n"), 0o600); err != nil {
		return nil, nil, nil, err
	}
	etcd = newProcess(dir, "etcd", false, nil, filepath.Join(assets, "etcd"), "--data-dir="+filepath.Join(dir, "etcd"),
		"--listen-client-urls="+client, "--advertise-client-urls="+client, "--listen-peer-urls="+peer,
		"--initial-advertise-peer-urls="+peer, "--initial-cluster=default="+peer, "--log-level=error",
		"--unsafe-no-fsync") // the machine keeps running when the process is killed
	certificates := filepath.Join(dir, "certificates")
	api = newProcess(dir, "kube-apiserver", false, nil, filepath.Join(assets, "kube-apiserver"), "--etcd-servers="+client,
		"--bind-address=127.0.0.1", "--secure-port="+ports[2], "--cert-dir="+certificates, "--token-auth-file="+tokens,
		"--authorization-mode=RBAC", "--service-cluster-ip-range=10.0.0.0/24", "--disable-admission-plugins=ServiceAccount",
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file="+key, "--service-account-signing-key-file="+key)
	return etcd, api, &rest.Config{
		Host: "https://127.0.0.1:" + ports[2], BearerToken: token, QPS: -1,
		TLSClientConfig: rest.TLSClientConfig{CAFile: filepath.Join(certificates, "apiserver.crt")},
	}, nil
}

func writeKey(path string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	return os.WriteFile(path, pem.EncodeToMemory(block), 0o600)
}

// WaitForAPI waits until the API server responds.
func (p *Plane) WaitForAPI(ctx context.Context) error {
	return rig.Until(ctx, startTime, "the API server to answer", func(ctx context.Context) (string, bool, error) {
		// The certificate exists once the server has been started.
		client, err := rest.HTTPClientFor(p.Admin)
		if err != nil {
			return "", false, err
		}
		client.Timeout = 5 * time.Second
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Admin.Host+"/readyz", nil)
		if err != nil {
			return "", false, err
		}
		response, err := client.Do(request)
		if err != nil {
			return "", false, err
		}
		return response.Status, response.StatusCode == http.StatusOK, response.Body.Close()
	})
}
