package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTarball(t *testing.T) {
	content, err := tarball(map[string]imageFile{
		"usr/bin/tool": {content: []byte("x"), mode: 0o755},
		"bin/sh":       {link: "busybox"},
		"tmp":          {mode: fs.ModeDir | fs.ModeSticky | 0o777},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for archive := tar.NewReader(bytes.NewReader(content)); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, header.FileInfo().Mode().String()+" "+header.Name+" "+header.Linkname)
	}
	want := []string{
		"drwxr-xr-x bin/ ", "Lrwxrwxrwx bin/sh busybox", "dtrwxrwxrwx tmp/ ",
		"drwxr-xr-x usr/ ", "drwxr-xr-x usr/bin/ ", "-rwxr-xr-x usr/bin/tool ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestImageLayout(t *testing.T) {
	build := func() (string, string) {
		dir := t.TempDir()
		digest, err := image{name: "x", files: map[string]imageFile{"a": text("b")}, user: nonRoot}.writeLayout(dir)
		if err != nil {
			t.Fatal(err)
		}
		return dir, digest
	}
	dir, digest := build()
	if _, again := build(); again != digest {
		t.Errorf("the same files make two images, %s and %s", digest, again)
	}
	var manifest imageManifest
	readBlob(t, dir, digest, &manifest)
	var config imageConfig
	readBlob(t, dir, manifest.Config.Digest, &config)
	if config.Config.User != nonRoot || config.OS != "linux" || config.RootFS.DiffIDs[0] != manifest.Layers[0].Digest {
		t.Errorf("the image's configuration is %+v", config)
	}
}

func readBlob(t *testing.T, dir, digest string, into any) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "blobs", strings.Replace(digest, ":", "/", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, into); err != nil {
		t.Fatal(err)
	}
}

func TestParseLibraries(t *testing.T) {
	said := `/usr/bin/git:
	linux-vdso.so.1 (0x00007f54bcd1e000)
	libz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x00007f54bcc53000)
	/lib64/ld-linux-x86-64.so.2 (0x00007f54bcd20000)
/usr/lib/git-core/git-remote-http:
	libz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x00007f54bcc53000)
	/lib64/ld-linux-x86-64.so.2 (0x00007f54bcd20000)
`
	want := []string{"/lib/x86_64-linux-gnu/libz.so.1", "/lib64/ld-linux-x86-64.so.2"}
	if got := parseLibraries(said); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
