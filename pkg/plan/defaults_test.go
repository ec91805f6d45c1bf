package plan

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// manyJobs has a job of every kind that defaults may treat differently.
const manyJobs = `presubmits:
  org/a:
  - {name: plain, always_run: true, SPEC}
  - {name: decorated, decorate: true, cluster: build, branches: [main], SPEC}
  - {name: own, decorate: true, decoration_config: {timeout: 9h, gcs_configuration: {path_strategy: legacy, default_org: o, default_repo: r}}, SPEC}
  - {name: tekton, agent: tekton-pipeline, pipeline_run_spec: {pipelineRef: {name: p}}}
  - {name: tekton-v1, agent: tekton-pipeline, decorate: true, tekton_pipeline_run_spec: {v1beta1: {pipelineRef: {name: p}}}}
  - {name: jenkins, agent: jenkins, jenkins_spec: {github_branch_source_job: true}}
  - {name: hidden, hidden: true, namespace: elsewhere, SPEC}
  - {name: rerun, rerun_auth_config: {github_users: [u]}, reporter_config: {slack: {channel: c}}, SPEC}
  org/b:
  - {name: queued, job_queue_name: q, decorate: false, SPEC}
  - {name: skipping, skip_branches: [x, (?i)b], run_if_changed: x, optional: true, SPEC}
postsubmits:
  org/a:
  - {name: post, cluster: build, decorate: true, SPEC}
  other/c:
  - {name: post-c, always_run: false, prowjob_defaults: {tenant_id: own}, SPEC}
periodics:
- {name: cron, cron: "0 1 * * *", decorate: true, SPEC}
- {name: minimum, minimum_interval: 2h, cluster: build, decorate: true, extra_refs: [{org: org, repo: a, base_ref: main}], SPEC}
- {name: interval, interval: 1h, tags: [t], labels: {preset-p: "true"}, extra_refs: [{org: other, repo: c, base_ref: main, workdir: true}], SPEC}
`

