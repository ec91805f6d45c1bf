package gate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
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
				if a.Value == "" || a.Path == "" || rules[a.Rule] == "" {
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

func TestLists(t *testing.T) {
	secret := "pod_spec: {volumes: [{name: v, secret: {secretName: public-a}}]}"
	for name, tc := range map[string]struct {
		config Config
		head   string
		want   []string
	}{
		"cluster":                     {Config{Clusters: []string{"build*"}}, "cluster: build01", nil},
		"not that cluster":            {Config{Clusters: []string{"build*"}}, "cluster: vault", []string{ruleCluster}},
		"default is not listed then":  {Config{Clusters: []string{"build*"}}, "", []string{ruleCluster}},
		"service account":             {Config{ServiceAccounts: []string{"ci"}}, "pod_spec: {serviceAccountName: ci}", nil},
		"secret":                      {Config{Secrets: []string{"public-*"}}, secret, nil},
		"not the beginning of a name": {Config{Secrets: []string{"public"}}, secret, []string{ruleSecret}},
		"a key of it":                 {Config{Secrets: []string{"public-*"}}, "pod_spec: {containers: [{name: c, image: a, env: [{name: E, valueFrom: {secretKeyRef: {name: public-a, key: k}}}]}]}", nil},
		"a key like the name":         {Config{Secrets: []string{"public-*"}}, "pod_spec: {containers: [{name: c, image: a, env: [{name: E, valueFrom: {secretKeyRef: {name: x, key: public-a}}}]}]}", []string{ruleSecret}},
		"registry":                    {Config{ImageRegistries: []string{"quay.io/acme"}}, "pod_spec: {containers: [{name: c, image: 'quay.io/acme/x:1'}]}", nil},
		"registry that begins alike":  {Config{ImageRegistries: []string{"quay.io/acme"}}, "pod_spec: {containers: [{name: c, image: 'quay.io/acme-evil/x:1'}]}", []string{ruleImage}},
		"registry of another host":    {Config{ImageRegistries: []string{"quay.io"}}, "pod_spec: {containers: [{name: c, image: 'quay.io.evil.example/x'}]}", []string{ruleImage}},
		"another port":                {Config{ImageRegistries: []string{"quay.io"}}, "pod_spec: {containers: [{name: c, image: 'quay.io:444/x'}]}", []string{ruleImage}},
		"short name":                  {Config{ImageRegistries: []string{"docker.io/library"}}, "", nil},
		"digest":                      {Config{ImageRegistries: []string{"quay.io/acme"}}, "pod_spec: {containers: [{name: c, image: 'quay.io/acme/x@sha256:0'}]}", nil},
		"in an init container":        {Config{ImageRegistries: []string{"docker.io"}}, "pod_spec: {initContainers: [{name: c, image: evil.example/x}]}", []string{ruleImage}},
		"ConfigMap":                   {Config{ConfigMaps: []string{"step-*"}}, "pod_spec: {volumes: [{name: v, configMap: {name: other}}]}", []string{ruleConfigMap}},
		"repository":                  {Config{Repositories: []string{"acme/widget", "acme/x"}}, "extra_refs: [{org: acme, repo: x}]\ndecoration_config: {ssh_key_secrets: [k]}", []string{ruleDecoration}},
		"device":                      {Config{Devices: []string{"nvidia.com/gpu"}}, "pod_spec: {containers: [{name: c, image: a, resources: {limits: {nvidia.com/gpu: '8'}}}]}", nil},
		"resources":                   {Config{MaxResources: quantities("memory=3Gi")}, "pod_spec: {initContainers: [{name: i, image: a, resources: {limits: {memory: 2Gi}}}]}", []string{ruleResources}},
		"resources of one container":  {Config{MaxResources: quantities("memory=3Gi,cpu=1")}, "", nil},
		"longer":                      {Config{MaxTimeout: 30 * 3600e9}, "decoration_config: {timeout: 25h}", nil},
		"pull secret":                 {Config{Secrets: []string{"s"}}, "pod_spec: {imagePullSecrets: [{name: s}]}", nil},
		"proposal of a repository":    {Config{Repositories: []string{"acme/*"}}, cloned("base_ref: refs/pull/6/head"), []string{ruleCheckout, ruleDecoration}},
		"not decorated":               {Config{MaxTimeout: 3600e9}, "decoration_config: null", []string{ruleTimeout}},
		"a decoration without":        {Config{MaxTimeout: 3600e9}, "decoration_config: {timeout: null}", []string{ruleTimeout}},
		"not decorated, but bounded":  {Config{MaxTimeout: 3600e9}, "decoration_config: null\npod_spec: {activeDeadlineSeconds: 60}", nil},
		"resources of Prow's own":     {Config{MaxResources: quantities("cpu=4")}, "decoration_config: {resources: {sidecar: {requests: {cpu: '500'}}}}", []string{ruleResources}},
		"shorter":                     {Config{MaxTimeout: 3600e9}, "", []string{ruleTimeout}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := kinds(judge(t, tc.config, job(t, tc.head))); !slices.Equal(got, tc.want) {
				t.Errorf("asks for %q, want %q", got, tc.want)
			}
		})
	}
}

