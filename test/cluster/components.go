package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strings"
)

// The components are Tekton and Prow: their manifests, with images that ko
// builds from the nested module `components`. The result is kept in the cache
// as resolved manifests and image layouts, so that it is built once.
type components struct {
	dir    string // in the cache
	tekton string // manifests before ko
	prow   string
}

func newComponents(ctx context.Context, l layout, images baseImages) (components, error) {
	tekton, err := tektonManifest(ctx, l, images)
	if err != nil {
		return components{}, err
	}
	prow, err := prowManifest(ctx, l)
	if err != nil {
		return components{}, err
	}
	module := filepath.Join(l.source, "components")
	files := []string{module + "/go.mod", module + "/go.sum"}
	print, err := fingerprint(files, tekton, prow, koConfig(images, runtime.GOARCH))
	if err != nil {
		return components{}, err
	}
	return components{dir: filepath.Join(l.cache, "components-"+print), tekton: tekton, prow: prow}, nil
}

// build fills the cache. The registry must serve, because ko pushes to it.
func (c components) build(ctx context.Context, l layout) error {
	if exists(c.dir) {
		return nil
	}
	temporary := c.dir + ".new"
	if err := os.RemoveAll(temporary); err != nil {
		return err
	}
	for name, manifest := range map[string]string{"tekton": c.tekton, "prow": c.prow} {
		resolved, err := koResolve(ctx, l, manifest)
		if err != nil {
			return err
		}
		for _, reference := range builtImages(resolved) {
			if err := pullLayout(ctx, l, reference, filepath.Join(temporary, "images", layoutName(reference))); err != nil {
				return err
			}
		}
		if err := write(filepath.Join(temporary, name+".yaml"), resolved); err != nil {
			return err
		}
	}
	return os.Rename(temporary, c.dir)
}

// pushImages puts the cached images into a registry that does not have them.
func (c components) pushImages(ctx context.Context, l layout) error {
	for _, name := range []string{"tekton", "prow"} {
		resolved, err := c.resolved(name)
		if err != nil {
			return err
		}
		for _, reference := range builtImages(resolved) {
			repository, _, _ := strings.Cut(reference, "@")
			dir := filepath.Join(c.dir, "images", layoutName(reference))
			if err := pushLayout(ctx, l, dir, repository+":latest", reference); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c components) resolved(name string) (string, error) {
	content, err := os.ReadFile(filepath.Join(c.dir, name+".yaml"))
	return string(content), err
}

func koResolve(ctx context.Context, l layout, manifest string) (string, error) {
	ko, err := l.program("ko")
	if err != nil {
		return "", err
	}
	environment := append(buildEnvironment(), "KO_DOCKER_REPO="+registryAddress, "KO_CONFIG_PATH="+l.koConfig())
	return runIn(ctx, filepath.Join(l.source, "components"), environment, manifest,
		ko, "resolve", "--preserve-import-paths", "--sbom=none", "-f", "-")
}

func pullLayout(ctx context.Context, l layout, reference, dir string) error {
	if exists(dir) {
		return nil
	}
	crane, err := l.program("crane")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	_, err = output(ctx, crane, "pull", "--format=oci", reference, dir)
	return err
}

var imageReference = regexp.MustCompile(regexp.QuoteMeta(registryAddress) + `/[^\s"',@]+@sha256:[0-9a-f]{64}`)

// builtImages lists the references in a manifest to images that ko built, and
// not to our base images.
func builtImages(manifest string) []string {
	seen := map[string]bool{}
	var references []string
	for _, reference := range imageReference.FindAllString(manifest, -1) {
		if !seen[reference] && !strings.HasPrefix(reference, registryAddress+"/rehearsal/") {
			seen[reference] = true
			references = append(references, reference)
		}
	}
	sort.Strings(references)
	return references
}

func layoutName(reference string) string {
	return reference[strings.LastIndex(reference, ":")+1:]
}

// moduleDir is where a dependency of the nested module `components` lies.
func moduleDir(ctx context.Context, l layout, module string) (string, error) {
	said, err := runIn(ctx, filepath.Join(l.source, "components"), buildEnvironment(), "",
		"go", "mod", "download", "-json", module)
	if err != nil {
		return "", err
	}
	dir := downloadedDir.FindStringSubmatch(said)
	if dir == nil {
		return "", fmt.Errorf("go mod download names no directory for %s", module)
	}
	return dir[1], nil
}

var downloadedDir = regexp.MustCompile(`"Dir": "([^"]+)"`)

// An edit replaces something in a manifest in as many places as it is known
// to be, and fails on any other number: a newer version must not silently lose
// a setting.
type edit struct {
	times    int
	from, to string
}

func applyEdits(manifest string, edits []edit) (string, error) {
	for _, e := range edits {
		if n := strings.Count(manifest, e.from); n != e.times {
			return "", fmt.Errorf("%q is in the manifest %d times, expected %d", e.from, n, e.times)
		}
		manifest = strings.ReplaceAll(manifest, e.from, e.to)
	}
	return manifest, nil
}

// joinManifests reads files in order as one YAML stream.
func joinManifests(paths []string) (string, error) {
	if len(paths) == 0 {
		return "", errors.New("no manifest found")
	}
	var parts []string
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		parts = append(parts, strings.TrimSpace(string(content)))
	}
	return strings.Join(parts, "\n---\n") + "\n", nil
}
