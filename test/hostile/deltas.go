package hostile

import (
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/rehearsal-dev/rehearsal/pkg/gate"
)

// edit returns a pull request that changes one job.
func edit(name, before, after, want string) Pull {
	return Pull{
		Name: name, Base: files(jobs(job("pull-a", before, "a"))), Head: files(jobs(job("pull-a", after, "b"))),
		Cases: []Case{{"pull-a", want}},
	}
}

// deltas are changes in which each part is harmless or granted by base, but which together
// exceed what base grants.
func deltas() []Pull {
	const root = "containers: [{CENTER, securityContext: {privileged: true}}]"
	const disk = "volumes: [{name: v, hostPath: {path: /data}}], containers: [{CENTER}]"
	tolerating := func(toleration string) string {
		return "decoration_config: {scheduling_options: {tolerations: [" + toleration + "]}}"
	}
	token := func(audience string) string {
		return "spec: {serviceAccountName: x, automountServiceAccountToken: false, volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t" + audience + "}}]}}], containers: [{CENTER}]}"
	}
	pulls := []Pull{
		edit("power out of its sandbox", "spec: {runtimeClassName: kata, "+root+"}", "spec: {"+root+"}", "confinement"),
		edit("power out of its user namespace", "spec: {hostUsers: false, "+root+"}", "spec: {"+root+"}", "confinement"),
		edit("power on other nodes", "spec: {nodeSelector: {pool: ci}, "+root+"}", "spec: {nodeSelector: {pool: control}, "+root+"}", "confinement"),
		edit("files of the node as root", "spec: {securityContext: {runAsUser: 1000}, "+disk+"}", "spec: {"+disk+"}", "confinement"),
		edit("files of the node, by another tag", "spec: {securityContext: {runAsUser: 1000}, "+disk+"}", "spec: {securityContext: {runAsUser: 1000}, "+strings.Replace(disk, "CENTER", "name: test, image: 'alpine:3', command: [b]", 1)+"}", Runs),
		edit("token of another audience", token(", audience: vault"), token(""), "service account token"),
		edit("pull secret for other images", "spec: {imagePullSecrets: [{name: cloud}], containers: [{CENTER}]}",
			"spec: {imagePullSecrets: [{name: cloud}], containers: [{name: test, image: registry.example.com/private, command: [x]}]}", "pull secret"),
		edit("pull secret for another tag", "spec: {imagePullSecrets: [{name: cloud}], containers: [{CENTER}]}",
			"spec: {imagePullSecrets: [{name: cloud}], containers: [{name: test, image: 'alpine:3', command: [x]}]}", Runs),
		edit("toleration without its key", tolerating("{key: ci, operator: Exists}"), tolerating("{operator: Exists}"), "decoration"),
		edit("bucket without its path", "decoration_config: {gcs_configuration: {bucket: releases, path_prefix: sandbox}}", "decoration_config: {gcs_configuration: {bucket: releases}}", "decoration"),
		edit("commit in capitals, with credentials", clonedPart("base_ref: main"), clonedPart("base_ref: ABCDEF6789ABCDEF0123456789ABCDEF01234567"), "checkout"),
		edit("address dropped, with credentials", clonedPart("base_ref: main, clone_uri: 'https://git.example.com/x.git'"), clonedPart("base_ref: main"), "checkout"),
		edit("hidden by default", "hidden: true", "hidden: false", "hidden"),
	}
	bounded := gate.Config{MaxResources: map[string]resource.Quantity{"cpu": resource.MustParse("4"), "memory": resource.MustParse("8Gi")}}
	const two = "spec: {containers: [{name: a, image: a, command: [a], resources: {requests: {cpu: '%'}}}, {name: b, image: a, command: [a], resources: {"
	for name, after := range map[string]string{
		"memory that Prow asks for":   "decoration_config: {default_memory_request: 500Gi}",
		"limits that are requests":    strings.Replace(two, "%", "4", 1) + "limits: {cpu: '4'}}}]}",
		"resources less than nothing": strings.Replace(two, "%", "400", 1) + "requests: {cpu: '-399'}}}]}",
	} {
		p := edit(name, "", after, "resources")
		p.Gates = bounded
		pulls = append(pulls, p)
	}
	look := edit("registry that looks like an organisation", "", "spec: {containers: [{name: test, image: EVIL/x, command: [x]}]}", "image")
	look.Gates = gate.Config{ImageRegistries: []string{"docker.io"}}
	return append(pulls, look)
}

