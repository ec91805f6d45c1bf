package gate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// fields has the handler of every field of a ProwJobSpec and its pod. Decoration,
// checkouts, labels and annotations are handled separately.
var fields = map[string]handler{
	"type": harmless, "job": harmless, "report": harmless, "context": harmless, "rerun_command": harmless,
	"error_on_eviction": harmless,
	// Weaker limits than at base are handled by unqueued.
	"max_concurrency": harmless, "job_queue_name": uses(RuleQueue), "prowjob_defaults": reports,
	// Rendering overwrites these.
	"namespace": harmless, "reporter_config": harmless, "rerun_auth_config": harmless, "hidden": harmless,
	"refs": harmless, "extra_refs": harmless, "decoration_config": harmless,
	"cluster":      uses(RuleCluster),
	"agent":        usesUnless(RuleAgent, "", string(prowapi.KubernetesAgent)),
	"jenkins_spec": uses(RuleAgent), "pipeline_run_spec": uses(RuleAgent), "tekton_pipeline_run_spec": uses(RuleAgent),

	"pod_spec.restartPolicy": harmless, "pod_spec.terminationGracePeriodSeconds": harmless,
	"pod_spec.activeDeadlineSeconds": harmless, "pod_spec.dnsPolicy": harmless, "pod_spec.enableServiceLinks": harmless,
	"pod_spec.subdomain": harmless, "pod_spec.setHostnameAsFQDN": harmless,
	"pod_spec.readinessGates": harmless, "pod_spec.os": harmless,
	// These are written to /etc/hosts of all containers, which comes before name servers.
	"pod_spec.hostname": usesUnless(RuleNetwork, KindHostName), "pod_spec.hostnameOverride": usesUnless(RuleNetwork, KindHostName),
	// Taints, not selectors, keep pods off nodes that are not for them.
	"pod_spec.nodeSelector": harmless, "pod_spec.topologySpreadConstraints": harmless,
	"pod_spec.affinity.nodeAffinity": harmless, "pod_spec.affinity.podAffinity": harmless,
	"pod_spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution": harmless,
	// The anti-affinity of a running pod also applies to pods that are scheduled later.
	"pod_spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[]": repels,
	// A pod that does not set this has no user namespace either.
	"pod_spec.hostUsers":   harmless,
	"pod_spec.volumes":     (*collector).volumes,
	"pod_spec.resources":   (*collector).resources,
	"pod_spec.hostNetwork": usesAs(RuleHost, KindNetwork),
	"pod_spec.hostPID":     usesAs(RuleHost, KindProcesses),
	"pod_spec.hostIPC":     usesAs(RuleHost, KindIPC),
	"pod_spec.hostAliases": uses(RuleNetwork),
	"pod_spec.dnsConfig":   uses(RuleNetwork),
	"pod_spec.nodeName":    usesUnless(RuleScheduling, KindNode),
	"pod_spec.tolerations": each(RuleScheduling, func(v any) Use { return Use{Kind: KindToleration, Name: text(v)} }),
	"pod_spec.overhead":    uses(RuleScheduling),
	"pod_spec.priority":    usesUnless(RuleScheduling, KindPriority),
	"pod_spec.schedulerName": usesUnless(RuleScheduling, KindScheduler,
		corev1.DefaultSchedulerName),
	"pod_spec.priorityClassName":     usesUnless(RuleScheduling, KindPriorityClass),
	"pod_spec.preemptionPolicy":      usesUnless(RuleScheduling, KindPreemption),
	"pod_spec.schedulingGates":       uses(RuleScheduling),
	"pod_spec.runtimeClassName":      usesUnless(RuleConfinement, KindRuntimeClass),
	"pod_spec.resourceClaims":        uses(RuleDevice),
	"pod_spec.shareProcessNamespace": usesAs(RuleShared, KindSharedProcess),
	"pod_spec.imagePullSecrets":      (*collector).pulls,
	// See tokens.
	"pod_spec.serviceAccountName": uses(RuleServiceAccount), "pod_spec.serviceAccount": uses(RuleServiceAccount),
	"pod_spec.automountServiceAccountToken": harmless,

	"pod_spec.securityContext.runAsUser": harmless, "pod_spec.securityContext.runAsGroup": harmless,
	"pod_spec.securityContext.runAsNonRoot": harmless, "pod_spec.securityContext.supplementalGroups": harmless,
	"pod_spec.securityContext.supplementalGroupsPolicy": harmless, "pod_spec.securityContext.fsGroup": harmless,
	"pod_spec.securityContext.fsGroupChangePolicy": harmless, "pod_spec.securityContext.seLinuxChangePolicy": harmless,
	"pod_spec.securityContext.seLinuxOptions": usesUnless(RuleConfinement, KindSELinux),
	"pod_spec.securityContext.windowsOptions": usesUnless(RuleConfinement, KindWindows),
	"pod_spec.securityContext.sysctls": each(RuleSysctl, func(v any) Use {
		m, _ := v.(map[string]any)
		return Use{Name: text(m["name"]), Part: text(m["value"])}
	}),
	"pod_spec.securityContext.seccompProfile":  profile(KindSeccomp),
	"pod_spec.securityContext.appArmorProfile": profile(KindAppArmor),

	"pod_spec.container[].name": harmless, "pod_spec.container[].command": harmless, "pod_spec.container[].args": harmless,
	"pod_spec.container[].workingDir": harmless,
	// Never is handled by neverPulled, other cached images by cached.
	"pod_spec.container[].imagePullPolicy":        harmless,
	"pod_spec.container[].terminationMessagePath": harmless, "pod_spec.container[].terminationMessagePolicy": harmless,
	"pod_spec.container[].stdin": harmless, "pod_spec.container[].stdinOnce": harmless, "pod_spec.container[].tty": harmless,
	"pod_spec.container[].restartPolicy": harmless, "pod_spec.container[].restartPolicyRules": harmless,
	"pod_spec.container[].resizePolicy": harmless, "pod_spec.container[].lifecycle.stopSignal": harmless,
	"pod_spec.container[].image":               image,
	"pod_spec.container[].targetContainerName": uses(RuleShared),
	"pod_spec.container[].resources":           (*collector).resources,
	"pod_spec.container[].volumeDevices":       uses(RuleVolume),

	"pod_spec.container[].ports[]": port,

	"pod_spec.container[].env[].name": harmless, "pod_spec.container[].env[].value": harmless,
	"pod_spec.container[].env[].valueFrom.fieldRef":         harmless,
	"pod_spec.container[].env[].valueFrom.resourceFieldRef": harmless,
	"pod_spec.container[].env[].valueFrom.configMapKeyRef":  (*collector).configMap,
	"pod_spec.container[].env[].valueFrom.secretKeyRef":     (*collector).secretKey,
	"pod_spec.container[].envFrom[].prefix":                 harmless,
	"pod_spec.container[].envFrom[].configMapRef":           (*collector).configMap,
	"pod_spec.container[].envFrom[].secretRef":              (*collector).secretKey,

	"pod_spec.container[].volumeMounts[].name":      (*collector).mounted,
	"pod_spec.container[].volumeMounts[].mountPath": harmless, "pod_spec.container[].volumeMounts[].subPath": harmless,
	"pod_spec.container[].volumeMounts[].subPathExpr": harmless, "pod_spec.container[].volumeMounts[].readOnly": harmless,
	"pod_spec.container[].volumeMounts[].recursiveReadOnly": harmless,
	"pod_spec.container[].volumeMounts[].mountPropagation": usesUnless(RulePrivileged, KindPropagation,
		string(corev1.MountPropagationNone)),

	"pod_spec.container[].probe.exec": harmless, "pod_spec.container[].probe.grpc": harmless,
	"pod_spec.container[].probe.sleep": harmless, "pod_spec.container[].probe.initialDelaySeconds": harmless,
	"pod_spec.container[].probe.timeoutSeconds": harmless, "pod_spec.container[].probe.periodSeconds": harmless,
	"pod_spec.container[].probe.successThreshold": harmless, "pod_spec.container[].probe.failureThreshold": harmless,
	"pod_spec.container[].probe.terminationGracePeriodSeconds": harmless,
	"pod_spec.container[].probe.httpGet":                       probed, "pod_spec.container[].probe.tcpSocket": probed,

	"pod_spec.container[].securityContext.runAsUser": harmless, "pod_spec.container[].securityContext.runAsGroup": harmless,
	"pod_spec.container[].securityContext.runAsNonRoot":             harmless,
	"pod_spec.container[].securityContext.readOnlyRootFilesystem":   harmless,
	"pod_spec.container[].securityContext.capabilities.drop":        harmless,
	"pod_spec.container[].securityContext.capabilities.add":         each(RuleCapability, func(v any) Use { return Use{Name: text(v)} }),
	"pod_spec.container[].securityContext.privileged":               usesAs(RulePrivileged, KindPrivileged),
	"pod_spec.container[].securityContext.allowPrivilegeEscalation": usesAs(RulePrivileged, KindEscalation),
	"pod_spec.container[].securityContext.procMount":                usesUnless(RuleConfinement, KindProcMount, "Default"),
	"pod_spec.container[].securityContext.seLinuxOptions":           usesUnless(RuleConfinement, KindSELinux),
	"pod_spec.container[].securityContext.windowsOptions":           usesUnless(RuleConfinement, KindWindows),
	"pod_spec.container[].securityContext.seccompProfile":           profile(KindSeccomp),
	"pod_spec.container[].securityContext.appArmorProfile":          profile(KindAppArmor),
}

