// Package hostile has job configurations that request what they must not get, and harmless
// ones beside them, each with the expected result. They are pull requests on a config
// repository, to be taken all the way from git to ProwJobs.
package hostile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/gate"
)

// Paths in the config repositories.
const (
	ProwConfig = "prow/config.yaml"
	Jobs       = "jobs"
	mainFile   = Jobs + "/acme/widget/widget.yaml"
)

// Target is the repository that the jobs are for.
const Target = "acme/widget"

// Pull is a pull request, with the files of base and head. A path that is not in head is
// removed.
type Pull struct {
	Name       string
	Base, Head map[string]string
	Gates      gate.Config
	Cases      []Case
}

// Case is a job after the merge and the expected result.
type Case struct {
	Job string
	// Want is Runs, Refused, the start of the rule that excludes the job, or the kind of
	// privilege for which it is held.
	Want string
}

const (
	// Runs is the result for harmless jobs.
	Runs = "runs"
	// Refused is the result for jobs that Prow itself does not load.
	Refused = "refused"
	// New is the result for jobs that wait for an approval of the head.
	New = "new"
)

// fragment is a part of a job and the kind of privilege that it requests. CONTAINER stands
// for each kind of container that Prow accepts: those of the job, and init containers that
// keep running beside them.
type fragment struct{ name, yaml, want string }

