package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// The components are Tekton and Prow: their manifests, and the images in these as
// ko://IMPORT/PATH. ko builds the images from the nested module `components`. References
// and image layouts are kept in the cache, so that each version is built once, and a
// manifest can change without a build.
type components struct {
	dir       string // in the cache
	manifests map[string]string
	programs  []string // import paths of the images
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
	programs := koPrograms(tekton + prow)
	module := filepath.Join(l.source, "components")
	print, err := fingerprint([]string{module + "/go.mod", module + "/go.sum"},
		append(programs, koConfig(images, runtime.GOARCH))...)
	if err != nil {
		return components{}, err
	}
	return components{
		dir:       filepath.Join(l.cache, "components-"+print),
		manifests: map[string]string{"tekton": tekton, "prow": prow},
		programs:  programs,
	}, nil
}

// build fills the cache. The registry must be running, because ko pushes to it.
func (c components) build(ctx context.Context, l layout) error {
	if exists(c.dir) {
		return nil
	}
	temporary := c.dir + ".new"
	if err := os.RemoveAll(temporary); err != nil {
		return err
	}
	if err := os.MkdirAll(temporary, 0o755); err != nil {
		return err
	}
	references, err := koBuild(ctx, l, c.programs)
	if err != nil {
		return err
	}
	for _, reference := range references {
		if err := pullLayout(ctx, l, reference, filepath.Join(temporary, layoutName(reference))); err != nil {
			return err
		}
	}
	content, err := json.MarshalIndent(references, "", "  ")
	if err != nil {
		return err
	}
	if err := write(filepath.Join(temporary, "references.json"), string(content)); err != nil {
		return err
	}
	return os.Rename(temporary, c.dir)
}

func (c components) references() (map[string]string, error) {
	path := filepath.Join(c.dir, "references.json")
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var references map[string]string
	if err := json.Unmarshal(content, &references); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return references, nil
}

// pushImages pushes the cached images to a registry that does not have them.
func (c components) pushImages(ctx context.Context, l layout) error {
	references, err := c.references()
	if err != nil {
		return err
	}
	for _, reference := range references {
		repository, _, _ := strings.Cut(reference, "@")
		if err := pushLayout(ctx, l, filepath.Join(c.dir, layoutName(reference)), repository+":latest", reference); err != nil {
			return err
		}
	}
	return nil
}

// resolved returns a manifest with the references of the built images.
func (c components) resolved(name string) (string, error) {
	references, err := c.references()
	if err != nil {
		return "", err
	}
	return resolve(c.manifests[name], references)
}

// koImage matches the image of a Go program in a manifest.
var koImage = regexp.MustCompile(`ko://([\w./-]+)`)

func koPrograms(manifest string) []string {
	var programs []string
	for _, match := range koImage.FindAllStringSubmatch(manifest, -1) {
		programs = append(programs, match[1])
	}
	slices.Sort(programs)
	return slices.Compact(programs)
}

func resolve(manifest string, references map[string]string) (string, error) {
	var missing []string
	manifest = koImage.ReplaceAllStringFunc(manifest, func(asked string) string {
		reference, known := references[strings.TrimPrefix(asked, "ko://")]
		if !known {
			missing = append(missing, asked)
		}
		return reference
	})
	if len(missing) > 0 {
		return "", fmt.Errorf("no image was built for %s", strings.Join(missing, ", "))
	}
	return manifest, nil
}

// koBuild builds and pushes images, and returns their references.
func koBuild(ctx context.Context, l layout, programs []string) (map[string]string, error) {
	ko, err := l.program("ko")
	if err != nil {
		return nil, err
	}
	environment := append(buildEnvironment(), "KO_DOCKER_REPO="+registryAddress, "KO_CONFIG_PATH="+l.koConfig())
	arguments := append([]string{"build", "--preserve-import-paths", "--sbom=none"}, programs...)
	said, err := runIn(ctx, filepath.Join(l.source, "components"), environment, "", ko, arguments...)
	if err != nil {
		return nil, err
	}
	return builtReferences(said, programs)
}

// builtReferences parses the output of ko: one reference per image, in any order.
func builtReferences(said string, programs []string) (map[string]string, error) {
	references := map[string]string{}
	for _, reference := range strings.Fields(said) {
		repository, _, _ := strings.Cut(strings.TrimPrefix(reference, registryAddress+"/"), "@")
		references[repository] = reference
	}
	for _, program := range programs {
		if references[program] == "" {
			return nil, fmt.Errorf("ko names no image for %s in %q", program, said)
		}
	}
	return references, nil
}

func pullLayout(ctx context.Context, l layout, reference, dir string) error {
	crane, err := l.program("crane")
	if err != nil {
		return err
	}
	_, err = output(ctx, crane, "pull", "--format=oci", reference, dir)
	return err
}

func layoutName(reference string) string {
	return reference[strings.LastIndex(reference, ":")+1:]
}

// moduleDir returns the directory of a dependency of the nested module `components`.
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

// An edit replaces text in a manifest in the known number of places, and fails for any
// other number: with a newer version, a setting must not be lost silently.
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

// joinManifests joins files in order into one YAML stream.
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
