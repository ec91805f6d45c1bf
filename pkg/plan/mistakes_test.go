package plan

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/test/oracle"
	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

const mistakenConfig = `plank:
  default_decoration_config_entries:
  - config:
      timeout: 1h
      grace_period: 15s
      utility_images: {clonerefs: c, initupload: i, entrypoint: e, sidecar: s}
      gcs_configuration: {bucket: b, path_strategy: explicit}
      gcs_credentials_secret: g
  job_queue_capacities: {q: 1}
pod_namespace: test-pods
prowjob_namespace: default
tide:
  queries:
  - repos: [org/repo]
    labels: [lgtm]
branch-protection:
  orgs:
    org: {protect: true}
presets:
- labels: {preset-main: "true"}
  env: [{name: M, value: m}]
`

const mistakenJobs = `# comment
presubmits:
  org/repo:
  - name: pull-a
    always_run: true
    decorate: true
    branches:
    - main
    labels:
      preset-a: "true"
    spec:
      containers:
      - image: img:1
        command: [run]
        env:
        - name: X
          value: x
  - name: pull-b
    spec:
      containers:
      - image: img:1
        command: [run]
postsubmits:
  org/repo:
  - name: post-a
    decorate: true
    max_concurrency: 1
    spec:
      containers:
      - image: img:1
        command: [run]
periodics:
- name: ci-a
  interval: 1h
  decorate: true
  spec:
    containers:
    - image: img:1
      command: [run]
- name: ci-b
  cron: "0 1 * * *"
  decorate: true
  extra_refs:
  - org: org
    repo: repo
    base_ref: main
  spec:
    containers:
    - image: img:1
      command: [run]
`

const mistakenPresets = `presets:
- labels:
    preset-a: "true"
  env:
  - name: A
    value: a
  volumes:
  - name: v
    emptyDir: {}
`

// mistake replaces a part of a file, or adds the file if the part is "".
type mistake struct {
	name, file, old, now string
	// place is the file and line in the message, or "" when Prow sees no mistake.
	place string
}

const (
	jobsFile, configFile, presetsFile = "jobs/a/a.yaml", "prow/config.yaml", "jobs/a/presets.yaml"
	extraFile                         = "prow/extra/x_prowconfig.yaml"
)

