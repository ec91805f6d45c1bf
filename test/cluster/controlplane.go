package main

import (
	"context"
	"fmt"
	"strings"
)

// controlPlane lists the servers that need no other ones, in the order of their start.
func controlPlane(l layout, bin string) []server {
	return []server{registry(l, bin), etcd(l, bin), apiServer(l, bin)}
}

// controllers lists the servers that only use the API server.
func controllers(l layout, bin string) []server {
	return []server{scheduler(l, bin), controllerManager(l, bin)}
}

func etcd(l layout, bin string) server {
	clients := fmt.Sprintf("http://127.0.0.1:%d", etcdPort)
	peers := fmt.Sprintf("http://127.0.0.1:%d", etcdPeerPort)
	return server{
		name: "etcd",
		command: []string{
			bin + "/etcd",
			"--name=" + nodeName,
			"--data-dir=" + l.data("etcd"),
			"--listen-client-urls=" + clients,
			"--advertise-client-urls=" + clients,
			"--listen-peer-urls=" + peers,
			"--initial-advertise-peer-urls=" + peers,
			"--initial-cluster=" + nodeName + "=" + peers,
			"--unsafe-no-fsync", // the data is thrown away
		},
		env:   []string{"ETCD_UNSUPPORTED_ARCH=arm64"},
		ready: answers(clients + "/health"),
	}
}

func apiServer(l layout, bin string) server {
	return server{
		name: "kube-apiserver",
		command: []string{
			bin + "/kube-apiserver",
			fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", etcdPort),
			"--bind-address=" + hostAddress,
			"--advertise-address=" + hostAddress,
			fmt.Sprintf("--secure-port=%d", apiServerPort),
			"--service-cluster-ip-range=" + serviceRange,
			"--tls-cert-file=" + l.certificate("kube-apiserver"),
			"--tls-private-key-file=" + l.key("kube-apiserver"),
			"--client-ca-file=" + l.certificate("ca"),
			"--kubelet-certificate-authority=" + l.certificate("ca"),
			"--kubelet-client-certificate=" + l.certificate("kubelet-client"),
			"--kubelet-client-key=" + l.key("kubelet-client"),
			// The node's name cannot be resolved on this machine.
			"--kubelet-preferred-address-types=InternalIP",
			"--service-account-issuer=https://kubernetes.default.svc",
			"--service-account-key-file=" + l.key("service-account"),
			"--service-account-signing-key-file=" + l.key("service-account"),
			"--authorization-mode=Node,RBAC",
			"--enable-admission-plugins=NodeRestriction",
			"--allow-privileged=true",
			"--profiling=false",
		},
		inputs: []string{l.certificate("kube-apiserver"), l.certificate("ca"), l.key("service-account")},
		ready:  apiAnswers(l, "/readyz"),
	}
}

func controllerManager(l layout, bin string) server {
	return server{
		name: "kube-controller-manager",
		command: []string{
			bin + "/kube-controller-manager",
			"--kubeconfig=" + l.config("kube-controller-manager.kubeconfig"),
			"--service-account-private-key-file=" + l.key("service-account"),
			"--root-ca-file=" + l.certificate("ca"),
			"--use-service-account-credentials=true",
			"--flex-volume-plugin-dir=" + l.data("volume-plugins"),
			"--leader-elect=false",
			"--secure-port=0",
		},
		inputs: []string{l.config("kube-controller-manager.kubeconfig")},
		// It serves nothing. It works if the service accounts of pods are created.
		ready: apiAnswers(l, "/api/v1/namespaces/default/serviceaccounts/default"),
	}
}

func scheduler(l layout, bin string) server {
	return server{
		name: "kube-scheduler",
		command: []string{
			bin + "/kube-scheduler",
			"--kubeconfig=" + l.config("kube-scheduler.kubeconfig"),
			"--leader-elect=false",
			"--secure-port=0",
		},
		inputs: []string{l.config("kube-scheduler.kubeconfig")},
		ready:  func(context.Context) error { return nil }, // the first pod will show
	}
}

// registry serves the images; containerd and ko use plain HTTP for a registry on 127.0.0.1
// by default.
func registry(l layout, bin string) server {
	return server{
		name:    "registry",
		command: []string{bin + "/crane", "registry", "serve", "--address", registryAddress, "--disk", l.data("registry")},
		dir:     l.data("registry"),
		ready:   answers("http://" + registryAddress + "/v2/"),
	}
}

// listeners are the addresses that the cluster needs, to be checked before it starts.
func listeners() []listener {
	return []listener{
		{"etcd", "127.0.0.1", etcdPort},
		{"etcd", "127.0.0.1", etcdPeerPort},
		{"kube-apiserver", hostAddress, apiServerPort},
		{"registry", "127.0.0.1", registryPort},
		{"kubelet", hostAddress, kubeletPort},
		{"kubelet", "127.0.0.1", kubeletCheckPort},
		{"kube-proxy", "127.0.0.1", proxyCheckPort},
		{"kube-proxy", "127.0.0.1", proxyMetricsPort},
	}
}

// serverNames lists every server in the order in which `down` stops them: those that
// restart others come first.
var serverNames = strings.Fields("kubelet kube-proxy kube-scheduler kube-controller-manager containerd kube-apiserver etcd registry")
