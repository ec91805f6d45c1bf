package main

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// nonRoot is the user of distroless images, Tekton and Knative.
const nonRoot = "65532:65532"

const certificateBundle = "/etc/ssl/certs/ca-certificates.crt"

// baseImages has the references, by digest, of the images made from this machine's own
// Debian packages.
type baseImages struct {
	Busybox string `json:"busybox"` // a shell and its tools, as root: for jobs, and as Tekton's shell image
	Base    string `json:"base"`    // the same, not as root: ko's base for programs
	Git     string `json:"git"`     // the same with git
	Deck    string `json:"deck"`    // the same, with Deck's pages instead of git
	Pause   string `json:"pause"`   // holds the namespaces of a pod
}

// pushBaseImages makes the base images and pushes them to the registry.
func pushBaseImages(ctx context.Context, l layout) (baseImages, error) {
	busybox, err := busyboxFiles(ctx)
	if err != nil {
		return baseImages{}, err
	}
	git, err := gitFiles(ctx, busybox)
	if err != nil {
		return baseImages{}, err
	}
	deck, err := deckFiles(ctx, l, busybox)
	if err != nil {
		return baseImages{}, err
	}
	var images baseImages
	for _, wanted := range []struct {
		image image
		ref   *string
	}{
		{image{name: "busybox", files: busybox}, &images.Busybox},
		{image{name: "base", files: busybox, user: nonRoot}, &images.Base},
		{image{name: "git", files: git, user: nonRoot}, &images.Git},
		{image{name: "deck", files: deck, user: nonRoot}, &images.Deck},
		{image{name: "pause", files: busybox, user: nonRoot, entrypoint: []string{"/bin/sleep", "2147483647"}}, &images.Pause},
	} {
		if *wanted.ref, err = wanted.image.push(ctx, l); err != nil {
			return baseImages{}, fmt.Errorf("image %s: %w", wanted.image.name, err)
		}
	}
	return images, nil
}

func (i image) push(ctx context.Context, l layout) (string, error) {
	dir := l.data("images/" + i.name)
	digest, err := i.writeLayout(dir)
	if err != nil {
		return "", err
	}
	repository := registryAddress + "/rehearsal/" + i.name
	reference := repository + "@" + digest
	return reference, pushLayout(ctx, l, dir, repository+":latest", reference)
}

// pushLayout pushes an OCI layout unless the registry already has it. The registry keeps
// blobs on disk, but manifests only in memory.
func pushLayout(ctx context.Context, l layout, dir, tag, reference string) error {
	if hasImage(ctx, reference) {
		return nil
	}
	crane, err := l.program("crane")
	if err != nil {
		return err
	}
	_, err = output(ctx, crane, "push", dir, tag)
	return err
}

func hasImage(ctx context.Context, reference string) bool {
	name, digest, _ := strings.Cut(strings.TrimPrefix(reference, registryAddress+"/"), "@")
	url := "http://" + registryAddress + "/v2/" + name + "/manifests/" + digest
	return get(ctx, &http.Client{Timeout: 5 * time.Second}, url) == nil
}

// busyboxFiles is a minimal root file system with what people and programs expect.
func busyboxFiles(ctx context.Context) (map[string]imageFile, error) {
	binary, err := hostFile("/bin/busybox")
	if err != nil {
		return nil, err
	}
	bundle, err := hostFile(certificateBundle)
	if err != nil {
		return nil, err
	}
	applets, err := output(ctx, "/bin/busybox", "--list")
	if err != nil {
		return nil, err
	}
	files := map[string]imageFile{
		"bin/busybox":         binary,
		certificateBundle[1:]: bundle,
		"etc/passwd":          text("root:x:0:0:root:/root:/bin/sh\nnonroot:x:65532:65532:nonroot:/home/nonroot:/bin/sh\n"),
		"etc/group":           text("root:x:0:\nnonroot:x:65532:\n"),
		"etc/nsswitch.conf":   text("hosts: files dns\n"),
		"tmp":                 {mode: fs.ModeDir | fs.ModeSticky | 0o777},
		"root":                {mode: fs.ModeDir | 0o700},
		"home/nonroot":        {mode: fs.ModeDir | 0o777},
		"usr/bin/env":         {link: "/bin/busybox"},
	}
	for _, applet := range strings.Fields(applets) {
		if applet != "busybox" {
			files["bin/"+applet] = imageFile{link: "busybox"}
		}
	}
	return files, nil
}

func text(content string) imageFile {
	return imageFile{content: []byte(content), mode: 0o644}
}

const gitCore = "/usr/lib/git-core"

// gitFiles adds git, its helper for http, and the libraries of both.
func gitFiles(ctx context.Context, base map[string]imageFile) (map[string]imageFile, error) {
	files := maps.Clone(base)
	programs := []string{"/usr/bin/git", gitCore + "/git-remote-http"}
	libraries, err := librariesOf(ctx, programs)
	if err != nil {
		return nil, err
	}
	for _, path := range append(programs, libraries...) {
		if files[path[1:]], err = hostFile(path); err != nil {
			return nil, err
		}
	}
	files[gitCore[1:]+"/git-remote-https"] = imageFile{link: "git-remote-http"}
	for _, name := range []string{"git", "git-upload-pack", "git-receive-pack", "git-upload-archive"} {
		files[gitCore[1:]+"/"+name] = imageFile{link: "/usr/bin/git"}
	}
	for _, name := range []string{"git-upload-pack", "git-receive-pack", "git-upload-archive"} {
		files["usr/bin/"+name] = imageFile{link: "git"}
	}
	files["usr/share/git-core/templates"] = imageFile{mode: fs.ModeDir | 0o755}
	return files, addScripts(files)
}

// addScripts adds git-core's shell scripts (submodule and the like): they are small, and
// busybox's shell can run them.
func addScripts(files map[string]imageFile) error {
	entries, err := os.ReadDir(gitCore)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() || info.Size() > 64<<10 {
			continue
		}
		path := filepath.Join(gitCore, entry.Name())
		if files[path[1:]], err = hostFile(path); err != nil {
			return err
		}
	}
	return nil
}

func librariesOf(ctx context.Context, programs []string) ([]string, error) {
	said, err := output(ctx, "ldd", programs...)
	if err != nil {
		return nil, err
	}
	return parseLibraries(said), nil
}

// parseLibraries extracts the paths from the output of ldd.
func parseLibraries(ldd string) []string {
	seen := map[string]bool{}
	var paths []string
	for _, line := range strings.Split(ldd, "\n") {
		for _, field := range strings.Fields(line) {
			if strings.HasPrefix(field, "/") && !strings.HasSuffix(field, ":") && !seen[field] {
				seen[field] = true
				paths = append(paths, field)
			}
		}
	}
	return paths
}

// koConfig configures ko's base images. Programs that run git get the image with git, and
// Deck the one with its pages.
func koConfig(images baseImages, architecture string) string {
	return fmt.Sprintf(`defaultBaseImage: %s
defaultPlatforms: [linux/%s]
baseImageOverrides:
  github.com/rehearsal-dev/rehearsal/cmd/controller: %s
  sigs.k8s.io/prow/cmd/clonerefs: %s
  sigs.k8s.io/prow/cmd/deck: %s
  sigs.k8s.io/prow/cmd/hook: %s
  sigs.k8s.io/prow/cmd/tide: %s
`, images.Base, architecture, images.Git, images.Git, images.Deck, images.Git, images.Git)
}
