package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The paths in a generated repository.
const (
	prowConfig   = "prow/config.yaml"
	pluginConfig = "prow/plugins.yaml"
	jobConfig    = "jobs"
	otherJobs    = jobConfig + "/other.yaml"
)

// jobsPerFile is about that of openshift/release.
const jobsPerFile = 25

// repository is a generated config repository.
type repository struct {
	dir   string
	files []string
}

// generate creates a config repository with n jobs of about 1.7 KB each. The same n gives
// the same content.
func generate(dir string, n int) (*repository, error) {
	r := &repository{dir: dir}
	rng := rand.New(rand.NewPCG(uint64(n), 1)) //nolint:gosec // reproducible, not secret.
	if err := r.git("init", "--quiet", "--initial-branch=main"); err != nil {
		return nil, err
	}
	files := map[string]string{
		prowConfig:                  prowConfigText("v1"),
		pluginConfig:                "config_updater:\n  maps:\n    files/*.txt: {name: filled}\n",
		jobConfig + "/presets.yaml": presetsText(),
	}
	for i := 0; n > 0; i++ {
		count := min(n, jobsPerFile)
		n -= count
		path := fmt.Sprintf("%s/org-%02d/repo-%d/org-%02d-repo-%d-jobs.yaml", jobConfig, i%40, i, i%40, i)
		files[path] = jobFile(rng, i, count)
		r.files = append(r.files, path)
	}
	files[otherJobs] = jobFile(rng, 1<<20, jobsPerFile)
	for path, content := range files {
		if err := r.write(path, content); err != nil {
			return nil, err
		}
	}
	return r, r.commit("main")
}

func (r *repository) write(path, content string) error {
	full := filepath.Join(r.dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return err
	}
	return os.WriteFile(full, []byte(content), 0o644)
}

func (r *repository) git(args ...string) error {
	cmd := exec.Command("git", append([]string{"-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "gc.auto=0"}, args...)...)
	cmd.Dir = r.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("git %v: %w\n%s", args, err, out)
	}
	return nil
}

func (r *repository) commit(name string) error {
	if err := r.git("add", "--all"); err != nil {
		return err
	}
	return r.git("commit", "--quiet", "--message="+name)
}

// branch commits a replacement in files, on a branch from another.
func (r *repository) branch(name, from, before, after string, files ...string) error {
	if err := r.git("checkout", "--quiet", "-B", name, from); err != nil {
		return err
	}
	for _, f := range files {
		raw, err := os.ReadFile(filepath.Join(r.dir, f))
		if err != nil {
			return err
		}
		if err := r.write(f, strings.Replace(string(raw), before, after, 1)); err != nil {
			return err
		}
	}
	return r.commit(name)
}

func prowConfigText(images string) string {
	return fmt.Sprintf(`prowjob_namespace: ci
pod_namespace: ci
plank:
  default_decoration_config_entries:
  - config:
      timeout: 2h
      grace_period: 15m
      utility_images: {clonerefs: "registry/clonerefs:%[1]s", initupload: "registry/initupload:%[1]s", entrypoint: "registry/entrypoint:%[1]s", sidecar: "registry/sidecar:%[1]s"}
      gcs_configuration: {bucket: results, path_strategy: single, default_org: org, default_repo: repo}
      gcs_credentials_secret: gcs
  - repo: org-01
    config: {timeout: 4h}
`, images)
}

func presetsText() string {
	var b strings.Builder
	b.WriteString("presets:\n")
	for i := range 20 {
		fmt.Fprintf(&b, "- labels: {preset-%d: \"true\"}\n  env: [{name: PRESET_%d, value: one}]\n", i, i)
	}
	return b.String()
}

func jobFile(rng *rand.Rand, file, count int) string {
	repo := fmt.Sprintf("org-%02d/repo-%d", file%40, file)
	sections := map[string]*strings.Builder{"presubmits": {}, "postsubmits": {}, "periodics": {}}
	for i := range count {
		switch name := fmt.Sprintf("ci-org-%02d-repo-%d-main-%d", file%40, file, i); {
		case i%10 == 9:
			job(sections["periodics"], "", "periodic-"+name, "interval: 24h\n", rng)
		case i%10 == 8:
			job(sections["postsubmits"], "  ", "branch-"+name, "branches: [^main$]\n", rng)
		default:
			job(sections["presubmits"], "  ", "pull-"+name, "always_run: false\nbranches: [^main$]\nskip_report: false\n", rng)
		}
	}
	var b strings.Builder
	if s := sections["periodics"].String(); s != "" {
		b.WriteString("periodics:\n" + s)
	}
	if s := sections["postsubmits"].String(); s != "" {
		b.WriteString("postsubmits:\n  " + repo + ":\n" + s)
	}
	if s := sections["presubmits"].String(); s != "" {
		b.WriteString("presubmits:\n  " + repo + ":\n" + s)
	}
	return b.String()
}

// job writes a job like ci-operator's generator.
func job(b *strings.Builder, indent, name, own string, rng *rand.Rand) {
	lines := []string{"name: " + name, "agent: kubernetes", "cluster: " + fmt.Sprintf("build%02d", rng.IntN(12)), "decorate: true"}
	lines = append(lines, strings.Split(strings.TrimSpace(own), "\n")...)
	lines = append(lines,
		"labels:", "  ci.openshift.io/generator: prowgen", "  pj-rehearse.openshift.io/can-be-rehearsed: \"true\"",
		fmt.Sprintf("  preset-%d: \"true\"", rng.IntN(20)),
		"spec:", "  containers:", "  - args:")
	for i := range 8 {
		lines = append(lines, fmt.Sprintf("    - --argument-%d=%x", i, rng.Uint64()))
	}
	lines = append(lines, "    command:", "    - ci-operator", "    image: registry/ci-operator:1", "    imagePullPolicy: Always", "    name: \"\"",
		"    resources:", "      requests:", "        cpu: 10m", "    volumeMounts:")
	volumes := []string{"    volumes:"}
	for i := range 4 {
		lines = append(lines, fmt.Sprintf("    - mountPath: /secrets/mount-%d-%x", i, rng.Uint32()), fmt.Sprintf("      name: volume-%d", i), "      readOnly: true")
		volumes = append(volumes, fmt.Sprintf("    - name: volume-%d", i), "      secret:", fmt.Sprintf("        secretName: secret-%d-%x", i, rng.Uint32()))
	}
	lines = append(lines, "  serviceAccountName: ci-operator")
	for _, v := range volumes {
		lines = append(lines, strings.TrimPrefix(v, "  "))
	}
	for i, l := range lines {
		mark := "  "
		if i == 0 {
			mark = "- "
		}
		b.WriteString(indent + mark + l + "\n")
	}
}