// Twins are pull requests with two new jobs of the same name: one on two branches, which
// reads a secret, and one with a label on a single branch. The name of that branch contains
// a possible separator.
func Twins() map[string]Pull {
	out := map[string]Pull{}
	two := strings.Replace(job("pull-x", secretPart, "a"), "[main]", "['^b$', '^main$']", 1)
	for name, separator := range map[string]string{
		"nul": `\0`, "nul and plus": `\0+`, "nul and minus": `\0-`, "one": `\x01`, "comma": ",", "length": "6:", "line": `\n`, "quotes": `\",\"`,
	} {
		one := strings.Replace(job("pull-x", "labels: {team: a}", "a"), "[main]", `["^b$`+separator+`^main$"]`, 1)
		for order, jobs := range map[string][]string{"first": {two, one}, "last": {one, two}} {
			out["secret "+order+", "+name] = Pull{Base: files(nil), Head: files(map[string]string{Jobs + "/x.yaml": presubmits("acme/other", jobs...)})}
		}
	}
	return out
}

// evasions are pull requests that disguise a job as another one.
func evasions() []Pull {
	deploy := presubmits(Target, job("pull-deploy", restrictedPart, "a"))
	from := func(path, content string) map[string]string { return files(map[string]string{path: content}) }
	at := func(branches string) string {
		return strings.Replace(job("pull-a", "decoration_config: {ssh_key_secrets: [k]}", "b"), "[main]", branches, 1)
	}
	other := presubmits(Target, job("pull-y", "", "a"))
	const hidden = Jobs + "/x/d.yaml"
	pulls := []Pull{
		{
			Name: "restricted job ignored", Base: from(hidden, deploy),
			Head: files(map[string]string{hidden: deploy, Jobs + "/.prowignore": "x/\n", Jobs + "/y.yaml": other}), Cases: []Case{{"pull-y", New}},
		},
		{
			Name: "restricted job in a directory that is not read", Base: from(hidden, deploy),
			Head: files(map[string]string{Jobs + "/..x/d.yaml": deploy, Jobs + "/y.yaml": other}), Cases: []Case{{"pull-y", New}},
		},
		{
			Name: "restricted job in a file that is not read", Base: from(hidden, deploy),
			Head: files(map[string]string{hidden + ".txt": deploy, Jobs + "/y.yaml": other}), Cases: []Case{{"pull-y", New}},
		},
		{
			Name: "restricted job of Prow's own file", Base: from(ProwConfig, plainConfig+deploy), Head: from(Jobs+"/y.yaml", other), Cases: []Case{{"pull-y", New}},
		},
		{
			Name: "restricted job in an invalid file", Base: from(hidden, deploy+"  bad: [\n"),
			Head: from(hidden, presubmits(Target, job("pull-deploy", "", "a"))), Cases: []Case{{"pull-deploy", New}},
		},
		{
			Name: "restricted job in an invalid configuration", Base: from(ProwConfig, plainConfig+deploy+"  bad: [\n"),
			Head: from(ProwConfig, plainConfig+strings.Replace(presubmits(Target, job("pull-deploy", "", "a")), "decorate: true", "decorate: false", 1)), Cases: []Case{{"pull-deploy", New}},
		},
		{
			Name: "restricted job with other capitals", Base: from(hidden, deploy),
			Head: from(hidden, presubmits("Acme/Widget", job("pull-Deploy", "", "a"))), Cases: []Case{{"pull-Deploy", New}},
		},
		{
			Name: "restricted job for a branch by another name", Base: from(hidden, deploy),
			Head: from(hidden, presubmits(Target, job("pull-deploy", restrictedPart, "a"), strings.Replace(job("pull-deploy", "", "b"), "[main]", "['^main$']", 1))), Cases: []Case{{"pull-deploy", "restricted"}},
		},
		{
			Name: "secret of the other branches", Base: files(jobs(job("pull-a", "", "a"), strings.Replace(job("pull-a", secretPart, "b"), "branches: [main]", "skip_branches: [main]", 1))),
			Head: files(jobs(job("pull-a", secretPart, "a"), strings.Replace(job("pull-a", secretPart, "b"), "branches: [main]", "skip_branches: [main]", 1))), Cases: []Case{{"pull-a", "secret"}},
		},
		{Name: "branch that is an option", Base: files(jobs(at("[main]"))), Head: files(jobs(at("[--recurse-submodules]"))), Cases: []Case{{"pull-a", "it names no single branch"}}},
		{Name: "job in Prow's own file", Base: files(nil), Head: from(ProwConfig, plainConfig+presubmits(Target, job("pull-a", secretPart, "b"))), Cases: []Case{{"pull-a", "secret"}}},
		{Name: "repository outside the workspace", Base: files(nil), Head: from(hidden, presubmits("acme/../evil", job("pull-a", "", "a"))), Cases: []Case{{"pull-a", Refused + " or checkout:"}}},
		{Name: "repository that is an option", Base: files(nil), Head: from(hidden, presubmits("--x/y", job("pull-a", "", "a"))), Cases: []Case{{"pull-a", Refused + " or checkout:"}}},
		{
			Name: "repository by its address, with credentials", Base: from(ProwConfig, plainConfig+"      ssh_key_secrets: [k]\n"),
			Head: files(map[string]string{ProwConfig: plainConfig + "      ssh_key_secrets: [k]\n", hidden: presubmits("'https://evil.example/x/y'", job("pull-a", "", "a"))}), Cases: []Case{{"pull-a", "checkout"}},
		},
	}
	const hides = "deck: {hidden_repos: [acme/secret, vault]}\n"
	private := func(config, word string) map[string]string {
		return files(map[string]string{ProwConfig: config, hidden: presubmits("acme/secret", job("pull-a", "", word)) +
			strings.TrimPrefix(presubmits(Target, job("pull-b", "extra_refs: [{org: vault, repo: x, base_ref: main}]", word), job("pull-c", "", word)), "presubmits:\n")})
	}
	for name, after := range map[string]string{"output of hidden repositories": plainConfig + hides, "repositories hidden no more": plainConfig} {
		pulls = append(pulls, Pull{
			Name: name, Base: private(plainConfig+hides, "a"), Head: private(after, "b"),
			Cases: []Case{{"pull-a", "hidden: deck.hidden_repos"}, {"pull-b", "hidden: deck.hidden_repos"}, {"pull-c", Runs}},
		})
	}
	pulls = append(pulls, Pull{
		Name: "hidden repositories, to those who see them", Base: private(plainConfig+"deck: {hidden_repos: [acme]}\n", "a"), Head: private(plainConfig+"deck: {hidden_repos: [acme]}\n", "b"),
		Cases: []Case{{"pull-a", Runs}},
	})
	spelt := map[string]string{
		"byte order mark and carriage returns": "\uFEFF" + strings.ReplaceAll(presubmits(Target, job("pull-a", secretPart, "b")), "\n", "\r\n"),
		"two bytes for each character":         utf16(presubmits(Target, job("pull-a", secretPart, "b"))),
		"merged lists":                         "x: &x {volumes: []}\ny: &y {volumes: [{name: v, secret: {secretName: cloud}}]}\n" + presubmits(Target, job("pull-a", "spec: {<<: [*y, *x], containers: [{CENTER}]}", "b")),
	}
	for name, content := range spelt {
		pulls = append(pulls, Pull{Name: name, Base: files(jobs(job("pull-a", "", "a"))), Head: from(mainFile, content), Cases: []Case{{"pull-a", "secret"}}})
	}
	return pulls
}

// utf16 encodes text as UTF-16, which YAML allows.
func utf16(s string) string {
	out := []byte{0xff, 0xfe}
	for _, r := range s {
		out = append(out, byte(r), byte(r>>8))
	}
	return string(out)
}