func quantities(s string) map[string]resource.Quantity {
	out := map[string]resource.Quantity{}
	for _, pair := range strings.Split(s, ",") {
		name, amount, _ := strings.Cut(pair, "=")
		out[name] = resource.MustParse(amount)
	}
	return out
}

func TestLabelsAndAnnotations(t *testing.T) {
	head := job(t)
	head.Labels = map[string]string{"preset-x": "true", "app": "boskos", "ci.openshift.io/generator": "prowgen"}
	head.Annotations = map[string]string{"description": "d", "testgrid-dashboards": "x", "k8s.v1.cni.cncf.io/networks": "host"}
	if got := kinds(judge(t, Config{}, head)); !slices.Equal(got, []string{ruleAnnotation, ruleLabel}) {
		t.Errorf("asks for %q", got)
	}
	if f := judge(t, Config{Labels: []string{"app"}, Annotations: []string{"k8s.v1.cni.*/networks"}}, head); !f.Zero() {
		t.Errorf("asks for %+v", f)
	}
	chosen := job(t)
	chosen.Labels = map[string]string{"capability/intranet": "intranet"}
	if got := kinds(judge(t, Config{}, chosen)); !slices.Equal(got, []string{ruleLabel}) {
		t.Errorf("a label that chooses the cluster asks for %q", got)
	}
	base := job(t)
	base.Labels = map[string]string{"app": "other"}
	base.Annotations = head.Annotations
	if f := judge(t, Config{}, head, base); len(f.Asks) != 1 || f.Asks[0].Value != "app=boskos" {
		t.Errorf("another value asks for %+v", f.Asks)
	}
}

func TestExclusions(t *testing.T) {
	mark := func(labels, annotations map[string]string) Job {
		j := job(t)
		j.Labels, j.Annotations = labels, annotations
		return j
	}
	in, restricted := map[string]string{"in": "true"}, map[string]string{"rehearsal.restricted": "true"}
	hidden := job(t)
	hidden.Hidden = true
	required := Config{Required: []string{"in=true", "also"}}
	for name, tc := range map[string]struct {
		config Config
		head   Job
		base   []Job
		want   string
		fresh  bool
	}{
		"nothing":                      {Config{}, job(t), []Job{job(t)}, "", false},
		"restricted by the head":       {Config{}, mark(nil, restricted), []Job{job(t)}, "restricted: the pull request", false},
		"restricted by base":           {Config{}, job(t), []Job{mark(restricted, nil)}, "restricted: the base branch", false},
		"by one of base":               {Config{}, job(t), []Job{job(t), mark(nil, restricted)}, "restricted: the base branch", false},
		"restricted by another mark":   {Config{Restricted: []string{"no"}}, mark(map[string]string{"no": ""}, nil), nil, "restricted", false},
		"with another value":           {Config{}, mark(map[string]string{"rehearsal.restricted": "false"}, nil), []Job{job(t)}, "", false},
		"hidden by the head":           {Config{}, hidden, []Job{job(t)}, "hidden: the pull request", false},
		"hidden at base":               {Config{}, job(t), []Job{hidden}, "hidden: the base branch", false},
		"opted in at base":             {required, mark(in, nil), []Job{mark(in, nil)}, "", false},
		"by annotation, and the other": {required, mark(nil, map[string]string{"also": ""}), []Job{mark(in, nil)}, "", false},
		"opted in by the head alone":   {required, mark(in, nil), []Job{job(t)}, "not opted in: it needs the label or annotation in=true or also on the base branch", false},
		"by one of two":                {required, mark(in, nil), []Job{mark(in, nil), job(t)}, "not opted in", false},
		"opted out by the head":        {required, job(t), []Job{mark(in, nil)}, "not opted in", false},
		"new and opted in":             {required, mark(in, nil), nil, "", true},
		"new and not":                  {required, job(t), nil, "not opted in", false},
		"new":                          {Config{}, job(t), nil, "", false},
		"new, to be approved":          {Config{NewJobs: NewJobsApprove}, job(t), nil, "", true},
		"not new":                      {Config{NewJobs: NewJobsApprove}, job(t), []Job{job(t)}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			f := judge(t, tc.config, tc.head, tc.base...)
			if !strings.HasPrefix(f.Excluded, tc.want) || (f.Excluded == "") != (tc.want == "") {
				t.Errorf("excluded: %q, want %q", f.Excluded, tc.want)
			}
			if (f.New != "") != tc.fresh {
				t.Errorf("new: %q", f.New)
			}
		})
	}
	t.Run("sheds", func(t *testing.T) {
		if f := Judge(Config{}, Change{Head: job(t), Sheds: "deploy"}); !strings.Contains(f.New, "deploy") {
			t.Errorf("found %+v", f)
		}
	})
}

