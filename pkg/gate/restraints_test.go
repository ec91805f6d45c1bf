package gate

import (
	"slices"
	"testing"
)

// TestLoosened: a job with powers must keep the restraints that it has at base; a job
// without powers may drop them, since other jobs do not have them either.
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
		"user namespace removed":                        {"hostUsers: false, " + c, c, true},
		"user namespace switched off":                   {"hostUsers: false, " + c, "hostUsers: true, " + c, true},
		"runtime class removed":                         {"runtimeClassName: kata, " + c, c, true},
		"node selector removed":                         {"nodeSelector: {pool: ci, zone: a}, " + c, "nodeSelector: {zone: a}, " + c, true},
		"node selector added":                           {"nodeSelector: {pool: ci}, " + c, "nodeSelector: {pool: ci, zone: a}, " + c, false},
		"node affinity removed":                         {"affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: pool, operator: Exists}]}]}}}, " + c, c, true},
		"user removed":                                  {"securityContext: {runAsUser: 1000}, " + c, c, true},
		"user overridden by the container":              {"securityContext: {runAsUser: 1000}, " + c, "securityContext: {runAsUser: 1000}, " + secured("runAsUser: 0"), true},
		"another user":                                  {secured("runAsUser: 1000"), secured("runAsUser: 2000"), true},
		"restraint moved from the container to the pod": {secured("runAsNonRoot: true"), "securityContext: {runAsNonRoot: true}, " + c, false},
		"container as root added":                       {secured("runAsUser: 1000"), "containers: [{name: c, image: a, securityContext: {runAsUser: 1000}}, {name: d, image: a}]", true},
		"only the less restrained container kept":       {"containers: [{name: c, image: a, securityContext: {runAsUser: 1000}}, {name: d, image: a}]", c, false},
		"privilege escalation allowed":                  {secured("allowPrivilegeEscalation: false"), c, true},
		"capability no longer dropped":                  {secured("capabilities: {drop: [NET_RAW]}"), c, true},
		"all capabilities dropped":                      {secured("capabilities: {drop: [NET_RAW]}"), secured("capabilities: {drop: [ALL]}"), false},
		"fewer capabilities dropped":                    {secured("capabilities: {drop: [ALL]}"), secured("capabilities: {drop: [NET_RAW]}"), true},
		"seccomp":                                       {"securityContext: {seccompProfile: {type: RuntimeDefault}}, " + c, c, true},
		"AppArmor":                                      {secured("appArmorProfile: {type: RuntimeDefault}"), c, true},
		"restraints added":                              {c, "hostUsers: false, nodeSelector: {a: b}, securityContext: {runAsNonRoot: true}, " + secured("capabilities: {drop: [ALL]}"), false},
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
	t.Run("user of the decoration removed", func(t *testing.T) {
		base := job(t, "decoration_config: {run_as_user: 1000}\npod_spec: {"+power+"}")
		if f := judge(t, Config{}, job(t, "pod_spec: {"+power+"}"), base); !slices.Equal(kinds(f), []Rule{RuleConfinement}) {
			t.Errorf("asks for %+v", f.Asks)
		}
	})
}

// TestPutTogether: grants of parts do not allow their combination, and a grant of one use
// does not allow another use.
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
		"toleration without its key":                           {tolerated("{key: ci, operator: Exists}"), tolerated("{operator: Exists}"), []Rule{RuleDecoration}},
		"bucket without its path":                              {"decoration_config: {gcs_configuration: {bucket: releases, path_prefix: sandbox}}", "decoration_config: {gcs_configuration: {bucket: releases}}", []Rule{RuleDecoration}},
		"pull secret for another image":                        {pulled + "quay.io/a/b:1}]}", pulled + "quay.io/a/private}]}", []Rule{RulePullSecret}},
		"pull secret for another tag":                          {pulled + "quay.io/a/b:1}]}", pulled + "quay.io/a/b:2}]}", nil},
		"token for the API server instead of another audience": {token(", audience: vault"), token(""), []Rule{RuleToken}},
		"mounted token instead of one for another audience":    {token(", audience: vault"), "pod_spec: {automountServiceAccountToken: true}", []Rule{RuleToken}},
		"token for another audience":                           {token(""), token(", audience: vault"), []Rule{RuleToken}},
		"mounted token, now projected":                         {"pod_spec: {automountServiceAccountToken: true}", token(""), nil},
		"write access reduced to read access":                  {"pod_spec: {volumes: [{name: v, hostPath: {path: /x}}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x}]}]}", "pod_spec: {volumes: [{name: v, hostPath: {path: /x}}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x, readOnly: true}]}]}", nil},
		"commit in capitals as a ref":                          {cloned("base_ref: main"), cloned("base_ref: ABCDEF6789ABCDEF0123456789ABCDEF01234567"), []Rule{RuleCheckout}},
		"proposed change by a ref of another server":           {cloned("base_ref: main"), cloned("base_ref: pull-requests/6/from"), []Rule{RuleCheckout}},
		"checkout without its own address":                     {cloned("base_ref: main, clone_uri: 'https://git.example.com/x.git'"), cloned("base_ref: main"), []Rule{RuleCheckout}},
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

// TestGravestFirst: a list that is cut off at its end still shows the most powerful
// requests.
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
