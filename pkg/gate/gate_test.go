package gate

import (
	"slices"
	"strings"
	"testing"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/prow/pkg/config"
	"sigs.k8s.io/yaml"
)

// plain is a job that requests nothing, as Prow decorates it.
const plain = `
type: presubmit
agent: kubernetes
cluster: default
namespace: test-pods
job: pull-widget
refs: {org: acme, repo: widget}
pod_spec:
  containers:
  - name: test
    image: alpine:3
    command: [make]
    args: [test]
    env: [{name: A, value: b}]
    resources: {requests: {cpu: "1", memory: 1Gi}, limits: {memory: 2Gi}}
  nodeSelector: {disk: fast}
decoration_config:
  timeout: 2h
  utility_images: {clonerefs: clonerefs, initupload: initupload, entrypoint: entrypoint, sidecar: sidecar}
  gcs_configuration: {bucket: logs, path_strategy: explicit}
  gcs_credentials_secret: upload
  censor_secrets: true
`

func job(t testing.TB, patches ...string) Job {
	t.Helper()
	all := map[string]any{}
	for _, text := range append([]string{plain}, patches...) {
		var patch map[string]any
		if err := yaml.Unmarshal([]byte(text), &patch); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		overlay(all, patch)
	}
	raw, err := yaml.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	var spec prowapi.ProwJobSpec
	if err := yaml.UnmarshalStrict(raw, &spec); err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	return Job{Spec: spec}
}

func overlay(into, patch map[string]any) {
	for key, value := range patch {
		have, isMap := into[key].(map[string]any)
		if more, ok := value.(map[string]any); ok && isMap {
			overlay(have, more)
			continue
		}
		into[key] = value
	}
}

// defaults returns the decoration that base's defaults give to every job.
func defaults(t testing.TB) *prowapi.DecorationConfig { return job(t).Spec.DecorationConfig }

func judge(t testing.TB, c Config, head Job, base ...Job) Finding {
	t.Helper()
	return Check(c, Change{Head: head, Base: base, Decoration: defaults(t)})
}

