package plane

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rehearsal-dev/rehearsal/pkg/admission"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/rig"
)

// These are the addresses of the stand-in and the installation. Controllers reach the
// stand-in through their gates, by HTTP_PROXY, under an address that exists nowhere else.
const (
	hubURL = "http://github.test"
	// Org and Repo are the config repository.
	Org, Repo = "acme", "config"
	// Author and Maintainer both have write access.
	Author, Maintainer = "alice", "bob"
)

func (p *Plane) startHub() error {
	var err error
	// The tests are not about GitHub's rate limits.
	if p.Hub, err = github.Start("", github.WithRateLimit(10_000_000), github.WithToken(p.token, rig.Bot)); err != nil {
		return err
	}
	if p.Options.Jobs == nil {
		p.Options.Jobs = []string{"pull-unit", "pull-e2e"}
	}
	files := p.jobsFiles(nil, "")
	files[rig.ProwConfigPath], files[rig.PluginsPath] = rig.ProwConfig, "{}\n"
	if _, err := p.Hub.CreateRepo(p.ctx, github.NewRepo{
		Org: Org, Repo: Repo, Files: files,
		Roles: map[string]string{Author: "write", Maintainer: "write", rig.Bot: "write"},
	}); err != nil {
		return err
	}
	_, err = p.Hub.CreateRepo(p.ctx, github.NewRepo{Org: "acme", Repo: "widget", Files: map[string]string{"README.md": "# widget\n"}})
	return err
}

// jobsFiles has all jobs, ten in a file; the script of the changed ones is how.
func (p *Plane) jobsFiles(changed []string, how string) map[string]string {
	isChanged := map[string]bool{}
	for _, name := range changed {
		isChanged[name] = true
	}
	files := map[string]string{}
	for jobs := range slices.Chunk(p.Options.Jobs, 10) {
		var b strings.Builder
		b.WriteString("presubmits:\n  acme/widget:\n")
		for _, name := range jobs {
			arg := "true"
			if isChanged[name] {
				arg = how
			}
			fmt.Fprintf(&b, jobTemplate, name, arg)
			for line := range strings.Lines(p.Spec) {
				b.WriteString("        " + line)
			}
		}
		files[fmt.Sprintf("%s/acme/widget/%02d.yaml", rig.JobsPath, len(files))] = b.String()
	}
	return files
}

const jobTemplate = `  - name: %s
    always_run: true
    decorate: false
    branches: [main]
    spec:
      containers:
      - image: busybox
        command: [sh, -c]
        args: [%q]
`

// install applies config/ and what it requires.
func (p *Plane) install() error {
	for _, module := range [][]string{
		{"github.com/tektoncd/pipeline", "config", "300-crds"},
		{"sigs.k8s.io/prow", "config", "prow", "cluster", "prowjob-crd"},
	} {
		dir, err := rig.ModulePath(module[0], module[1:]...)
		if err != nil {
			return err
		}
		if err := p.kubectl("apply", "--server-side", "-f", dir); err != nil {
			return err
		}
	}
	for _, namespace := range []string{rig.ProwJobNamespace, rig.PodNamespace} {
		if err := p.kubectl("create", "namespace", namespace); err != nil {
			return err
		}
	}
	if err := p.applyConfig(p.Root); err != nil {
		return err
	}
	return p.Configure(p.settings())
}

// applyConfig applies config/ of the source in root; it may already be applied.
func (p *Plane) applyConfig(root string) error {
	files, err := filepath.Glob(filepath.Join(root, "config", "[1-4]*.yaml"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("finding config/: %w", err)
	}
	args := []string{"apply", "--server-side", "--force-conflicts"}
	for _, file := range files {
		args = append(args, "-f", file)
	}
	if err := p.kubectl(args...); err != nil {
		return err
	}
	election := map[string]string{"lease-duration": p.Lease.String(), "renew-deadline": (p.Lease * 2 / 3).String(), "retry-period": (p.Lease / 8).String()}
	return p.patchConfigMap("config-leader-election", election)
}

func (p *Plane) settings() string {
	writes := ", writes: {per_minute: 100000, per_hour: 1000000}"
	if p.earlier {
		writes = "" // it refuses unknown settings
	}
	return fmt.Sprintf(`github: {endpoint: %[1]s/api/v3, git_endpoint: %[2]s%[11]s}
prow: {prowjob_namespace: %[3]s, pod_namespace: %[4]s}
sweep_interval: 10s
progress_interval: 5s
repositories: [{repo: %[5]s/%[6]s, prow_config: %[7]s, job_config: %[8]s, plugin_config: %[9]s}]
%[10]s
`, hubURL, p.Hub.URL(), rig.ProwJobNamespace, rig.PodNamespace, Org, Repo, rig.ProwConfigPath, rig.JobsPath, rig.PluginsPath, p.Settings, writes)
}

// Configure writes the settings for controllers and receivers.
func (p *Plane) Configure(file string) error {
	if _, err := settings.Parse(map[string]string{settings.File: file}); err != nil {
		return err
	}
	dir := filepath.Join(p.dir, "settings")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, settings.File), []byte(file), 0o600); err != nil {
		return err
	}
	return p.patchConfigMap(settings.ConfigMap, map[string]string{settings.File: file})
}

func (p *Plane) patchConfigMap(name string, data map[string]string) error {
	patch, err := json.Marshal(map[string]any{"data": data})
	if err != nil {
		return err
	}
	_, err = p.Kube.CoreV1().ConfigMaps(rig.Namespace).Patch(p.ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}

// publishWebhook makes the API server reach the admission webhook of the controllers on
// this machine, because there is no pod network.
func (p *Plane) publishWebhook() error {
	_, port, _ := strings.Cut(p.Webhook.Address, ":")
	service := `{"spec":{"type":"ExternalName","externalName":"localhost","clusterIP":null,"clusterIPs":null}}`
	_, err := p.Kube.CoreV1().Services(rig.Namespace).Patch(p.ctx, admission.Service, types.MergePatchType, []byte(service), metav1.PatchOptions{})
	if err != nil {
		return err
	}
	patch := fmt.Sprintf(`[{"op":"replace","path":"/webhooks/0/clientConfig/service/port","value":%s}]`, port)
	_, err = p.Kube.AdmissionregistrationV1().ValidatingWebhookConfigurations().Patch(p.ctx, admission.Configuration, types.JSONPatchType, []byte(patch), metav1.PatchOptions{})
	return err
}

// waitForWebhook waits until the API server has the controllers' certificate.
func (p *Plane) waitForWebhook() error {
	return rig.Until(p.ctx, startTime, "the certificate of the webhook", func(ctx context.Context) (string, bool, error) {
		found, err := p.Kube.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(ctx, admission.Configuration, metav1.GetOptions{})
		if err != nil {
			return "", false, err
		}
		return "none", len(found.Webhooks[0].ClientConfig.CABundle) > 0, nil
	})
}

func (p *Plane) kubectl(args ...string) error {
	args = append([]string{"--server", p.Admin.Host, "--certificate-authority", p.Admin.CAFile, "--token", p.Admin.BearerToken, "--cache-dir", filepath.Join(p.dir, "kubectl")}, args...)
	out, err := exec.CommandContext(p.ctx, filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl"), args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("kubectl: %w\n%s", err, out)
	}
	return nil
}
