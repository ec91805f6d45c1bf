package rig

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	tekton "github.com/tektoncd/pipeline/pkg/client/clientset/versioned"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	prow "sigs.k8s.io/prow/pkg/client/clientset/versioned"

	rehearsals "github.com/rehearsal-dev/rehearsal/pkg/client/clientset/versioned"
)

// Cluster gives access to the local cluster.
type Cluster struct {
	// Root is the top of the repository.
	Root string
	// HostAddress is the address of this machine for pods; nothing else can reach it.
	HostAddress string
	// Image has a shell and little else.
	Image string
	// Kubeconfig and BuildKubeconfig are paths; the contexts of the latter are Prow's
	// cluster aliases.
	Kubeconfig, BuildKubeconfig string

	Kube       kubernetes.Interface
	Tekton     tekton.Interface
	Prow       prow.Interface
	Rehearsals rehearsals.Interface

	env []string
}

// Connect gets the address of the cluster from test/cluster; the cluster must be up.
func Connect(ctx context.Context) (*Cluster, error) {
	root, err := FindRoot()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "go", "-C", filepath.Join(root, "test", "cluster"), "run", ".", "env")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("ask test/cluster for its environment: %w\n%s", err, stderr.String())
	}
	vars := parseExports(string(out))
	c := &Cluster{
		Root: root, HostAddress: vars["REHEARSAL_HOST_ADDRESS"], Image: vars["REHEARSAL_BUSYBOX_IMAGE"],
		Kubeconfig: vars["KUBECONFIG"], BuildKubeconfig: vars["REHEARSAL_BUILD_KUBECONFIG"],
	}
	c.env = os.Environ()
	for name, value := range vars {
		c.env = append(c.env, name+"="+value)
	}
	c.env = append(c.env, "PATH="+vars["REHEARSAL_BIN_DIR"]+":"+os.Getenv("PATH"))
	return c, c.connect()
}

func (c *Cluster) connect() error {
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
	if err != nil {
		return fmt.Errorf("read the kubeconfig of the local cluster: %w", err)
	}
	// Tests poll a lot, and nobody else uses the cluster.
	config.QPS, config.Burst = 200, 400
	if c.Kube, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	if c.Tekton, err = tekton.NewForConfig(config); err != nil {
		return err
	}
	if c.Prow, err = prow.NewForConfig(config); err != nil {
		return err
	}
	c.Rehearsals, err = rehearsals.NewForConfig(config)
	return err
}

// Command runs a program with the cluster's environment, in which kubectl, tkn and ko are
// found and configured.
func (c *Cluster) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	if path, err := c.lookup(name); err == nil {
		name = path
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env, cmd.Dir = c.env, c.Root
	return cmd
}

// Output runs a program and returns its output, even if it fails.
func (c *Cluster) Output(ctx context.Context, name string, args ...string) (string, error) {
	out, err := c.Command(ctx, name, args...).CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return string(out), nil
}

func (c *Cluster) lookup(name string) (string, error) {
	for _, entry := range c.env {
		if dir, ok := strings.CutPrefix(entry, "REHEARSAL_BIN_DIR="); ok {
			path := filepath.Join(dir, name)
			_, err := os.Stat(path)
			return path, err
		}
	}
	return "", os.ErrNotExist
}

// parseExports reads `export NAME='value'` lines without expansions.
func parseExports(text string) map[string]string {
	vars := map[string]string{}
	for line := range strings.Lines(text) {
		assignment, ok := strings.CutPrefix(strings.TrimSpace(line), "export ")
		if !ok {
			continue
		}
		name, value, _ := strings.Cut(assignment, "=")
		if strings.HasPrefix(value, "'") && strings.HasSuffix(value, "'") && len(value) > 1 {
			vars[name] = strings.ReplaceAll(value[1:len(value)-1], `'\''`, "'")
		}
	}
	return vars
}
