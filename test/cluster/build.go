package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// A module is one of the nested Go modules, with its binaries. The modules are separate
// because their dependencies cannot, or need not, agree.
type module struct {
	dir      string
	about    string
	packages []string
	ldflags  string
	inputs   []string          // files besides go.mod and go.sum on which the result depends
	links    map[string]string // further name → binary
}

const kubernetesVersion = "v1.35.4"

var modules = []module{
	{
		dir:      "kubernetes",
		about:    "Kubernetes " + kubernetesVersion,
		packages: []string{"./kube", "k8s.io/kubernetes/cmd/kubectl"},
		ldflags:  kubernetesLDFlags(),
		inputs:   []string{"kube/main.go"},
		links: map[string]string{
			"kube-apiserver":          "kube",
			"kube-controller-manager": "kube",
			"kube-proxy":              "kube",
			"kube-scheduler":          "kube",
			"kubelet":                 "kube",
		},
	},
	{
		dir:      "tools",
		about:    "ko and crane",
		packages: []string{"github.com/google/ko", "github.com/google/go-containerregistry/cmd/crane"},
		ldflags:  "-s -w",
	},
	{
		dir:      "tkn",
		about:    "tkn",
		packages: []string{"."},
		ldflags:  "-s -w",
		inputs:   []string{"main.go"},
	},
}

// withoutDebugging leaves out debugging information, which takes a fifth of the compile
// time. The standard library keeps it, so that it can be shared with other builds.
var withoutDebugging = []string{"-gcflags=all=-dwarf=false", "-gcflags=std="}

// kubernetesLDFlags sets the version: otherwise the servers report v0.0.0, and Tekton
// refuses to run on that.
func kubernetesLDFlags() string {
	numbers := strings.Split(strings.TrimPrefix(kubernetesVersion, "v"), ".")
	flags := []string{"-s", "-w"}
	for _, where := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		flags = append(flags,
			"-X", where+".gitVersion="+kubernetesVersion,
			"-X", where+".gitMajor="+numbers[0],
			"-X", where+".gitMinor="+numbers[1])
	}
	return strings.Join(flags, " ")
}

// fingerprint identifies a result by everything from which it is made.
func fingerprint(files []string, extra ...string) (string, error) {
	sum := sha256.New()
	sum.Write(fmt.Appendf(nil, "%s %s %s\n", runtime.Version(), runtime.GOARCH, strings.Join(extra, "\n")))
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		sum.Write(fmt.Appendf(nil, "%s %d\n%s", filepath.Base(path), len(content), content))
	}
	return hex.EncodeToString(sum.Sum(nil))[:12], nil
}

func (m module) fingerprint(l layout) (string, error) {
	var files []string
	for _, name := range append([]string{"go.mod", "go.sum"}, m.inputs...) {
		files = append(files, filepath.Join(l.source, m.dir, name))
	}
	return fingerprint(files, m.ldflags, strings.Join(withoutDebugging, " "), strings.Join(m.packages, " "))
}

// binaries is the directory with a module's programs. It only exists if it is complete.
func (m module) binaries(l layout) (string, error) {
	print, err := m.fingerprint(l)
	if err != nil {
		return "", err
	}
	return filepath.Join(l.cache, m.dir+"-"+print), nil
}

// build compiles a module's programs unless they are in the cache.
func (m module) build(ctx context.Context, l layout) error {
	target, err := m.binaries(l)
	if err != nil {
		return err
	}
	if exists(target) {
		return nil
	}
	temporary := target + ".new"
	if err := os.MkdirAll(temporary, 0o755); err != nil {
		return err
	}
	arguments := append([]string{"build", "-trimpath"}, withoutDebugging...)
	arguments = append(arguments, "-ldflags", m.ldflags, "-o", temporary+"/")
	arguments = append(arguments, m.packages...)
	if _, err := runIn(ctx, filepath.Join(l.source, m.dir), buildEnvironment(), "", "go", arguments...); err != nil {
		return err
	}
	for name, binary := range m.links {
		if err := replaceLink(binary, filepath.Join(temporary, name)); err != nil {
			return err
		}
	}
	return os.Rename(temporary, target)
}

// buildEnvironment is also used by ko, so that each package is compiled only once.
func buildEnvironment() []string {
	return []string{"CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-buildvcs=false"}
}

// binDir is one directory with links to all programs, for PATH and for tests that only need
// etcd, kube-apiserver and kubectl.
func (l layout) binDir() (string, error) {
	var prints []string
	for _, m := range modules {
		print, err := m.fingerprint(l)
		if err != nil {
			return "", err
		}
		prints = append(prints, print)
	}
	print, err := fingerprint(nil, prints...)
	if err != nil {
		return "", err
	}
	return filepath.Join(l.cache, "bin-"+print), nil
}

func (l layout) program(name string) (string, error) {
	dir, err := l.binDir()
	return filepath.Join(dir, name), err
}

// linkBinaries fills binDir with the programs that have been compiled so far.
func linkBinaries(l layout) error {
	bin, err := l.binDir()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	for _, m := range modules {
		from, err := m.binaries(l)
		if err != nil {
			return err
		}
		entries, err := os.ReadDir(from)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if err := replaceLink(filepath.Join(from, entry.Name()), filepath.Join(bin, entry.Name())); err != nil {
				return err
			}
		}
	}
	etcd, err := exec.LookPath("etcd")
	if err != nil {
		return err
	}
	// PATH may start with this directory.
	if etcd, err = filepath.EvalSymlinks(etcd); err != nil {
		return err
	}
	return replaceLink(etcd, filepath.Join(bin, "etcd"))
}

func replaceLink(target, name string) error {
	temporary := name + ".new"
	_ = os.Remove(temporary)
	if err := os.Symlink(target, temporary); err != nil {
		return err
	}
	return os.Rename(temporary, name)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
