package rig

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// prowCommands is where Prow's programs are, in Go and, with ko's
// --preserve-import-paths, in the registry.
const prowCommands = "sigs.k8s.io/prow/cmd/"

var utilities = []string{"clonerefs", "initupload", "entrypoint", "sidecar"}

// Decoration is how to decorate jobs with the utility images of the very Prow
// that the cluster runs. They are built unless the registry has them. Nothing is
// uploaded: there is no storage.
func (c *Cluster) Decoration(ctx context.Context) (*prowapi.DecorationConfig, error) {
	dir := filepath.Join(c.Root, "test", "cluster", "components")
	version, err := c.Output(ctx, "go", "-C", dir, "list", "-m", "-f", "{{.Version}}", "sigs.k8s.io/prow")
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, version)
	}
	version = strings.TrimSpace(version)
	image := func(name string) string { return c.registry + "/" + prowCommands + name + ":" + version }
	for _, name := range utilities {
		if _, err := c.Output(ctx, "crane", "digest", image(name)); err == nil {
			continue
		}
		build := c.Command(ctx, "ko", "build", "--sbom=none", "--preserve-import-paths", "--tags", version, prowCommands+name)
		build.Dir = dir
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build the image of %s: %w\n%s", name, err, out)
		}
	}
	return &prowapi.DecorationConfig{
		UtilityImages: &prowapi.UtilityImages{
			CloneRefs: image("clonerefs"), InitUpload: image("initupload"),
			Entrypoint: image("entrypoint"), Sidecar: image("sidecar"),
		},
		GCSConfiguration: &prowapi.GCSConfiguration{
			Bucket: "gs://none", PathStrategy: prowapi.PathStrategyExplicit, LocalOutputDir: "/tmp/artifacts",
		},
	}, nil
}
