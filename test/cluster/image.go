package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sort"
)

// An imageFile is one entry in an image's only layer: a file's content, or the target of a
// symbolic link.
type imageFile struct {
	content []byte
	link    string
	mode    fs.FileMode
}

// An image has what an OCI image needs: a few files and how to start them. Equal files give
// equal digests: the result does not depend on time or machine.
type image struct {
	name       string
	files      map[string]imageFile // path without the leading slash
	user       string
	entrypoint []string
}

type descriptor struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int    `json:"size"`
}

// The three documents of https://github.com/opencontainers/image-spec that make an image
// from a layer.
type (
	imageManifest struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType"`
		Config        descriptor   `json:"config"`
		Layers        []descriptor `json:"layers"`
	}
	imageConfig struct {
		Architecture string        `json:"architecture"`
		OS           string        `json:"os"`
		Config       imageDefaults `json:"config"`
		RootFS       imageRootFS   `json:"rootfs"`
		History      []struct{}    `json:"history"`
	}
	imageDefaults struct {
		User       string   `json:"User,omitempty"`
		Env        []string `json:"Env"`
		Entrypoint []string `json:"Entrypoint,omitempty"`
		WorkingDir string   `json:"WorkingDir"`
	}
	imageRootFS struct {
		Type    string   `json:"type"`
		DiffIDs []string `json:"diff_ids"`
	}
	imageIndex struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType"`
		Manifests     []descriptor `json:"manifests"`
	}
)

// writeLayout writes the image as an OCI layout and returns its digest. The layer is not
// compressed, because it never leaves the machine.
func (i image) writeLayout(dir string) (string, error) {
	layer, err := tarball(i.files)
	if err != nil {
		return "", err
	}
	layerBlob, err := writeBlob(dir, "application/vnd.oci.image.layer.v1.tar", layer)
	if err != nil {
		return "", err
	}
	config, err := writeDocument(dir, "application/vnd.oci.image.config.v1+json", imageConfig{
		Architecture: runtime.GOARCH,
		OS:           "linux",
		Config: imageDefaults{
			User:       i.user,
			Env:        []string{"PATH=/usr/local/bin:/usr/bin:/bin", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"},
			Entrypoint: i.entrypoint,
			WorkingDir: "/",
		},
		RootFS:  imageRootFS{Type: "layers", DiffIDs: []string{layerBlob.Digest}},
		History: []struct{}{{}},
	})
	if err != nil {
		return "", err
	}
	manifest, err := writeDocument(dir, "application/vnd.oci.image.manifest.v1+json", imageManifest{
		SchemaVersion: 2,
		MediaType:     "application/vnd.oci.image.manifest.v1+json",
		Config:        config,
		Layers:        []descriptor{layerBlob},
	})
	if err != nil {
		return "", err
	}
	index, err := json.Marshal(imageIndex{
		SchemaVersion: 2,
		MediaType:     "application/vnd.oci.image.index.v1+json",
		Manifests:     []descriptor{manifest},
	})
	if err != nil {
		return "", err
	}
	if err := write(filepath.Join(dir, "oci-layout"), `{"imageLayoutVersion":"1.0.0"}`); err != nil {
		return "", err
	}
	return manifest.Digest, write(filepath.Join(dir, "index.json"), string(index))
}

func writeDocument(dir, mediaType string, document any) (descriptor, error) {
	content, err := json.Marshal(document)
	if err != nil {
		return descriptor{}, err
	}
	return writeBlob(dir, mediaType, content)
}

func writeBlob(dir, mediaType string, content []byte) (descriptor, error) {
	sum := sha256.Sum256(content)
	name := hex.EncodeToString(sum[:])
	blob := descriptor{MediaType: mediaType, Digest: "sha256:" + name, Size: len(content)}
	return blob, write(filepath.Join(dir, "blobs", "sha256", name), string(content))
}

// tarball packs files in the order of their names, parents before children.
func tarball(files map[string]imageFile) ([]byte, error) {
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	for _, name := range namesWithParents(files) {
		file, isFile := files[name]
		header := &tar.Header{Name: name, Mode: int64(file.mode.Perm()), Format: tar.FormatPAX}
		switch {
		case !isFile:
			header.Typeflag, header.Name, header.Mode = tar.TypeDir, name+"/", 0o755
		case file.mode.IsDir():
			header.Typeflag, header.Name = tar.TypeDir, name+"/"
			if file.mode&fs.ModeSticky != 0 {
				header.Mode |= 0o1000
			}
		case file.link != "":
			header.Typeflag, header.Linkname, header.Mode = tar.TypeSymlink, file.link, 0o777
		default:
			header.Typeflag, header.Size = tar.TypeReg, int64(len(file.content))
		}
		if err := archive.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(file.content); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func namesWithParents(files map[string]imageFile) []string {
	seen := map[string]bool{}
	for name := range files {
		for ; name != "."; name = filepath.Dir(name) {
			seen[name] = true
		}
	}
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// hostFile returns a file of this machine as an entry of an image.
func hostFile(path string) (imageFile, error) {
	info, err := os.Stat(path)
	if err != nil {
		return imageFile{}, err
	}
	content, err := os.ReadFile(path)
	return imageFile{content: content, mode: info.Mode().Perm()}, err
}
