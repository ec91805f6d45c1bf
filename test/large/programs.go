package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/kubernetes"

	tektonclient "github.com/tektoncd/pipeline/pkg/client/clientset/versioned"
	prowclient "sigs.k8s.io/prow/pkg/client/clientset/versioned"

	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// admins have all permissions: those of Tekton and Prow are not measured.
const admins = "system:masters"

// serviceAccounts is Kubernetes' group of service accounts.
const serviceAccounts = "system:serviceaccounts"

// startTekton starts the controller of PipelineRuns with the limits of the local cluster.
// Its webhook is not needed, because objects have the stored version.
func (i *installation) startTekton() error {
	ports, err := rig.FreePorts(3)
	if err != nil {
		return err
	}
	_, kubeconfig, err := i.plane.as("tekton", admins)
	if err != nil {
		return err
	}
	command := []string{i.bin("tekton-controller"), "-kubeconfig", kubeconfig, "-kube-api-qps", "100", "-kube-api-burst", "200"}
	for _, image := range []string{"entrypoint", "nop", "sidecarlogresults", "workingdirinit", "shell"} {
		command = append(command, "-"+image+"-image", "localhost/"+image)
	}
	return i.launch("tekton", []string{
		"SYSTEM_NAMESPACE=" + tektonNamespace, "KUBERNETES_MIN_VERSION=v1.28.0", "METRICS_DOMAIN=tekton.dev/pipeline",
		"CONFIG_LEADERELECTION_NAME=config-leader-election-controller", "CONFIG_FEATURE_FLAGS_NAME=feature-flags",
		"PROBES_PORT=" + ports[0], "METRICS_PROMETHEUS_PORT=" + ports[1], "PROFILING_PORT=" + ports[2],
	}, append(command, "-shell-image-win", "localhost/shell")...)
}

// startProw starts plank.
func (i *installation) startProw() error {
	ports, err := rig.FreePorts(3)
	if err != nil {
		return err
	}
	_, kubeconfig, err := i.plane.as("prow", admins)
	if err != nil {
		return err
	}
	config := filepath.Join(i.plane.dir, "prow.yaml")
	if err := os.WriteFile(config, []byte(rig.ProwConfig+"plank: {max_goroutines: 20}\n"), 0o600); err != nil {
		return err
	}
	return i.launch("prow", nil, i.bin("prow-controller-manager"), "--dry-run=false", "--enable-controller=plank",
		"--config-path="+config, "--kubeconfig="+kubeconfig,
		"--health-port="+ports[0], "--metrics-port="+ports[1], "--pprof-port="+ports[2])
}

// startController starts our controller, with the memory limit of its Deployment.
func (i *installation) startController(webhookPort string) error {
	ports, err := rig.FreePorts(3)
	if err != nil {
		return err
	}
	_, kubeconfig, err := i.plane.as(rig.ServiceAccount(rig.Controller), serviceAccounts)
	if err != nil {
		return err
	}
	i.metrics = "http://127.0.0.1:" + ports[0] + "/metrics"
	return i.launch("controller", []string{
		"SYSTEM_NAMESPACE=" + rig.Namespace, "SYSTEM_RESOURCE_LABEL=rehearsal.dev/config", "GOMEMLIMIT=450MiB",
		"METRICS_PROMETHEUS_HOST=127.0.0.1", "METRICS_PROMETHEUS_PORT=" + ports[0], "PROFILING_PORT=" + ports[1],
	}, i.bin("controller"), "--kubeconfig", kubeconfig, "--github-credentials", i.credentials,
		"--mirrors", filepath.Join(i.plane.dir, "mirrors"), "--pages-address", "127.0.0.1:0",
		"--webhook-port", webhookPort, "--probes-port", ports[2])
}

// startReceiver starts our receiver and returns its URL.
func (i *installation) startReceiver(settings, secret string) (string, error) {
	ports, err := rig.FreePorts(2)
	if err != nil {
		return "", err
	}
	_, kubeconfig, err := i.plane.as(rig.ServiceAccount(rig.Receiver), serviceAccounts)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(i.plane.dir, "receiver")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	hmac := filepath.Join(i.plane.dir, "hmac")
	if err := os.WriteFile(hmac, []byte(secret), 0o600); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(settings), 0o600); err != nil {
		return "", err
	}
	return "http://127.0.0.1:" + ports[0] + "/", i.launch("receiver", nil, i.bin("receiver"), "--kubeconfig", kubeconfig,
		"--namespace", rig.Namespace, "--listen", "127.0.0.1:"+ports[0], "--probes", "127.0.0.1:"+ports[1],
		"--hmac-secret-file", hmac, "--settings", dir)
}

// startNode starts the simulated kubelet, whose tasks have the permissions of real ones.
func (i *installation) startNode(ctx context.Context, o options) error {
	config, _, err := i.plane.as(rig.ServiceAccount("rehearsal-task"), serviceAccounts)
	if err != nil {
		return err
	}
	config.QPS = -1
	c := prowjob.Connection{}
	if c.Kube, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	if c.Tekton, err = tektonclient.NewForConfig(config); err != nil {
		return err
	}
	if c.Prow, err = prowclient.NewForConfig(config); err != nil {
		return err
	}
	c.Clusters = prowjob.Clusters{"default": c.Kube}
	c.Logs = prowjob.NewLogs(c.Clusters, rig.PodNamespace, nil)
	_, collate, err := i.plane.as(rig.ServiceAccount("rehearsal-collate"), serviceAccounts)
	if err != nil {
		return err
	}
	node, _, err := i.plane.as("kubelet", admins)
	if err != nil {
		return err
	}
	node.QPS = -1
	kube, err := kubernetes.NewForConfig(node)
	if err != nil {
		return err
	}
	i.node, err = startKubelet(ctx, kube, &tasks{
		connection: c, collate: i.bin("collate"), places: make(chan struct{}, collators),
		env: []string{"KUBECONFIG=" + collate, "GITHUB_CREDENTIALS=" + i.credentials},
	}, o.spread)
	return err
}

func (i *installation) bin(name string) string { return filepath.Join(i.bins, name) }

func (i *installation) launch(name string, env []string, command ...string) error {
	p, err := launch(i.plane.dir, name, env, command...)
	if err != nil {
		return err
	}
	i.programs[name] = p
	return nil
}

// dead returns an error if a program has ended.
func (i *installation) dead() error {
	for name, p := range i.programs {
		if !p.running() {
			return fmt.Errorf("%s has ended: see %s", name, p.log)
		}
	}
	return nil
}
