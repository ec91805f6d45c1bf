package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/cli/local/localtest"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/program"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

func checkSettings(t *testing.T, content string, args ...string) (status int, out, errOut string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	status = Execute(t.Context(), append([]string{"rehearse", "check-config", file}, args...), &stdout, &stderr)
	return status, stdout.String(), strings.ReplaceAll(stderr.String(), filepath.Dir(file)+"/", "")
}

func TestCheckConfig(t *testing.T) {
	status, out, errOut := checkSettings(t, `repositories:
- {repo: org/config, prow_config: config/prow/config.yaml, job_config: config/jobs, limits: {sample: 3}, policy: {preset: openshift, ask: [anyone]}}
github: {app_id: 12}
dry_run: true
`)
	want := `The settings are valid.

org/config
  Prow          config/prow/config.yaml, config/jobs
  policy        openshift with ask [anyone]
  jobs at most  3, more 20, max 35, all 500
  labels        rehearsals-ack, network-access-rehearsals-ok, needs-ok-to-test

GitHub    https://api.github.com, as the App 12; clones from https://github.com
Prow      ProwJobs in prow, pods in test-pods
commands  /pj-rehearse, /rehearse
dry run   nothing is written to GitHub or run
`
	if status != program.ExitDone || out != want || errOut != "" {
		t.Errorf("status %d, output\n%s%s", status, out, errOut)
	}
}

func TestCheckConfigRefuses(t *testing.T) {
	status, out, errOut := checkSettings(t, "dry_run: 1\nprefix: /x\n")
	want := "rehearse: these settings are not valid:\n" +
		"config.yaml:1: dry_run: is the number 1, not true or false\n" +
		"config.yaml:2: prefix: is not a setting; did you mean prefixes?\n"
	if status != program.ExitRefused || out != "" || errOut != want {
		t.Errorf("status %d, output\n%s%s", status, out, errOut)
	}
	var stdout, stderr bytes.Buffer
	for _, args := range [][]string{{}, {"none.yaml"}, {"--schema", "x"}, {"a", "b"}} {
		if status := Execute(t.Context(), append([]string{"rehearse", "check-config"}, args...), &stdout, &stderr); status != program.ExitUsage || stdout.Len() > 0 {
			t.Errorf("%v: status %d, output %s", args, status, &stdout)
		}
	}
}

func TestCheckConfigPrintsTheSchema(t *testing.T) {
	var stdout, stderr bytes.Buffer
	status := Execute(t.Context(), []string{"rehearse", "check-config", "--schema"}, &stdout, &stderr)
	if status != program.ExitDone || !bytes.Equal(stdout.Bytes(), settings.Schema) {
		t.Errorf("status %d, %d bytes", status, stdout.Len())
	}
}

func TestCheckConfigLooksUpPaths(t *testing.T) {
	c := localtest.New(t)
	const head = "repositories:\n- repo: org/config\n  prow_config: config/prow/config.yaml\n"
	for _, tc := range []struct {
		name, file string
		args       []string
		status     int
		want       string
	}{
		{name: "all paths exist", file: head + "  job_config: config/jobs\n  supplemental_prow_config_dirs: [config/prow]\n",
			want: "All paths of org/config exist at origin/main.\n"},
		{name: "no path fits", file: head + "  job_config: jobs\n  plugin_config: config/jobs\n  supplemental_prow_config_dirs: [config/jobs/a.yaml]\n",
			status: program.ExitRefused, want: `rehearse: these settings do not fit the repository:
org/config: job_config: jobs does not exist at origin/main
org/config: plugin_config: config/jobs is a directory, not a file at origin/main
org/config: supplemental_prow_config_dirs[0]: config/jobs/a.yaml is a file, not a directory at origin/main
`},
		{name: "clone of a repository that is not listed", file: "repositories: [{repo: a/b, prow_config: x}]\n", status: program.ExitUsage,
			want: "rehearse: the clone is of org/config, which the settings do not list; name another repository with --repository\n"},
		{name: "repository named with --repository", file: "repositories: [{repo: a/b, prow_config: config/prow/config.yaml}]\n", args: []string{"--repository", "a/b", "--base", "HEAD"},
			want: "All paths of a/b exist at HEAD.\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, out, errOut := checkSettings(t, tc.file, append(tc.args, "--git-dir", c.Dir)...)
			if status != tc.status || !strings.HasPrefix(out+errOut, tc.want) {
				t.Errorf("status %d, output\n%s%s", status, out, errOut)
			}
		})
	}
}