// configParts are alternative parts of Prow's configuration, by topic. Every
// configuration under test has one of each.
var configParts = [][]string{
	{"", "decorate_all_jobs: true\n", "decorate_all_jobs: false\n"},
	{"pod_namespace: pods\n", "", "prowjob_namespace: prow\n", "pod_namespace: prow\nprowjob_namespace: prow\n"},
	{
		"plank:\n  default_decoration_config_entries:\n  - {config: ALL}\n  - {repo: org/a, config: {timeout: 2h}}\n  - {cluster: build, config: {timeout: 3h, gcs_credentials_secret: other}}\n",
		"plank:\n  default_decoration_config_entries:\n  - {config: ALL}\n  - {cluster: build, config: {timeout: 3h, gcs_credentials_secret: other}}\n  - {repo: org/a, config: {timeout: 2h}}\n",
		"plank:\n  default_decoration_config_entries:\n  - {config: ALL}\n  - {repo: org, cluster: build, config: {ssh_key_secrets: [k]}}\n  - {repo: \"*\", config: {grace_period: 1m}}\n",
		"plank:\n  default_decoration_config_entries:\n  - {cluster: \"*\", config: ALL}\n  - {repo: other, config: {default_service_account_name: sa}}\n  - {repo: \"\", cluster: \"\", config: {pod_pending_timeout: 9m}}\n",
		"plank:\n  default_decoration_configs:\n    \"*\": ALL\n    org: {timeout: 5h, resources: {clonerefs: {requests: {cpu: 1}}}}\n    org/a: {timeout: 6h}\n",
		"plank:\n  default_decoration_configs:\n    \"*\": ALL\n    org/a: {timeout: 360m, s3_credentials_secret: s}\n    other/c: {skip_cloning: true}\n",
	},
	{"", "  job_queue_capacities: {q: 1}\n", "  job_queue_capacities: {q: 2, r: 0}\n"},
	{
		"", "  job_url_prefix_config: {\"*\": \"https://deck/view\"}\n", "  job_url_prefix_config: {\"*\": \"https://other/view\", org/a: \"https://a\"}\n  jobURLPrefixDisableAppendStorageProvider: true\n",
		"  pod_pending_timeout: 5m\n  pod_running_timeout: 1h\n  max_revivals: 1\n  max_concurrency: 3\n  max_goroutines: 4\n", "  report_templates: {\"*\": \"x {{.Spec.Job}}\"}\n  build_cluster_status_file: gs://b/c.json\n",
	},
	{
		"", "prowjob_default_entries:\n- {config: {tenant_id: t}}\n- {repo: org/a, config: {tenant_id: a}}\n", "prowjob_default_entries:\n- {repo: org/a, config: {tenant_id: a}}\n- {config: {tenant_id: t}}\n",
		"prowjob_default_entries:\n- {cluster: build, config: {tenant_id: b, resultstore_config: {project_id: p}}}\n- {repo: other, config: {resultstore_config: {project_id: q}}}\n",
	},
	{
		"", "deck: {rerun_auth_configs: {\"*\": {allow_anyone: true}}}\n", "deck: {default_rerun_auth_configs: [{repo: org, config: {github_users: [a]}}], spyglass: {size_limit: 1}}\n",
		"deck: {hidden_repos: [org/a], tenant_ids: [t], additional_allowed_buckets: [b]}\n", "deck: {default_rerun_auth_configs: [{repo: \"*\", config: {allow_anyone: true, github_users: [u]}}]}\n",
	},
	{
		"", "slack_reporter_configs: {\"*\": {job_types_to_report: [periodic], job_states_to_report: [failure], channel: c, report_template: x}}\n",
		"slack_reporter_configs: {\"*\": {report_template: \"{{.Nope\"}}\n", "github_reporter: {job_types_to_report: [presubmit], no_comment_repos: [org/a]}\n", "github_reporter: {job_types_to_report: [periodic]}\n",
	},
	{
		"", "scheduler: {enabled: true}\n", "scheduler: {enabled: true, failover: {mappings: {build: default}}}\n", "disabled_clusters: [build]\n", "in_repo_config: {enabled: {\"*\": true}, allowed_clusters: {\"*\": [nowhere]}}\n",
		"in_repo_config: {allowed_clusters: {\"*\": []}}\n",
	},
	{
		"", "branch-protection: {protect-tested: true, orgs: {org: {protect: true, required_status_checks: {contexts: [c]}}}}\n", "tide: {queries: [{repos: [org/a], labels: [lgtm]}], context_options: {from-branch-protection: true}}\n",
		"tide: {queries: [{repos: [org/a], orgs: [org]}], merge_method: {org/a: squash}}\n", "sinker: {max_pod_age: 1h}\ngangway: {}\npush_gateway: {endpoint: e}\n", "gangway: {allowed_api_clients: [{}]}\n",
		"default_job_timeout: 1h\nlog_level: debug\ngithub: {link_url: \"https://ghe\"}\n", "log_level: loud\n", "managed_webhooks: {org_repo_config: {org: {token_created_after: 2030-01-01T00:00:00Z}}}\n", "jenkins_operators: [{}, {}]\n",
	},
	{
		"", "presets: [{labels: {preset-p: \"true\"}, env: [{name: P, value: main}]}]\n", "presets: [{labels: {preset-p: \"true\"}, env: [{name: P, value: other}]}]\n",
		"presets: [{labels: {preset-q: \"true\"}, env: [{name: P, value: other}]}]\n", "periodics: [{name: main, interval: 1h, SPEC}]\n", "presubmits: {org/a: [{name: main, decorate: true, SPEC}]}\n",
	},
}

// TestProwConfigFields plans changes between configurations that differ in few of their
// parts.
func TestProwConfigFields(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	all := fmt.Sprint("{timeout: 1h, utility_images: {clonerefs: c, initupload: i, entrypoint: e, sidecar: s}, ",
		"gcs_configuration: {bucket: b, path_strategy: explicit}, gcs_credentials_secret: g}")
	expand := strings.NewReplacer("SPEC", spec, "ALL", all).Replace
	var scenes []map[string]string
	chosen := make([]int, len(configParts))
	for part := range configParts {
		for i := range configParts[part] {
			chosen[part] = i
			if i > 0 && rng.IntN(3) == 0 {
				other := rng.IntN(len(configParts))
				chosen[other] = rng.IntN(min(len(configParts[other]), 3))
			}
			text := ""
			for p, i := range chosen {
				text += configParts[p][i]
			}
			scenes = append(scenes, map[string]string{"prow/config.yaml": expand(text), "jobs/a.yaml": expand(manyJobs)})
		}
		chosen[part] = 0
	}
	quirk(t, "config", scenes...)
}
