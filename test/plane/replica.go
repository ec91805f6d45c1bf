package plane

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// Replica is a controller or a receiver. It is restarted when it ends.
type Replica struct {
	*Process
	Gate *Gate
	// Metrics is the URL of its metrics.
	Metrics string
}

// Build builds the controller, the receiver and the tasks from the source in root into a
// directory.
func Build(ctx context.Context, root, dir string) error {
	args := []string{"build", "-o", dir + "/"}
	for _, name := range []string{"controller", "receiver", "prowjob", "collate"} {
		args = append(args, "./cmd/"+name)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	// The flags are those of the images, to share their build cache.
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-trimpath")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the programs: %w\n%s", err, out)
	}
	return nil
}

func (p *Plane) build() error {
	if p.Programs != "" {
		return nil
	}
	p.Programs = filepath.Join(p.dir, "programs")
	return Build(p.ctx, p.Root, p.Programs)
}

func (p *Plane) startReplicas() error {
	var err error
	if p.Receiver, err = startService(p.ctx); err != nil {
		return err
	}
	if p.Webhook, err = startService(p.ctx); err != nil {
		return err
	}
	if err := p.publishWebhook(); err != nil {
		return err
	}
	if err := os.MkdirAll(p.credentials(), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(p.credentials(), "token"), []byte(p.token), 0o600); err != nil {
		return err
	}
	for range p.Options.Receivers {
		if _, err := p.AddReceiver(p.Programs); err != nil {
			return err
		}
	}
	for range p.Options.Controllers {
		if _, err := p.AddController(p.Programs); err != nil {
			return err
		}
	}
	if p.Options.Controllers > 0 {
		if err := p.waitForWebhook(); err != nil {
			return err
		}
	}
	_, err = p.Hub.AddHook(p.ctx, github.Hook{Org: Org, Repo: Repo, URL: "http://" + p.Receiver.Address, Secret: p.secret})
	return err
}

// AddController starts another controller with the programs in a directory.
func (p *Plane) AddController(programs string) (*Replica, error) {
	name := fmt.Sprintf("controller-%d", len(p.Controllers))
	ports, err := rig.FreePorts(4)
	if err != nil {
		return nil, err
	}
	metrics, webhook, profiling, probes := ports[0], ports[1], ports[2], ports[3]
	env := []string{
		"SYSTEM_NAMESPACE=" + rig.Namespace, "SYSTEM_RESOURCE_LABEL=rehearsal.dev/config", "GOMEMLIMIT=450MiB", "HOME=" + p.dir,
		"METRICS_PROMETHEUS_HOST=127.0.0.1", "METRICS_PROMETHEUS_PORT=" + metrics, "PROFILING_PORT=" + profiling,
	}
	command := []string{filepath.Join(programs, "controller"),
		"--github-credentials", p.credentials(), "--mirrors", filepath.Join(p.dir, name), "--kubeconfig-dir", filepath.Join(p.dir, "no-kubeconfigs"),
		"--pages-address", "127.0.0.1:0", "--webhook-port", webhook}
	// Earlier versions do not have this flag, and choose a port themselves.
	if help, _ := exec.CommandContext(p.ctx, command[0], "--help").CombinedOutput(); strings.Contains(string(help), "-probes-port") {
		command = append(command, "--probes-port", probes)
	}
	r, err := p.addReplica(name, "rehearsal-controller", env, command...)
	if err == nil {
		r.Metrics = "http://127.0.0.1:" + metrics + "/metrics"
		p.Controllers = append(p.Controllers, r)
		p.Webhook.add("127.0.0.1:" + webhook)
	}
	return r, err
}

// AddReceiver starts another receiver.
func (p *Plane) AddReceiver(programs string) (*Replica, error) {
	ports, err := rig.FreePorts(2)
	if err != nil {
		return nil, err
	}
	listen, probes := ports[0], ports[1]
	hmac := filepath.Join(p.dir, "hmac")
	if err := os.WriteFile(hmac, []byte(p.secret), 0o600); err != nil {
		return nil, err
	}
	r, err := p.addReplica(fmt.Sprintf("receiver-%d", len(p.Receivers)), "rehearsal-receiver", []string{"SYSTEM_NAMESPACE=" + rig.Namespace},
		filepath.Join(programs, "receiver"), "--listen", net.JoinHostPort("127.0.0.1", listen), "--probes", net.JoinHostPort("127.0.0.1", probes),
		"--hmac-secret-file", hmac, "--settings", filepath.Join(p.dir, "settings"))
	if err == nil {
		r.Metrics = "http://127.0.0.1:" + probes + "/metrics"
		p.Receivers = append(p.Receivers, r)
		p.Receiver.add("127.0.0.1:" + listen)
	}
	return r, err
}

// credentials is the directory with our credentials for GitHub.
func (p *Plane) credentials() string { return filepath.Join(p.dir, "github") }

// addReplica starts a program behind a gate of its own.
func (p *Plane) addReplica(name, account string, env []string, command ...string) (*Replica, error) {
	r := &Replica{}
	var err error
	if r.Gate, err = p.startGate(rig.ServiceAccount(account), func() { r.Kill() }); err != nil {
		return nil, err
	}
	kubeconfig, err := p.kubeconfig(name, r.Gate.URL)
	if err != nil {
		return nil, err
	}
	env = append(env, "HTTP_PROXY="+r.Gate.URL)
	r.Process = newProcess(p.dir, name, true, env, append(command, "--kubeconfig", kubeconfig)...)
	return r, r.Start()
}