var fragments = []fragment{
	{"cluster", "cluster: build01", "cluster"},
	{"yes", "spec: {hostNetwork: yes}", "host"},
	{"escaped", "spec: {\"\\u0068ostPID\": true}", "host"},
	{"binary", "spec: {serviceAccountName: !!binary ZGVwbG95ZXI=}", "service account"},
	{"decoration-tolerates", "decoration_config: {scheduling_options: {tolerations: [{operator: Exists}]}}", "decoration"},
	{"decoration-repels", "decoration_config: {scheduling_options: {affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: zone}]}}}}", "decoration"},
	{"label-prow", "labels: {prow.k8s.io/refs.org: other}", "label"},
	{"label-tide", "labels: {created-by-tide: 'true'}", "label"},
	{"annotation-gerrit", "annotations: {prow.k8s.io/gerrit-instance: 'https://evil.example'}", "annotation"},
	{"annotation-evict", "annotations: {cluster-autoscaler.kubernetes.io/safe-to-evict: 'false'}", "annotation"},
	{"never-stops", "decoration_config: {timeout: -1h}", "time-out"},
	{"stops-never", "spec: {terminationGracePeriodSeconds: -5}", "time-out"},
	{"deadline-overflow", "spec: {activeDeadlineSeconds: 9223372036854775807}", "time-out"},
	{"device-of-the-pod", "spec: {resources: {limits: {nvidia.com/gpu: '1'}}}", "device"},
	{"cluster-trick", "cluster: Default", "cluster"},
	{"account", "spec: {serviceAccountName: deployer}", "service account"},
	{"account-old-name", "spec: {serviceAccount: deployer}", "service account"},
	{"account-no-token", "spec: {serviceAccountName: deployer, automountServiceAccountToken: false}", "service account"},
	{"token", "spec: {automountServiceAccountToken: true}", "service account token"},
	{"token-projected", "spec: {volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t, audience: vault}}]}}]}", "service account token"},
	{"secret-volume", "spec: {volumes: [{name: v, secret: {secretName: cloud}}]}", "secret"},
	{"secret-item", "spec: {volumes: [{name: v, secret: {secretName: cloud, items: [{key: k, path: p}]}}]}", "secret"},
	{"secret-optional", "spec: {volumes: [{name: v, secret: {secretName: cloud, optional: true}}]}", "secret"},
	{"secret-projected", "spec: {volumes: [{name: v, projected: {sources: [{secret: {name: cloud}}]}}]}", "secret"},
	{"secret-projected-behind", "spec: {volumes: [{name: v, projected: {sources: [{configMap: {name: c}}, {downwardAPI: {}}, {secret: {name: cloud}}]}}]}", "secret"},
	{"secret-env", "spec: {CONTAINER: [{CENTER, env: [{name: A, value: b}, {name: E, valueFrom: {secretKeyRef: {name: cloud, key: k}}}]}]}", "secret"},
	{"secret-envfrom", "spec: {CONTAINER: [{CENTER, envFrom: [{configMapRef: {name: c}}, {secretRef: {name: cloud}}]}]}", "secret"},
	{"secret-envfrom-optional", "spec: {CONTAINER: [{CENTER, envFrom: [{prefix: P_, secretRef: {name: cloud, optional: true}}]}]}", "secret"},
	{"secret-pull", "spec: {imagePullSecrets: [{name: cloud}]}", "pull secret"},
	{"volume-csi", "spec: {volumes: [{name: v, csi: {driver: secrets-store.csi.k8s.io, readOnly: true, volumeAttributes: {secretProviderClass: c}}}]}", "volume"},
	{"volume-csi-secret", "spec: {volumes: [{name: v, csi: {driver: d, nodePublishSecretRef: {name: cloud}}}]}", "volume"},
	{"volume-claim", "spec: {volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]}", "volume"},
	{"volume-ephemeral", "spec: {volumes: [{name: v, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}}]}", "volume"},
	{"volume-nfs", "spec: {volumes: [{name: v, nfs: {server: s, path: /}}]}", "volume"},
	{"volume-iscsi", "spec: {volumes: [{name: v, iscsi: {targetPortal: p, iqn: i, lun: 0}}]}", "volume"},
	{"volume-gitrepo", "spec: {volumes: [{name: v, gitRepo: {repository: 'https://evil.example/x'}}]}", "volume"},
	{"volume-flex", "spec: {volumes: [{name: v, flexVolume: {driver: d}}]}", "volume"},
	{"volume-aws", "spec: {volumes: [{name: v, awsElasticBlockStore: {volumeID: x}}]}", "volume"},
	{"volume-image", "spec: {volumes: [{name: v, image: {reference: evil.example/x}}]}", "volume"},
	{"volume-bundle", "spec: {volumes: [{name: v, projected: {sources: [{clusterTrustBundle: {name: b, path: p}}]}}]}", "volume"},
	{"volume-certificate", "spec: {volumes: [{name: v, projected: {sources: [{podCertificate: {signerName: a/b, keyType: ED25519}}]}}]}", "volume"},
	{"volume-device", "spec: {CONTAINER: [{CENTER, volumeDevices: [{name: v, devicePath: /dev/x}]}]}", "volume"},
	{"host-path", "spec: {volumes: [{name: v, hostPath: {path: /}}]}", "host path"},
	{"host-path-socket", "spec: {volumes: [{name: v, hostPath: {path: /run/containerd/containerd.sock, type: Socket}}]}", "host path"},
	{"host-path-mounted", "spec: {volumes: [{name: v, hostPath: {path: /etc}}], containers: [{CENTER, volumeMounts: [{name: v, mountPath: /x, readOnly: true}]}]}", "host path"},
	{"host-network", "spec: {hostNetwork: true}", "host"},
	{"host-network-dns", "spec: {hostNetwork: true, dnsPolicy: ClusterFirstWithHostNet}", "host"},
	{"host-network-case", "spec: {HostNetwork: true}", "host"},
	{"host-pid", "spec: {hostPID: true}", "host"},
	{"host-pid-case", "spec: {hostpid: true}", "host"},
	{"host-ipc", "spec: {hostIPC: true}", "host"},
	{"host-port", "spec: {CONTAINER: [{CENTER, ports: [{containerPort: 80, hostPort: 80}]}]}", "host"},
	{"host-address", "spec: {CONTAINER: [{CENTER, ports: [{containerPort: 80, hostIP: 127.0.0.1}]}]}", "host"},
	{"aliases", "spec: {hostAliases: [{ip: 10.0.0.1, hostnames: [storage.googleapis.com]}]}", "name resolution"},
	{"name-servers", "spec: {dnsPolicy: None, dnsConfig: {nameservers: [10.0.0.1]}}", "name resolution"},
	{"host-name", "spec: {hostname: minio}", "name resolution"},
	{"host-name-override", "spec: {hostnameOverride: storage.googleapis.com}", "name resolution"},
	{"search-domains", "spec: {dnsConfig: {searches: [evil.example]}}", "name resolution"},
	{"shared-processes", "spec: {shareProcessNamespace: true}", "shared processes"},
	{"privileged", "spec: {CONTAINER: [{CENTER, securityContext: {privileged: true}}]}", "privileged"},
	{"privileged-case", "spec: {CONTAINER: [{CENTER, SecurityContext: {Privileged: true}}]}", "privileged"},
	{"escalation", "spec: {CONTAINER: [{CENTER, securityContext: {allowPrivilegeEscalation: true}}]}", "privileged"},
	{"propagation", "spec: {volumes: [{name: v, emptyDir: {}}], CONTAINER: [{CENTER, volumeMounts: [{name: v, mountPath: /x, mountPropagation: Bidirectional}]}]}", "privileged"},
	{"capability", "spec: {CONTAINER: [{CENTER, securityContext: {capabilities: {add: [SYS_ADMIN]}}}]}", "capability"},
	{"capability-drop-too", "spec: {CONTAINER: [{CENTER, securityContext: {capabilities: {drop: [ALL], add: [NET_RAW]}}}]}", "capability"},
	{"capability-all", "spec: {CONTAINER: [{CENTER, securityContext: {capabilities: {add: [ALL]}}}]}", "capability"},
	{"proc-mount", "spec: {CONTAINER: [{CENTER, securityContext: {procMount: Unmasked}}]}", "confinement"},
	{"seccomp", "spec: {CONTAINER: [{CENTER, securityContext: {seccompProfile: {type: Unconfined}}}]}", "confinement"},
	{"seccomp-pod", "spec: {securityContext: {seccompProfile: {type: Localhost, localhostProfile: p}}}", "confinement"},
	{"apparmor", "spec: {CONTAINER: [{CENTER, securityContext: {appArmorProfile: {type: Unconfined}}}]}", "confinement"},
	{"apparmor-pod", "spec: {securityContext: {appArmorProfile: {type: Unconfined}}}", "confinement"},
	{"selinux", "spec: {CONTAINER: [{CENTER, securityContext: {seLinuxOptions: {type: spc_t}}}]}", "confinement"},
	{"selinux-pod", "spec: {securityContext: {seLinuxOptions: {level: 's0:c0'}}}", "confinement"},
	{"windows-host", "spec: {CONTAINER: [{CENTER, securityContext: {windowsOptions: {hostProcess: true}}}]}", "confinement"},
	{"runtime-class", "spec: {runtimeClassName: host}", "confinement"},
	{"sysctl", "spec: {securityContext: {sysctls: [{name: kernel.msgmax, value: '1'}]}}", "sysctl"},
	{"node", "spec: {nodeName: control-plane}", "scheduling"},
	{"toleration", "spec: {tolerations: [{operator: Exists}]}", "scheduling"},
	{"toleration-key", "spec: {tolerations: [{key: node-role.kubernetes.io/control-plane, effect: NoSchedule}]}", "scheduling"},
	{"scheduler", "spec: {schedulerName: mine}", "scheduling"},
	{"priority-class", "spec: {priorityClassName: system-node-critical}", "scheduling"},
	{"priority", "spec: {priority: 1000000}", "scheduling"},
	{"preemption", "spec: {preemptionPolicy: PreemptLowerPriority}", "scheduling"},
	{"gate", "spec: {schedulingGates: [{name: example.com/g}]}", "scheduling"},
	{"overhead", "spec: {overhead: {cpu: '1'}}", "scheduling"},
	{"device", "spec: {CONTAINER: [{CENTER, resources: {limits: {devices.kubevirt.io/kvm: '1'}}}]}", "device"},
	{"device-claim", "spec: {resourceClaims: [{name: r, resourceClaimName: gpu}]}", "device"},
	{"device-container", "spec: {resourceClaims: [{name: r, resourceClaimName: gpu}], CONTAINER: [{CENTER, resources: {claims: [{name: r}]}}]}", "device"},
	{"probe", "spec: {CONTAINER: [{CENTER, livenessProbe: {httpGet: {host: 169.254.169.254, port: 80}}}]}", "probe"},
	{"probe-tcp", "spec: {CONTAINER: [{CENTER, startupProbe: {tcpSocket: {host: 10.0.0.1, port: 80}}}]}", "probe"},
	{"hook", "spec: {CONTAINER: [{CENTER, lifecycle: {postStart: {httpGet: {host: 10.0.0.1, port: 80}}}}]}", "probe"},
	{"hook-stop", "spec: {CONTAINER: [{CENTER, lifecycle: {preStop: {tcpSocket: {host: 10.0.0.1, port: 80}}}}]}", "probe"},
	{"env-file", "spec: {CONTAINER: [{CENTER, env: [{name: E, valueFrom: {fileKeyRef: {volumeName: v, path: p, key: k}}}]}]}", "unknown field"},
	{"group", "spec: {schedulingGroup: {podGroupName: g}}", "unknown field"},
	{"images", "decoration_config: {utility_images: {sidecar: evil.example/sidecar}}", "decoration"},
	{"images-clone", "decoration_config: {utility_images: {clonerefs: evil.example/clonerefs}}", "decoration"},
	{"images-init", "decoration_config: {utility_images: {initupload: evil.example/i}}", "decoration"},
	{"images-entry", "decoration_config: {utility_images: {entrypoint: evil.example/e}}", "decoration"},
	{"bucket", "decoration_config: {gcs_configuration: {bucket: theirs}}", "decoration"},
	{"bucket-path", "decoration_config: {gcs_configuration: {path_prefix: pr-logs/other}}", "decoration"},
	{"bucket-strategy", "decoration_config: {gcs_configuration: {path_strategy: single, default_org: x, default_repo: z}}", "decoration"},
	{"output-dir", "decoration_config: {gcs_configuration: {local_output_dir: /output}}", "decoration"},
	{"upload-credentials", "decoration_config: {gcs_credentials_secret: theirs}", "decoration"},
	{"s3-credentials", "decoration_config: {s3_credentials_secret: theirs}", "decoration"},
	{"default-account", "decoration_config: {default_service_account_name: deployer}", "decoration"},
	{"ssh-keys", "decoration_config: {ssh_key_secrets: [deploy-key]}", "decoration"},
	{"ssh-hosts", "decoration_config: {ssh_host_fingerprints: ['evil.example ssh-rsa AAAA']}", "decoration"},
	{"cookies", "decoration_config: {cookiefile_secret: cookies}", "decoration"},
	{"oauth", "decoration_config: {oauth_token_secret: {name: oauth, key: token}}", "decoration"},
	{"app-key", "decoration_config: {github_app_id: '1', github_app_private_key_secret: {name: app, key: pem}, github_api_endpoints: ['https://evil.example']}", "decoration"},
	{"censoring", "decoration_config: {censor_secrets: false}", "censoring"},
	{"censoring-less", "decoration_config: {censoring_options: {exclude_directories: ['**']}}", "censoring"},
	{"long", "decoration_config: {timeout: 240h}", "time-out"},
	{"long-pod", "decoration_config: {pod_running_timeout: 240h}", "time-out"},
	{"long-deadline", "spec: {activeDeadlineSeconds: 9000000}", "time-out"},
	{"slow-stop", "decoration_config: {grace_period: 1000h}", "time-out"},
	{"slow-stop-pod", "spec: {terminationGracePeriodSeconds: 315360000}", "time-out"},
	{"decoration-device", "decoration_config: {resources: {sidecar: {limits: {nvidia.com/gpu: '8'}}}}", "device"},
	{"queue", "job_queue_name: release", "queue"},
	{"reports", "prowjob_defaults: {resultstore_config: {project_id: theirs}}", "reports"},
	{"tenant", "prowjob_defaults: {tenant_id: theirs}", "reports"},
	{"repels", "spec: {affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: topology.kubernetes.io/region, labelSelector: {}}]}}}", "scheduling"},
	{"label-cluster", "labels: {capability/intranet: intranet}", "label"},
	{"refspec", "extra_refs: [{org: acme, repo: other, base_ref: '+main:refs/heads/x'}]", "checkout:"},
	{"clone-https", "extra_refs: [{org: acme, repo: other, base_ref: main, clone_uri: 'https://evil.example/x.git'}]", "clone address"},
	{"clone-ssh", "extra_refs: [{org: acme, repo: other, base_ref: main, clone_uri: 'git@evil.example:x.git'}]", "clone address"},
	{"clone-link", "extra_refs: [{org: acme, repo: other, base_ref: main, repo_link: 'https://evil.example/x'}]", "clone address"},
	{"clone-own", "clone_uri: 'https://evil.example/widget.git'", "clone address"},
	{"clone-gerrit", "extra_refs: [{org: acme, repo: other, base_ref: main, clone_uri: 'ssh://evil.example/x'}]", "clone address"},
	{"clone-file", "extra_refs: [{org: acme, repo: other, base_ref: main, clone_uri: 'file:///etc'}]", "checkout:"},
	{"clone-ext", "extra_refs: [{org: acme, repo: other, base_ref: main, clone_uri: 'ext::sh -c id'}]", "checkout:"},
	{"clone-option", "extra_refs: [{org: acme, repo: other, base_ref: main, clone_uri: --upload-pack=id}]", "checkout:"},
	{"clone-proxy", "extra_refs: [{org: acme, repo: other, base_ref: main, clone_uri: 'ssh://-oProxyCommand=id/x'}]", "checkout:"},
	{"clone-path", "extra_refs: [{org: acme, repo: other, base_ref: main, clone_uri: ../../x}]", "checkout:"},
	{"clone-own-file", "clone_uri: 'file:///etc'", "checkout:"},
	{"ref-option", "extra_refs: [{org: acme, repo: other, base_ref: --upload-pack=id}]", "checkout:"},
	{"sha-option", "extra_refs: [{org: acme, repo: other, base_ref: main, base_sha: --exec=id}]", "checkout:"},
	{"alias-out", "extra_refs: [{org: acme, repo: other, base_ref: main, path_alias: ../../../tools}]", "checkout:"},
	{"alias-absolute", "extra_refs: [{org: acme, repo: other, base_ref: main, path_alias: /etc}]", "checkout:"},
	{"alias-own", "path_alias: ../../../tools", "checkout:"},
	{"pull-option", "extra_refs: [{org: acme, repo: other, base_ref: main, pulls: [{number: 1, author: a, sha: --exec=id}]}]", "checkout:"},
	{"label-app", "labels: {app: boskos}", "label"},
	{"label-network", "labels: {networking.example.com/egress: all}", "label"},
	{"label-admission", "labels: {admission.example.com/ignore: 'true'}", "label"},
	{"annotation-network", "annotations: {k8s.v1.cni.cncf.io/networks: host}", "annotation"},
	{"annotation-iam", "annotations: {iam.amazonaws.com/role: admin}", "annotation"},
	{"annotation-apparmor", "annotations: {container.apparmor.security.beta.kubernetes.io/test: unconfined}", "annotation"},
	{"annotation-vault", "annotations: {vault.hashicorp.com/agent-inject: 'true'}", "annotation"},
	{"restricted-label", "labels: {rehearsal.restricted: 'true'}", "restricted: the pull request"},
	{"restricted-annotation", "annotations: {rehearsal.dev/restricted: 'true'}", "restricted: the pull request"},
	{"hidden", "hidden: true", "hidden: "},
	{"preset", "labels: {preset-cloud: 'true'}", "secret"},
	{"preset-two", "labels: {preset-cloud: 'true', preset-plain: 'true'}", "secret"},
	{"preset-of-the-pull", "labels: {preset-fresh: 'true'}", "secret"},
}

