package settings

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const repository = "repositories: [{repo: a/b, prow_config: x"

// refused are files with all of their problems.
var refused = []struct {
	name, file, want string
	// together says that only the combination of fields is wrong, which the schema does
	// not check, or that the file is not valid as JSON.
	together bool
}{
	{name: "unknown field", file: "# settings\nrepositorys: []\n",
		want: `2: repositorys: is not a setting; did you mean repositories?`},
	{name: "unknown field deeper", file: "defaults:\n  limits:\n    sampel: 3\n    less: 4\n",
		want: `3: defaults.limits.sampel: is not a setting; did you mean sample?
4: defaults.limits.less: is not a setting; known are all, max, more, sample`},
	{name: "field of another place", file: "limits: {sample: 3}\n",
		want: `1: limits: is not a setting; known are defaults, dry_run, github, keep_runs, page_url, planning, prefixes, progress_interval, prow, quotas, repositories, sweep_interval, users`},
	{name: "unknown value", file: "defaults:\n  policy:\n    preset: openshfit\n  gates: {new_jobs: \"no\"}\n",
		want: `3: defaults.policy.preset: is "openshfit", which is not known; did you mean openshift?
4: defaults.gates.new_jobs: is "no", which is not known; known are approve, run`},
	{name: "everything at once", file: "dry_run: maybe\nprefixes: []\nsweep_interval: 5\nquotas: {jobs: -1}\nprow: []\n",
		want: `1: dry_run: is "maybe", not true or false
2: prefixes: is empty; it must have at least 1
3: sweep_interval: is the number 5, not a duration such as 90s, 30m or 2h
4: quotas.jobs: is -1, and must be at least 0
5: prow: is a list, not a map`},
	{name: "numbers", file: "defaults: {limits: {sample: 0, more: 501, max: many, all: 99999999999999999999}}\n",
		want: `1: defaults.limits.all: is the number 99999999999999999999, not a whole number
1: defaults.limits.max: is "many", not a whole number
1: defaults.limits.more: is 501, and must be from 1 to 500
1: defaults.limits.sample: is 0, and must be from 1 to 500`},
	{name: "number for text", file: "defaults: {labels: {ack: 10, network: true}}\n",
		want: `1: defaults.labels.ack: is the number 10, not text: put it in quotes, "10"
1: defaults.labels.network: is true, not text: put it in quotes, "true"`},
	{name: "text for a list", file: "prefixes: /try\nrepositories: a/b\n",
		want: `1: prefixes: is "/try", not a list: write [/try]
2: repositories: is "a/b", not a list: write [a/b]`},
	{name: "no value", file: "defaults:\n  policy:\n    # preset: open\npage_url:\n",
		want: `2: defaults.policy: has no value: write one, or remove it for the default
4: page_url: has no value: write one, or remove it for the default`},
	{name: "empty text", file: "defaults: {labels: {ack: \"\"}}\nprow: {pod_namespace: \"\"}\n",
		want: `1: defaults.labels.ack: is "", and must not be empty
2: prow.pod_namespace: is "", which cannot be used; write it like test-pods`},
	{name: "addresses", file: "github: {endpoint: github.com, git_endpoint: \"ssh://github.com\"}\n",
		want: `1: github.endpoint: is "github.com", which cannot be used; write it like https://github.example.com/api/v3
1: github.git_endpoint: is "ssh://github.com", which cannot be used; write it like https://github.example.com`},
	{name: "address with a wrong host", file: "page_url: \"http://[::1\"\n", together: true,
		want: `1: page_url: is "http://[::1", which is not a URL`},
	{name: "prefix", file: "prefixes: [/try, rehearse, /]\n",
		want: `1: prefixes[1]: is "rehearse", which cannot be used; write it like /rehearse
1: prefixes[2]: is "/", which cannot be used; write it like /rehearse`},
	{name: "durations", file: "sweep_interval: 0s\nprogress_interval: 1ms\nprow:\n  queue_allowance: 0s\n", together: true,
		want: `1: sweep_interval: is 0s, and must be at least 1s
2: progress_interval: is 1ms, and must be at least 1s
4: prow.queue_allowance: is 0s, and must be at least 1s`},
	{name: "duration", file: "sweep_interval: -5s\nprogress_interval: soon\n",
		want: `1: sweep_interval: is "-5s", not a duration such as 90s, 30m or 2h
2: progress_interval: is "soon", not a duration such as 90s, 30m or 2h`},
	{name: "required", file: "repositories:\n- job_config: jobs\n- repo: a/b\n",
		want: `2: repositories[0].prow_config: is missing; write it like config/prow/config.yaml
2: repositories[0].repo: is missing; write it like kubernetes/test-infra
3: repositories[1].prow_config: is missing; write it like config/prow/config.yaml`},
	{name: "repository name", file: "repositories:\n- {repo: test-infra, prow_config: x}\n",
		want: `2: repositories[0].repo: is "test-infra", which cannot be used; write it like kubernetes/test-infra`},
	{name: "repository twice", file: "repositories:\n- {repo: a/b, prow_config: x}\n- {prow_config: x, repo: A/b}\n", together: true,
		want: `3: repositories[1].repo: is A/b, which is already listed in line 2`},
	{name: "paths", file: repository + ", job_config: /jobs, plugin_config: ../x,\n  supplemental_prow_config_dirs: [.., ok]}]\n", together: true,
		want: `1: repositories[0].job_config: is "/jobs"; paths begin at the root of the repository, without a slash
1: repositories[0].plugin_config: is "../x"; paths begin at the root of the repository, without a slash
2: repositories[0].supplemental_prow_config_dirs[0]: is ".."; paths begin at the root of the repository, without a slash`},
	{name: "empty lists that could mean anything", file: "defaults:\n  policy: {privileges: []}\n  gates:\n    image_registries: []\n    config_maps: []\n",
		want: `2: defaults.policy.privileges: is empty; it must have at least 1
4: defaults.gates.image_registries: is empty; it must have at least 1
5: defaults.gates.config_maps: is empty; it must have at least 1`},
	{name: "branches", file: repository + ", branches: ['release-[']}]\n" + "", together: true,
		want: `1: repositories[0].branches[0]: is "release-[", which is not the name of a branch`},
	{name: "no time at all", file: "defaults: {gates: {max_timeout: 0s}}\n", together: true,
		want: `1: defaults.gates.max_timeout: is 0s, and must be at least 1s`},
	{name: "one label for two things", file: "defaults: {labels: {ack: ok}}\n" + repository + ",\n  labels: {network: OK}}]\n", together: true,
		want: `3: repositories[0].labels.network: is "OK", which is the label for ack`},
	{name: "one label for two things everywhere", file: "defaults: {labels: {ack: ok, untrusted: ok}}\n" + repository + "}]\n", together: true,
		want: `1: defaults.labels.untrusted: is "ok", which is the label for ack`},
	{name: "login", file: "users:\n  alice@example.com: a/b\n", together: true,
		want: `2: users["alice@example.com"]: is "a/b", which is not a login on GitHub`},
	{name: "policy", file: "defaults:\n  policy:\n    run:\n    - writer\n    - nonsense\n", together: true,
		want: `5: defaults.policy.run[1]: `},
	{name: "policy of a repository", file: repository + ",\n  policy: {run: [nonsense]}}]\n", together: true,
		want: `2: repositories[0].policy.run[0]: `},
	{name: "a wrong default is said once", file: repository + "}]\ndefaults: {gates: {clusters: [\"b c\"]}}\n", together: true,
		want: `2: defaults.gates.clusters[0]: `},
	{name: "quantity", file: "defaults: {gates: {max_timeout: 1d, max_resources: {cpu: lots}}}\n",
		want: `1: defaults.gates.max_resources.cpu: is "lots": quantities must match the regular expression
1: defaults.gates.max_timeout: is "1d", not a duration such as 90s, 30m or 2h`},
	{name: "key twice", file: "dry_run: true\nprefixes: [/x]\ndry_run: false\n", together: true,
		want: `3: dry_run: is a duplicate; the first is in line 1`},
	{name: "repositories twice", file: "repositories: []\nrepositories: []\ndry_run: true\n", together: true,
		want: `2: repositories: is a duplicate; the first is in line 1`},
	{name: "key of a map twice", file: "users:\n  a: b\n  a: c\n", together: true,
		want: `3: users.a: is a duplicate; the first is in line 2`},
	{name: "second document", file: "dry_run: true\n---\ndry_run: false\n", together: true,
		want: `2: a second document begins here; only one is allowed`},
	{name: "alias", file: "prefixes: &p [/x]\ndefaults: {sticky_authors: *p}\n", together: true,
		want: `1: anchors and aliases (&, *) are not supported; put what repositories share into defaults
2: anchors and aliases (&, *) are not supported; put what repositories share into defaults`},
	{name: "tag", file: "dry_run: !!str true\n", together: true,
		want: `1: tags such as !!str are not supported`},
	{name: "list without end", file: "dry_run: true\nprefixes: [/x\ndry_run: true\n", together: true,
		want: `2: is not YAML: did not find expected ',' or ']'`},
	{name: "wrong indentation", file: "prow:\n  pod_namespace: x\n prowjob_namespace: y\n", together: true,
		want: `3: is not YAML: did not find expected key`},
	{name: "alias of nothing", file: "dry_run: true\nprefixes: *x\n", together: true,
		want: `2: is not YAML: unknown anchor 'x' referenced`},
	{name: "control character", file: "dry_run: true\n\nprefixes: \x01\n", together: true,
		want: `3: is not YAML: control characters are not allowed`},
	{name: "quotes", file: "page_url: \"\\q\"\n", together: true,
		want: `1: is not YAML: found unknown escape character`},
	{name: "a list", file: "- a\n", want: `1: is a list, not a map`},
	{name: "key that is a list", file: "? [a]\n: b\n", together: true, want: `1: has a list for a key`},
}

