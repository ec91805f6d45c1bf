package main

import (
	"context"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

const tektonNamespace = "tekton-pipelines"

var tektonDeployments = []string{"tekton-pipelines-controller", "tekton-pipelines-webhook"}

// leftOut are the parts of Tekton that the cluster does not need and that would take time
// to compile: remote resolution, CloudEvents, and an autoscaler without metrics.
var leftOut = []string{"events.yaml", "config-leader-election-events.yaml", "webhook-hpa.yaml"}

// tektonManifest is Tekton's own config directory for the pipeline controller and webhook,
// adapted to this cluster.
func tektonManifest(ctx context.Context, l layout, images baseImages) (string, error) {
	dir, err := moduleDir(ctx, l, "github.com/tektoncd/pipeline")
	if err != nil {
		return "", err
	}
	paths, err := tektonFiles(filepath.Join(dir, "config"))
	if err != nil {
		return "", err
	}
	manifest, err := joinManifests(paths)
	if err != nil {
		return "", err
	}
	_, version, _ := strings.Cut(filepath.Base(dir), "@")
	return applyEdits(manifest, tektonEdits(images, version))
}

// tektonFiles lists the manifests in the order of their names, which is the order in which
// they are applied; the namespace and the CRDs have directories of their own.
func tektonFiles(dir string) ([]string, error) {
	var paths []string
	for _, pattern := range []string{"100-namespace/*.yaml", "300-crds/*.yaml", "*.yaml"} {
		matches, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		sort.Strings(matches)
		for _, path := range matches {
			if !slices.Contains(leftOut, filepath.Base(path)) {
				paths = append(paths, path)
			}
		}
	}
	return paths, nil
}

func tektonEdits(images baseImages, version string) []edit {
	return []edit{
		// In ConfigMap pipelines-info, as in a release, because other installers may read
		// it.
		{1, "\n  version: \"devel\"", "\n  version: \"" + version + "\""},
		// Images never come from outside the machine.
		{
			1,
			`"cgr.dev/chainguard/busybox@sha256:19f02276bf8dbdd62f069b922f10c65262cc34b710eea26ff928129a736be791"`,
			`"` + images.Busybox + `"`,
		},
		// Allows TaskRun pods in a namespace with PodSecurity `restricted`.
		{1, `set-security-context: "false"`, `set-security-context: "true"`},
		// Keeps the log of a cancelled TaskRun.
		{1, `keep-pod-on-cancel: "false"`, `keep-pod-on-cancel: "true"`},
		// The default client limits slow down a run with a hundred tasks.
		{1, `"-entrypoint-image",`, `"-kube-api-qps", "100", "-kube-api-burst", "200", "-entrypoint-image",`},
		// The probes of both deployments run every ten seconds by default, which delays
		// readiness.
		{2, patientProbe, strings.Replace(patientProbe, "initialDelaySeconds: 5\n          periodSeconds: 10", "periodSeconds: 1", 1)},
	}
}

const patientProbe = `readinessProbe:
          httpGet:
            path: /readiness
            port: probes
            scheme: HTTP
          initialDelaySeconds: 5
          periodSeconds: 10`

func deployTekton(ctx context.Context, l layout, c components) error {
	manifest, err := c.resolved("tekton")
	if err != nil {
		return err
	}
	return apply(ctx, l, "tekton", manifest)
}