func TestMalformedCheckouts(t *testing.T) {
	for _, ref := range []string{
		"clone_uri: 'file:///etc'", "clone_uri: 'ext::sh -c id'", "clone_uri: 'ext::sh'", "clone_uri: --upload-pack=id",
		"clone_uri: /etc", "clone_uri: '../x'", "clone_uri: 'git://host/x'", "clone_uri: 'https://'", "clone_uri: 'ssh://-oProxyCommand=id/x'",
		"clone_uri: '-oProxyCommand=id@host:x'", "clone_uri: \"https://a/b\\nc\"", "repo_link: 'file:///x'",
		"base_ref: --upload-pack=id", "base_ref: +main", "base_ref: 'a:refs/heads/b'", "base_sha: -x", "path_alias: ../../tools", "path_alias: /etc", "base_ref: 'a b'",
		"pulls: [{number: 1, author: a, sha: -x}]", "pulls: [{number: 1, author: a, sha: a, ref: --exec=id}]",
	} {
		f := judge(t, Config{}, job(t, "extra_refs: [{org: a, repo: b, "+ref+"}]"), job(t))
		if !strings.HasPrefix(f.Excluded, "checkout: extra_refs[0].") {
			t.Errorf("%s: %+v", ref, f)
		}
		if f := judge(t, Config{}, job(t, "refs: {"+ref+"}")); !strings.HasPrefix(f.Excluded, "checkout: refs.") {
			t.Errorf("refs %s: %+v", ref, f)
		}
	}
	for _, name := range []string{"org: ..", "repo: ../x", "org: -x"} {
		ref := map[string]string{"org: ..": "{repo: b, org: ..}", "repo: ../x": "{org: a, repo: ../x}", "org: -x": "{repo: b, org: -x}"}[name]
		if f := judge(t, Config{}, job(t, "extra_refs: ["+ref+"]")); f.Excluded == "" {
			t.Errorf("%s is let through", name)
		}
	}
}

// TestDigest: it is of everything that is asked for, and of whose it is.
func TestDigest(t *testing.T) {
	ask := func(value string) Finding { return Finding{Asks: []Ask{{Rule: ruleSecret, Path: "p", Value: value}}} }
	if got := Digest(map[string]Finding{"a": {}, "b": {Excluded: "x"}}); got != "" {
		t.Errorf("nothing asked for gives %q", got)
	}
	seen := map[string]string{}
	for name, findings := range map[string]map[string]Finding{
		"a": {"a": ask("1")}, "b": {"b": ask("1")}, "other": {"a": ask("2")}, "both": {"a": ask("1"), "b": ask("1")},
	} {
		d := Digest(findings)
		if d == "" || seen[d] != "" {
			t.Errorf("%s has the digest of %q", name, seen[d])
		}
		seen[d] = name
	}
	if got := ask("1").Beyond(ask("2")); len(got) != 1 {
		t.Errorf("beyond: %v", got)
	}
	if got := ask("1").Beyond(ask("1")); len(got) != 0 {
		t.Errorf("beyond: %v", got)
	}
}

func TestPrivileged(t *testing.T) {
	if Privileged(job(t)) {
		t.Error("a plain job counts as privileged")
	}
	for _, name := range []string{"host path", "privileged", "service account", "secret volume", "host network", "cluster", "a field nobody looked at"} {
		spec := strings.ReplaceAll(asking[name].spec, "CONTAINER", "containers")
		if !Privileged(job(t, spec)) {
			t.Errorf("%s does not count", name)
		}
	}
}

func TestOwnConfigMaps(t *testing.T) {
	head := job(t, "pod_spec: {volumes: [{name: v, configMap: {name: ours}}]}")
	head.OwnConfigMaps = []string{"ours"}
	if f := judge(t, Config{ConfigMaps: []string{"x"}}, head, job(t)); !f.Zero() {
		t.Errorf("found %+v", f)
	}
}

