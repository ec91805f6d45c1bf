package gate

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/yaml"
)

// leaf is a field with a value of its own: its path without indices, and two valid values.
type leaf struct {
	path string
	a, b any
}

// whole are fields that are handled as a whole.
var whole = map[string][2]any{
	"jenkins_spec":             {map[string]any{"github_branch_source_job": true}, map[string]any{}},
	"pipeline_run_spec":        {map[string]any{"pipelineRef": map[string]any{"name": "a"}}, map[string]any{"pipelineRef": map[string]any{"name": "b"}}},
	"tekton_pipeline_run_spec": {map[string]any{"v1beta1": map[string]any{"pipelineRef": map[string]any{"name": "a"}}}, map[string]any{"v1beta1": map[string]any{"pipelineRef": map[string]any{"name": "b"}}}},
}

// samples are valid values of fields that accept only some.
var samples = map[string][2]any{
	"agent":                            {"kubernetes", "jenkins"},
	"decoration_config.censor_secrets": {true, false},
	"pod_spec.volumes[].projected.sources[].serviceAccountToken.expirationSeconds": {7200, 86400},
	"pod_spec.securityContext.supplementalGroupsPolicy":                            {"Strict", "Merge"},
}

// leaves lists all fields of a job; those in whole are not descended into.
func leaves(t *testing.T) []leaf {
	t.Helper()
	var out []leaf
	add := func(path string, a, b any) {
		if s, ok := samples[path]; ok {
			a, b = s[0], s[1]
		}
		out = append(out, leaf{path, a, b})
	}
	var visit func(path string, typ reflect.Type)
	visit = func(path string, typ reflect.Type) {
		if w, ok := whole[path]; ok {
			add(path, w[0], w[1])
			return
		}
		switch typ {
		case reflect.TypeFor[resource.Quantity](), reflect.TypeFor[intstr.IntOrString]():
			add(path, "1", "2")
			return
		case reflect.TypeFor[metav1.Duration](), reflect.TypeFor[prowapi.Duration]():
			add(path, "1h", "2h")
			return
		case reflect.TypeFor[metav1.Time]():
			add(path, "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
			return
		}
		switch typ.Kind() {
		case reflect.Pointer:
			visit(path, typ.Elem())
		case reflect.String:
			add(path, "a", "b")
		case reflect.Bool:
			add(path, true, false)
		case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint32, reflect.Float64:
			add(path, 1, 2)
		case reflect.Map:
			if strings.HasSuffix(typ.Elem().Name(), "Quantity") {
				add(path, map[string]any{"cpu": "1"}, map[string]any{"cpu": "2"})
				return
			}
			add(path, map[string]any{"k": "a"}, map[string]any{"k": "b"})
		case reflect.Slice:
			if typ.Elem().Kind() == reflect.Uint8 {
				add(path, "YQ==", "Yg==")
				return
			}
			visit(path+"[]", typ.Elem())
		case reflect.Struct:
			for i := range typ.NumField() {
				f := typ.Field(i)
				name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				if name == "" && f.Anonymous {
					visit(path, f.Type)
					continue
				}
				visit(join(path, name), f.Type)
			}
		default:
			t.Fatalf("%s is of a kind that this test does not know: %s", path, typ)
		}
	}
	visit("", reflect.TypeFor[prowapi.ProwJobSpec]())
	return out
}

// elements are first elements of lists that need more than one field.
var elements = map[string]map[string]any{
	"volumes":                   {"name": "w"},
	"initContainers":            {"name": "i", "image": "alpine:3"},
	"ephemeralContainers":       {"name": "e", "image": "alpine:3"},
	"env":                       {"name": "E"},
	"ports":                     {"containerPort": 80},
	"extra_refs":                {"org": "acme", "repo": "other"},
	"pulls":                     {"number": 1, "author": "a", "sha": "abc"},
	"volumeDevices":             {"name": "w"},
	"volumeMounts":              {"name": "v", "mountPath": "/y"},
	"readinessGates":            {"conditionType": "c"},
	"schedulingGates":           {"name": "g"},
	"httpHeaders":               {"name": "h"},
	"topologySpreadConstraints": {"maxSkew": 1},
}

// with returns a job in which one field is set.
func with(t *testing.T, base, path string, value any) Job {
	t.Helper()
	root := map[string]any{}
	if err := yaml.Unmarshal([]byte(base), &root); err != nil {
		t.Fatal(err)
	}
	if path != "" {
		put(root, strings.Split(path, "."), value)
	}
	raw, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	var spec prowapi.ProwJobSpec
	if err := yaml.UnmarshalStrict(raw, &spec); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return Job{Spec: spec}
}

func put(at map[string]any, path []string, value any) {
	name, isList := strings.CutSuffix(path[0], "[]")
	last := len(path) == 1
	switch {
	case isList && last:
		at[name] = []any{value}
	case isList:
		list, _ := at[name].([]any)
		if len(list) == 0 || name == "volumes" {
			list = append(list, maps.Clone(elements[name]))
			if elements[name] == nil {
				list[len(list)-1] = map[string]any{}
			}
			at[name] = list
		}
		i := 0
		if name == "volumes" {
			i = len(list) - 1
		}
		put(list[i].(map[string]any), path[1:], value)
	case last:
		at[name] = value
	default:
		below, ok := at[name].(map[string]any)
		if !ok {
			below = map[string]any{}
			at[name] = below
		}
		put(below, path[1:], value)
	}
}

// powerless is an ordinary job; mighty is the same with files of its node.
const (
	powerless = `
type: presubmit
agent: kubernetes
cluster: default
namespace: test-pods
job: pull-widget
refs: {org: acme, repo: widget}
pod_spec:
  volumes: [{name: v, emptyDir: {}}]
  containers:
  - name: test
    image: alpine:3
    command: [make]
    volumeMounts: [{name: v, mountPath: /x}]
decoration_config:
  timeout: 2h
  utility_images: {clonerefs: clonerefs, initupload: initupload, entrypoint: entrypoint, sidecar: sidecar}
  gcs_configuration: {bucket: logs, path_strategy: explicit}
  gcs_credentials_secret: upload
  censor_secrets: true
`
	disk = "hostPath: {path: /data}"
)

var mighty = strings.Replace(powerless, "emptyDir: {}", disk, 1)

// outcome returns the requests when a field is added, changed and removed.
func outcome(t *testing.T, base string, l leaf) string {
	t.Helper()
	none, a, b := with(t, base, "", nil), with(t, base, l.path, l.a), with(t, base, l.path, l.b)
	ask := func(head, base Job) string {
		f := Check(Config{}, Change{Head: head, Base: []Job{base}})
		if f.Excluded != "" {
			return "excluded"
		}
		return strings.ReplaceAll(listed(kinds(f)), ",", "+")
	}
	if same := ask(a, a); same != "" && same != "excluded" {
		t.Errorf("%s: the same asks for %s", l.path, same)
	}
	return strings.Join([]string{ask(a, none), ask(b, a), ask(none, a)}, "|")
}

// decisions are the requests when a field is added, changed and removed, in an ordinary job
// and in one with power over its node. An asterisk matches any characters, and the first
// match counts.
var decisions = []struct{ fields, without, with string }{
	// These fields grant nothing.
	{"type job report context rerun_command error_on_eviction namespace reporter_config.* rerun_auth_config.* hidden", "||", "||"},
	{"refs.clone_uri refs.repo_link extra_refs[].clone_uri extra_refs[].repo_link", "excluded|excluded|", "excluded|excluded|"},
	{"refs.* extra_refs[].*", "||", "||"},
	{"cluster", "cluster+decoration|cluster+decoration|decoration", "cluster+decoration+host path|cluster+decoration+host path|decoration+host path"},
	{"agent", "|agent|", "|agent|"},
	{"jenkins_spec", "agent||", "agent||"},
	{"pipeline_run_spec tekton_pipeline_run_spec", "agent|agent|", "agent|agent|"},
	// Limits must stay.
	{"max_concurrency", "|queue|queue", "|queue|queue"},
	{"job_queue_name", "queue|queue|queue", "queue|queue|queue"},
	{"prowjob_defaults.*", "reports|reports|", "reports|reports|"},

	{"decoration_config.timeout decoration_config.pod_*_timeout decoration_config.skip_cloning decoration_config.set_limit_equals_memory_request", "||", "||"},
	{"decoration_config.grace_period", "|time-out|", "|time-out|"},
	{"decoration_config.default_memory_request decoration_config.upload_ignores_interrupts decoration_config.blobless_fetch decoration_config.sparse_checkout_files[]", "||", "||"},
	{"decoration_config.utility_images.* decoration_config.gcs_*", "decoration|decoration|decoration", "decoration|decoration|decoration"},
	{"decoration_config.ssh_key_secrets[] decoration_config.cookiefile_secret decoration_config.oauth_token_secret.* decoration_config.github_app_*", "checkout+decoration|decoration|", "checkout+decoration|decoration|"},
	{"decoration_config.ssh_host_fingerprints[] decoration_config.github_api_endpoints[] decoration_config.s3_credentials_secret decoration_config.default_service_account_name", "decoration|decoration|", "decoration|decoration|"},
	{"decoration_config.censor_secrets", "|censoring|", "|censoring|"},
	{"decoration_config.censoring_options.*", "censoring|censoring|", "censoring|censoring|"},
	{"decoration_config.resources.*.claims[].*", "device|device|", "device|device|"},
	{"decoration_config.resources.*", "||", "||"},
	{"decoration_config.run_as_user", "||", "|confinement|confinement"},
	{"decoration_config.run_as_group", "||", "confinement|confinement|confinement"},
	{"decoration_config.fs_group", "||", "confinement|confinement|"},
	{"decoration_config.scheduling_options.affinity.*.required*", "decoration|decoration|", "decoration|confinement+decoration|confinement"},
	{"decoration_config.scheduling_options.*", "decoration|decoration|", "decoration|decoration|"},

	{"pod_spec.volumes[].name", "||", "||"},
	{"pod_spec.volumes[].emptyDir.* pod_spec.volumes[].downwardAPI.* pod_spec.volumes[].configMap.*", "||", "||"},
	{"pod_spec.volumes[].projected.sources[].configMap.* pod_spec.volumes[].projected.sources[].downwardAPI.* pod_spec.volumes[].projected.defaultMode", "||", "||"},
	{"pod_spec.volumes[].hostPath.*", "host path|host path|", "host path|host path|"},
	{"pod_spec.volumes[].secret.secretName pod_spec.volumes[].secret.items[].key pod_spec.volumes[].projected.sources[].secret.name pod_spec.volumes[].projected.sources[].secret.items[].key", "secret|secret|", "secret|secret|"},
	{"pod_spec.volumes[].secret.* pod_spec.volumes[].projected.sources[].secret.*", "secret||", "secret||"},
	{"pod_spec.volumes[].projected.sources[].serviceAccountToken.audience", "service account token|service account token|", "service account token|service account token|"},
	{"pod_spec.volumes[].projected.sources[].serviceAccountToken.expirationSeconds", "service account token|service account token|", "service account token|service account token|"},
	{"pod_spec.volumes[].projected.sources[].serviceAccountToken.path", "service account token||", "service account token||"},
	{"pod_spec.volumes[].*", "volume|volume|", "volume|volume|"},

	{"pod_spec.restartPolicy pod_spec.dnsPolicy pod_spec.enableServiceLinks pod_spec.subdomain pod_spec.setHostnameAsFQDN pod_spec.readinessGates[].* pod_spec.os.name", "||", "||"},
	{"pod_spec.terminationGracePeriodSeconds pod_spec.activeDeadlineSeconds", "||", "||"},
	{"pod_spec.nodeSelector", "||", "|confinement|confinement"},
	{"pod_spec.affinity.podAntiAffinity.required*[].topologyKey", "scheduling|scheduling|", "scheduling|confinement+scheduling|confinement"},
	{"pod_spec.affinity.podAntiAffinity.required*", "scheduling||", "scheduling|confinement|confinement"},
	{"pod_spec.affinity.*.required*", "||", "|confinement|confinement"},
	{"pod_spec.affinity.* pod_spec.topologySpreadConstraints[].*", "||", "||"},
	{"pod_spec.serviceAccountName pod_spec.serviceAccount", "service account+service account token|service account+service account token|", "service account+service account token|service account+service account token|"},
	{"pod_spec.automountServiceAccountToken", "service account token||", "service account token||"},
	{"pod_spec.hostNetwork pod_spec.hostPID pod_spec.hostIPC", "host||", "host||"},
	{"pod_spec.shareProcessNamespace", "shared processes||", "shared processes||"},
	{"pod_spec.imagePullSecrets[].name", "pull secret|pull secret|", "pull secret|pull secret|"},
	{"pod_spec.hostname pod_spec.hostnameOverride pod_spec.hostAliases[].* pod_spec.dnsConfig.*", "name resolution|name resolution|", "name resolution|name resolution|"},
	{"pod_spec.nodeName pod_spec.schedulerName pod_spec.tolerations[].* pod_spec.priorityClassName pod_spec.priority pod_spec.preemptionPolicy pod_spec.overhead pod_spec.schedulingGates[].*", "scheduling|scheduling|", "scheduling|scheduling|"},
	{"pod_spec.runtimeClassName", "confinement|confinement|", "confinement|confinement|confinement"},
	{"pod_spec.hostUsers", "||", "||"},
	{"pod_spec.resourceClaims[].* pod_spec.resources.claims[].*", "device|device|", "device|device|"},
	{"pod_spec.resources.*", "||", "||"},
	{"pod_spec.schedulingGroup.*", "unknown field|unknown field|", "unknown field|unknown field|"},

	{"pod_spec.securityContext.runAsUser pod_spec.securityContext.runAsNonRoot", "||", "|confinement|confinement"},
	{"pod_spec.securityContext.runAsGroup", "||", "confinement|confinement|confinement"},
	{"pod_spec.securityContext.fsGroup pod_spec.securityContext.supplementalGroups[]", "||", "confinement|confinement|"},
	{"pod_spec.securityContext.supplementalGroupsPolicy", "||", "|confinement|confinement"},
	{"pod_spec.securityContext.fsGroupChangePolicy pod_spec.securityContext.seLinuxChangePolicy", "||", "||"},
	{"pod_spec.securityContext.sysctls[].*", "sysctl|sysctl|", "sysctl|sysctl|"},
	{"*.securityContext.windowsOptions.gmsa* *.securityContext.windowsOptions.hostProcess *.securityContext.procMount", "confinement|confinement|", "confinement|confinement|"},
	{"*.securityContext.seLinuxOptions.* *.securityContext.windowsOptions.* *.securityContext.seccompProfile.* *.securityContext.appArmorProfile.*", "confinement|confinement|", "confinement|confinement|confinement"},

	{"pod_spec.containers[].securityContext.runAsUser pod_spec.containers[].securityContext.runAsNonRoot pod_spec.containers[].securityContext.readOnlyRootFilesystem pod_spec.containers[].securityContext.capabilities.drop[]", "||", "|confinement|confinement"},
	{"pod_spec.containers[].securityContext.runAsGroup", "||", "confinement|confinement|confinement"},
	{"pod_spec.containers[].securityContext.capabilities.add[]", "capability|capability|", "capability|capability|"},
	{"pod_spec.containers[].securityContext.privileged pod_spec.containers[].securityContext.allowPrivilegeEscalation", "privileged||", "privileged||"},
	{"pod_spec.containers[].volumeMounts[].name", "volume|volume|", "host path+volume|volume|host path"},
	{"pod_spec.containers[].volumeMounts[].mountPath pod_spec.containers[].volumeMounts[].subPath pod_spec.containers[].volumeMounts[].subPathExpr", "||", "host path|host path|host path"},
	{"pod_spec.containers[].volumeMounts[].readOnly", "||", "|host path|host path"},
	{"pod_spec.containers[].volumeMounts[].recursiveReadOnly", "||", "||"},
	{"pod_spec.containers[].volumeMounts[].mountPropagation", "privileged|privileged|", "host path+privileged|host path+privileged|"},
	{"pod_spec.containers[].volumeDevices[].*", "volume|volume|", "volume|volume|"},
	{"pod_spec.containers[].ports[].host*", "host|host|", "host|host|"},
	{"pod_spec.containers[].env[].valueFrom.secretKeyRef.optional pod_spec.containers[].envFrom[].secretRef.optional", "secret||", "secret||"},
	{"pod_spec.containers[].env[].valueFrom.secretKeyRef.* pod_spec.containers[].envFrom[].secretRef.*", "secret|secret|", "secret|secret|"},
	{"pod_spec.containers[].env[].valueFrom.fileKeyRef.*", "unknown field|unknown field|", "unknown field|unknown field|"},
	{"pod_spec.containers[].env[].* pod_spec.containers[].envFrom[].*", "||", "||"},
	{"pod_spec.containers[].*Probe.*.host pod_spec.containers[].lifecycle.*.host", "probe|probe|", "probe|probe|"},
	{"pod_spec.containers[].*Probe.* pod_spec.containers[].lifecycle.*", "||", "||"},
	{"pod_spec.containers[].terminationMessagePath", "||", "confinement|confinement|"},
	{"pod_spec.containers[].resources.claims[].*", "device|device|", "device|device|"},
	{"pod_spec.containers[].resources.* pod_spec.containers[].resizePolicy[].* pod_spec.containers[].restartPolicy*", "||", "||"},
	{"pod_spec.containers[].name pod_spec.containers[].image pod_spec.containers[].command[] pod_spec.containers[].args[] pod_spec.containers[].workingDir", "||", "||"},
	{"pod_spec.containers[].imagePullPolicy pod_spec.containers[].ports[].* pod_spec.containers[].std* pod_spec.containers[].tty pod_spec.containers[].terminationMessagePolicy", "||", "||"},
	{"pod_spec.ephemeralContainers[].targetContainerName", "shared processes|shared processes|", "shared processes|shared processes|"},
}

// TestWhatBecomesOfEveryField checks the result for each field that a job adds, changes or
// removes. Fields that are new in a later Kubernetes or Prow have to be examined.
func TestWhatBecomesOfEveryField(t *testing.T) {
	used := make([]bool, len(decisions))
	for _, l := range leaves(t) {
		kind, beside := l.path, ""
		if rest, ok := strings.CutPrefix(kind, "pod_spec.initContainers[]."); ok {
			kind, beside = "pod_spec.containers[]."+rest, rest
		} else if rest, ok := strings.CutPrefix(kind, "pod_spec.ephemeralContainers[]."); ok && rest != "targetContainerName" {
			kind, beside = "pod_spec.containers[]."+rest, rest
		}
		fits := func(d struct{ fields, without, with string }) bool {
			return slices.ContainsFunc(strings.Fields(d.fields), func(p string) bool { return Wildcard(p, kind) })
		}
		i := slices.IndexFunc(decisions, fits)
		if i < 0 {
			t.Errorf("%s: nobody has decided about it", l.path)
			continue
		}
		used[i] = true
		without, with := outcome(t, powerless, l), outcome(t, mighty, l)
		d := decisions[i]
		if beside != "" {
			// An added container has no counterpart at base: all its requests count.
			without, _, _ = strings.Cut(without, "|")
			d.without, _, _ = strings.Cut(d.without, "|")
			with = d.with
		}
		if without != d.without || with != d.with {
			t.Errorf("%s: asks for %s, with power for %s; want %s and %s", l.path, without, with, d.without, d.with)
		}
	}
	for i, is := range used {
		if !is {
			t.Errorf("no field is %s", decisions[i].fields)
		}
	}
}
