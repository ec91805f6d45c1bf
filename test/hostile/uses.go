package hostile

import (
	"fmt"
	"slices"
	"strings"
)

// use is how a job uses a thing at base and in the pull request, and the expected result.
type use struct{ name, base, head, want string }

// asBaseUses are changes of how a job uses what base grants. The job already has each
// power. Twins that only run show that not every change is a request.
func asBaseUses() []use {
	spec := func(fields string) string {
		if !strings.Contains(fields, "containers:") {
			fields += ", containers: [{CENTER}]"
		}
		return "spec: {" + strings.TrimPrefix(fields, ", ") + "}"
	}
	// mount returns a mount of a volume, with variables on which it may depend.
	mount := func(source, env, how string) string {
		return spec("volumes: [{name: v, " + source + "}], containers: [{CENTER, env: [" + env + "], volumeMounts: [{name: v, mountPath: /v" + how + "}]}]")
	}
	const node, secret, claim = "hostPath: {path: /data}", "secret: {secretName: cloud}", "persistentVolumeClaim: {claimName: c}"
	const byPart = ", subPathExpr: $(PART)"
	sock := func(pod, container string) string {
		return spec("volumes: [{name: v, hostPath: {path: /var/run/docker.sock}}], " + pod + "containers: [{CENTER, securityContext: {" + container + "}, volumeMounts: [{name: v, mountPath: /v}]}]")
	}
	root := func(pod, container string) string {
		return spec(pod + "containers: [{CENTER, securityContext: {privileged: true" + container + "}}]")
	}
	image := func(secrets, image, policy string) string {
		return spec("imagePullSecrets: [" + secrets + "], containers: [{name: test, image: '" + image + "', command: [x], args: [CENTRE]" + policy + "}]")
	}
	token := func(how string) string {
		return spec("serviceAccountName: x, automountServiceAccountToken: false, volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t, " + how + "}}]}}]")
	}
	keys := func(key, path string) string {
		return spec("volumes: [{name: v, secret: {secretName: cloud, items: [{key: " + key + ", path: " + path + "}]}}], containers: [{CENTER, volumeMounts: [{name: v, mountPath: /v}]}]")
	}
	gpu := func(n string) string {
		return spec("containers: [{CENTER, resources: {limits: {nvidia.com/gpu: '" + n + "'}}}]")
	}
	decorated := func(what string) string { return "decoration_config: {" + what + "}" }
	return []use{
		{"part-by-variable", mount(node, "{name: PART, value: mine}", byPart), mount(node, "{name: PART, value: theirs}", byPart), "host path"},
		{"part-by-two-variables", mount(node, "{name: A, value: mine}, {name: PART, value: $(A)}", byPart), mount(node, "{name: A, value: theirs}, {name: PART, value: $(A)}", byPart), "host path"},
		{"part-by-field", mount(node, "{name: PART, value: mine}", byPart), mount(node, "{name: PART, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}", byPart), "host path"},
		{"part-by-config-map", mount(node, "{name: PART, value: mine}", byPart), mount(node, "{name: PART, valueFrom: {configMapKeyRef: {name: c, key: k}}}", byPart), "host path"},
		{"part-by-nothing", mount(node, "{name: PART, value: mine}", byPart), mount(node, "", byPart), "host path"},
		{"part", mount(node, "", ", subPath: mine"), mount(node, "", ", subPath: theirs"), "host path"},
		{"part-all", mount(node, "", ", subPath: mine"), mount(node, "", ""), "host path"},
		{"part-written-out", mount(node, "", ", subPath: mine"), mount(node, "{name: PART, value: theirs}", byPart), "host path"},
		{"part-of-claim", mount(claim, "{name: PART, value: mine}", byPart), mount(claim, "{name: PART, value: theirs}", byPart), "volume"},
		{"part-of-secret", mount(secret, "{name: PART, value: mine}", byPart), mount(secret, "{name: PART, value: theirs}", byPart), "secret"},
		{"part-same", mount(node, "{name: PART, value: mine}, {name: OTHER, value: a}", byPart), mount(node, "{name: PART, value: mine}, {name: OTHER, value: b}", byPart), Runs},
		{"part-of-nothing", mount("emptyDir: {}", "{name: PART, value: mine}", byPart), mount("emptyDir: {}", "{name: PART, value: theirs}", byPart), Runs},
		{"key", keys("a", "p"), keys("b", "p"), "secret"},
		{"key-elsewhere", keys("a", "p"), keys("a", "q"), Runs},
		{"mounted-elsewhere", mount(node, "", ""), strings.Replace(mount(node, "", ""), "mountPath: /v", "mountPath: /usr", 1), "host path"},
		{"secret-elsewhere", mount(secret, "", ""), strings.Replace(mount(secret, "", ""), "mountPath: /v", "mountPath: /usr", 1), Runs},
		{"write", mount(node, "", ", readOnly: true"), mount(node, "", ""), "host path"},
		{"write-below", mount(node, "", ", readOnly: true, recursiveReadOnly: Enabled"), mount(node, "", ", readOnly: true"), "host path"},
		{"write-below-perhaps", mount(node, "", ", readOnly: true, recursiveReadOnly: Enabled"), mount(node, "", ", readOnly: true, recursiveReadOnly: IfPossible"), "host path"},
		{"read", mount(node, "", ""), mount(node, "", ", readOnly: true, recursiveReadOnly: Enabled"), Runs},
		{"propagation", mount(node, "", ", mountPropagation: HostToContainer"), mount(node, "", ", mountPropagation: Bidirectional"), "privileged"},
		{"no-propagation", mount(node, "", ", mountPropagation: HostToContainer"), mount(node, "", ""), Runs},

		{"groups", sock("securityContext: {runAsUser: 1000}, ", ""), sock("securityContext: {runAsUser: 1000, supplementalGroups: [998]}, ", ""), "confinement"},
		{"group-of-files", sock("securityContext: {runAsUser: 1000}, ", ""), sock("securityContext: {runAsUser: 1000, fsGroup: 998}, ", ""), "confinement"},
		{"group", sock("securityContext: {runAsUser: 1000}, ", ""), sock("securityContext: {runAsUser: 1000}, ", "runAsGroup: 998"), "confinement"},
		{"group-dropped", sock("securityContext: {runAsUser: 1000, runAsGroup: 1000}, ", ""), sock("securityContext: {runAsUser: 1000}, ", ""), "confinement"},
		{"user", sock("securityContext: {runAsUser: 1000}, ", ""), sock("securityContext: {runAsUser: 65534}, ", ""), "confinement"},
		{"user-root", sock("", "runAsUser: 1000"), sock("", "runAsUser: 0"), "confinement"},
		{"user-of-image", sock("", "runAsUser: 1000"), sock("", ""), "confinement"},
		{"user-not-root", sock("", "runAsNonRoot: true"), sock("", ""), "confinement"},
		{"groups-of-image", sock("securityContext: {supplementalGroupsPolicy: Strict}, ", ""), sock("", ""), "confinement"},
		{"fewer-groups", sock("securityContext: {runAsUser: 1, supplementalGroups: [1, 2]}, ", ""), sock("securityContext: {runAsUser: 1, supplementalGroups: [1]}, ", ""), Runs},
		{"user-without-power", spec("securityContext: {runAsUser: 1000}"), spec("securityContext: {runAsUser: 1, fsGroup: 2, supplementalGroups: [3]}"), Runs},
		{"decorated-user", decorated("run_as_user: 1000") + "\n    " + sock("", ""), sock("", ""), "confinement"},
		{"decorated-group", decorated("run_as_group: 1000") + "\n    " + sock("", ""), decorated("run_as_group: 998") + "\n    " + sock("", ""), "confinement"},
		{"se-linux", root("", ", seLinuxOptions: {type: container_t}"), root("", ""), "confinement"},
		{"se-linux-other", root("", ", seLinuxOptions: {type: container_t}"), root("", ", seLinuxOptions: {type: spc_t}"), "confinement"},
		{"seccomp", root("", ", seccompProfile: {type: RuntimeDefault}"), root("", ""), "confinement"},
		{"apparmor", root("", ", appArmorProfile: {type: RuntimeDefault}"), root("", ""), "confinement"},
		{"proc-mount", root("hostUsers: false, ", ""), root("hostUsers: false, ", ", procMount: Unmasked"), "confinement"},
		{"root-files", root("", ", readOnlyRootFilesystem: true"), root("", ""), "confinement"},
		{"escalation", sock("", "allowPrivilegeEscalation: false"), sock("", ""), "confinement"},
		{"capabilities", sock("", "capabilities: {drop: [ALL]}"), sock("", ""), "confinement"},
		{"user-namespace", root("hostUsers: false, ", ""), root("", ""), "confinement"},
		{"runtime-class", root("runtimeClassName: kata, ", ""), root("", ""), "confinement"},
		{"nodes", root("nodeSelector: {pool: ci}, ", ""), root("", ""), "confinement"},
		{"neighbours", root("affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {a: b}}}]}}, ", ""), root("", ""), "confinement"},
		{"last-words", root("", ""), strings.Replace(root("", ""), "CENTER", "CENTER, terminationMessagePath: /etc/x", 1), "confinement"},
		{"confined-more", sock("", ""), sock("hostUsers: false, ", "runAsNonRoot: true, capabilities: {drop: [ALL]}"), Runs},
		{"command-of-power", root("", ""), strings.Replace(root("", ""), "CENTER", "CENTER, workingDir: /x, env: [{name: A, value: b}]", 1), Runs},
		{"devices", gpu("1"), gpu("8"), "device"},
		{"fewer-devices", gpu("8"), gpu("1"), Runs},
		{"device-user", strings.Replace(gpu("1"), "CENTER", "CENTER, securityContext: {runAsUser: 1}", 1), strings.Replace(gpu("1"), "CENTER", "CENTER, securityContext: {runAsUser: 0}", 1), "confinement"},
		{"shared", spec("containers: [{CENTER, env: [{name: E, valueFrom: {secretKeyRef: {name: cloud, key: k}}}]}]"), spec("shareProcessNamespace: true, containers: [{CENTER, env: [{name: E, valueFrom: {secretKeyRef: {name: cloud, key: k}}}]}]"), "shared processes"},
		{"claims", spec("resourceClaims: [{name: r, resourceClaimName: one}]"), spec("resourceClaims: [{name: r, resourceClaimName: two}]"), "device"},
		{"token-audience", token("audience: vault"), token("audience: other"), "service account token"},
		{"token-lasting", token("expirationSeconds: 7200"), token("expirationSeconds: 864000"), "service account token"},
		{"token-short", token("expirationSeconds: 7200"), token("expirationSeconds: 600"), Runs},
		{"port", spec("containers: [{CENTER, ports: [{containerPort: 80, hostPort: 80}]}]"), spec("containers: [{CENTER, ports: [{containerPort: 80, hostPort: 81}]}]"), "host"},
		{"port-protocol", spec("containers: [{CENTER, ports: [{containerPort: 80, hostPort: 80}]}]"), spec("containers: [{CENTER, ports: [{containerPort: 80, hostPort: 80, protocol: UDP}]}]"), "host"},
		{"probe", spec("containers: [{CENTER, livenessProbe: {httpGet: {host: h, port: 80}}}]"), spec("containers: [{CENTER, livenessProbe: {httpGet: {host: h, port: 443}}}]"), "probe"},

		{"queue", "job_queue_name: release", "", "queue"},
		{"concurrency", "max_concurrency: 1", "", "queue"},
		{"more-concurrency", "max_concurrency: 1", "max_concurrency: 9", "queue"},
		{"less-concurrency", "max_concurrency: 9", "max_concurrency: 1", Runs},
		{"same-queue", "job_queue_name: release", "job_queue_name: release", Runs},

		{"image-of-the-node", "", image("", "registry.example.com/private/tool", ", imagePullPolicy: Never"), "pull secret"},
		{"other-of-the-node", image("", "a", ", imagePullPolicy: Never"), image("", "b", ", imagePullPolicy: Never"), "pull secret"},
		{"without-its-secret", image("{name: cloud}", "registry.example.com/a", ""), image("", "registry.example.com/b", ", imagePullPolicy: IfNotPresent"), "pull secret"},
		{"without-its-secret-by-tag", image("{name: cloud}", "registry.example.com/a", ""), image("", "registry.example.com/b:1", ""), "pull secret"},
		{"other-with-its-secret", image("{name: cloud}", "registry.example.com/a", ""), image("{name: cloud}", "registry.example.com/b", ""), "pull secret"},
		{"asked-for", image("{name: cloud}", "registry.example.com/a", ""), image("", "registry.example.com/b", ", imagePullPolicy: Always"), Runs},
		{"pulled", image("", "alpine:3", ""), image("", "alpine:4", ", imagePullPolicy: IfNotPresent"), Runs},

		{"censoring", "", decorated("censor_secrets: false"), "censoring"},
		{"censoring-options", decorated("censoring_options: {exclude_directories: [a]}"), decorated("censoring_options: {exclude_directories: [a, '**']}"), "censoring"},
		{"censoring-again", decorated("censor_secrets: false"), decorated("censor_secrets: true"), Runs},
		{"cloning", decorated("skip_cloning: true, ssh_key_secrets: [k]"), decorated("skip_cloning: false, ssh_key_secrets: [k]"), "checkout"},
		{"cloning-no-more", decorated("ssh_key_secrets: [k]"), decorated("skip_cloning: true, ssh_key_secrets: [k]"), Runs},
		{"upload", decorated("gcs_configuration: {bucket: logs, path_prefix: mine}"), decorated("gcs_configuration: {bucket: logs, path_prefix: theirs}"), "decoration"},
		{"keys", decorated("ssh_key_secrets: [k]"), decorated("ssh_key_secrets: [k, l]"), "decoration"},
		{"oauth", decorated("oauth_token_secret: {name: a, key: b}"), decorated("oauth_token_secret: {name: a, key: c}"), "decoration"},
		{"tools", decorated("utility_images: {sidecar: a}"), decorated("utility_images: {sidecar: b}"), "decoration"},
		{"tools-same", decorated("utility_images: {sidecar: a}"), decorated("utility_images: {sidecar: a}"), Runs},
		{"grace", decorated("grace_period: 2h"), decorated("grace_period: 3h"), "time-out"},
		{"pending", decorated("pod_pending_timeout: 1h"), decorated("pod_pending_timeout: 2h, timeout: 1h"), Runs},
	}
}

// uses are the pull requests of asBaseUses: all at once, which makes a plan of outlines,
// and a few at a time.
func uses() []Pull {
	all := asBaseUses()
	pulls := []Pull{usesOf("what base uses", all)}
	for part := range slices.Chunk(all, 20) {
		pulls = append(pulls, usesOf(fmt.Sprintf("what base uses, part %d", len(pulls)), part))
	}
	return pulls
}

func usesOf(name string, list []use) Pull {
	p := Pull{Name: name}
	var before, after []string
	for _, u := range list {
		fill := func(part, word string) string { return strings.ReplaceAll(part, "CENTRE", word) }
		before = append(before, job("pull-"+u.name, fill(u.base, "before"), "before"))
		after = append(after, job("pull-"+u.name, fill(u.head, "after"), "after"))
		p.Cases = append(p.Cases, Case{"pull-" + u.name, u.want})
	}
	p.Base = files(map[string]string{mainFile: presubmits(Target, before...)})
	p.Head = files(map[string]string{mainFile: presubmits(Target, after...)})
	return p
}
