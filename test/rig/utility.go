package rig

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// Decoration builds the images that Prow puts into the pods of decorated jobs,
// which take some seconds once they are compiled, and is how to decorate a job
// with them. Nothing is uploaded: there is no storage.
func (c *Cluster) Decoration(ctx context.Context) (*prowapi.DecorationConfig, error) {
	var images prowapi.UtilityImages
	wanted := map[string]*string{
		"clonerefs": &images.CloneRefs, "initupload": &images.InitUpload,
		"entrypoint": &images.Entrypoint, "sidecar": &images.Sidecar,
	}
	args := []string{"build", "--sbom=none", "--preserve-import-paths"}
	for name := range wanted {
		args = append(args, "sigs.k8s.io/prow/cmd/"+name)
	}
	cmd := c.Command(ctx, "ko", args...)
	cmd.Dir = filepath.Join(c.Root, "test", "cluster", "components")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("build Prow's utility images: %w", err)
	}
	for _, reference := range strings.Fields(string(out)) {
		path, _, _ := strings.Cut(reference, "@")
		if image, ok := wanted[path[strings.LastIndexByte(path, '/')+1:]]; ok {
			*image = reference
		}
	}
	for name, image := range wanted {
		if *image == "" {
			return nil, fmt.Errorf("ko names no image of %s, but:\n%s", name, out)
		}
	}
	return &prowapi.DecorationConfig{
		UtilityImages: &images,
		GCSConfiguration: &prowapi.GCSConfiguration{
			Bucket: "gs://none", PathStrategy: prowapi.PathStrategyExplicit, LocalOutputDir: "/tmp/artifacts",
		},
	}, nil
}
