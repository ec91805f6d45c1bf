package main

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// node lists the servers that run pods, in the order of their start.
func node(l layout, bin string) []server {
	return []server{containerd(l), kubelet(l, bin), proxy(l, bin)}
}

func containerd(l layout) server {
	return server{
		name:    "containerd",
		command: []string{"containerd", "--config", l.config("containerd.toml")},
		env:     []string{"TMPDIR=" + l.run("tmp")},
		inputs:  []string{l.config("containerd.toml"), l.config("cni/10-rehearsal.conflist")},
		ready:   criAnswers(l.containerdSocket()),
	}
}

func kubelet(l layout, bin string) server {
	return server{
		name: "kubelet",
		command: []string{
			bin + "/kubelet",
			"--config=" + l.config("kubelet.yaml"),
			"--kubeconfig=" + l.config("kubelet.kubeconfig"),
			"--root-dir=" + l.data("kubelet"),
			"--cert-dir=" + l.data("kubelet/pki"),
			"--hostname-override=" + nodeName,
			"--node-ip=" + hostAddress,
		},
		inputs: []string{l.config("kubelet.yaml"), l.config("kubelet.kubeconfig"), l.certificate("kubelet-serving")},
		ready:  answers(fmt.Sprintf("http://127.0.0.1:%d/healthz", kubeletCheckPort)),
	}
}

func proxy(l layout, bin string) server {
	return server{
		name:    "kube-proxy",
		command: []string{bin + "/kube-proxy", "--config=" + l.config("kube-proxy.yaml")},
		inputs:  []string{l.config("kube-proxy.yaml"), l.config("kube-proxy.kubeconfig")},
		ready:   answers(fmt.Sprintf("http://127.0.0.1:%d/healthz", proxyCheckPort)),
	}
}

// writeNodeConfig writes the configuration files of the node's servers, and creates the
// control group of all pods.
func writeNodeConfig(l layout, pauseImage string) error {
	files := map[string]string{
		l.config("containerd.toml"):           containerdConfig(l, pauseImage, snapshotter()),
		l.config("cni/10-rehearsal.conflist"): cniConfig(l),
		l.config("kubelet.yaml"):              kubeletConfig(l),
		l.config("kube-proxy.yaml"):           proxyConfig(l, !bridgedTrafficFiltered()),
	}
	for path, content := range files {
		if err := write(path, content); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(l.run("tmp"), 0o700); err != nil {
		return err
	}
	return makeCgroup()
}

// snapshotter is overlayfs, unless the state itself is on an overlay (in a container),
// because overlays cannot be stacked.
func snapshotter() string {
	filesystems, err := os.ReadFile("/proc/filesystems")
	if err != nil || !strings.Contains(string(filesystems), "overlay") || filesystemType("/var/lib") == overlayMagic {
		return "native"
	}
	return "overlayfs"
}

func containerdConfig(l layout, pauseImage, snapshotter string) string {
	return fmt.Sprintf(`version = 2
root = %q
state = %q
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.internal.v1.tracing",
  "io.containerd.tracing.processor.v1.otlp",
]

[grpc]
  address = %q

[plugins."io.containerd.internal.v1.opt"]
  path = %q

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = %q
  # The machine may lack CAP_SYS_RESOURCE.
  restrict_oom_score_adj = true
  disable_apparmor = true
  disable_hugetlb_controller = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = %q

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = %q
    default_runtime_name = "runc"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = "runc"
        Root = %q
        SystemdCgroup = false
`, l.data("containerd"), l.run("containerd"), l.containerdSocket(), l.data("containerd-opt"),
		pauseImage, l.config("cni"), snapshotter, l.run("runc"))
}

// cniConfig has no DNS and no masquerading: pods reach only their own network and the host.
func cniConfig(l layout) string {
	return fmt.Sprintf(`{
  "cniVersion": "0.4.0",
  "name": "rehearsal",
  "plugins": [
    {
      "type": "bridge",
      "bridge": %q,
      "isGateway": true,
      "hairpinMode": true,
      "ipam": {
        "type": "host-local",
        "dataDir": %q,
        "ranges": [[{"subnet": %q, "rangeStart": "198.18.0.10", "gateway": %q}]],
        "routes": [{"dst": "0.0.0.0/0"}]
      }
    }
  ]
}
`, podBridge, l.data("cni"), podRange, hostAddress)
}

func kubeletConfig(l layout) string {
	return fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: %s
port: %d
healthzBindAddress: 127.0.0.1
healthzPort: %d
tlsCertFile: %s
tlsPrivateKeyFile: %s
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: %s}
authorization: {mode: Webhook}
containerRuntimeEndpoint: unix://%s
cgroupDriver: cgroupfs
cgroupRoot: /%s
failCgroupV1: false
failSwapOn: false
oomScoreAdj: 0
podLogsDir: %s
volumePluginDir: %s
resolvConf: /dev/null
clusterDomain: cluster.local
clusterDNS: [%s]
makeIPTablesUtilChains: false
maxPods: 200
serializeImagePulls: false
# A full disk is the machine's affair; pods must not be evicted for it.
evictionHard: {memory.available: 50Mi, nodefs.available: 1%%, imagefs.available: 1%%, nodefs.inodesFree: 1%%}
imageGCHighThresholdPercent: 100
nodeStatusUpdateFrequency: 5s
kubeAPIQPS: 100
kubeAPIBurst: 200
eventRecordQPS: 100
eventBurst: 200
`, hostAddress, kubeletPort, kubeletCheckPort, l.certificate("kubelet-serving"), l.key("kubelet-serving"),
		l.certificate("ca"), l.containerdSocket(), cgroupName, l.data("pod-logs"), l.data("volume-plugins"), dnsAddress)
}

func proxyConfig(l layout, masqueradeAll bool) string {
	return fmt.Sprintf(`apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
hostnameOverride: %s
clientConnection: {kubeconfig: %s}
clusterCIDR: %s
bindAddress: %s
healthzBindAddress: 127.0.0.1:%d
metricsBindAddress: 127.0.0.1:%d
oomScoreAdj: 0
conntrack: {maxPerCore: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
iptables: {masqueradeAll: %t, localhostNodePorts: false, minSyncPeriod: 100ms}
nodePortAddresses: [%s]
`, nodeName, l.config("kube-proxy.kubeconfig"), podRange, hostAddress, proxyCheckPort, proxyMetricsPort, masqueradeAll, podRange)
}

func waitNodeReady(ctx context.Context, l layout) error {
	return poll(ctx, readyTimeout, func(ctx context.Context) error {
		said, err := kubectl(ctx, l, "get", "node", nodeName, "-o", `jsonpath={.status.conditions[?(@.type=="Ready")]['status','message']}`)
		if err == nil && !strings.HasPrefix(said, "True") {
			err = fmt.Errorf("the node is not ready: %s", said)
		}
		return err
	})
}