var fieldWays = waysTo(fields)

// grants lists everything that a job uses and that not every job may use.
func grants(job Job) []Ask {
	g := &collector{pod: job.Spec.PodSpec, own: job.OwnConfigMaps}
	if dc := job.Spec.DecorationConfig; dc != nil && dc.DefaultServiceAccountName != nil {
		g.decorationAccount = *dc.DefaultServiceAccountName
	}
	if g.pod == nil {
		g.pod = &corev1.PodSpec{}
	}
	spec := job.Spec
	spec.Cluster = job.cluster()
	g.walk(fields, fieldWays, "", "", tree(spec))
	g.tokens()
	g.neverPulled()
	g.uses = append(g.uses, decorationGrants(spec.DecorationConfig)...)
	g.checkouts(spec)
	for _, key := range sortedKeys(job.Labels) {
		g.add(RuleLabel, "metadata.labels."+key, Use{Name: key, Part: job.Labels[key]})
	}
	for _, key := range sortedKeys(job.Annotations) {
		g.add(RuleAnnotation, "metadata.annotations."+key, Use{Name: key, Part: job.Annotations[key]})
	}
	return g.uses
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// tokens adds the token that is mounted automatically. Prow switches it off for pods that
// neither set this field nor name a service account.
func (g *collector) tokens() {
	named := cmp.Or(g.pod.ServiceAccountName, g.pod.DeprecatedServiceAccount) != ""
	auto := g.pod.AutomountServiceAccountToken
	if auto != nil && *auto || auto == nil && named {
		g.add(RuleToken, "pod_spec.automountServiceAccountToken", Use{Name: g.account()})
	}
}

// account returns the effective service account of the pod. Prow sets the decoration's if
// the new field is empty; the API server uses the old field if the new one is still empty.
func (g *collector) account() string {
	return cmp.Or(g.pod.ServiceAccountName, g.decorationAccount, g.pod.DeprecatedServiceAccount, "default")
}

// repels handles a rule about which pods must not be near.
func repels(g *collector, path string, v any) {
	m, _ := v.(map[string]any)
	if of := text(m["topologyKey"]); of != corev1.LabelHostname {
		g.add(RuleScheduling, path, Use{Kind: KindKeepsOut, Name: of})
	}
}

// noTenant is config.DefaultTenantID, which Prow sets by default. It is copied because that
// package would import all of Prow.
const noTenant = "GlobalDefaultID"

// reports handles the fields that say where results are shown.
func reports(g *collector, path string, v any) {
	m, _ := v.(map[string]any)
	for _, key := range sortedKeys(m) {
		if key == "tenant_id" && text(m[key]) == noTenant {
			continue
		}
		g.leaves(RuleReports, path+"."+key, key, m[key])
	}
}

func profile(of Kind) handler {
	return func(g *collector, path string, v any) {
		m, _ := v.(map[string]any)
		if kind := text(m["type"]); kind != string(corev1.SeccompProfileTypeRuntimeDefault) {
			g.add(RuleConfinement, path, Use{Kind: of, Name: text(v)})
		}
	}
}

// probed handles a call that a probe or a hook makes from the node.
func probed(g *collector, path string, v any) {
	m, _ := v.(map[string]any)
	if host := m["host"]; !empty(host) {
		g.add(RuleProbe, path+".host", Use{Name: text(host), At: text(m["port"]), Part: said(m["path"]), Where: said(m["httpHeaders"])})
	}
}

// said returns the text of a field; empty if the field is not set.
func said(v any) string {
	if empty(v) {
		return ""
	}
	return text(v)
}

// port handles a port, and adds it if it is also a port of the node.
func port(g *collector, path string, v any) {
	m, _ := v.(map[string]any)
	for _, key := range sortedKeys(m) {
		if !slices.Contains([]string{"name", "containerPort", "protocol", "hostPort", "hostIP"}, key) {
			g.add(RuleUnknown, path+"."+key, Use{Name: key, Part: text(m[key])})
		}
	}
	use := Use{Kind: KindPort, Name: said(m["hostPort"]), At: said(m["hostIP"])}
	if use.Name == "" && use.At == "" {
		return
	}
	if p := said(m["protocol"]); p != string(corev1.ProtocolTCP) {
		use.Part = p
	}
	g.add(RuleHost, path, use)
}

// image adds the repository of an image, without tag and digest.
func image(g *collector, path string, v any) {
	if name := text(v); name != "" {
		g.add(RuleImage, path, Use{Name: repositoryOf(name)})
	}
}

// repositoryOf returns the full name of an image's repository, as container runtimes
// complete it.
func repositoryOf(image string) string {
	name, _, _ := strings.Cut(image, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name = name[:i]
	}
	host, _, found := strings.Cut(name, "/")
	switch {
	case !found:
		return "docker.io/library/" + name
	case !strings.ContainsAny(host, ".:") && host != "localhost" && host == strings.ToLower(host):
		return "docker.io/" + name
	}
	return name
}

// plainResources are resources that every container needs.
var plainResources = []string{"cpu", "memory", "ephemeral-storage", "storage", "hugepages-*"}

func (g *collector) resources(path string, v any) {
	m, ok := v.(map[string]any)
	if !ok {
		g.add(RuleUnknown, path, Use{Part: text(v)})
		return
	}
	for _, part := range sortedKeys(m) {
		amounts, ok := m[part].(map[string]any)
		if part != "limits" && part != "requests" || !ok {
			g.add(RuleDevice, path+"."+part, Use{Name: text(m[part])})
			continue
		}
		for _, name := range sortedKeys(amounts) {
			if !allows(plainResources, name) {
				g.add(RuleDevice, fmt.Sprintf("%s.%s[%q]", path, part, name), Use{Name: name})
			}
		}
	}
}
