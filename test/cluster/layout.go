package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// Addresses are from 198.18.0.0/15, the range reserved for benchmarks: it is not routed
// anywhere, so it cannot hide a network of the machine.
const (
	podRange         = "198.18.0.0/24"
	hostAddress      = "198.18.0.1" // the bridge: how pods reach servers on the host
	hostPrefix       = hostAddress + "/24"
	serviceRange     = "198.19.0.0/16"
	kubernetesIP     = "198.19.0.1"
	dnsAddress       = "198.19.0.10" // nobody responds here; look-ups are refused at once
	podBridge        = "rehearsal0"
	serviceBridge    = "rehearsal1"
	nodeName         = "rehearsal"
	cgroupName       = "rehearsal-cluster"
	prowJobNamespace = "prow"
	podNamespace     = "test-pods"
)

// The ports differ from the well-known ones, so that they do not conflict with another etcd
// or kubelet on the machine.
const (
	etcdPort         = 23790
	etcdPeerPort     = 23800
	apiServerPort    = 16443
	kubeletPort      = 16250
	kubeletCheckPort = 16248
	proxyCheckPort   = 16256
	proxyMetricsPort = 16249
	registryPort     = 15000
)

var (
	registryAddress = fmt.Sprintf("127.0.0.1:%d", registryPort)
	apiServerURL    = fmt.Sprintf("https://%s:%d", hostAddress, apiServerPort)
)

// layout knows all paths: state is what `up` creates and `down` removes, cache is kept so
// that the next `up` compiles nothing.
type layout struct {
	state  string
	cache  string
	source string
}

func newLayout() (layout, error) {
	source, err := os.Getwd()
	if err != nil {
		return layout{}, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return layout{}, err
	}
	return layout{
		state:  "/var/lib/rehearsal-cluster",
		cache:  filepath.Join(cache, "rehearsal"),
		source: source,
	}, nil
}

func (l layout) certificate(name string) string { return filepath.Join(l.state, "pki", name+".crt") }
func (l layout) key(name string) string         { return filepath.Join(l.state, "pki", name+".key") }
func (l layout) config(name string) string      { return filepath.Join(l.state, "etc", name) }
func (l layout) data(name string) string        { return filepath.Join(l.state, "data", name) }
func (l layout) run(name string) string         { return filepath.Join(l.state, "run", name) }
func (l layout) log(name string) string         { return filepath.Join(l.state, "log", name+".log") }
func (l layout) kubeconfig() string             { return filepath.Join(l.state, "kubeconfig") }
func (l layout) buildKubeconfig() string        { return filepath.Join(l.state, "kubeconfig-build") }
func (l layout) koConfig() string               { return filepath.Join(l.state, "ko.yaml") }
func (l layout) containerdSocket() string       { return l.run("containerd.sock") }

// write creates a file and its directory. The mode is restrictive because half of these
// files contain keys.
func write(path, content string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	temporary := path + ".new"
	if err := os.WriteFile(temporary, []byte(content), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
