package gate

import (
	"slices"
	"strings"
	"testing"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/prow/pkg/config"
	"sigs.k8s.io/yaml"
)

// plain is a job that asks for nothing, as Prow decorates it.
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

// defaults is what base's defaults make of every job.
func defaults(t testing.TB) *prowapi.DecorationConfig { return job(t).Spec.DecorationConfig }

func judge(t testing.TB, c Config, head Job, base ...Job) Finding {
	t.Helper()
	return Judge(c, Change{Head: head, Base: base, Decoration: defaults(t)})
}

func kinds(f Finding) []string {
	var out []string
	for _, a := range f.Asks {
		out = append(out, a.Rule)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestOrdinaryJobsAskForNothing(t *testing.T) {
	for name, tc := range map[string]struct{ base, head string }{
		"new":                  {"-", ""},
		"another image":        {"", "pod_spec: {containers: [{name: test, image: quay.io/x/y:2, command: [sh]}]}"},
		"more memory":          {"", "pod_spec: {containers: [{name: test, image: a, resources: {requests: {memory: 64Gi}}}]}"},
		"an empty volume":      {"", "pod_spec: {volumes: [{name: v, emptyDir: {}}]}"},
		"a ConfigMap":          {"", "pod_spec: {volumes: [{name: v, configMap: {name: c}}, {name: p, projected: {sources: [{configMap: {name: c}}, {downwardAPI: {}}]}}]}"},
		"facts about the pod":  {"", "pod_spec: {containers: [{name: test, image: a, env: [{name: N, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]}]}"},
		"less power":           {"", "pod_spec: {automountServiceAccountToken: false, hostUsers: false, securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: test, image: a, securityContext: {privileged: false, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}"},
		"a probe of its own":   {"", "pod_spec: {containers: [{name: test, image: a, readinessProbe: {httpGet: {port: 80}, periodSeconds: 3}, lifecycle: {preStop: {exec: {command: [a]}}}}]}"},
		"where it runs":        {"", "pod_spec: {nodeSelector: {kubernetes.io/arch: arm64}, affinity: {nodeAffinity: {}}}"},
		"a node of its own":    {"", "pod_spec: {affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {}}]}}}"},
		"a longer time-out":    {"", "decoration_config: {timeout: 24h, grace_period: 1h}"},
		"another checkout":     {"", "extra_refs: [{org: acme, repo: other, base_ref: main, workdir: true, path_alias: example.com/other}]"},
		"decoration from base": {"decoration_config: null", ""},
		"less decoration":      {"", "decoration_config: null"},
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

// asking are specifications that ask for something, with the kinds of what they
// ask for. CONTAINER stands for each kind of container.
var asking = map[string]struct{ spec, want string }{
	"cluster":                    {"cluster: build01", ruleCluster},
	"agent":                      {"agent: jenkins\njenkins_spec: {github_branch_source_job: true}", ruleAgent},
	"service account":            {"pod_spec: {serviceAccountName: deployer}", ruleServiceAccount + "," + ruleToken},
	"its old name":               {"pod_spec: {serviceAccount: deployer}", ruleServiceAccount + "," + ruleToken},
	"account without token":      {"pod_spec: {serviceAccountName: deployer, automountServiceAccountToken: false}", ruleServiceAccount},
	"token":                      {"pod_spec: {automountServiceAccountToken: true}", ruleToken},
	"projected token":            {"pod_spec: {volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t}}]}}]}", ruleToken},
	"secret volume":              {"pod_spec: {volumes: [{name: v, secret: {secretName: s}}]}", ruleSecret},
	"projected secret":           {"pod_spec: {volumes: [{name: v, projected: {sources: [{secret: {name: s}}]}}]}", ruleSecret},
	"secret in the environment":  {"pod_spec: {CONTAINER: [{name: c, image: a, env: [{name: E, valueFrom: {secretKeyRef: {name: s, key: k}}}]}]}", ruleSecret},
	"secret as the environment":  {"pod_spec: {CONTAINER: [{name: c, image: a, envFrom: [{secretRef: {name: s}}]}]}", ruleSecret},
	"pull secret":                {"pod_spec: {imagePullSecrets: [{name: s}]}", rulePullSecret},
	"csi volume":                 {"pod_spec: {volumes: [{name: v, csi: {driver: secrets-store.csi.k8s.io, nodePublishSecretRef: {name: s}}}]}", ruleVolume},
	"claim":                      {"pod_spec: {volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]}", ruleVolume},
	"ephemeral claim":            {"pod_spec: {volumes: [{name: v, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {}}}}}]}", ruleVolume},
	"nfs":                        {"pod_spec: {volumes: [{name: v, nfs: {server: s, path: /}}]}", ruleVolume},
	"image volume":               {"pod_spec: {volumes: [{name: v, image: {reference: r}}]}", ruleVolume},
	"trust bundle":               {"pod_spec: {volumes: [{name: v, projected: {sources: [{clusterTrustBundle: {name: b, path: p}}]}}]}", ruleVolume},
	"volume of the decoration":   {"pod_spec: {CONTAINER: [{name: c, image: a, volumeMounts: [{name: gcs-credentials, mountPath: /x}]}]}", ruleVolume},
	"block device":               {"pod_spec: {CONTAINER: [{name: c, image: a, volumeDevices: [{name: v, devicePath: /dev/x}]}]}", ruleVolume},
	"host path":                  {"pod_spec: {volumes: [{name: v, hostPath: {path: /}}]}", ruleHostPath},
	"host network":               {"pod_spec: {hostNetwork: true}", ruleHost},
	"host processes":             {"pod_spec: {hostPID: true}", ruleHost},
	"host ipc":                   {"pod_spec: {hostIPC: true}", ruleHost},
	"host port":                  {"pod_spec: {CONTAINER: [{name: c, image: a, ports: [{containerPort: 80, hostPort: 80}]}]}", ruleHost},
	"host address":               {"pod_spec: {CONTAINER: [{name: c, image: a, ports: [{containerPort: 80, hostIP: 127.0.0.1}]}]}", ruleHost},
	"host aliases":               {"pod_spec: {hostAliases: [{ip: 10.0.0.1, hostnames: [storage.googleapis.com]}]}", ruleNetwork},
	"host name":                  {"pod_spec: {hostname: minio}", ruleNetwork},
	"host name of its own":       {"pod_spec: {hostnameOverride: storage.googleapis.com}", ruleNetwork},
	"name servers":               {"pod_spec: {dnsPolicy: None, dnsConfig: {nameservers: [10.0.0.1]}}", ruleNetwork},
	"shared processes":           {"pod_spec: {shareProcessNamespace: true}", ruleShared},
	"privileged":                 {"pod_spec: {CONTAINER: [{name: c, image: a, securityContext: {privileged: true}}]}", rulePrivileged},
	"privilege escalation":       {"pod_spec: {CONTAINER: [{name: c, image: a, securityContext: {allowPrivilegeEscalation: true}}]}", rulePrivileged},
	"mount propagation":          {"pod_spec: {volumes: [{name: v, emptyDir: {}}], CONTAINER: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x, mountPropagation: Bidirectional}]}]}", rulePrivileged},
	"capability":                 {"pod_spec: {CONTAINER: [{name: c, image: a, securityContext: {capabilities: {add: [SYS_ADMIN]}}}]}", ruleCapability},
	"proc mount":                 {"pod_spec: {CONTAINER: [{name: c, image: a, securityContext: {procMount: Unmasked}}]}", ruleConfinement},
	"seccomp":                    {"pod_spec: {CONTAINER: [{name: c, image: a, securityContext: {seccompProfile: {type: Unconfined}}}]}", ruleConfinement},
	"seccomp of the pod":         {"pod_spec: {securityContext: {seccompProfile: {type: Localhost, localhostProfile: p}}}", ruleConfinement},
	"apparmor":                   {"pod_spec: {CONTAINER: [{name: c, image: a, securityContext: {appArmorProfile: {type: Unconfined}}}]}", ruleConfinement},
	"selinux":                    {"pod_spec: {CONTAINER: [{name: c, image: a, securityContext: {seLinuxOptions: {type: spc_t}}}]}", ruleConfinement},
	"selinux of the pod":         {"pod_spec: {securityContext: {seLinuxOptions: {type: spc_t}}}", ruleConfinement},
	"windows host process":       {"pod_spec: {securityContext: {windowsOptions: {hostProcess: true}}}", ruleConfinement},
	"runtime class":              {"pod_spec: {runtimeClassName: host}", ruleConfinement},
	"sysctl":                     {"pod_spec: {securityContext: {sysctls: [{name: kernel.msgmax, value: '1'}]}}", ruleSysctl},
	"node":                       {"pod_spec: {nodeName: control-plane}", ruleScheduling},
	"toleration":                 {"pod_spec: {tolerations: [{operator: Exists}]}", ruleScheduling},
	"scheduler":                  {"pod_spec: {schedulerName: mine}", ruleScheduling},
	"priority class":             {"pod_spec: {priorityClassName: system-node-critical}", ruleScheduling},
	"priority":                   {"pod_spec: {priority: 1000}", ruleScheduling},
	"preemption":                 {"pod_spec: {preemptionPolicy: PreemptLowerPriority}", ruleScheduling},
	"scheduling gate":            {"pod_spec: {schedulingGates: [{name: g}]}", ruleScheduling},
	"device":                     {"pod_spec: {CONTAINER: [{name: c, image: a, resources: {limits: {devices.kubevirt.io/kvm: '1'}}}]}", ruleDevice},
	"claimed device":             {"pod_spec: {resourceClaims: [{name: r, resourceClaimName: gpu}]}", ruleDevice},
	"claim of a container":       {"pod_spec: {CONTAINER: [{name: c, image: a, resources: {claims: [{name: r}]}}]}", ruleDevice},
	"probe of another host":      {"pod_spec: {CONTAINER: [{name: c, image: a, livenessProbe: {httpGet: {host: 169.254.169.254, port: 80}}}]}", ruleProbe},
	"hook to another host":       {"pod_spec: {CONTAINER: [{name: c, image: a, lifecycle: {postStart: {tcpSocket: {host: 10.0.0.1, port: 80}}}}]}", ruleProbe},
	"environment from a file":    {"pod_spec: {CONTAINER: [{name: c, image: a, env: [{name: E, valueFrom: {fileKeyRef: {volumeName: v, path: p, key: k}}}]}]}", ruleUnknown},
	"a field nobody looked at":   {"pod_spec: {schedulingGroup: {podGroupName: g}}", ruleUnknown},
	"utility images":             {"decoration_config: {utility_images: {sidecar: evil}}", ruleDecoration},
	"bucket":                     {"decoration_config: {gcs_configuration: {bucket: mine}}", ruleDecoration},
	"path in the bucket":         {"decoration_config: {gcs_configuration: {path_prefix: other}}", ruleDecoration},
	"upload credentials":         {"decoration_config: {gcs_credentials_secret: s}", ruleDecoration},
	"s3 credentials":             {"decoration_config: {s3_credentials_secret: s}", ruleDecoration},
	"service account of the pod": {"decoration_config: {default_service_account_name: deployer}", ruleDecoration},
	"ssh keys":                   {"decoration_config: {ssh_key_secrets: [k]}", ruleCheckout + "," + ruleDecoration},
	"cookie file":                {"decoration_config: {cookiefile_secret: c}", ruleCheckout + "," + ruleDecoration},
	"oauth token":                {"decoration_config: {oauth_token_secret: {name: oauth, key: k}}", ruleCheckout + "," + ruleDecoration},
	"app key":                    {"decoration_config: {github_app_id: '1', github_app_private_key_secret: {name: oauth, key: k}}", ruleCheckout + "," + ruleDecoration},
	"api of its own":             {"decoration_config: {github_api_endpoints: ['https://evil.example']}", ruleDecoration},
	"censoring off":              {"decoration_config: {censor_secrets: false}", ruleCensoring},
	"censoring of less":          {"decoration_config: {censoring_options: {exclude_directories: ['**']}}", ruleCensoring},
	"clone address":              {"extra_refs: [{org: acme, repo: other, base_ref: main, clone_uri: 'https://evil.example/x.git'}]", ruleCloneURI},
	"clone address by ssh":       {"extra_refs: [{org: acme, repo: other, base_ref: main, clone_uri: 'git@evil.example:x.git'}]", ruleCloneURI},
	"link":                       {"extra_refs: [{org: acme, repo: other, base_ref: main, repo_link: 'https://evil.example/x'}]", ruleCloneURI},
	"time-out":                   {"decoration_config: {timeout: 25h}", ruleTimeout},
	"time-out of the pod":        {"decoration_config: {pod_running_timeout: 48h}", ruleTimeout},
	"time to stop":               {"decoration_config: {grace_period: 1000h}", ruleTimeout},
	"time to stop of the pod":    {"pod_spec: {terminationGracePeriodSeconds: 315360000}", ruleTimeout},
	"device of the decoration":   {"decoration_config: {resources: {sidecar: {limits: {nvidia.com/gpu: '8'}}}}", ruleDevice},
	"queue":                      {"job_queue_name: release", ruleQueue},
	"results of another project": {"prowjob_defaults: {resultstore_config: {project_id: other}}", ruleReports},
	"results of another tenant":  {"prowjob_defaults: {tenant_id: other}", ruleReports},
	"neighbours kept out":        {"pod_spec: {affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: topology.kubernetes.io/region, labelSelector: {}}]}}}", ruleScheduling},
	"deadline":                   {"pod_spec: {activeDeadlineSeconds: 900000}", ruleTimeout},
	"pipeline":                   {"agent: tekton-pipeline\ntekton_pipeline_run_spec: {v1beta1: {}}", ruleAgent},
}

var containerKinds = []string{"containers", "initContainers", "ephemeralContainers"}

func eachAsking(t *testing.T, do func(t *testing.T, spec, want string)) {
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

// TestAsks: what base does not have is asked for, whatever the kind of container;
// what it has is not.
func TestAsks(t *testing.T) {
	eachAsking(t, func(t *testing.T, spec, want string) {
		head := job(t, spec)
		for name, base := range map[string][]Job{"a job with less": {job(t)}, "a new job": nil, "one of two has it": {head, job(t)}} {
			f := judge(t, Config{}, head, base...)
			if got := strings.Join(kinds(f), ","); got != want {
				t.Errorf("%s asks for %q, want %q: %+v", name, got, want, f.Asks)
			}
			for _, a := range f.Asks {
				if a.Value == "" || a.Path == "" || rank(a.Rule) < 0 {
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
		want       []string
	}{
		"a key of a whole secret":   {"pod_spec: {volumes: [{name: v, secret: {secretName: s}}]}", "pod_spec: {containers: [{name: c, image: a, env: [{name: E, valueFrom: {secretKeyRef: {name: s, key: k}}}]}]}", nil},
		"a whole secret of a key":   {"pod_spec: {containers: [{name: c, image: a, env: [{name: E, valueFrom: {secretKeyRef: {name: s, key: k}}}]}]}", "pod_spec: {volumes: [{name: v, secret: {secretName: s}}]}", []string{ruleSecret}},
		"another key":               {"pod_spec: {volumes: [{name: v, secret: {secretName: s, items: [{key: a, path: a}]}}]}", "pod_spec: {volumes: [{name: v, secret: {secretName: s, items: [{key: b, path: a}]}}]}", []string{ruleSecret}},
		"more than a path of it":    {"pod_spec: {volumes: [{name: v, secret: {secretName: s}}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x, subPath: k}]}]}", "pod_spec: {volumes: [{name: v, secret: {secretName: s}}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x}]}]}", []string{ruleSecret}},
		"to write to a host path":   {"pod_spec: {volumes: [{name: v, hostPath: {path: /x}}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x, readOnly: true}]}]}", "pod_spec: {volumes: [{name: v, hostPath: {path: /x}}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x}]}]}", []string{ruleHostPath}},
		"all of a host path":        {"pod_spec: {volumes: [{name: v, hostPath: {path: /x}}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x, subPath: y}]}]}", "pod_spec: {volumes: [{name: v, hostPath: {path: /x}}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x}]}]}", []string{ruleHostPath}},
		"in another container":      {"pod_spec: {initContainers: [{name: i, image: a, securityContext: {privileged: true}}]}", "pod_spec: {containers: [{name: c, image: b, securityContext: {privileged: true}}]}", nil},
		"another capability":        {"pod_spec: {containers: [{name: c, image: a, securityContext: {capabilities: {add: [NET_ADMIN]}}}]}", "pod_spec: {containers: [{name: c, image: a, securityContext: {capabilities: {add: [NET_ADMIN, SYS_ADMIN]}}}]}", []string{ruleCapability}},
		"another account":           {"pod_spec: {serviceAccountName: a}", "pod_spec: {serviceAccountName: b}", []string{ruleServiceAccount, ruleToken}},
		"the token of the account":  {"pod_spec: {serviceAccountName: a, automountServiceAccountToken: false}", "pod_spec: {serviceAccountName: a}", []string{ruleToken}},
		"a shorter time-out":        {"decoration_config: {timeout: 40h}", "decoration_config: {timeout: 30h}", nil},
		"an even longer time-out":   {"decoration_config: {timeout: 40h}", "decoration_config: {timeout: 41h}", []string{ruleTimeout}},
		"the same image host":       {"", "decoration_config: {utility_images: {sidecar: sidecar, clonerefs: entrypoint}}", []string{ruleDecoration}},
		"a checkout without creds":  {"", "extra_refs: [{org: acme, repo: secret}]", nil},
		"a checkout with creds":     {"decoration_config: {ssh_key_secrets: [k]}", "decoration_config: {ssh_key_secrets: [k]}\nextra_refs: [{org: acme, repo: secret}]", []string{ruleCheckout}},
		"a pull secret as a volume": {"pod_spec: {imagePullSecrets: [{name: s}]}", "pod_spec: {imagePullSecrets: [{name: s}], volumes: [{name: v, secret: {secretName: s}}]}", []string{ruleSecret}},
		"a proposal, with creds":    {cloned("base_ref: main"), cloned("base_ref: refs/pull/666/head"), []string{ruleCheckout}},
		"the same, for short":       {cloned("base_ref: main"), cloned("base_ref: pull/666/head"), []string{ruleCheckout}},
		"a commit, with creds":      {cloned("base_ref: main"), cloned("base_ref: 0123456789abcdef0123456789abcdef01234567"), []string{ruleCheckout}},
		"a pinned commit":           {cloned("base_ref: main"), cloned("base_ref: main, base_sha: abc"), []string{ruleCheckout}},
		"somebody's pull request":   {cloned("base_ref: main"), cloned("base_ref: main, pulls: [{number: 1, author: a, sha: abc}]"), []string{ruleCheckout}},
		"another branch":            {cloned("base_ref: main"), cloned("base_ref: release-4.22"), nil},
		"submodules, with creds":    {cloned("base_ref: main, skip_submodules: true"), cloned("base_ref: main"), []string{ruleCheckout}},
		"no submodules any more":    {cloned("base_ref: main"), cloned("base_ref: main, skip_submodules: true"), nil},
		"a proposal without creds":  {"extra_refs: [{org: acme, repo: other, base_ref: main}]", "extra_refs: [{org: acme, repo: other, base_ref: refs/pull/6/head}]", nil},
		"the decoration's account":  {"decoration_config: {default_service_account_name: a}\npod_spec: {automountServiceAccountToken: true}", "decoration_config: {default_service_account_name: a}\npod_spec: {serviceAccount: b, automountServiceAccountToken: true}", []string{ruleServiceAccount}},
		"the creds without cloning": {"decoration_config: {ssh_key_secrets: [k], skip_cloning: true}", "decoration_config: {ssh_key_secrets: [k], skip_cloning: true}\nextra_refs: [{org: acme, repo: secret}]", nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := judge(t, Config{}, job(t, tc.head), job(t, tc.base))
			if got := kinds(f); !slices.Equal(got, tc.want) {
				t.Errorf("asks for %q, want %q: %+v", got, tc.want, f.Asks)
			}
		})
	}
}

// cloned is a job that checks out a repository with credentials.
func cloned(ref string) string {
	return "decoration_config: {ssh_key_secrets: [k]}\nextra_refs: [{org: acme, repo: other, " + ref + "}]"
}

// TestWhoseToken: what is shown names the account that the token is of.
func TestWhoseToken(t *testing.T) {
	const projected = "pod_spec: {volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t}}]}}], automountServiceAccountToken: false"
	for name, tc := range map[string]struct{ spec, want string }{
		"nothing said":     {projected + "}", "default"},
		"the name":         {projected + ", serviceAccountName: x}", "x"},
		"its old name":     {projected + ", serviceAccount: x}", "x"},
		"the decoration's": {projected + "}\ndecoration_config: {default_service_account_name: d}", "d"},
		"both":             {projected + ", serviceAccount: x}\ndecoration_config: {default_service_account_name: d}", "d"},
	} {
		t.Run(name, func(t *testing.T) {
			f := judge(t, Config{}, job(t, tc.spec), job(t))
			i := slices.IndexFunc(f.Asks, func(a Ask) bool { return a.Rule == ruleToken })
			if i < 0 || f.Asks[i].Value != tc.want {
				t.Errorf("asks for %+v, want a token of %s", f.Asks, tc.want)
			}
		})
	}
}

// TestDefaultsOfBase: what base's defaults give to every job, a new one has too.
func TestDefaultsOfBase(t *testing.T) {
	head := job(t, "prowjob_defaults: {tenant_id: ours, resultstore_config: {project_id: p}}\ndecoration_config: {grace_period: 3h}")
	change := Change{Head: head, Decoration: head.Spec.DecorationConfig, Defaults: head.Spec.ProwJobDefault}
	if f := Judge(Config{}, change); !f.Zero() {
		t.Errorf("asks for %+v", f.Asks)
	}
	head = job(t, "prowjob_defaults: {tenant_id: "+config.DefaultTenantID+"}")
	if f := judge(t, Config{}, head); !f.Zero() {
		t.Errorf("Prow's own default asks for %+v", f.Asks)
	}
}
