package gate

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
)

func TestLists(t *testing.T) {
	secret := "pod_spec: {volumes: [{name: v, secret: {secretName: public-a}}]}"
	for name, tc := range map[string]struct {
		config Config
		head   string
		want   []Rule
	}{
		"cluster on the list":                        {Config{Clusters: []string{"build*"}}, "cluster: build01", nil},
		"cluster not on the list":                    {Config{Clusters: []string{"build*"}}, "cluster: vault", []Rule{RuleCluster}},
		"default cluster not on the list":            {Config{Clusters: []string{"build*"}}, "", []Rule{RuleCluster}},
		"service account":                            {Config{ServiceAccounts: []string{"ci"}}, "pod_spec: {serviceAccountName: ci}", nil},
		"secret":                                     {Config{Secrets: []string{"public-*"}}, secret, nil},
		"only the start of a secret's name":          {Config{Secrets: []string{"public"}}, secret, []Rule{RuleSecret}},
		"key of a secret on the list":                {Config{Secrets: []string{"public-*"}}, "pod_spec: {containers: [{name: c, image: a, env: [{name: E, valueFrom: {secretKeyRef: {name: public-a, key: k}}}]}]}", nil},
		"key that matches, of another secret":        {Config{Secrets: []string{"public-*"}}, "pod_spec: {containers: [{name: c, image: a, env: [{name: E, valueFrom: {secretKeyRef: {name: x, key: public-a}}}]}]}", []Rule{RuleSecret}},
		"registry":                                   {Config{ImageRegistries: []string{"quay.io/acme"}}, "pod_spec: {containers: [{name: c, image: 'quay.io/acme/x:1'}]}", nil},
		"organisation with the same start":           {Config{ImageRegistries: []string{"quay.io/acme"}}, "pod_spec: {containers: [{name: c, image: 'quay.io/acme-evil/x:1'}]}", []Rule{RuleImage}},
		"host with the same start":                   {Config{ImageRegistries: []string{"quay.io"}}, "pod_spec: {containers: [{name: c, image: 'quay.io.evil.example/x'}]}", []Rule{RuleImage}},
		"registry on another port":                   {Config{ImageRegistries: []string{"quay.io"}}, "pod_spec: {containers: [{name: c, image: 'quay.io:444/x'}]}", []Rule{RuleImage}},
		"short image name":                           {Config{ImageRegistries: []string{"docker.io/library"}}, "", nil},
		"image with a digest":                        {Config{ImageRegistries: []string{"quay.io/acme"}}, "pod_spec: {containers: [{name: c, image: 'quay.io/acme/x@sha256:0'}]}", nil},
		"other registry in an init container":        {Config{ImageRegistries: []string{"docker.io"}}, "pod_spec: {initContainers: [{name: c, image: evil.example/x}]}", []Rule{RuleImage}},
		"ConfigMap":                                  {Config{ConfigMaps: []string{"step-*"}}, "pod_spec: {volumes: [{name: v, configMap: {name: other}}]}", []Rule{RuleConfigMap}},
		"repository":                                 {Config{Repositories: []string{"acme/widget", "acme/x"}}, "extra_refs: [{org: acme, repo: x}]\ndecoration_config: {ssh_key_secrets: [k]}", []Rule{RuleDecoration}},
		"device":                                     {Config{Devices: []string{"nvidia.com/gpu"}}, "pod_spec: {containers: [{name: c, image: a, resources: {limits: {nvidia.com/gpu: '8'}}}]}", nil},
		"registry in capitals":                       {Config{ImageRegistries: []string{"docker.io"}}, "pod_spec: {containers: [{name: c, image: EVIL/x}]}", []Rule{RuleImage}},
		"total of an init container and a container": {Config{MaxResources: quantities("memory=3Gi")}, "pod_spec: {initContainers: [{name: i, image: a, resources: {limits: {memory: 2Gi}}}]}", []Rule{RuleResources}},
		"one container within the limits":            {Config{MaxResources: quantities("memory=3Gi,cpu=1")}, "", nil},
		"time-out below a raised limit":              {Config{MaxTimeout: 30 * 3600e9}, "decoration_config: {timeout: 25h}", nil},
		"pull secret":                                {Config{Secrets: []string{"s"}}, "pod_spec: {imagePullSecrets: [{name: s}]}", nil},
		"proposed change in a listed repository":     {Config{Repositories: []string{"acme/*"}}, cloned("base_ref: refs/pull/6/head"), []Rule{RuleCheckout, RuleDecoration}},
		"no decoration":                              {Config{MaxTimeout: 3600e9}, "decoration_config: null", []Rule{RuleTimeout}},
		"decoration without a time-out":              {Config{MaxTimeout: 3600e9}, "decoration_config: {timeout: null}", []Rule{RuleTimeout}},
		"no decoration, but a deadline":              {Config{MaxTimeout: 3600e9}, "decoration_config: null\npod_spec: {activeDeadlineSeconds: 60}", nil},
		"limit that counts as a request":             {Config{MaxResources: quantities("cpu=4")}, "pod_spec: {containers: [{name: a, image: a, resources: {requests: {cpu: '4'}}}, {name: b, image: a, resources: {limits: {cpu: '4'}}}]}", []Rule{RuleResources}},
		"negative request":                           {Config{MaxResources: quantities("cpu=4")}, "pod_spec: {containers: [{name: a, image: a, resources: {requests: {cpu: '400'}}}, {name: b, image: a, resources: {requests: {cpu: '-399'}}}]}", []Rule{RuleResources}},
		"memory request that Prow adds":              {Config{MaxResources: quantities("memory=4Gi")}, "pod_spec: {containers: [{name: a, image: a}]}\ndecoration_config: {default_memory_request: 500Gi}", []Rule{RuleResources}},
		"resources of Prow's sidecar":                {Config{MaxResources: quantities("cpu=4")}, "decoration_config: {resources: {sidecar: {requests: {cpu: '500'}}}}", []Rule{RuleResources}},
		"time-out above a lowered limit":             {Config{MaxTimeout: 3600e9}, "", []Rule{RuleTimeout}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := kinds(judge(t, tc.config, job(t, tc.head))); !slices.Equal(got, tc.want) {
				t.Errorf("asks for %q, want %q", got, tc.want)
			}
		})
	}
}

