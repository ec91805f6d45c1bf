package hostile

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/rehearsal-dev/rehearsal/pkg/gate"
)

const (
	secretPart     = "spec: {volumes: [{name: v, secret: {secretName: cloud}}], containers: [{CENTER}]}"
	powerPart      = "spec: {serviceAccountName: deployer, volumes: [{name: v, secret: {secretName: kubeconfig}}], containers: [{CENTER, securityContext: {privileged: true}}]}"
	restrictedPart = "annotations: {rehearsal.restricted: 'true'}"
	optInPart      = "labels: {can-be-rehearsed: 'true'}"
)

// clonedPart returns a job that checks out a repository with credentials.
func clonedPart(ref string) string {
	return "decoration_config: {ssh_key_secrets: [k]}\n    extra_refs: [{org: acme, repo: other, " + ref + "}]"
}

// Tricks are pull requests that change several jobs, or not only jobs.
func Tricks() []Pull {
	pulls := []Pull{
		{
			Name: "opt-in flipped in the same pull request", Gates: gate.Config{Required: []string{"can-be-rehearsed=true"}},
			Base:  files(jobs(job("pull-flipped", "", "a"), job("pull-in", optInPart, "a"), job("pull-out", optInPart, "a"))),
			Head:  files(jobs(job("pull-flipped", optInPart, "b"), job("pull-in", optInPart, "b"), job("pull-out", "", "b"), job("pull-fresh", optInPart, "b"), job("pull-none", "", "b"))),
			Cases: []Case{{"pull-flipped", "not opted in"}, {"pull-out", "not opted in"}, {"pull-none", "not opted in"}, {"pull-fresh", New}, {"pull-in", Runs}},
		},
		{
			Name: "restriction removed", Base: files(jobs(job("pull-a", restrictedPart, "a"), job("pull-b", "hidden: true", "a"), job("pull-c", "labels: {rehearsal.dev/restricted: 'true'}", "a"), job("pull-ok", "", "a"))),
			Head:  files(jobs(job("pull-a", "", "b"), job("pull-b", "", "b"), job("pull-c", "labels: {rehearsal.dev/restricted: 'false'}", "b"), job("pull-ok", "", "b"))),
			Cases: []Case{{"pull-a", "restricted: the base branch"}, {"pull-b", "hidden: the base branch"}, {"pull-c", "restricted: the base branch"}, {"pull-ok", Runs}},
		},
		{
			Name: "restriction removed by a duplicate key",
			Base: files(jobs(job("pull-a", "labels: {rehearsal.restricted: 'true'}", "a"))),
			Head: files(jobs(job("pull-a", "labels: {rehearsal.restricted: 'true'}\n    labels: {x: z}", "b"))), Cases: []Case{{"pull-a", Refused + " or restricted"}},
		},
		{
			Name: "restriction spelt with other capitals", Base: files(jobs(job("pull-a", restrictedPart, "a"))),
			Head: files(jobs(job("pull-a", "Annotations: {Rehearsal.Restricted: 'true'}", "b"))), Cases: []Case{{"pull-a", "restricted: the base branch"}},
		},
		{
			Name: "restricted job renamed", Base: files(jobs(job("pull-deploy", restrictedPart, "a"), job("pull-ok", "", "a"))),
			Head: files(jobs(job("pull-harmless", "", "a"), job("pull-ok", "", "b"))), Cases: []Case{{"pull-harmless", New}, {"pull-ok", Runs}},
		},
		{
			Name: "hidden job renamed and moved", Base: files(jobs(job("pull-deploy", "hidden: true", "a"))),
			Head:  files(map[string]string{mainFile: presubmits(Target, job("pull-nothing", "", "same")), Jobs + "/x.yaml": presubmits("acme/other", job("pull-harmless", "", "z"))}),
			Cases: []Case{{"pull-harmless", New}},
		},
		{
			Name: "job moved to another file", Base: files(jobs(job("pull-a", restrictedPart, "a"), job("pull-b", "", "a"), job("pull-c", secretPart, "a"))),
			Head: files(map[string]string{
				mainFile:             presubmits(Target, job("pull-nothing", "", "same")),
				Jobs + "/moved.yaml": presubmits(Target, job("pull-a", "", "b"), job("pull-b", secretPart, "b"), job("pull-c", secretPart, "b")),
			}),
			Cases: []Case{{"pull-a", "restricted: the base branch"}, {"pull-b", "secret"}, {"pull-c", Runs}},
		},
		{
			Name: "job with a secret moved to another repository", Base: files(jobs(job("pull-a", secretPart, "a"))),
			Head:  files(map[string]string{mainFile: presubmits(Target, job("pull-nothing", "", "same")), Jobs + "/x.yaml": presubmits("acme/other", job("pull-a", secretPart, "a"))}),
			Cases: []Case{{"pull-a", "secret"}},
		},
		{
			Name: "job with a secret renamed", Base: files(jobs(job("pull-a", secretPart, "a"))),
			Head: files(jobs(job("pull-b", secretPart, "a"))), Cases: []Case{{"pull-b", "secret"}},
		},
		{
			Name: "job with a secret made periodic", Base: files(jobs(job("pull-a", secretPart, "a"))),
			Head:  files(map[string]string{mainFile: "periodics:\n" + strings.NewReplacer("\n    ", "\n  ", "  - name", "- name", "branches: [main]", "interval: 1h").Replace(job("pull-a", secretPart, "a"))}),
			Cases: []Case{{"pull-a", "secret"}},
		},
		{
			Name:  "job with power moved to a cluster that any job may use",
			Base:  files(jobs(job("pull-a", "cluster: build01\n    "+powerPart, "a"), job("pull-b", "cluster: build01\n    "+powerPart, "a"))),
			Head:  files(jobs(job("pull-a", "cluster: default\n    "+powerPart, "b"), job("pull-b", "cluster: build01\n    "+powerPart, "b"))),
			Cases: []Case{{"pull-a", "secret"}, {"pull-a", "service account"}, {"pull-a", "privileged"}, {"pull-b", Runs}},
		},
		{
			Name: "pull secret mounted", Base: files(jobs(job("pull-a", "spec: {imagePullSecrets: [{name: cloud}], containers: [{CENTER}]}", "a"))),
			Head:  files(jobs(job("pull-a", "spec: {imagePullSecrets: [{name: cloud}], volumes: [{name: v, secret: {secretName: cloud}}], containers: [{CENTER}]}", "b"))),
			Cases: []Case{{"pull-a", "secret"}},
		},
		{
			Name:  "what was only proposed, cloned with credentials",
			Base:  files(jobs(job("pull-a", clonedPart("base_ref: main"), "a"), job("pull-b", clonedPart("base_ref: main, skip_submodules: true"), "a"), job("pull-c", clonedPart("base_ref: main"), "a"))),
			Head:  files(jobs(job("pull-a", clonedPart("base_ref: refs/pull/666/head"), "b"), job("pull-b", clonedPart("base_ref: main"), "b"), job("pull-c", clonedPart("base_ref: main"), "b"))),
			Cases: []Case{{"pull-a", "checkout"}, {"pull-b", "checkout"}, {"pull-c", Runs}},
		},
		{
			Name: "decoration removed, time-out limited", Gates: gate.Config{MaxTimeout: 3 * time.Hour}, Base: files(jobs(job("pull-a", "", "a"), job("pull-b", "", "a"))),
			Head:  files(jobs(strings.Replace(job("pull-a", "", "b"), "decorate: true", "decorate: false", 1), job("pull-b", "", "b"))),
			Cases: []Case{{"pull-a", "time-out"}, {"pull-b", Runs}},
		},
		{
			Name: "Prow's own containers made large", Gates: gate.Config{MaxResources: map[string]resource.Quantity{"cpu": resource.MustParse("4")}}, Base: files(jobs(job("pull-a", "", "a"))),
			Head:  files(jobs(job("pull-a", "decoration_config: {resources: {sidecar: {requests: {cpu: '500'}}}}", "b"))),
			Cases: []Case{{"pull-a", "resources"}},
		},
		{
			Name: "results of all jobs shown elsewhere", Base: files(nil),
			Head:  files(map[string]string{ProwConfig: plainConfig + "prowjob_default_entries:\n- config: {tenant_id: theirs}\n"}),
			Cases: []Case{{"pull-nothing", "reports"}},
		},
		{
			Name:  "one of two branches has the secret",
			Base:  files(jobs(job("pull-a", "", "a"), strings.Replace(job("pull-a", secretPart, "a"), "[main]", "[release]", 1))),
			Head:  files(jobs(job("pull-a", secretPart, "b"), strings.Replace(job("pull-a", secretPart, "a"), "[main]", "[release, next]", 1))),
			Cases: []Case{{"pull-a", "secret"}},
		},
		{
			Name: "branches of a restricted job changed", Base: files(jobs(job("pull-a", restrictedPart, "a"))),
			Head: files(jobs(strings.Replace(job("pull-a", "", "b"), "[main]", "[main, next]", 1))), Cases: []Case{{"pull-a", "restricted: the base branch"}},
		},
		{
			Name: "preset that everybody uses gets a secret", Base: files(jobs(job("pull-a", "labels: {preset-plain: 'true'}", "a"))),
			Head: files(map[string]string{
				mainFile:               presubmits(Target, job("pull-a", "labels: {preset-plain: 'true'}", "a")),
				Jobs + "/presets.yaml": plainPresets + "  volumes: [{name: w, secret: {secretName: cloud}}]\n  volumeMounts: [{name: w, mountPath: /w}]\n",
			}),
			Cases: []Case{{"pull-a", "secret"}},
		},
		{
			Name: "preset for all jobs", Base: files(nil), Head: files(map[string]string{Jobs + "/all.yaml": "presets:\n- env: [{name: A, valueFrom: {secretKeyRef: {name: cloud, key: k}}}]\n"}),
			Cases: []Case{{"pull-nothing", "secret"}},
		},
		{
			Name: "preset that tolerates", Base: files(nil), Head: files(map[string]string{Jobs + "/all.yaml": "presets:\n- tolerations: [{operator: Exists}]\n"}),
			Cases: []Case{{"pull-nothing", "scheduling"}},
		},
		{
			Name: "anchors and merge keys", Base: files(jobs(job("pull-a", "", "a"), job("pull-b", "", "a"))),
			Head: files(map[string]string{mainFile: "x-evil: &evil {hostNetwork: true, containers: [&c {name: test, image: alpine, command: [make]}]}\n" +
				presubmits(Target, job("pull-a", "spec: *evil", "b"), job("pull-b", "spec: {<<: *evil, nodeSelector: {a: b}, containers: [{<<: *c, args: [x]}]}", "b"))}),
			Cases: []Case{{"pull-a", "host"}, {"pull-b", "host"}},
		},
		{
			Name: "compressed file", Base: files(jobs(job("pull-a", "", "a"))),
			Head:  files(map[string]string{mainFile: gzipped(presubmits(Target, job("pull-a", secretPart, "b")))}),
			Cases: []Case{{"pull-a", "secret"}},
		},
		{
			Name: "JSON", Base: files(jobs(job("pull-a", "", "a"))),
			Head:  files(map[string]string{mainFile: `{"presubmits": {"acme/widget": [{"name": "pull-a", "decorate": true, "branches": ["main"], "SPEC": {"containers": [{"image": "a", "command": ["x"]}], "hostPID": true}}]}}`}),
			Cases: []Case{{"pull-a", "host"}},
		},
		{
			Name: "specification written twice in two cases", Base: files(jobs(job("pull-a", "", "a"))),
			Head: files(jobs(strings.Replace(job("pull-a", "", "b"), "    spec:", "    Spec: {hostIPC: true}\n    spec:", 1))), Cases: []Case{{"pull-a", "host"}},
		},
		{
			Name: "defaults of decoration get other credentials", Base: files(jobs(job("pull-a", "", "a"))),
			Head:  files(map[string]string{ProwConfig: strings.Replace(plainConfig, "secret: upload", "secret: theirs", 1), mainFile: presubmits(Target, job("pull-a", "", "a"), job("pull-b", "", "a"))}),
			Cases: []Case{{"pull-a", "decoration"}, {"pull-b", "decoration"}},
		},
		{
			Name: "defaults of decoration for one repository", Base: files(jobs(job("pull-a", "", "a"))),
			Head:  files(map[string]string{ProwConfig: plainConfig + "  - repo: acme/widget\n    config: {utility_images: {sidecar: evil.example/s}}\n", mainFile: presubmits(Target, job("pull-a", "", "a"))}),
			Cases: []Case{{"pull-a", "decoration"}},
		},
		{
			Name: "censoring off for all", Base: files(jobs(job("pull-a", "", "a"))),
			Head:  files(map[string]string{ProwConfig: strings.Replace(plainConfig, "censor_secrets: true", "censor_secrets: false", 1), mainFile: presubmits(Target, job("pull-a", "", "a"))}),
			Cases: []Case{{"pull-a", "censoring"}},
		},
		{
			Name: "time-out for all", Base: files(jobs(job("pull-a", "", "a"))),
			Head:  files(map[string]string{ProwConfig: strings.Replace(plainConfig, "timeout: 2h", "timeout: 200h", 1), mainFile: presubmits(Target, job("pull-a", "", "a"))}),
			Cases: []Case{{"pull-a", "time-out"}},
		},
		{
			Name: "invalid base, fixed with other credentials",
			Base: files(map[string]string{ProwConfig: plainConfig + "plank: [\n", mainFile: presubmits(Target, job("pull-a", "", "a"))}),
			Head: files(jobs(job("pull-a", "", "b"))), Cases: []Case{{"pull-a", "decoration"}},
		},
		{
			Name: "other agents", Base: files(jobs(job("pull-a", "", "a"))),
			Head: files(jobs(strings.Replace(job("pull-a", "agent: jenkins", "b"), "    decorate: true\n", "", 1))), Cases: []Case{{"pull-a", Refused + " or agent"}},
		},
		{
			Name: "postsubmit", Base: files(nil),
			Head:  files(map[string]string{Jobs + "/post.yaml": strings.Replace(presubmits(Target, job("post-a", "labels: {rehearsal.dev/can-be-rehearsed: 'true'}", "a")), "presubmits", "postsubmits", 1)}),
			Cases: []Case{{"post-a", "postsubmits publish"}},
		},
		{
			Name: "new jobs that need approval", Gates: gate.Config{NewJobs: gate.NewJobsApprove}, Base: files(nil),
			Head: files(jobs(job("pull-nothing", "", "b"), job("pull-new", "", "a"))), Cases: []Case{{"pull-new", New}, {"pull-nothing", Runs}},
		},
		{
			Name: "lists", Gates: gate.Config{ImageRegistries: []string{"docker.io/library"}, ConfigMaps: []string{"steps-*"}}, Base: files(jobs(job("pull-a", "", "a"), job("pull-b", "", "a"), job("pull-c", "", "a"))),
			Head: files(jobs(job("pull-a", "spec: {containers: [{name: test, image: 'docker.io.evil.example/library/x', command: [x]}]}", "b"),
				job("pull-b", "spec: {volumes: [{name: v, configMap: {name: other}}], containers: [{CENTER}]}", "b"), job("pull-c", "", "b"))),
			Cases: []Case{{"pull-a", "image"}, {"pull-b", "config map"}, {"pull-c", Runs}},
		},
	}
	return slices.Concat(pulls, deltas(), evasions(), hiding(), uses(), refusals())
}

