package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// Addresses are from 198.18.0.0/15, the range reserved for benchmarks: it is
// routed nowhere, so it cannot hide a network the machine has.
const (
	podRange         = "198.18.0.0/24"
	hostAddress      = "198.18.0.1" // the bridge: how pods reach servers on the host
	hostPrefix       = hostAddress + "/24"
	serviceRange     = "198.19.0.0/16"
	kubernetesIP     = "198.19.0.1"
	dnsAddress       = "198.19.0.10" // nothing answers here; look-ups are refused at once
	podBridge        = "rehearsal0"
	serviceBridge    = "rehearsal1"
	nodeName         = "rehearsal"
	cgroupName       = "rehearsal-cluster"
	prowJobNamespace = "prow"
	podNamespace     = "test-pods"
)

// Ports, away from the well-known ones so that another etcd or kubelet on the
// machine is not in the way.
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

// layout knows where everything is: state is what `up` makes and `down`
// removes, cache is what survives so that the next `up` compiles nothing.
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

// write creates a file and its directory; the mode is tight because half of
// these files hold keys.
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