func quantities(s string) map[string]resource.Quantity {
	out := map[string]resource.Quantity{}
	for _, pair := range strings.Split(s, ",") {
		name, amount, _ := strings.Cut(pair, "=")
		out[name] = resource.MustParse(amount)
	}
	return out
}

func TestLabelsAndAnnotations(t *testing.T) {
	head := job(t)
	head.Labels = map[string]string{"preset-x": "true", "app": "boskos", "ci.openshift.io/generator": "prowgen"}
	head.Annotations = map[string]string{"description": "d", "testgrid-dashboards": "x", "k8s.v1.cni.cncf.io/networks": "host"}
	if got := kinds(judge(t, Config{}, head)); !slices.Equal(got, []Rule{RuleAnnotation, RuleLabel}) {
		t.Errorf("asks for %q", got)
	}
	if f := judge(t, Config{Labels: []string{"app"}, Annotations: []string{"k8s.v1.cni.*/networks"}}, head); !f.Zero() {
		t.Errorf("asks for %+v", f)
	}
	chosen := job(t)
	chosen.Labels = map[string]string{"capability/intranet": "intranet"}
	if got := kinds(judge(t, Config{}, chosen)); !slices.Equal(got, []Rule{RuleLabel}) {
		t.Errorf("a label that chooses the cluster asks for %q", got)
	}
	base := job(t)
	base.Labels = map[string]string{"app": "other"}
	base.Annotations = head.Annotations
	if f := judge(t, Config{}, head, base); len(f.Asks) != 1 || f.Asks[0].Use != (Use{Name: "app", Part: "boskos"}) {
		t.Errorf("another value asks for %+v", f.Asks)
	}
}

func TestValidate(t *testing.T) {
	if err := Defaults().Validate(); err != nil {
		t.Error(err)
	}
	for want, c := range map[string]Config{
		`new_jobs: "maybe"`:                      {NewJobs: "maybe"},
		`clusters[1]: "a b"`:                     {Clusters: []string{"a", "a b"}},
		`clusters[1]: "a" is listed twice`:       {Clusters: []string{"a", "a"}},
		`secrets[0]: ""`:                         {Secrets: []string{""}},
		`required[0]: "=true"`:                   {Required: []string{"=true"}},
		`restricted[0]: "a b"`:                   {Restricted: []string{"a b"}},
		`restricted[0]: "testgrid-x" is`:         {Restricted: []string{"testgrid-x"}},
		`image_registries[0]: "quay.io/x@sha"`:   {ImageRegistries: []string{"quay.io/x@sha"}},
		`image_registries[0]: "https://quay.io"`: {ImageRegistries: []string{"https://quay.io"}},
		`repositories[0]: "acme"`:                {Repositories: []string{"acme"}},
		`max_timeout: -1`:                        {MaxTimeout: -1},
		`max_resources.cpu: 0`:                   {MaxResources: quantities("cpu=0")},
		`max_resources: "a b"`:                   {MaxResources: quantities("a b=1")},
	} {
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: %v, want %s…", c, err, want)
		}
	}
}
