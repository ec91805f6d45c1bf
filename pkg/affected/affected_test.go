package affected

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

func TestSecretsAreCensored(t *testing.T) {
	env := func(name, value string) map[string]any {
		return map[string]any{"env": []any{map[string]any{"name": name, "value": value}}}
	}
	for name, tc := range map[string]struct {
		before, after any
		hidden        string
		shown         string
	}{
		"variable named like a secret":     {env("API_TOKEN", "hunter1"), env("API_TOKEN", "hunter2"), "hunter", "env[API_TOKEN].value"},
		"new variable named like a secret": {env("A", "b"), env("DB_PASSWORD", "hunter2"), "hunter2", "DB_PASSWORD"},
		"GitHub token":                     {"x", "ghp_abcdefghijklmnopqrstuvwxyz0123456789", "ghp_", ""},
		"token of another service":         {"x", "glpat-" + strings.Repeat("aB3", 8), "glpat-", ""},
		"password in a flag":               {"x", "login --password hunter2", "hunter2", "login"},
		"variable named like a field":      {env("API_KEY", "hunter1"), env("API_KEY", "hunter2"), "hunter", "API_KEY"},
		"path of a token":                  {"x", "--github-token-path=/etc/github/token", "", "/etc/github/token"},
		"credentials in a URL":             {"x", "https://bob:hunter2@example.com/", "hunter2", "example.com"},
		"private key":                      {"x", "-----BEGIN RSA PRIVATE KEY-----\nhunter2", "hunter2", ""},
		"field named like a secret":        {map[string]any{"password": "hunter1"}, map[string]any{"password": "hunter2"}, "hunter", "password"},
		"name of a Secret":                 {map[string]any{"secretName": "a"}, map[string]any{"secretName": "robot"}, "", "robot"},
		"ordinary variable":                {env("LEVEL", "1"), env("LEVEL", "2"), "", "2"},
		"long value":                       {"x", strings.Repeat("y", 500), strings.Repeat("y", 200), "…"},
	} {
		t.Run(name, func(t *testing.T) {
			var text strings.Builder
			for _, f := range DiffFields("", tc.before, tc.after) {
				r := ReasonFor(SourceJobConfig, "f", "", f)
				text.WriteString(r.Path + " " + r.Old + " " + r.New + "\n")
			}
			if tc.hidden != "" && strings.Contains(text.String(), tc.hidden) || !strings.Contains(text.String(), tc.shown) {
				t.Errorf("reasons = %s", text.String())
			}
		})
	}
}

func TestConfigMapsOfAPod(t *testing.T) {
	ref := func(name string) corev1.LocalObjectReference { return corev1.LocalObjectReference{Name: name} }
	got := configMapsOf(&corev1.PodSpec{
		Volumes: []corev1.Volume{
			{VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: ref("mounted")}}},
			{VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
				{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: ref("projected")}}, {},
			}}}},
		},
		InitContainers: []corev1.Container{{EnvFrom: []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: ref("all-env")}}}}},
		Containers: []corev1.Container{{Env: []corev1.EnvVar{
			{Name: "A", ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: ref("one-env")}}},
		}}},
	})
	if want := []string{"all-env", "mounted", "one-env", "projected"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestWalkOrder(t *testing.T) {
	want := []string{"a/z.yaml", "a.yaml", "a0/b.yaml", "b.yaml"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, CompareWalk)
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestKeysTellBranchesApart(t *testing.T) {
	refs := []Ref{
		{Type: prowapi.PresubmitJob, Repo: "o/r", Name: "a", Branches: []string{"x,y"}},
		{Type: prowapi.PresubmitJob, Repo: "o/r", Name: "a", Branches: []string{"x", "y"}},
		{Type: prowapi.PresubmitJob, Repo: "o/r", Name: "a", SkipBranches: []string{"x", "y"}},
		{Type: prowapi.PresubmitJob, Repo: "o/r", Name: "a", Branches: []string{"x"}, SkipBranches: []string{"y"}},
		{Type: prowapi.PostsubmitJob, Repo: "o/r", Name: "a", Branches: []string{"x,y"}},
	}
	seen := map[string]bool{}
	for _, r := range refs {
		if seen[r.Key()] {
			t.Errorf("%+v has the key of another", r)
		}
		seen[r.Key()] = true
	}
}

func TestDigestIsOfTheContent(t *testing.T) {
	a := Result{Base: "1", Head: "2", Tree: "3", Jobs: 5, Affected: []Job{{Ref: Ref{Name: "a"}, Change: ChangeSpec}}}
	b := a
	b.Base, b.Head, b.Tree = "x", "y", "z"
	if a.Digest() != b.Digest() {
		t.Error("the digest depends on the commits")
	}
	b.Affected = []Job{{Ref: Ref{Name: "a"}, Change: ChangeLabels}}
	if a.Digest() == b.Digest() {
		t.Error("the digest does not depend on the jobs")
	}
}

func TestReasonsTellEmptyFromNone(t *testing.T) {
	for name, tc := range map[string]struct {
		before, after any
		want          Reason
	}{
		"empty text added":      {map[string]any{}, map[string]any{"a": ""}, Reason{Path: "a", New: `""`}},
		"empty text replaced":   {map[string]any{"a": ""}, map[string]any{"a": "x"}, Reason{Path: "a", Old: `""`, New: "x"}},
		"empty object added":    {map[string]any{}, map[string]any{"a": map[string]any{}}, Reason{Path: "a", New: "{}"}},
		"empty object removed":  {map[string]any{"a": map[string]any{}}, map[string]any{}, Reason{Path: "a", Old: "{}"}},
		"empty list added":      {map[string]any{}, map[string]any{"a": []any{}}, Reason{Path: "a", New: "[]"}},
		"field of a new object": {map[string]any{}, map[string]any{"a": map[string]any{"b": 1}}, Reason{Path: "a.b", New: "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			fields := DiffFields("", tc.before, tc.after)
			if len(fields) != 1 {
				t.Fatalf("fields = %v", fields)
			}
			if got := ReasonFor("", "", "", fields[0]); got != tc.want {
				t.Errorf("reason = %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestFieldsOfReorderedLists(t *testing.T) {
	named := func(names ...string) map[string]any {
		var list []any
		for i, n := range names {
			list = append(list, map[string]any{"name": strings.TrimSuffix(n, "!"), "i": strings.Contains(n, "!"), "args": []any{"a && b", i < 0}})
		}
		return map[string]any{"l": list}
	}
	for name, tc := range map[string]struct {
		before, after map[string]any
		want          string
	}{
		"other order":                       {named("a", "b"), named("b", "a"), `l (order): ["a","b"] > ["b","a"]`},
		"other order and a changed element": {named("a", "b"), named("b!", "a"), `l[b].i: false > true, l (order): ["a","b"] > ["b","a"]`},
		"inserted at the beginning":         {named("a", "b"), named("c", "a", "b"), `l[c]:  > {"args":["a && b",false],"i":false,"name":"c"}`},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range DiffFields("", tc.before, tc.after) {
				r := ReasonFor("", "", "", f)
				got = append(got, r.Path+": "+r.Old+" > "+r.New)
			}
			if text := strings.Join(got, ", "); text != tc.want {
				t.Errorf("got %s, want %s", text, tc.want)
			}
		})
	}
}