var mistakes = []mistake{
	{"tab", jobsFile, "    always_run: true", "\talways_run: true", "jobs/a/a.yaml:5"},
	{"unclosed quote", jobsFile, `cron: "0 1 * * *"`, `cron: "0 1 * * *`, "jobs/a/a.yaml:51"},
	{"bad indent", jobsFile, "    decorate: true\n    branches", "   decorate: true\n    branches", "jobs/a/a.yaml:5"},
	{"unclosed bracket", jobsFile, "command: [run]\n        env", "command: [run\n        env", "jobs/a/a.yaml:14"},
	{"duplicate key", jobsFile, "    always_run: true\n", "    always_run: true\n    always_run: true\n", ""},
	{"duplicate name key", jobsFile, "  - name: pull-b\n", "  - name: pull-b\n    name: pull-c\n", ""},
	{"bool as string", jobsFile, "always_run: true", `always_run: "true"`, "jobs/a/a.yaml:5"},
	{"branches scalar", jobsFile, "branches:\n    - main", "branches: main", "jobs/a/a.yaml:7"},
	{"branches numbers", jobsFile, "    - main", "    - 1.2", "jobs/a/a.yaml:8"},
	{"name number", jobsFile, "- name: ci-a", "- name: 12", "jobs/a/a.yaml:33"},
	{"name list", jobsFile, "- name: ci-a", "- name: [ci-a]", "jobs/a/a.yaml:33"},
	{"name missing", jobsFile, "- name: ci-a\n  interval", "- interval", "jobs/a/a.yaml:33"},
	{"name empty", jobsFile, "- name: ci-a", `- name: ""`, "jobs/a/a.yaml:33"},
	{"name with space", jobsFile, "- name: ci-a", `- name: ci a`, "jobs/a/a.yaml:33"},
	{"periodic twice", jobsFile, "- name: ci-b", "- name: ci-a", "jobs/a/a.yaml:40"},
	{"presubmit twice", jobsFile, "- name: pull-b", "- name: pull-a", "jobs/a/a.yaml:18"},
	{"presubmit twice, other branch", jobsFile, "  - name: pull-b\n", "  - name: pull-a\n    branches: [other]\n", ""},
	{"context clash", jobsFile, "  - name: pull-b\n", "  - name: pull-b\n    context: pull-a\n", "jobs/a/a.yaml:18"},
	{"regex run_if_changed", jobsFile, "always_run: true", `run_if_changed: "("`, "jobs/a/a.yaml:4"},
	{"both run_if and skip_if", jobsFile, "always_run: true", "run_if_changed: a\n    skip_if_only_changed: b", "jobs/a/a.yaml:4"},
	{"always_run and run_if", jobsFile, "always_run: true", "always_run: true\n    run_if_changed: a", "jobs/a/a.yaml:4"},
	{"regex branches", jobsFile, "    - main", "    - '('", "jobs/a/a.yaml:4"},
	{"trigger regex", jobsFile, "always_run: true", "trigger: '('\n    rerun_command: /x", "jobs/a/a.yaml:4"},
	{"trigger without rerun", jobsFile, "always_run: true", "trigger: '(?m)^/foo'", "jobs/a/a.yaml:4"},
	{"cron bad", jobsFile, "0 1 * * *", "0 25 * * *", "jobs/a/a.yaml:40"},
	{"cron and interval", jobsFile, "  interval: 1h\n", "  interval: 1h\n  cron: '@daily'\n", "jobs/a/a.yaml:33"},
	{"no cron nor interval", jobsFile, "  interval: 1h\n", "", "jobs/a/a.yaml:33"},
	{"interval bad", jobsFile, "interval: 1h", "interval: 1 hour", "jobs/a/a.yaml:33"},
	{"interval negative", jobsFile, "interval: 1h", "interval: -1h", ""},
	{"agent unknown", jobsFile, "- name: ci-a\n", "- name: ci-a\n  agent: nope\n", ""},
	{"no spec", jobsFile, "    spec:\n      containers:\n      - image: img:1\n        command: [run]\npost", "    hidden: false\npost", "jobs/a/a.yaml:18"},
	{"spec empty", jobsFile, "    spec:\n      containers:\n      - image: img:1\n        command: [run]\npost", "    spec: {}\npost", "jobs/a/a.yaml:18"},
	{"containers map", jobsFile, "      containers:\n      - image: img:1\n        command: [run]\npost", "      containers: {image: x}\npost", "jobs/a/a.yaml:13"},
	{"decorated no command", jobsFile, "command: [run]\n        env", "args: []\n        env", "jobs/a/a.yaml:4"},
	{"command string", jobsFile, "command: [run]\n        env", "command: run\n        env", "jobs/a/a.yaml:14"},
	{"env map", jobsFile, "        env:\n        - name: X\n          value: x", "        env: {X: x}", "jobs/a/a.yaml:15"},
	{"env value number", jobsFile, "value: x", "value: 1", "jobs/a/a.yaml:17"},
	{"env reserved", jobsFile, "name: X", "name: JOB_NAME", "jobs/a/a.yaml:4"},
	{"env of preset", jobsFile, "name: X", "name: A", "jobs/a/a.yaml:4"},
	{"two containers no names", jobsFile, "      - image: img:1\n        command: [run]\n        env", "      - image: b\n        command: [b]\n      - image: img:1\n        command: [run]\n        env", "jobs/a/a.yaml:4"},
	{"volume reserved", jobsFile, "    spec:\n      containers:\n      - image: img:1\n        command: [run]\n        env", "    spec:\n      volumes: [{name: logs, emptyDir: {}}]\n      containers:\n      - image: img:1\n        command: [run]\n        env", "jobs/a/a.yaml:4"},
	{"volume unknown", jobsFile, "        env:\n", "        volumeMounts: [{name: nope, mountPath: /x}]\n        env:\n", "jobs/a/a.yaml:4"},
	{"mount reserved", jobsFile, "        env:\n", "        volumeMounts: [{name: v, mountPath: /logs}]\n        env:\n", "jobs/a/a.yaml:4"},
	{"quantity", jobsFile, "        env:\n", "        resources: {requests: {cpu: lots}}\n        env:\n", "jobs/a/a.yaml:15"},
	{"init container", jobsFile, "    spec:\n      containers:\n      - image: img:1\n        command: [run]\n        env", "    spec:\n      initContainers: [{image: x}]\n      containers:\n      - image: img:1\n        command: [run]\n        env", "jobs/a/a.yaml:4"},
	{"label reserved", jobsFile, `preset-a: "true"`, `prow.k8s.io/job: x`, ""},
	{"label value", jobsFile, `preset-a: "true"`, `x: "a b"`, "jobs/a/a.yaml:4"},
	{"label bool", jobsFile, `preset-a: "true"`, `preset-a: true`, "jobs/a/a.yaml:10"},
	{"preset missing", jobsFile, `preset-a: "true"`, `preset-nope: "true"`, ""},
	{"decorate string", jobsFile, "  decorate: true\n  spec", "  decorate: 'yes'\n  spec", "jobs/a/a.yaml:35"},
	{"decoration timeout word", jobsFile, "  decorate: true\n  spec", "  decorate: true\n  decoration_config: {timeout: 4 hours}\n  spec", "jobs/a/a.yaml:36"},
	{"decoration path strategy", jobsFile, "  decorate: true\n  spec", "  decorate: true\n  decoration_config: {gcs_configuration: {path_strategy: odd}}\n  spec", "jobs/a/a.yaml:33"},
	{"extra_refs twice", jobsFile, "    base_ref: main\n", "    base_ref: main\n  - org: org\n    repo: repo\n    base_ref: other\n", ""},
	{"extra_refs scalar", jobsFile, "  - org: org\n    repo: repo\n    base_ref: main", "  - org/repo", "jobs/a/a.yaml:44"},
	{"max_concurrency negative", jobsFile, "max_concurrency: 1", "max_concurrency: -1", "jobs/a/a.yaml:25"},
	{"queue unknown", jobsFile, "max_concurrency: 1", "job_queue_name: nope", "jobs/a/a.yaml:25"},
	{"cluster unknown", jobsFile, "max_concurrency: 1", "cluster: nowhere", ""},
	{"namespace", jobsFile, "max_concurrency: 1", "namespace: other", "jobs/a/a.yaml:25"},
	{"skip_report with reporter", jobsFile, "max_concurrency: 1", "reporter_config: {slack: {channel: 1}}", "jobs/a/a.yaml:27"},
	{"rerun auth", jobsFile, "max_concurrency: 1", "rerun_auth_config: {allow_anyone: true, github_users: [u]}", "jobs/a/a.yaml:25"},
	{"unknown job field", jobsFile, "max_concurrency: 1", "max_concurency: 1", "jobs/a/a.yaml:27"},
	{"unknown container field", jobsFile, "        env:\n", "        envs: []\n        env:\n", "jobs/a/a.yaml:15"},
	{"unknown top field", jobsFile, "periodics:", "periodic: []\nperiodics:", "jobs/a/a.yaml:32"},
	{"presubmits list", jobsFile, "presubmits:\n  org/repo:\n", "presubmits:\n", "jobs/a/a.yaml:3"},
	{"periodics map", jobsFile, "periodics:\n- name: ci-a", "periodics:\n  org/repo:\n  - name: ci-a", "jobs/a/a.yaml:40"},
	{"repo null", jobsFile, "presubmits:\n  org/repo:", "presubmits:\n  org/other:\n  org/repo:", ""},
	{"not a map", jobsFile, "# comment\n", "- x\n", "jobs/a/a.yaml:1"},
	{"text only", jobsFile, mistakenJobs, "hello\n", "jobs/a/a.yaml:1"},
	{"empty", jobsFile, mistakenJobs, "", ""},
	{"nul", jobsFile, "# comment", "# \x00", "jobs/a/a.yaml:1"},
	{"latin1", jobsFile, "# comment", "# \xe9", "jobs/a/a.yaml:1"},
	{"anchor missing", jobsFile, "value: x", "value: *nope", "jobs/a/a.yaml:17"},
	{"conflict marks", jobsFile, "    always_run: true\n", "<<<<<<< HEAD\n    always_run: true\n=======\n    always_run: false\n>>>>>>> x\n", "jobs/a/a.yaml:6"},
	{"template", jobsFile, "value: x", "value: {{ x }}", "jobs/a/a.yaml:17"},
	{"preset twice", presetsFile, "presets:\n", "presets:\n- labels: {preset-main: \"true\"}\n", "jobs/a/presets.yaml:2"},
	{"preset twice here", presetsFile, "presets:\n", "presets:\n- labels: {preset-a: \"true\"}\n", "jobs/a/presets.yaml:4"},
	{"preset env clash", presetsFile, "name: A", "name: X", "jobs/a/a.yaml:4"},
	{"preset no label map", presetsFile, "labels:\n    preset-a: \"true\"", "labels: [preset-a]", "jobs/a/presets.yaml:2"},
	{"preset unknown field", presetsFile, "  volumes:\n", "  volume: []\n  volumes:\n", "jobs/a/presets.yaml:7"},
	{"basename twice", "jobs/b/a.yaml", "", "periodics: []\n", "jobs/b/a.yaml"},
	{"dead link", "jobs/l.yaml", "", "-> nowhere", "jobs/l.yaml"},
	{"config tab", configFile, "  default_decoration", "\tdefault_decoration", "prow/config.yaml:2"},
	{"config unknown", configFile, "pod_namespace:", "pod_namepsace: x\npod_namespace:", "prow/config.yaml:10"},
	{"config type", configFile, "pod_namespace: test-pods", "pod_namespace: [x]", "prow/config.yaml:10"},
	{"config duration", configFile, "timeout: 1h", "timeout: 1 h", "prow/config.yaml:4"},
	{"config empty default", configFile, "  - config:\n      timeout", "  - repo: x\n  - config:\n      timeout", ""},
	{"config null default", configFile, "  job_queue", "  - null\n  job_queue", "prow/config.yaml"},
	{"config tide label conflict", configFile, "    labels: [lgtm]", "    labels: [lgtm]\n    missingLabels: [lgtm]", "prow/config.yaml"},
	{"config job url", configFile, "plank:\n", "plank:\n  job_url_prefix_config: {x: 'http://%zz'}\n", "prow/config.yaml"},
	{"config template", configFile, "plank:\n", "plank:\n  report_templates: {'*': '{{.Nope'}\n", "prow/config.yaml"},
	{"config log level", configFile, "tide:\n", "log_level: loud\ntide:\n", "prow/config.yaml"},
	{"config deck regexp", configFile, "tide:\n", "deck: {spyglass: {lenses: [{required_files: ['('], lens: {name: x}}]}}\ntide:\n", "prow/config.yaml"},
	{"config duplicate key", configFile, "prowjob_namespace: default", "prowjob_namespace: default\nprowjob_namespace: x", ""},
	{"config job bad", configFile, "tide:\n", "periodics: [{name: m}]\ntide:\n", "prow/config.yaml:12"},
	{"config job dup", configFile, "tide:\n", "periodics: [{name: ci-a, interval: 1h, spec: {containers: [{image: i}]}}]\ntide:\n", "prow/config.yaml:12"},
	{"config presubmit type", configFile, "tide:\n", "presubmits: {org/repo: {name: x}}\ntide:\n", "prow/config.yaml:12"},
	{"supplemental bad", extraFile, "", "]", "prow/extra/x_prowconfig.yaml:1"},
	{"supplemental field", extraFile, "", "plank: {pod_pending_timeout: 1h}\n", "prow/extra/x_prowconfig.yaml"},
	{"supplemental dup org", extraFile, "", "branch-protection: {orgs: {org: {protect: true}}}\n", "prow/extra/x_prowconfig.yaml"},
	{"plugins bad", "prow/plugins.yaml", "", "]", "prow/plugins.yaml"},
	{"plugins updater type", "prow/plugins.yaml", "", "config_updater: {maps: [x]}\n", "prow/plugins.yaml"},
	{"config gone", configFile, "-", "GONE", "prow/config.yaml"},
	{"jobs gone", "jobs", "-", "GONE", "jobs"},
}