func TestRefuses(t *testing.T) {
	for _, tc := range refused {
		t.Run(tc.name, func(t *testing.T) {
			_, err := ParseFile("f", []byte(tc.file))
			if err == nil {
				t.Fatal("is accepted")
			}
			got, want := strings.Split(err.Error(), "\n"), strings.Split(tc.want, "\n")
			for i, line := range got {
				if i < len(want) && strings.HasSuffix(want[i], ": ") || i == 0 && tc.name == "quantity" {
					got[i] = line[:min(len(line), len("f:")+len(want[i]))]
				}
				got[i] = strings.TrimPrefix(got[i], "f:")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusesWhatIsNotInALine(t *testing.T) {
	for name, tc := range map[string]struct {
		data map[string]string
		want string
	}{
		"flat keys":     {map[string]string{"repositories": "", File: "dry_run: 3"}, "config-rehearsal: repositories: is not a known key: all settings are in config.yaml\nconfig-rehearsal/config.yaml:1: dry_run: is the number 3, not true or false"},
		"a file to big": {map[string]string{File: strings.Repeat(" ", maxFile+1)}, "config-rehearsal/config.yaml: has 1048577 bytes, more than the limit of 1048576"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse(tc.data); err == nil || err.Error() != tc.want {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestEndlessProblems checks that the problems of a file fit into a terminal, and are
// found quickly.
func TestEndlessProblems(t *testing.T) {
	_, err := ParseFile("f", []byte("users: ["+strings.Repeat("&a x,", 100_000)+"]"))
	if err == nil || strings.Count(err.Error(), "\n") >= maxProblems {
		t.Errorf("%d lines", strings.Count(err.Error(), "\n"))
	}
}