// harmless are changes that anybody may make.
var harmless = []fragment{
	{"image", "spec: {containers: [{name: test, image: quay.io/any/thing:1, command: [make]}]}", ""},
	{"command", "spec: {containers: [{name: test, image: alpine, command: [make, check]}]}", ""},
	{"env", "spec: {containers: [{CENTER, env: [{name: A, value: changed}, {name: NODE, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]}]}", ""},
	{"memory", "spec: {containers: [{CENTER, resources: {requests: {memory: 8Gi}}}]}", ""},
	{"empty-dir", "spec: {volumes: [{name: v, emptyDir: {}}], containers: [{CENTER, volumeMounts: [{name: v, mountPath: /x}]}]}", ""},
	{"config-map", "spec: {volumes: [{name: v, configMap: {name: c}}], containers: [{CENTER, volumeMounts: [{name: v, mountPath: /x}]}]}", ""},
	{"confined", "spec: {automountServiceAccountToken: false, containers: [{CENTER, securityContext: {privileged: false, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}", ""},
	{"selector", "spec: {nodeSelector: {disk: fast}, containers: [{CENTER}]}", ""},
	{"timeout", "decoration_config: {timeout: 3h}", ""},
	{"checkout", "extra_refs: [{org: acme, repo: other, base_ref: main}]", ""},
	{"preset-harmless", "labels: {preset-plain: 'true'}", ""},
	{"no-power", "spec: {hostUsers: false, readinessGates: [{conditionType: x}], securityContext: {runAsUser: 0, fsGroup: 0, supplementalGroups: [0]}, topologySpreadConstraints: [{maxSkew: 1, topologyKey: z, whenUnsatisfiable: DoNotSchedule}], containers: [{CENTER}]}", ""},
	{"reporters", "reporter_config: {slack: {channel: x, job_states_to_report: [success], report_template: x}}", ""},
	{"rerun", "rerun_auth_config: {allow_anyone: true}", ""},
	{"sidecar", "spec: {initContainers: [{name: side, image: alpine, restartPolicy: Always}], containers: [{CENTER}]}", ""},
	{"probe-own", "spec: {containers: [{CENTER, readinessProbe: {httpGet: {port: 80}}}]}", ""},
}