// TestMistakes compares the reported mistakes with those of Prow's loaders.
func TestMistakes(t *testing.T) {
	files := map[string]string{configFile: mistakenConfig, jobsFile: mistakenJobs, presetsFile: mistakenPresets, "prow/extra/README": "x", "prow/plugins.yaml": "{}"}
	tree := worktree.New(t)
	for p, content := range files {
		tree.Write(p, content)
	}
	base := tree.Commit()
	settings := scenery
	settings.PluginConfig = "prow/plugins.yaml"
	planner := NewPlanner(Options{Mirror: func(context.Context, Request) (*repo.Mirror, error) { return tree.Mirror(), nil }})
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			tree.Git("reset", "--quiet", "--hard", base)
			switch {
			case m.now == "GONE":
				tree.Git("rm", "--quiet", "-r", m.file)
			case strings.HasPrefix(m.now, "-> "):
				if err := os.Symlink(m.now[3:], filepath.Join(tree.Dir, m.file)); err != nil {
					t.Fatal(err)
				}
			case m.old == "":
				tree.Write(m.file, m.now)
			default:
				tree.Write(m.file, strings.Replace(files[m.file], m.old, m.now, 1))
			}
			result, err := planner.Plan(t.Context(), Request{Org: "org", Repo: "config", Base: base, Head: tree.Commit(), Layout: settings})
			if result == nil {
				t.Fatal(err)
			}
			verdict, text := "fine", strings.Join(result.Warnings, "\n")
			switch {
			case err != nil:
				verdict, text = "refused", err.Error()
			case text != "":
				verdict = "warned of"
			}
			if want := verdictOf(tree.Dir, settings); verdict != want && m.file != settings.PluginConfig {
				t.Errorf("%s, Prow's loader says %s: %s", verdict, want, text)
			}
			if m.place == "" && text != "" || !strings.HasPrefix(text, m.place) || strings.Contains(text, "goroutine") {
				t.Errorf("message = %q; want %q", text, m.place)
			}
		})
	}
}

func verdictOf(dir string, s layout.Layout) string {
	if _, err := oracle.Load(dir, s); err != nil {
		return "refused"
	}
	if _, err := config.LoadStrict(filepath.Join(dir, s.ProwConfig), filepath.Join(dir, s.JobConfig), []string{filepath.Join(dir, s.SupplementalProwConfigDirs[0])}, layout.DefaultSuffix); err != nil {
		return "warned of"
	}
	return "fine"
}
