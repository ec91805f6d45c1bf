package main

import (
	"context"
	"embed"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

//go:embed manifests
var prowManifests embed.FS

// prowFiles are in the order in which they are applied: the namespaces come first.
var prowFiles = []string{"prow.yaml", "storage.yaml", "deck.yaml", "github.yaml"}

// prowDeployments are the deployments that run without a GitHub.
var prowDeployments = []string{"prow-controller-manager", "storage", "deck"}

const prowModule = "sigs.k8s.io/prow"

const prowJobCRD = "config/prow/cluster/prowjob-crd/prowjob_customresourcedefinition.yaml"

// prowManifest returns the ProwJob CRD and Prow's parts.
func prowManifest(ctx context.Context, l layout) (string, error) {
	dir, err := moduleDir(ctx, l, prowModule)
	if err != nil {
		return "", err
	}
	crd, err := joinManifests([]string{filepath.Join(dir, prowJobCRD)})
	if err != nil {
		return "", err
	}
	parts := []string{crd}
	for _, name := range prowFiles {
		content, err := prowManifests.ReadFile("manifests/" + name)
		if err != nil {
			return "", err
		}
		parts = append(parts, string(content))
	}
	return strings.Join(parts, "---\n"), nil
}

// deployProw creates the Secret with plank's kubeconfig, whose contexts are the cluster
// aliases, then everything else.
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