func kinds(f Finding) []Rule {
	var out []Rule
	for _, a := range f.Asks {
		out = append(out, a.Rule)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// listed joins rules with commas.
func listed(rules []Rule) string {
	var out []string
	for _, rule := range rules {
		out = append(out, string(rule))
	}
	return strings.Join(out, ",")
}

func TestOrdinaryJobsAskForNothing(t *testing.T) {
	for name, tc := range map[string]struct{ base, head string }{
		"new job":                       {"-", ""},
		"another image":                 {"", "pod_spec: {containers: [{name: test, image: quay.io/x/y:2, command: [sh]}]}"},
		"more memory":                   {"", "pod_spec: {containers: [{name: test, image: a, resources: {requests: {memory: 64Gi}}}]}"},
		"an empty volume":               {"", "pod_spec: {volumes: [{name: v, emptyDir: {}}]}"},
		"a ConfigMap":                   {"", "pod_spec: {volumes: [{name: v, configMap: {name: c}}, {name: p, projected: {sources: [{configMap: {name: c}}, {downwardAPI: {}}]}}]}"},
		"facts about the pod":           {"", "pod_spec: {containers: [{name: test, image: a, env: [{name: N, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]}]}"},
		"fewer privileges":              {"", "pod_spec: {automountServiceAccountToken: false, hostUsers: false, securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: test, image: a, securityContext: {privileged: false, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}"},
		"probe of its own pod":          {"", "pod_spec: {containers: [{name: test, image: a, readinessProbe: {httpGet: {port: 80}, periodSeconds: 3}, lifecycle: {preStop: {exec: {command: [a]}}}}]}"},
		"node selector and affinity":    {"", "pod_spec: {nodeSelector: {kubernetes.io/arch: arm64}, affinity: {nodeAffinity: {}}}"},
		"node shared with no other pod": {"", "pod_spec: {affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {}}]}}}"},
		"a longer time-out":             {"", "decoration_config: {timeout: 24h, grace_period: 1h}"},
		"another checkout":              {"", "extra_refs: [{org: acme, repo: other, base_ref: main, workdir: true, path_alias: example.com/other}]"},
		"decoration by base's defaults": {"decoration_config: null", ""},
		"decoration removed":            {"", "decoration_config: null"},
	} {
		t.Run(name, func(t *testing.T) {
			var base []Job
			if tc.base != "-" {
				base = append(base, job(t, tc.base))
			}
			if f := judge(t, Config{}, job(t, tc.head), base...); !f.Zero() {
				t.Errorf("found %+v", f)
			}
		})
	}
}

// asking are specifications that request something, with the rules of their requests.
// CONTAINER stands for each kind of container.
var asking = map[string]struct {
	spec string
	want Rule
}{
	"cluster":                          {"cluster: build01", RuleCluster},
	"agent":                            {"agent: jenkins\njenkins_spec: {github_branch_source_job: true}", RuleAgent},
	"service account":                  {"pod_spec: {serviceAccountName: deployer}", RuleServiceAccount + "," + RuleToken},
	"service account by its old field": {"pod_spec: {serviceAccount: deployer}", RuleServiceAccount + "," + RuleToken},
	"account without token":            {"pod_spec: {serviceAccountName: deployer, automountServiceAccountToken: false}", RuleServiceAccount},
	"token":                            {"pod_spec: {automountServiceAccountToken: true}", RuleToken},
	"projected token":                  {"pod_spec: {volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t}}]}}]}", RuleToken},
	"secret volume":                    {"pod_spec: {volumes: [{name: v, secret: {secretName: s}}]}", RuleSecret},
	"projected secret":                 {"pod_spec: {volumes: [{name: v, projected: {sources: [{secret: {name: s}}]}}]}", RuleSecret},
	"secret in the environment":        {"pod_spec: {CONTAINER: [{name: c, image: a, env: [{name: E, valueFrom: {secretKeyRef: {name: s, key: k}}}]}]}", RuleSecret},
	"secret as the environment":        {"pod_spec: {CONTAINER: [{name: c, image: a, envFrom: [{secretRef: {name: s}}]}]}", RuleSecret},
	"pull secret":                      {"pod_spec: {imagePullSecrets: [{name: s}]}", RulePullSecret},
	"csi volume":                       {"pod_spec: {volumes: [{name: v, csi: {driver: secrets-store.csi.k8s.io, nodePublishSecretRef: {name: s}}}]}", RuleVolume},
	"claim":                            {"pod_spec: {volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]}", RuleVolume},
	"ephemeral claim":                  {"pod_spec: {volumes: [{name: v, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {}}}}}]}", RuleVolume},
	"nfs":                              {"pod_spec: {volumes: [{name: v, nfs: {server: s, path: /}}]}", RuleVolume},
	"image volume":                     {"pod_spec: {volumes: [{name: v, image: {reference: r}}]}", RuleVolume},
	"trust bundle":                     {"pod_spec: {volumes: [{name: v, projected: {sources: [{clusterTrustBundle: {name: b, path: p}}]}}]}", RuleVolume},
	"volume of the decoration":         {"pod_spec: {CONTAINER: [{name: c, image: a, volumeMounts: [{name: gcs-credentials, mountPath: /x}]}]}", RuleVolume},
	"block device":                     {"pod_spec: {CONTAINER: [{name: c, image: a, volumeDevices: [{name: v, devicePath: /dev/x}]}]}", RuleVolume},
	"host path":                        {"pod_spec: {volumes: [{name: v, hostPath: {path: /}}]}", RuleHostPath},
	"host network":                     {"pod_spec: {hostNetwork: true}", RuleHost},
	"host processes":                   {"pod_spec: {hostPID: true}", RuleHost},
	"host ipc":                         {"pod_spec: {hostIPC: true}", RuleHost},
	"host port":                        {"pod_spec: {CONTAINER: [{name: c, image: a, ports: [{containerPort: 80, hostPort: 80}]}]}", RuleHost},
	"host address":                     {"pod_spec: {CONTAINER: [{name: c, image: a, ports: [{containerPort: 80, hostIP: 127.0.0.1}]}]}", RuleHost},
	"entries of /etc/hosts":            {"pod_spec: {hostAliases: [{ip: 10.0.0.1, hostnames: [storage.googleapis.com]}]}", RuleNetwork},
	"host name":                        {"pod_spec: {hostname: minio}", RuleNetwork},
	"host name override":               {"pod_spec: {hostnameOverride: storage.googleapis.com}", RuleNetwork},
	"name servers":                     {"pod_spec: {dnsPolicy: None, dnsConfig: {nameservers: [10.0.0.1]}}", RuleNetwork},
	"shared processes":                 {"pod_spec: {shareProcessNamespace: true}", RuleShared},
	"privileged":                       {"pod_spec: {CONTAINER: [{name: c, image: a, securityContext: {privileged: true}}]}", RulePrivileged},
	"privilege escalation":             {"pod_spec: {CONTAINER: [{name: c, image: a, securityContext: {allowPrivilegeEscalation: true}}]}", RulePrivileged},
	"mount propagation":                {"pod_spec: {volumes: [{name: v, emptyDir: {}}], CONTAINER: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x, mountPropagation: Bidirectional}]}]}", RulePrivileged},
	"capability":                       {"pod_spec: {CONTAINER: [{name: c, image: a, securityContext: {capabilities: {add: [SYS_ADMIN]}}}]}", RuleCapability},
	"proc mount":                       {"pod_spec: {CONTAINER: [{name: c, image: a, securityContext: {procMount: Unmasked}}]}", RuleConfinement},
	"seccomp":                          {"pod_spec: {CONTAINER: [{name: c, image: a, securityContext: {seccompProfile: {type: Unconfined}}}]}", RuleConfinement},
	"seccomp of the pod":               {"pod_spec: {securityContext: {seccompProfile: {type: Localhost, localhostProfile: p}}}", RuleConfinement},
	"apparmor":                         {"pod_spec: {CONTAINER: [{name: c, image: a, securityContext: {appArmorProfile: {type: Unconfined}}}]}", RuleConfinement},
	"selinux":                          {"pod_spec: {CONTAINER: [{name: c, image: a, securityContext: {seLinuxOptions: {type: spc_t}}}]}", RuleConfinement},
	"selinux of the pod":               {"pod_spec: {securityContext: {seLinuxOptions: {type: spc_t}}}", RuleConfinement},
	"windows host process":             {"pod_spec: {securityContext: {windowsOptions: {hostProcess: true}}}", RuleConfinement},
	"runtime class":                    {"pod_spec: {runtimeClassName: host}", RuleConfinement},
	"sysctl":                           {"pod_spec: {securityContext: {sysctls: [{name: kernel.msgmax, value: '1'}]}}", RuleSysctl},
	"node":                             {"pod_spec: {nodeName: control-plane}", RuleScheduling},
	"toleration":                       {"pod_spec: {tolerations: [{operator: Exists}]}", RuleScheduling},
	"scheduler":                        {"pod_spec: {schedulerName: mine}", RuleScheduling},
	"priority class":                   {"pod_spec: {priorityClassName: system-node-critical}", RuleScheduling},
	"priority":                         {"pod_spec: {priority: 1000}", RuleScheduling},
	"preemption":                       {"pod_spec: {preemptionPolicy: PreemptLowerPriority}", RuleScheduling},
	"scheduling gate":                  {"pod_spec: {schedulingGates: [{name: g}]}", RuleScheduling},
	"device":                           {"pod_spec: {CONTAINER: [{name: c, image: a, resources: {limits: {devices.kubevirt.io/kvm: '1'}}}]}", RuleDevice},
	"claimed device":                   {"pod_spec: {resourceClaims: [{name: r, resourceClaimName: gpu}]}", RuleDevice},
	"claim of a container":             {"pod_spec: {CONTAINER: [{name: c, image: a, resources: {claims: [{name: r}]}}]}", RuleDevice},
	"probe of another host":            {"pod_spec: {CONTAINER: [{name: c, image: a, livenessProbe: {httpGet: {host: 169.254.169.254, port: 80}}}]}", RuleProbe},
	"hook to another host":             {"pod_spec: {CONTAINER: [{name: c, image: a, lifecycle: {postStart: {tcpSocket: {host: 10.0.0.1, port: 80}}}}]}", RuleProbe},
	"environment from a file":          {"pod_spec: {CONTAINER: [{name: c, image: a, env: [{name: E, valueFrom: {fileKeyRef: {volumeName: v, path: p, key: k}}}]}]}", RuleUnknown},
	"field without a handler":          {"pod_spec: {schedulingGroup: {podGroupName: g}}", RuleUnknown},
	"utility images":                   {"decoration_config: {utility_images: {sidecar: evil}}", RuleDecoration},
	"bucket":                           {"decoration_config: {gcs_configuration: {bucket: mine}}", RuleDecoration},
	"path in the bucket":               {"decoration_config: {gcs_configuration: {path_prefix: other}}", RuleDecoration},
	"upload credentials":               {"decoration_config: {gcs_credentials_secret: s}", RuleDecoration},
	"s3 credentials":                   {"decoration_config: {s3_credentials_secret: s}", RuleDecoration},
	"service account of the pod":       {"decoration_config: {default_service_account_name: deployer}", RuleDecoration},
	"ssh keys":                         {"decoration_config: {ssh_key_secrets: [k]}", RuleCheckout + "," + RuleDecoration},
	"cookie file":                      {"decoration_config: {cookiefile_secret: c}", RuleCheckout + "," + RuleDecoration},
	"oauth token":                      {"decoration_config: {oauth_token_secret: {name: oauth, key: k}}", RuleCheckout + "," + RuleDecoration},
	"app key":                          {"decoration_config: {github_app_id: '1', github_app_private_key_secret: {name: oauth, key: k}}", RuleCheckout + "," + RuleDecoration},
	"GitHub endpoint of its own":       {"decoration_config: {github_api_endpoints: ['https://evil.example']}", RuleDecoration},
	"censoring off":                    {"decoration_config: {censor_secrets: false}", RuleCensoring},
	"censoring of less":                {"decoration_config: {censoring_options: {exclude_directories: ['**']}}", RuleCensoring},
	"clone address":                    {"extra_refs: [{org: acme, repo: other, base_ref: main, clone_uri: 'https://evil.example/x.git'}]", RuleCloneURI},
	"clone address by ssh":             {"extra_refs: [{org: acme, repo: other, base_ref: main, clone_uri: 'git@evil.example:x.git'}]", RuleCloneURI},
	"link":                             {"extra_refs: [{org: acme, repo: other, base_ref: main, repo_link: 'https://evil.example/x'}]", RuleCloneURI},
	"time-out":                         {"decoration_config: {timeout: 25h}", RuleTimeout},
	"time-out of the pod":              {"decoration_config: {pod_running_timeout: 48h}", RuleTimeout},
	"grace period":                     {"decoration_config: {grace_period: 1000h}", RuleTimeout},
	"grace period of the pod":          {"pod_spec: {terminationGracePeriodSeconds: 315360000}", RuleTimeout},
	"device of the decoration":         {"decoration_config: {resources: {sidecar: {limits: {nvidia.com/gpu: '8'}}}}", RuleDevice},
	"queue":                            {"job_queue_name: release", RuleQueue},
	"results of another project":       {"prowjob_defaults: {resultstore_config: {project_id: other}}", RuleReports},
	"results of another tenant":        {"prowjob_defaults: {tenant_id: other}", RuleReports},
	"anti-affinity beyond a node":      {"pod_spec: {affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: topology.kubernetes.io/region, labelSelector: {}}]}}}", RuleScheduling},
	"deadline":                         {"pod_spec: {activeDeadlineSeconds: 900000}", RuleTimeout},
	"pipeline":                         {"agent: tekton-pipeline\ntekton_pipeline_run_spec: {v1beta1: {}}", RuleAgent},
}

var containerKinds = []string{"containers", "initContainers", "ephemeralContainers"}

func eachAsking(t *testing.T, do func(t *testing.T, spec string, want Rule)) {
	for name, tc := range asking {
		if !strings.Contains(tc.spec, "CONTAINER") {
			t.Run(name, func(t *testing.T) { do(t, tc.spec, tc.want) })
			continue
		}
		for _, kind := range containerKinds {
			t.Run(name+" in "+kind, func(t *testing.T) { do(t, strings.ReplaceAll(tc.spec, "CONTAINER", kind), tc.want) })
		}
	}
}

// TestAsks: a job requests what base does not have, in every kind of container; it does not
// request what base has.
func TestAsks(t *testing.T) {
	eachAsking(t, func(t *testing.T, spec string, want Rule) {
		head := job(t, spec)
		for name, base := range map[string][]Job{"a job with less": {job(t)}, "a new job": nil, "one of two has it": {head, job(t)}} {
			f := judge(t, Config{}, head, base...)
			if got := listed(kinds(f)); got != string(want) {
				t.Errorf("%s asks for %q, want %q: %+v", name, got, want, f.Asks)
			}
			for _, a := range f.Asks {
				if a.Use == (Use{}) || a.Path == "" || rank(a.Rule) < 0 {
					t.Errorf("%+v does not say what is asked for", a)
				}
			}
		}
		other := head
		other.Labels = map[string]string{"preset-x": "true"}
		for name, base := range map[string][]Job{"the same job": {head}, "both have it": {other, head}} {
			if f := judge(t, Config{}, other, base...); !f.Zero() {
				t.Errorf("%s asks for %+v", name, f.Asks)
			}
		}
	})
}

func TestPartsOfWhatBaseGrants(t *testing.T) {
	for name, tc := range map[string]struct {
		base, head string
		want       []Rule
	}{
		"key of a secret that base uses as a whole":          {"pod_spec: {volumes: [{name: v, secret: {secretName: s}}]}", "pod_spec: {containers: [{name: c, image: a, env: [{name: E, valueFrom: {secretKeyRef: {name: s, key: k}}}]}]}", nil},
		"whole secret of which base uses a key":              {"pod_spec: {containers: [{name: c, image: a, env: [{name: E, valueFrom: {secretKeyRef: {name: s, key: k}}}]}]}", "pod_spec: {volumes: [{name: v, secret: {secretName: s}}]}", []Rule{RuleSecret}},
		"another key of a secret":                            {"pod_spec: {volumes: [{name: v, secret: {secretName: s, items: [{key: a, path: a}]}}]}", "pod_spec: {volumes: [{name: v, secret: {secretName: s, items: [{key: b, path: a}]}}]}", []Rule{RuleSecret}},
		"whole secret of which base mounts a path":           {"pod_spec: {volumes: [{name: v, secret: {secretName: s}}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x, subPath: k}]}]}", "pod_spec: {volumes: [{name: v, secret: {secretName: s}}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x}]}]}", []Rule{RuleSecret}},
		"write access to a host path":                        {"pod_spec: {volumes: [{name: v, hostPath: {path: /x}}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x, readOnly: true}]}]}", "pod_spec: {volumes: [{name: v, hostPath: {path: /x}}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x}]}]}", []Rule{RuleHostPath}},
		"whole host path of which base mounts a part":        {"pod_spec: {volumes: [{name: v, hostPath: {path: /x}}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x, subPath: y}]}]}", "pod_spec: {volumes: [{name: v, hostPath: {path: /x}}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x}]}]}", []Rule{RuleHostPath}},
		"privileged in another container":                    {"pod_spec: {initContainers: [{name: i, image: a, securityContext: {privileged: true}}]}", "pod_spec: {containers: [{name: c, image: b, securityContext: {privileged: true}}]}", nil},
		"another capability":                                 {"pod_spec: {containers: [{name: c, image: a, securityContext: {capabilities: {add: [NET_ADMIN]}}}]}", "pod_spec: {containers: [{name: c, image: a, securityContext: {capabilities: {add: [NET_ADMIN, SYS_ADMIN]}}}]}", []Rule{RuleCapability}},
		"another service account":                            {"pod_spec: {serviceAccountName: a}", "pod_spec: {serviceAccountName: b}", []Rule{RuleServiceAccount, RuleToken}},
		"token of the same service account":                  {"pod_spec: {serviceAccountName: a, automountServiceAccountToken: false}", "pod_spec: {serviceAccountName: a}", []Rule{RuleToken}},
		"shorter time-out":                                   {"decoration_config: {timeout: 40h}", "decoration_config: {timeout: 30h}", nil},
		"longer time-out":                                    {"decoration_config: {timeout: 40h}", "decoration_config: {timeout: 41h}", []Rule{RuleTimeout}},
		"utility image in the place of another":              {"", "decoration_config: {utility_images: {sidecar: sidecar, clonerefs: entrypoint}}", []Rule{RuleDecoration}},
		"checkout without credentials":                       {"", "extra_refs: [{org: acme, repo: secret}]", nil},
		"checkout with credentials":                          {"decoration_config: {ssh_key_secrets: [k]}", "decoration_config: {ssh_key_secrets: [k]}\nextra_refs: [{org: acme, repo: secret}]", []Rule{RuleCheckout}},
		"pull secret mounted as a volume":                    {"pod_spec: {imagePullSecrets: [{name: s}]}", "pod_spec: {imagePullSecrets: [{name: s}], volumes: [{name: v, secret: {secretName: s}}]}", []Rule{RuleSecret}},
		"proposed change, with credentials":                  {cloned("base_ref: main"), cloned("base_ref: refs/pull/666/head"), []Rule{RuleCheckout}},
		"proposed change by its short ref, with credentials": {cloned("base_ref: main"), cloned("base_ref: pull/666/head"), []Rule{RuleCheckout}},
		"commit as a ref, with credentials":                  {cloned("base_ref: main"), cloned("base_ref: 0123456789abcdef0123456789abcdef01234567"), []Rule{RuleCheckout}},
		"pinned commit, with credentials":                    {cloned("base_ref: main"), cloned("base_ref: main, base_sha: abc"), []Rule{RuleCheckout}},
		"pull request of somebody, with credentials":         {cloned("base_ref: main"), cloned("base_ref: main, pulls: [{number: 1, author: a, sha: abc}]"), []Rule{RuleCheckout}},
		"another branch, with credentials":                   {cloned("base_ref: main"), cloned("base_ref: release-4.22"), nil},
		"submodules, with credentials":                       {cloned("base_ref: main, skip_submodules: true"), cloned("base_ref: main"), []Rule{RuleCheckout}},
		"submodules no longer cloned":                        {cloned("base_ref: main"), cloned("base_ref: main, skip_submodules: true"), nil},
		"proposed change, without credentials":               {"extra_refs: [{org: acme, repo: other, base_ref: main}]", "extra_refs: [{org: acme, repo: other, base_ref: refs/pull/6/head}]", nil},
		"old account field beside the decoration's account":  {"decoration_config: {default_service_account_name: a}\npod_spec: {automountServiceAccountToken: true}", "decoration_config: {default_service_account_name: a}\npod_spec: {serviceAccount: b, automountServiceAccountToken: true}", []Rule{RuleServiceAccount}},
		"credentials without cloning":                        {"decoration_config: {ssh_key_secrets: [k], skip_cloning: true}", "decoration_config: {ssh_key_secrets: [k], skip_cloning: true}\nextra_refs: [{org: acme, repo: secret}]", nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := judge(t, Config{}, job(t, tc.head), job(t, tc.base))
			if got := kinds(f); !slices.Equal(got, tc.want) {
				t.Errorf("asks for %q, want %q: %+v", got, tc.want, f.Asks)
			}
		})
	}
}

// cloned returns a job that checks out a repository with credentials.
func cloned(ref string) string {
	return "decoration_config: {ssh_key_secrets: [k]}\nextra_refs: [{org: acme, repo: other, " + ref + "}]"
}

// TestWhoseToken: the request names the service account to which the token belongs.
func TestWhoseToken(t *testing.T) {
	const projected = "pod_spec: {volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t}}]}}], automountServiceAccountToken: false"
	for name, tc := range map[string]struct{ spec, want string }{
		"no service account":                {projected + "}", "default"},
		"service account of the pod":        {projected + ", serviceAccountName: x}", "x"},
		"service account by its old field":  {projected + ", serviceAccount: x}", "x"},
		"service account of the decoration": {projected + "}\ndecoration_config: {default_service_account_name: d}", "d"},
		"old field and decoration":          {projected + ", serviceAccount: x}\ndecoration_config: {default_service_account_name: d}", "d"},
	} {
		t.Run(name, func(t *testing.T) {
			f := judge(t, Config{}, job(t, tc.spec), job(t))
			i := slices.IndexFunc(f.Asks, func(a Ask) bool { return a.Rule == RuleToken })
			if i < 0 || f.Asks[i].Name != tc.want {
				t.Errorf("asks for %+v, want a token of %s", f.Asks, tc.want)
			}
		})
	}
}

// TestDefaultsOfBase: a new job may have what base's defaults give to every job.
func TestDefaultsOfBase(t *testing.T) {
	head := job(t, "prowjob_defaults: {tenant_id: ours, resultstore_config: {project_id: p}}\ndecoration_config: {grace_period: 3h}")
	change := Change{Head: head, Decoration: head.Spec.DecorationConfig, Defaults: head.Spec.ProwJobDefault}
	if f := Check(Config{}, change); !f.Zero() {
		t.Errorf("asks for %+v", f.Asks)
	}
	head = job(t, "prowjob_defaults: {tenant_id: "+config.DefaultTenantID+"}")
	if f := judge(t, Config{}, head); !f.Zero() {
		t.Errorf("Prow's own default asks for %+v", f.Asks)
	}
}
