package gate

import (
	"slices"
	"testing"
)

// TestLoosened: what confines a job with power at base has to stay; without power
// anything may go that is not there in other jobs either.
func TestLoosened(t *testing.T) {
	const power = "volumes: [{name: v, hostPath: {path: /data}}]"
	const c = "containers: [{name: c, image: a}]"
	secured := func(context string) string {
		return "containers: [{name: c, image: a, securityContext: {" + context + "}}]"
	}
	for name, tc := range map[string]struct {
		base, head string
		asks       bool
	}{
		"a user namespace":            {"hostUsers: false, " + c, c, true},
		"said otherwise":              {"hostUsers: false, " + c, "hostUsers: true, " + c, true},
		"a runtime class":             {"runtimeClassName: kata, " + c, c, true},
		"a node selector":             {"nodeSelector: {pool: ci, zone: a}, " + c, "nodeSelector: {zone: a}, " + c, true},
		"one more node selector":      {"nodeSelector: {pool: ci}, " + c, "nodeSelector: {pool: ci, zone: a}, " + c, false},
		"a node affinity":             {"affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: pool, operator: Exists}]}]}}}, " + c, c, true},
		"a user":                      {"securityContext: {runAsUser: 1000}, " + c, c, true},
		"a user, by the container":    {"securityContext: {runAsUser: 1000}, " + c, "securityContext: {runAsUser: 1000}, " + secured("runAsUser: 0"), true},
		"another user":                {secured("runAsUser: 1000"), secured("runAsUser: 2000"), true},
		"the same for the pod":        {secured("runAsNonRoot: true"), "securityContext: {runAsNonRoot: true}, " + c, false},
		"one more container, as root": {secured("runAsUser: 1000"), "containers: [{name: c, image: a, securityContext: {runAsUser: 1000}}, {name: d, image: a}]", true},
		"as one of two was":           {"containers: [{name: c, image: a, securityContext: {runAsUser: 1000}}, {name: d, image: a}]", c, false},
		"no more privileges":          {secured("allowPrivilegeEscalation: false"), c, true},
		"a capability":                {secured("capabilities: {drop: [NET_RAW]}"), c, true},
		"all capabilities":            {secured("capabilities: {drop: [NET_RAW]}"), secured("capabilities: {drop: [ALL]}"), false},
		"not all capabilities":        {secured("capabilities: {drop: [ALL]}"), secured("capabilities: {drop: [NET_RAW]}"), true},
		"seccomp":                     {"securityContext: {seccompProfile: {type: RuntimeDefault}}, " + c, c, true},
		"AppArmor":                    {secured("appArmorProfile: {type: RuntimeDefault}"), c, true},
		"more of all":                 {c, "hostUsers: false, nodeSelector: {a: b}, securityContext: {runAsNonRoot: true}, " + secured("capabilities: {drop: [ALL]}"), false},
	} {
		t.Run(name, func(t *testing.T) {
			f := judge(t, Config{}, job(t, "pod_spec: {"+power+", "+tc.head+"}"), job(t, "pod_spec: {"+power+", "+tc.base+"}"))
			var want []Rule
			if tc.asks {
				want = []Rule{RuleConfinement}
			}
			if got := kinds(f); !slices.Equal(got, want) {
				t.Errorf("asks for %q, want %q: %+v", got, want, f.Asks)
			}
			if f := judge(t, Config{}, job(t, "pod_spec: {"+tc.head+"}"), job(t, "pod_spec: {"+tc.base+"}")); tc.base != "runtimeClassName: kata, "+c && !f.Zero() {
				t.Errorf("without power it asks for %+v", f.Asks)
			}
		})
	}
	t.Run("the decoration's user", func(t *testing.T) {
		base := job(t, "decoration_config: {run_as_user: 1000}\npod_spec: {"+power+"}")
		if f := judge(t, Config{}, job(t, "pod_spec: {"+power+"}"), base); !slices.Equal(kinds(f), []Rule{RuleConfinement}) {
			t.Errorf("asks for %+v", f.Asks)
		}
	})
}