func jobs(list ...string) map[string]string {
	return map[string]string{mainFile: presubmits(Target, list...)}
}

// refusals are pull requests that Prow refuses to load, or that must be refused for other
// reasons.
func refusals() []Pull {
	var pulls []Pull
	refused := func(name, content string) {
		pulls = append(pulls, Pull{
			Name: name, Base: files(nil), Head: files(map[string]string{Jobs + "/evil.yaml": content}),
			Cases: []Case{{"pull-evil", Refused}},
		})
	}
	evil := func(part string) string { return presubmits(Target, job("pull-evil", part, "a")) }
	refused("a look-alike name", presubmits(Target, job("pull-nоthing", "", "a")))
	refused("a name with a zero-width space", presubmits(Target, job("pull-nothing\u200b", "", "a")))
	refused("the same job twice", presubmits(Target, job("pull-evil", "", "a"), job("pull-evil", "", "b")))
	refused("the same job in another file", presubmits(Target, job("pull-nothing", "", "a")))
	refused("an init container", evil("spec: {initContainers: [{name: i, image: a, securityContext: {privileged: true}}], containers: [{CENTER}]}"))
	refused("an init container with a secret", evil("spec: {initContainers: [{name: i, image: a, envFrom: [{secretRef: {name: cloud}}]}], containers: [{CENTER}]}"))
	refused("the volume of the decoration", evil("spec: {containers: [{CENTER, volumeMounts: [{name: logs, mountPath: /logs}]}]}"))
	refused("a volume over the tools", evil("spec: {volumes: [{name: v, emptyDir: {}}], containers: [{CENTER, volumeMounts: [{name: v, mountPath: /tools}]}]}"))
	refused("an alias bomb", bomb(9))
	refused("an alias bomb of long text", longBomb())
	refused("an invalid label", evil("labels: {'a b': c}"))
	refused("invalid YAML", "presubmits: {{")
	refused("a broken regular expression", strings.Replace(evil(""), "[main]", "['(']", 1))
	return pulls
}

// bomb returns YAML that grows tenfold with every level.
func bomb(levels int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i <= levels; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	return b.String() + presubmits(Target, job("pull-evil", "", "a"))
}

// longBomb returns YAML with few aliases of a long text.
func longBomb() string {
	return "t: &t " + strings.Repeat("x", 1<<20) + "\nl: [" + strings.TrimSuffix(strings.Repeat("*t, ", 4000), ", ") + "]\n" + presubmits(Target, job("pull-evil", "", "a"))
}

func gzipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	// Writing to memory cannot fail.
	_, _ = z.Write([]byte(s))
	_ = z.Close()
	return b.String()
}
