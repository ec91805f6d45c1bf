package gate

import (
	"slices"
	"testing"
)

// TestAsBaseUsesIt: base grants a thing only in the way in which it uses it.
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
		"part of a volume changed by its variable":        {mounted(host, "{name: PART, value: a}", part), mounted(host, "{name: PART, value: b}", part), []Rule{RuleHostPath}},
		"part changed by a variable inside its variable":  {mounted(host, "{name: A, value: a}, {name: PART, value: $(A)}", part), mounted(host, "{name: A, value: ../b}, {name: PART, value: $(A)}", part), []Rule{RuleHostPath}},
		"part changed by the order of variables":          {mounted(host, "{name: A, value: a}, {name: PART, value: $(A)}", part), mounted(host, "{name: PART, value: $(A)}, {name: A, value: a}", part), []Rule{RuleHostPath}},
		"part changed by a repeated variable":             {mounted(host, "{name: PART, value: a}", part), mounted(host, "{name: PART, value: a}, {name: PART, value: b}", part), []Rule{RuleHostPath}},
		"part changed by an added variable":               {mounted(host, "", part), mounted(host, "{name: PART, value: b}", part), []Rule{RuleHostPath}},
		"part changed by a removed variable":              {mounted(host, "{name: PART, value: a}", part), mounted(host, "", part), []Rule{RuleHostPath}},
		"part from another field of the pod":              {mounted(host, "{name: PART, valueFrom: {fieldRef: {fieldPath: metadata.name}}}", part), mounted(host, "{name: PART, valueFrom: {fieldRef: {fieldPath: \"metadata.labels['x']\"}}}", part), []Rule{RuleHostPath}},
		"part from a key of another ConfigMap":            {mounted(host, "{name: PART, valueFrom: {configMapKeyRef: {name: a, key: k}}}", part), mounted(host, "{name: PART, valueFrom: {configMapKeyRef: {name: b, key: k}}}", part), []Rule{RuleHostPath}},
		"part from all of another ConfigMap":              {from("", "{configMapRef: {name: a}}"), from("", "{configMapRef: {name: b}}"), []Rule{RuleHostPath}},
		"part changed by the prefix of a ConfigMap":       {from("", "{prefix: X_, configMapRef: {name: a}}"), from("", "{configMapRef: {name: a}}"), []Rule{RuleHostPath}},
		"path that imitates a mount point":                {mounted("hostPath: {path: /d}", "", "readOnly: true"), mounted("hostPath: {path: '/d, at /x'}", "", "readOnly: true"), []Rule{RuleHostPath}},
		"value that imitates a second variable":           {mounted(host, "{name: PART, value: a}, {name: B, value: c}", "subPathExpr: $(PART)$(B)"), mounted(host, "{name: PART, value: 'a and B=c'}", "subPathExpr: $(PART)$(B)"), []Rule{RuleHostPath}},
		"unused variable changed":                         {mounted(host, "{name: PART, value: a}, {name: B, value: a}", part), mounted(host, "{name: PART, value: a}, {name: B, value: b}", part), nil},
		"unused variable added":                           {mounted(host, "{name: PART, value: a}", part), mounted(host, "{name: PART, value: a}, {name: C, value: b}", part), nil},
		"part of a volume without power":                  {mounted("emptyDir: {}", "{name: PART, value: a}", part), mounted("emptyDir: {}", "{name: PART, value: b}", part), nil},
		"another key of a secret":                         {mounted(secret, "{name: PART, value: a}", part), mounted(secret, "{name: PART, value: b}", part), []Rule{RuleSecret}},
		"whole secret of which base mounts a part":        {mounted(secret, "{name: PART, value: a}", part), mounted(secret, "", "readOnly: true"), []Rule{RuleSecret}},
		"part of a secret that base mounts as a whole":    {mounted(secret, "", "readOnly: true"), mounted(secret, "{name: PART, value: a}", part), nil},
		"another part of a claim":                         {mounted(claim, "{name: PART, value: a}", part), mounted(claim, "{name: PART, value: b}", part), []Rule{RuleVolume}},
		"files of the node mounted elsewhere":             {mounted(host, "", "readOnly: true"), "pod_spec: {volumes: [{name: v, " + host + "}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /usr, readOnly: true}]}]}", []Rule{RuleHostPath}},
		"secret mounted elsewhere":                        {mounted(secret, "", "readOnly: true"), "pod_spec: {volumes: [{name: v, " + secret + "}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /usr}]}]}", nil},
		"recursive read-only mount no longer recursive":   {mounted(host, "", "readOnly: true, recursiveReadOnly: Enabled"), mounted(host, "", "readOnly: true"), []Rule{RuleHostPath}},
		"recursive read-only mount only if possible":      {mounted(host, "", "readOnly: true, recursiveReadOnly: Enabled"), mounted(host, "", "readOnly: true, recursiveReadOnly: IfPossible"), []Rule{RuleHostPath}},
		"read-only mount no longer recursive if possible": {mounted(host, "", "readOnly: true, recursiveReadOnly: IfPossible"), mounted(host, "", "readOnly: true"), []Rule{RuleHostPath}},
		"writable mount that sets recursiveReadOnly":      {mounted(host, "", "readOnly: true"), mounted(host, "", "recursiveReadOnly: Enabled"), []Rule{RuleHostPath}},
		"read-only mount made recursive":                  {mounted(host, "", "readOnly: true"), mounted(host, "", "readOnly: true, recursiveReadOnly: Enabled"), nil},
		"writable mount made read-only":                   {mounted(host, "", "readOnly: false"), mounted(host, "", "readOnly: true, recursiveReadOnly: Enabled"), nil},
		"mount propagation made bidirectional":            {mounted(host, "", "mountPropagation: HostToContainer"), mounted(host, "", "mountPropagation: Bidirectional"), []Rule{RuleHostPath, RulePrivileged}},
		"mount propagation of another volume":             {"pod_spec: {volumes: [{name: v, " + host + "}, {name: w, hostPath: {path: /w}}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x}, {name: w, mountPath: /w, mountPropagation: HostToContainer}]}]}", "pod_spec: {volumes: [{name: v, " + host + "}], containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x, mountPropagation: HostToContainer}]}]}", []Rule{RuleHostPath}},

		"supplementary group added":                       {sock("securityContext: {runAsUser: 1000}, " + c), sock("securityContext: {runAsUser: 1000, supplementalGroups: [998]}, " + c), []Rule{RuleConfinement}},
		"group set by the container":                      {sock("securityContext: {runAsUser: 1000}, " + c), sock("securityContext: {runAsUser: 1000}, " + secured("runAsGroup: 998")), []Rule{RuleConfinement}},
		"fsGroup added":                                   {sock("securityContext: {runAsUser: 1000}, " + c), sock("securityContext: {runAsUser: 1000, fsGroup: 998}, " + c), []Rule{RuleConfinement}},
		"fs_group of the decoration added":                {sock("securityContext: {runAsUser: 1000}, " + c), "decoration_config: {fs_group: 998}\n" + sock("securityContext: {runAsUser: 1000}, "+c), []Rule{RuleConfinement}},
		"supplementary group removed":                     {sock("securityContext: {runAsUser: 1000, supplementalGroups: [998, 999]}, " + c), sock("securityContext: {runAsUser: 1000, supplementalGroups: [998]}, " + c), nil},
		"user changed to another unprivileged one":        {sock("securityContext: {runAsUser: 1000}, " + c), sock("securityContext: {runAsUser: 65534}, " + c), []Rule{RuleConfinement}},
		"user set where base has none":                    {sock(c), sock("securityContext: {runAsUser: 1000}, " + c), nil},
		"root replaced by a user":                         {sock("securityContext: {runAsUser: 0}, " + c), sock("securityContext: {runAsUser: 1000}, " + c), nil},
		"root without SETUID replaced by a user":          {sock(secured("runAsUser: 0, capabilities: {drop: [SETUID]}")), sock(secured("runAsUser: 1000, capabilities: {drop: [SETUID]}")), []Rule{RuleConfinement}},
		"user of one container with the group of another": {sock("containers: [{name: c, image: a, securityContext: {runAsUser: 1, runAsGroup: 1}}, {name: d, image: a, securityContext: {runAsUser: 2, runAsGroup: 2}}]"), sock(secured("runAsUser: 1, runAsGroup: 2")), []Rule{RuleConfinement}},
		"user and group moved to the container":           {sock("securityContext: {runAsUser: 1000, runAsGroup: 5}, " + c), sock(secured("runAsUser: 1000, runAsGroup: 5")), nil},
		"group added to a job with a device":              {"pod_spec: {containers: [{name: c, image: a, securityContext: {runAsUser: 1}, resources: {limits: {kvm: '1'}}}]}", "pod_spec: {containers: [{name: c, image: a, securityContext: {runAsUser: 1, runAsGroup: 36}, resources: {limits: {kvm: '1'}}}]}", []Rule{RuleConfinement}},
		"groups added to a job without power":             {"pod_spec: {securityContext: {runAsUser: 1000}, " + c + "}", "pod_spec: {securityContext: {runAsUser: 1, supplementalGroups: [998], fsGroup: 1}, " + c + "}", nil},
		"more devices":                                    {gpus("1"), gpus("8"), []Rule{RuleDevice}},
		"fewer devices":                                   {gpus("8"), gpus("1"), nil},
		"probe of another path":                           {probed(""), probed(", path: /latest/meta-data"), []Rule{RuleProbe}},
		"probe with other headers":                        {probed(""), probed(", httpHeaders: [{name: Metadata-Flavor, value: Google}]"), []Rule{RuleProbe}},
		"token with a longer life":                        {token("expirationSeconds: 7200"), token("expirationSeconds: 999999"), []Rule{RuleToken}},
		"token with a shorter life":                       {token("expirationSeconds: 7200"), token("expirationSeconds: 600"), nil},
		"queue removed":                                   {"job_queue_name: q", "", []Rule{RuleQueue}},
		"queue replaced by max_concurrency":               {"job_queue_name: q", "job_queue_name: ''\nmax_concurrency: 1", []Rule{RuleQueue}},
		"max_concurrency removed":                         {"max_concurrency: 1", "", []Rule{RuleQueue}},
		"max_concurrency raised":                          {"max_concurrency: 1", "max_concurrency: 2", []Rule{RuleQueue}},
		"max_concurrency lowered":                         {"max_concurrency: 2", "max_concurrency: 1", nil},
		"max_concurrency added":                           {"", "max_concurrency: 1", nil},
		"image from the node's cache":                     {"", "pod_spec: {containers: [{name: c, image: quay.io/private/x, imagePullPolicy: Never}]}", []Rule{RulePullSecret}},
		"another image that is never pulled":              {"pod_spec: {containers: [{name: c, image: a, imagePullPolicy: Never}]}", "pod_spec: {containers: [{name: c, image: b, imagePullPolicy: Never}]}", []Rule{RulePullSecret}},
		"same image that is never pulled":                 {"pod_spec: {containers: [{name: c, image: 'a:1', imagePullPolicy: Never}]}", "pod_spec: {containers: [{name: c, image: 'a:2', imagePullPolicy: Never}]}", nil},
		"another cached image without the pull secret":    {pulled("{name: s}", "quay.io/a/x"), pulled("", "'quay.io/a/y:1'"), []Rule{RulePullSecret}},
		"same image without the pull secret":              {pulled("{name: s}", "'quay.io/a/x:1'"), pulled("", "'quay.io/a/x:2'"), nil},
		"another image that is always pulled":             {pulled("{name: s}", "quay.io/a/x"), pulled("", "quay.io/a/y"), nil},
		"another image of a public registry":              {pulled("{name: s}", "quay.io/a/x"), pulled("", "'docker.io/a/y:1'"), nil},
		"image that is pulled if not present":             {"", "pod_spec: {containers: [{name: c, image: a, imagePullPolicy: IfNotPresent}]}", nil},
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