const center = "name: test, image: alpine, command: [make], args: [%s]"

const plainConfig = `prowjob_namespace: prow
pod_namespace: test-pods
plank:
  job_queue_capacities: {release: 1}
  default_decoration_config_entries:
  - config:
      timeout: 2h
      grace_period: 10s
      utility_images: {clonerefs: c, initupload: i, entrypoint: e, sidecar: s}
      gcs_configuration: {bucket: logs, path_strategy: explicit}
      gcs_credentials_secret: upload
      censor_secrets: true
`

const plainPresets = `presets:
- labels: {preset-cloud: "true"}
  env: [{name: CLOUD, value: /cloud}]
  volumes: [{name: cloud, secret: {secretName: cloud}}]
  volumeMounts: [{name: cloud, mountPath: /cloud}]
- labels: {preset-plain: "true"}
  env: [{name: PLAIN, value: "1"}]
`

const freshPresets = `- labels: {preset-fresh: "true"}
  env: [{name: CLOUD, valueFrom: {secretKeyRef: {name: cloud, key: k}}}]
`

// job writes a presubmit as an item of a list.
func job(name, part, word string) string {
	part = strings.ReplaceAll(part, "CENTER", fmt.Sprintf(center, word))
	lines := []string{"  - name: " + name, "    decorate: true", "    branches: [main]"}
	if !strings.Contains(part, "spec:") {
		lines = append(lines, "    spec: {containers: [{"+fmt.Sprintf(center, word)+"}]}")
	}
	if strings.HasPrefix(part, "spec: {") && !strings.Contains(part, "containers:") {
		part = "spec: {containers: [{" + fmt.Sprintf(center, word) + "}], " + strings.TrimPrefix(part, "spec: {")
	}
	if part != "" {
		lines = append(lines, "    "+part)
	}
	return strings.Join(lines, "\n") + "\n"
}

