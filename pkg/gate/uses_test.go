package gate

import (
	"slices"
	"testing"
)

// TestAsBaseUsesIt: what base grants is granted as it is used there.
func TestAsBaseUsesIt(t *testing.T) {
	mounted := func(source, env, mount string) string {
		return "pod_spec: {volumes: [{name: v, " + source + "}], containers: [{name: c, image: a, env: [" + env + "], volumeMounts: [{name: v, mountPath: /x, " + mount + "}]}]}"
	}
	const host, secret, claim = "hostPath: {path: /data}", "secret: {secretName: s}", "persistentVolumeClaim: {claimName: c}"
	const part = "subPathExpr: $(PART)"
	from := func(env, from string) string {
		return "pod_spec: {volumes: [{name: v, " + host + "}], containers: [{name: c, image: a, env: [" + env + "], envFrom: [" + from + "], volumeMounts: [{name: v, mountPath: /x, " + part + "}]}]}"
	}
	sock := func(context string) string {
		return "pod_spec: {volumes: [{name: v, hostPath: {path: /var/run/docker.sock}}], " + context + "}"
	}
	const c = "containers: [{name: c, image: a}]"
	secured := func(context string) string {
		return "containers: [{name: c, image: a, securityContext: {" + context + "}}]"
	}
	pulled := func(secrets, image string) string {
		return "pod_spec: {imagePullSecrets: [" + secrets + "], containers: [{name: c, image: " + image + "}]}"
	}
	token := func(how string) string {
		return "pod_spec: {serviceAccountName: x, automountServiceAccountToken: false, volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t, " + how + "}}]}}]}"
	}
	probed := func(get string) string {
		return "pod_spec: {containers: [{name: c, image: a, livenessProbe: {httpGet: {host: h, port: 80" + get + "}}}]}"
	}
	gpus := func(n string) string {
		return "pod_spec: {containers: [{name: c, image: a, resources: {limits: {nvidia.com/gpu: '" + n + "'}}}]}"
	}
	for name, tc := range map[string]struct {
		base, head string
		want       []Rule
	}{
		"another part, by its variable":    {mounted(host, "{name: PART, value: a}", part), mounted(host, "{name: PART, value: b}", part), []Rule{RuleHostPath}},
		"by a variable in it":              {mounted(host, "{name: A, value: a}, {name: PART, value: $(A)}", part), mounted(host, "{name: A, value: ../b}, {name: PART, value: $(A)}", part), []Rule{RuleHostPath}},
		"by the order of variables":        {mounted(host, "{name: A, value: a}, {name: PART, value: $(A)}", part), mounted(host, "{name: PART, value: $(A)}, {name: A, value: a}", part), []Rule{RuleHostPath}},
		"by a variable that is twice":      {mounted(host, "{name: PART, value: a}", part), mounted(host, "{name: PART, value: a}, {name: PART, value: b}", part), []Rule{RuleHostPath}},
		"by a variable that was none":      {mounted(host, "", part), mounted(host, "{name: PART, value: b}", part), []Rule{RuleHostPath}},
		"by a variable that is none":       {mounted(host, "{name: PART, value: a}", part), mounted(host, "", part), []Rule{RuleHostPath}},
		"by a field":                       {mounted(host, "{name: PART, valueFrom: {fieldRef: {fieldPath: metadata.name}}}", part), mounted(host, "{name: PART, valueFrom: {fieldRef: {fieldPath: \"metadata.labels['x']\"}}}", part), []Rule{RuleHostPath}},
		"by a ConfigMap":                   {mounted(host, "{name: PART, valueFrom: {configMapKeyRef: {name: a, key: k}}}", part), mounted(host, "{name: PART, valueFrom: {configMapKeyRef: {name: b, key: k}}}", part), []Rule{RuleHostPath}},
		"by all of a ConfigMap":            {from("", "{configMapRef: {name: a}}"), from("", "{configMapRef: {name: b}}"), []Rule{RuleHostPath}},
		"by the prefix of a ConfigMap":     {from("", "{prefix: X_, configMapRef: {name: a}}"), from("", "{configMapRef: {name: a}}"), []Rule{RuleHostPath}},
		"a path that says more":            {mounted("hostPath: {path: /d}", "", "readOnly: true"), mounted("hostPath: {path: '/d, at /x'}", "", "readOnly: true"), []Rule{RuleHostPath}},
		"a value that says more":           {mounted(host, "{name: PART, value: a}, {name: B, value: c}", "subPathExpr: $(PART)$(B)"), mounted(host, "{name: PART, value: 'a and B=c'}", "subPathExpr: $(PART)$(B)"), []Rule{RuleHostPath}},
		"another variable":                 {mounted(host, "{name: PART, value: a}, {name: B, value: a}", part), mounted(host, "{name: PART, value: a}, {name: B, value: b}", part), nil},
		"the same part":                    {mounted(host, "{name: PART, value: a}", part), mounted(host, "{name: PART, value: a}, {name: C, value: b}", part), nil},
		"a part of nothing of power":       {mounted("emptyDir: {}", "{name: PART, value: a}", part), mounted("emptyDir: {}", "{name: PART, value: b}", part), nil},
		"another key of a secret":          {mounted(secret, "{name: PART, value: a}", part), mounted(secret, "{name: PART, value: b}", part), []Rule{RuleSecret}},
		"all of a secret":                  {mounted(secret, "{name: PART, value: a}", part), mounted(secret, "", "readOnly: true"), []Rule{RuleSecret}},
		"a key of all of a secret":         {mounted(secret, "", "readOnly: true"), mounted(secret, "{name: PART, value: a}", part), nil},
		"another part of a claim":          {mounted(claim, "{name: PART, value: a}", part), mounted(claim, "{name: PART, value: b}", part), []Rule{RuleVolume}},
		"files of the node elsewhere":      {mounted(host, "", "readOnly: true"), "pod_spec: {volumes: [{name: v, " + host + "}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /usr, readOnly: true}]}]}", []Rule{RuleHostPath}},
		"a secret elsewhere":               {mounted(secret, "", "readOnly: true"), "pod_spec: {volumes: [{name: v, " + secret + "}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /usr}]}]}", nil},
		"to write to what is in it":        {mounted(host, "", "readOnly: true, recursiveReadOnly: Enabled"), mounted(host, "", "readOnly: true"), []Rule{RuleHostPath}},
		"where that can be had":            {mounted(host, "", "readOnly: true, recursiveReadOnly: Enabled"), mounted(host, "", "readOnly: true, recursiveReadOnly: IfPossible"), []Rule{RuleHostPath}},
		"only that":                        {mounted(host, "", "readOnly: true, recursiveReadOnly: IfPossible"), mounted(host, "", "readOnly: true"), []Rule{RuleHostPath}},
		"to write to, and said otherwise":  {mounted(host, "", "readOnly: true"), mounted(host, "", "recursiveReadOnly: Enabled"), []Rule{RuleHostPath}},
		"less to write to":                 {mounted(host, "", "readOnly: true"), mounted(host, "", "readOnly: true, recursiveReadOnly: Enabled"), nil},
		"nothing to write to":              {mounted(host, "", "readOnly: false"), mounted(host, "", "readOnly: true, recursiveReadOnly: Enabled"), nil},
		"what others mount":                {mounted(host, "", "mountPropagation: HostToContainer"), mounted(host, "", "mountPropagation: Bidirectional"), []Rule{RuleHostPath, RulePrivileged}},
		"what others mount in another one": {"pod_spec: {volumes: [{name: v, " + host + "}, {name: w, hostPath: {path: /w}}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x}, {name: w, mountPath: /w, mountPropagation: HostToContainer}]}]}", "pod_spec: {volumes: [{name: v, " + host + "}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x, mountPropagation: HostToContainer}]}]}", []Rule{RuleHostPath}},

		"a group that may use docker":     {sock("securityContext: {runAsUser: 1000}, " + c), sock("securityContext: {runAsUser: 1000, supplementalGroups: [998]}, " + c), []Rule{RuleConfinement}},
		"its own group":                   {sock("securityContext: {runAsUser: 1000}, " + c), sock("securityContext: {runAsUser: 1000}, " + secured("runAsGroup: 998")), []Rule{RuleConfinement}},
		"the group of its files":          {sock("securityContext: {runAsUser: 1000}, " + c), sock("securityContext: {runAsUser: 1000, fsGroup: 998}, " + c), []Rule{RuleConfinement}},
		"that of the decoration":          {sock("securityContext: {runAsUser: 1000}, " + c), "decoration_config: {fs_group: 998}\n" + sock("securityContext: {runAsUser: 1000}, "+c), []Rule{RuleConfinement}},
		"fewer groups":                    {sock("securityContext: {runAsUser: 1000, supplementalGroups: [998, 999]}, " + c), sock("securityContext: {runAsUser: 1000, supplementalGroups: [998]}, " + c), nil},
		"another user than root":          {sock("securityContext: {runAsUser: 1000}, " + c), sock("securityContext: {runAsUser: 65534}, " + c), []Rule{RuleConfinement}},
		"a user where none was named":     {sock(c), sock("securityContext: {runAsUser: 1000}, " + c), nil},
		"a user in place of root":         {sock("securityContext: {runAsUser: 0}, " + c), sock("securityContext: {runAsUser: 1000}, " + c), nil},
		"in place of root that is held":   {sock(secured("runAsUser: 0, capabilities: {drop: [SETUID]}")), sock(secured("runAsUser: 1000, capabilities: {drop: [SETUID]}")), []Rule{RuleConfinement}},
		"the user of one with the other":  {sock("containers: [{name: c, image: a, securityContext: {runAsUser: 1, runAsGroup: 1}}, {name: d, image: a, securityContext: {runAsUser: 2, runAsGroup: 2}}]"), sock(secured("runAsUser: 1, runAsGroup: 2")), []Rule{RuleConfinement}},
		"the same by the container":       {sock("securityContext: {runAsUser: 1000, runAsGroup: 5}, " + c), sock(secured("runAsUser: 1000, runAsGroup: 5")), nil},
		"groups, with a device":           {"pod_spec: {containers: [{name: c, image: a, securityContext: {runAsUser: 1}, resources: {limits: {kvm: '1'}}}]}", "pod_spec: {containers: [{name: c, image: a, securityContext: {runAsUser: 1, runAsGroup: 36}, resources: {limits: {kvm: '1'}}}]}", []Rule{RuleConfinement}},
		"groups, without power":           {"pod_spec: {securityContext: {runAsUser: 1000}, " + c + "}", "pod_spec: {securityContext: {runAsUser: 1, supplementalGroups: [998], fsGroup: 1}, " + c + "}", nil},
		"more devices":                    {gpus("1"), gpus("8"), []Rule{RuleDevice}},
		"fewer devices":                   {gpus("8"), gpus("1"), nil},
		"another path of a probe":         {probed(""), probed(", path: /latest/meta-data"), []Rule{RuleProbe}},
		"other headers of a probe":        {probed(""), probed(", httpHeaders: [{name: Metadata-Flavor, value: Google}]"), []Rule{RuleProbe}},
		"a token that lasts":              {token("expirationSeconds: 7200"), token("expirationSeconds: 999999"), []Rule{RuleToken}},
		"a token that does not last":      {token("expirationSeconds: 7200"), token("expirationSeconds: 600"), nil},
		"out of the queue":                {"job_queue_name: q", "", []Rule{RuleQueue}},
		"out of it by another one":        {"job_queue_name: q", "job_queue_name: ''\nmax_concurrency: 1", []Rule{RuleQueue}},
		"as often as it likes":            {"max_concurrency: 1", "", []Rule{RuleQueue}},
		"more often":                      {"max_concurrency: 1", "max_concurrency: 2", []Rule{RuleQueue}},
		"less often":                      {"max_concurrency: 2", "max_concurrency: 1", nil},
		"never more than":                 {"", "max_concurrency: 1", nil},
		"an image that is on the node":    {"", "pod_spec: {containers: [{name: c, image: quay.io/private/x, imagePullPolicy: Never}]}", []Rule{RulePullSecret}},
		"another that is on the node":     {"pod_spec: {containers: [{name: c, image: a, imagePullPolicy: Never}]}", "pod_spec: {containers: [{name: c, image: b, imagePullPolicy: Never}]}", []Rule{RulePullSecret}},
		"the same that is on the node":    {"pod_spec: {containers: [{name: c, image: 'a:1', imagePullPolicy: Never}]}", "pod_spec: {containers: [{name: c, image: 'a:2', imagePullPolicy: Never}]}", nil},
		"another without the pull secret": {pulled("{name: s}", "quay.io/a/x"), pulled("", "'quay.io/a/y:1'"), []Rule{RulePullSecret}},
		"the same without it":             {pulled("{name: s}", "'quay.io/a/x:1'"), pulled("", "'quay.io/a/x:2'"), nil},
		"another that is asked for":       {pulled("{name: s}", "quay.io/a/x"), pulled("", "quay.io/a/y"), nil},
		"another where none is needed":    {pulled("{name: s}", "quay.io/a/x"), pulled("", "'docker.io/a/y:1'"), nil},
		"whether to pull":                 {"", "pod_spec: {containers: [{name: c, image: a, imagePullPolicy: IfNotPresent}]}", nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := judge(t, Config{}, job(t, tc.head), job(t, tc.base))
			if got := kinds(f); !slices.Equal(got, tc.want) {
				t.Errorf("asks for %q, want %q: %+v", got, tc.want, f.Asks)
			}
			if f := judge(t, Config{}, job(t, tc.base), job(t, tc.base)); !f.Zero() {
				t.Errorf("the same asks for %+v", f.Asks)
			}
		})
	}
}