// TestPutTogether: parts that base grants are no grant of what they make together,
// nor is a use of something a grant of another.
func TestPutTogether(t *testing.T) {
	const pulled = "pod_spec: {imagePullSecrets: [{name: s}], containers: [{name: c, image: "
	tolerated := func(list string) string {
		return "decoration_config: {scheduling_options: {tolerations: [" + list + "]}}"
	}
	token := func(audience string) string {
		return "pod_spec: {automountServiceAccountToken: false, volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t" + audience + "}}]}}]}"
	}
	for name, tc := range map[string]struct {
		base, head string
		want       []Rule
	}{
		"a toleration without its key": {tolerated("{key: ci, operator: Exists}"), tolerated("{operator: Exists}"), []Rule{RuleDecoration}},
		"a bucket without its path":    {"decoration_config: {gcs_configuration: {bucket: releases, path_prefix: sandbox}}", "decoration_config: {gcs_configuration: {bucket: releases}}", []Rule{RuleDecoration}},
		"a pull secret, other image":   {pulled + "quay.io/a/b:1}]}", pulled + "quay.io/a/private}]}", []Rule{RulePullSecret}},
		"a pull secret, other tag":     {pulled + "quay.io/a/b:1}]}", pulled + "quay.io/a/b:2}]}", nil},
		"a token for the API server":   {token(", audience: vault"), token(""), []Rule{RuleToken}},
		"the same, mounted":            {token(", audience: vault"), "pod_spec: {automountServiceAccountToken: true}", []Rule{RuleToken}},
		"a token for somebody else":    {token(""), token(", audience: vault"), []Rule{RuleToken}},
		"the same token, projected":    {"pod_spec: {automountServiceAccountToken: true}", token(""), nil},
		"to read what it wrote":        {"pod_spec: {volumes: [{name: v, hostPath: {path: /x}}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x}]}]}", "pod_spec: {volumes: [{name: v, hostPath: {path: /x}}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x, readOnly: true}]}]}", nil},
		"a commit in capitals":         {cloned("base_ref: main"), cloned("base_ref: ABCDEF6789ABCDEF0123456789ABCDEF01234567"), []Rule{RuleCheckout}},
		"a proposal on other servers":  {cloned("base_ref: main"), cloned("base_ref: pull-requests/6/from"), []Rule{RuleCheckout}},
		"without its address":          {cloned("base_ref: main, clone_uri: 'https://git.example.com/x.git'"), cloned("base_ref: main"), []Rule{RuleCheckout}},
	} {
		t.Run(name, func(t *testing.T) {
			f := judge(t, Config{}, job(t, tc.head), job(t, tc.base))
			if got := kinds(f); !slices.Equal(got, tc.want) {
				t.Errorf("asks for %q, want %q: %+v", got, tc.want, f.Asks)
			}
		})
	}
	t.Run("lists", func(t *testing.T) {
		all := Config{Secrets: []string{"s"}, ServiceAccounts: []string{"default"}, Repositories: []string{"acme/*"}}
		for _, head := range []string{pulled + "quay.io/a/b}]}", token(", audience: vault")} {
			if f := judge(t, all, job(t, head), job(t)); !f.Zero() {
				t.Errorf("%s asks for %+v", head, f.Asks)
			}
		}
		base := "decoration_config: {ssh_key_secrets: [k]}\nextra_refs: [{org: acme, repo: other, base_ref: main}]"
		head := cloned("base_ref: main, clone_uri: 'https://git.example.com/x.git'")
		if f := judge(t, all, job(t, head), job(t, base)); !slices.Equal(kinds(f), []Rule{RuleCloneURI}) {
			t.Errorf("another address asks for %+v", f.Asks)
		}
	})
}

// TestGravestFirst: what is cut off the end of a list is not the worst of it.
func TestGravestFirst(t *testing.T) {
	head := job(t, "pod_spec: {hostNetwork: true, volumes: [{name: v, secret: {secretName: s}}]}\ndecoration_config: {timeout: 48h}")
	head.Annotations = map[string]string{"a": "b", "c": "d"}
	var got []Rule
	for _, a := range judge(t, Config{}, head, job(t)).Asks {
		got = append(got, a.Rule)
	}
	if want := []Rule{RuleHost, RuleSecret, RuleTimeout, RuleAnnotation, RuleAnnotation}; !slices.Equal(got, want) {
		t.Errorf("asks for %q, want %q", got, want)
	}
}
