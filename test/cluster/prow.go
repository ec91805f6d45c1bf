package main

import (
	"context"
	_ "embed"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
)

//go:embed manifests/prow.yaml
var prowTemplate string

var prowDeployments = []string{"prow-controller-manager"}

const prowJobCRD = "config/prow/cluster/prowjob-crd/prowjob_customresourcedefinition.yaml"

// prowManifest is the ProwJob CRD and plank.
func prowManifest(ctx context.Context, l layout) (string, error) {
	dir, err := moduleDir(ctx, l, "sigs.k8s.io/prow")
	if err != nil {
		return "", err
	}
	crd, err := joinManifests([]string{filepath.Join(dir, prowJobCRD)})
	return crd + "---\n" + prowTemplate, err
}

// deployProw gives plank the kubeconfig whose contexts are the cluster
// aliases, then the rest.
func deployProw(ctx context.Context, l layout, c components) error {
	manifest, err := c.resolved("prow")
	if err != nil {
		return err
	}
	aliases, err := os.ReadFile(l.buildKubeconfig())
	if err != nil {
		return err
	}
	return apply(ctx, l, "prow", manifest+"---\n"+kubeconfigSecret(aliases))
}

func kubeconfigSecret(kubeconfig []byte) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Secret
metadata: {name: kubeconfig, namespace: %s}
data:
  kubeconfig: %s
`, prowJobNamespace, base64.StdEncoding.EncodeToString(kubeconfig))
}