func presubmits(repo string, jobs ...string) string {
	return "presubmits:\n  " + repo + ":\n" + strings.Join(jobs, "")
}

func files(more map[string]string) map[string]string {
	out := map[string]string{ProwConfig: plainConfig, Jobs + "/presets.yaml": plainPresets, mainFile: presubmits(Target, job("pull-nothing", "", "same"))}
	maps.Copy(out, more)
	return out
}

// Everything is one pull request with every fragment in an existing job and in a new one,
// and with harmless jobs beside them.
func Everything() Pull {
	return everything("everything", slices.Concat(fragments, harmless))
}

// Hostile is a pull request with each fragment once, without harmless ones.
func Hostile() Pull { return everything("hostile", fragments) }

func everything(name string, parts []fragment) Pull {
	p := Pull{Name: name}
	var before, after []string
	for _, f := range parts {
		part := strings.ReplaceAll(f.yaml, "CONTAINER", "containers")
		want := f.want
		if want == "" {
			want = Runs
		}
		edited, fresh := "pull-edited-"+f.name, "pull-new-"+f.name
		before = append(before, job(edited, "", "before"))
		after = append(after, job(edited, part, "after"), job(fresh, part, "after"))
		p.Cases = append(p.Cases, Case{edited, want}, Case{fresh, want})
	}
	p.Base = files(map[string]string{mainFile: presubmits(Target, before...)})
	p.Head = files(map[string]string{mainFile: presubmits(Target, after...), Jobs + "/presets.yaml": plainPresets + freshPresets})
	return p
}

// beside returns the fragments about containers, in an init container that keeps running
// beside the job.
func beside() []fragment {
	var parts []fragment
	for _, f := range fragments {
		if strings.Contains(f.yaml, "CONTAINER") {
			f.name += "-beside"
			f.yaml = strings.Replace(f.yaml, "CONTAINER: [{CENTER", "initContainers: [{name: side, image: alpine, restartPolicy: Always", 1)
			parts = append(parts, f)
		}
	}
	return parts
}

// InParts returns the same in pull requests that are small enough for a plan to keep
// complete jobs.
func InParts() []Pull {
	var pulls []Pull
	for part := range slices.Chunk(slices.Concat(fragments, beside(), harmless), 20) {
		pulls = append(pulls, everything(fmt.Sprintf("part %d", len(pulls)+1), part))
	}
	return pulls
}