func TestValidate(t *testing.T) {
	if err := Defaults().Validate(); err != nil {
		t.Error(err)
	}
	for want, c := range map[string]Config{
		`new_jobs: "maybe"`:                      {NewJobs: "maybe"},
		`clusters[1]: "a b"`:                     {Clusters: []string{"a", "a b"}},
		`clusters[1]: "a" is listed twice`:       {Clusters: []string{"a", "a"}},
		`secrets[0]: ""`:                         {Secrets: []string{""}},
		`required[0]: "=true"`:                   {Required: []string{"=true"}},
		`restricted[0]: "a b"`:                   {Restricted: []string{"a b"}},
		`restricted[0]: "testgrid-x" is`:         {Restricted: []string{"testgrid-x"}},
		`image_registries[0]: "quay.io/x@sha"`:   {ImageRegistries: []string{"quay.io/x@sha"}},
		`image_registries[0]: "https://quay.io"`: {ImageRegistries: []string{"https://quay.io"}},
		`repositories[0]: "acme"`:                {Repositories: []string{"acme"}},
		`max_timeout: -1`:                        {MaxTimeout: -1},
		`max_resources.cpu: 0`:                   {MaxResources: quantities("cpu=0")},
		`max_resources: "a b"`:                   {MaxResources: quantities("a b=1")},
	} {
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: %v, want %s…", c, err, want)
		}
	}
}

// TestEveryFieldIsDecidedUpon: the fields that this Kubernetes and Prow have and
// that no handler is for, hence are asked for, are these. A new one has to be
// looked at.
func TestEveryFieldIsDecidedUpon(t *testing.T) {
	want := []string{"pod_spec.container[].env[].valueFrom.fileKeyRef", "pod_spec.schedulingGroup"}
	if got := undecided(t); !slices.Equal(got, want) {
		t.Errorf("undecided fields %q, want %q", got, want)
	}
}

func FuzzAsks(f *testing.F) {
	for _, tc := range asking {
		for _, kind := range containerKinds {
			f.Add(strings.ReplaceAll(tc.spec, "CONTAINER", kind), "")
		}
	}
	f.Add("", "pod_spec: {hostNetwork: true}")
	f.Fuzz(func(t *testing.T, head, base string) {
		var before, after prowapi.ProwJobSpec
		if yaml.Unmarshal([]byte(head), &after) != nil || yaml.Unmarshal([]byte(base), &before) != nil {
			return
		}
		h, b := Job{Spec: after}, Job{Spec: before}
		if f := Judge(Config{}, Change{Head: h, Base: []Job{h}}); len(f.Asks) > 0 {
			t.Fatalf("the same job asks for %+v", f.Asks)
		}
		finding := Judge(Config{}, Change{Head: h, Base: []Job{b}})
		if finding.Excluded != "" {
			return
		}
		for _, grave := range gravest(after.PodSpec) {
			if slices.Contains(gravest(before.PodSpec), grave) {
				continue
			}
			if len(finding.Asks) == 0 {
				t.Fatalf("%s is let through", grave)
			}
		}
	})
}

// gravest lists, in another way than the gate, what must never be overlooked.
func gravest(pod *corev1.PodSpec) []string {
	if pod == nil {
		return nil
	}
	var out []string
	add := func(is bool, format string, args ...any) {
		if is {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	add(pod.HostNetwork, "network")
	add(pod.HostPID, "pid")
	add(pod.HostIPC, "ipc")
	add(pod.ServiceAccountName != "", "account %s", pod.ServiceAccountName)
	add(pod.NodeName != "", "node %s", pod.NodeName)
	for _, v := range pod.Volumes {
		add(v.HostPath != nil, "host path %v", v.HostPath)
		add(v.Secret != nil, "secret %v", v.Secret)
		add(v.CSI != nil, "csi %v", v.CSI)
	}
	containers := slices.Concat(pod.InitContainers, pod.Containers)
	for _, e := range pod.EphemeralContainers {
		containers = append(containers, corev1.Container(e.EphemeralContainerCommon))
	}
	for _, c := range containers {
		for _, from := range c.EnvFrom {
			add(from.SecretRef != nil, "environment %v", from.SecretRef)
		}
		if sc := c.SecurityContext; sc != nil {
			add(sc.Privileged != nil && *sc.Privileged, "privileged")
			if sc.Capabilities != nil {
				for _, name := range sc.Capabilities.Add {
					add(true, "capability %s", name)
				}
			}
		}
	}
	return out
}
