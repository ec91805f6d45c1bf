package plan

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

// reader returns a job that reads a ConfigMap in some way.
func reader(name, more, spec string) string {
	return "  - name: " + name + "\n    " + more + "\n    spec: {containers: [{image: i, command: [c]}], " + spec + "}\n"
}

func mounting(configMap string) string {
	return "volumes: [{name: v, configMap: {name: " + configMap + "}}]"
}

// textOf returns a text with the content of a ConfigMap, for comparison.
func textOf(t *testing.T, c affected.ConfigMapContent, jobs []affected.Job) string {
	t.Helper()
	out := fmt.Sprintf("%s/%s/%s:", c.Cluster, c.Namespace, c.Name)
	for _, k := range slices.Sorted(maps.Keys(c.Data)) {
		if k != "VERSION" {
			out += " " + k + "=" + c.Data[k]
		}
	}
	for _, k := range slices.Sorted(maps.Keys(c.BinaryData)) {
		z, err := gzip.NewReader(bytes.NewReader(c.BinaryData[k]))
		if err != nil {
			out += fmt.Sprintf(" %s=%x", k, c.BinaryData[k])
			continue
		}
		plain, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		out += " " + k + "=gzip " + string(plain)
	}
	var names []string
	for _, j := range jobs {
		if slices.Contains(c.Jobs, j.Key()) {
			names = append(names, j.Name)
		}
	}
	return out + " for " + strings.Join(names, ",") + c.Problem
}

func TestConfigMapContents(t *testing.T) {
	files := map[string]string{
		"prow/config.yaml": "pod_namespace: pods\nprowjob_namespace: prow\n",
		"files/a.txt":      "a1", "files/b.txt": "b1", "files/sub/c.txt": "c1", "files/x.bin": "\xff\xfe",
		"jobs/a.yaml": "presubmits:\n  org/repo:\n" + reader("one", "cluster: default", mounting("cm")) +
			reader("two", "cluster: build", mounting("cm")) + reader("three", "labels: {preset-p: x}", "hostNetwork: false"),
		"jobs/presets.yaml": "presets:\n- labels: {preset-p: x}\n  volumes: [{name: p, projected: {sources: [{configMap: {name: cm}}]}}]\n",
	}
	for name, tc := range map[string]struct {
		maps string
		head map[string]string
		want []string
	}{
		"nothing that is read changes": {
			"files/a.txt: {name: cm}", map[string]string{"files/b.txt": "b2"}, nil,
		},
		"whole content, where Prow runs": {
			"files/*.txt: {name: cm}", map[string]string{"files/a.txt": "a2"},
			[]string{"default/prow/cm: a.txt=a2 b.txt=b1 for one,three"},
		},
		"the pods' namespace among several, by cluster": {
			"files/**/*.txt: {name: cm, use_full_path_as_key: true, clusters: {default: [other, pods], build: [x, z]}}", map[string]string{"files/a.txt": "a2"},
			[]string{
				"build/x/cm: files-a.txt=a2 files-b.txt=b1 files-sub-c.txt=c1 for two",
				"build/z/cm: files-a.txt=a2 files-b.txt=b1 files-sub-c.txt=c1 for two",
				"default/pods/cm: files-a.txt=a2 files-b.txt=b1 files-sub-c.txt=c1 for one,three",
			},
		},
		"several patterns, a key, gzip and binary content": {
			"files/a.txt: {name: cm, key: k}\n    files/b.txt: {name: cm, gzip: true}\n    files/x.bin: {name: cm}", map[string]string{"files/a.txt": "a2"},
			[]string{"default/prow/cm: k=a2 b.txt=gzip b1 x.bin=fffe for one,three"},
		},
		"removed file": {
			"files/*.txt: {name: cm}", map[string]string{"files/a.txt": ""},
			[]string{"default/prow/cm: b.txt=b1 for one,three"},
		},
		"the changed file has the last word about a key": {
			"files/**/*.txt: {name: cm}", map[string]string{"files/b.txt": "b2", "files/0/b.txt": "b0", "files/z/a.txt": "az"},
			[]string{"default/prow/cm: a.txt=az b.txt=b2 c.txt=c1 for one,three"},
		},
		"part of a partitioned ConfigMap": {
			"files/*.txt: {partitioned_names: [cm, cm-1]}", map[string]string{"files/a.txt": "a2", "files/b.txt": "b2"},
			[]string{"default/prow/cm: a.txt=a2 for one,three"},
		},
		"cluster group": {
			"files/a.txt: {name: cm, cluster_groups: [g]}\n  cluster_groups: {g: {clusters: [build], namespaces: [ns]}}", map[string]string{"files/a.txt": "a2"},
			[]string{"build/ns/cm: a.txt=a2 for two"},
		},
		"another repository's": {
			"files/a.txt: {name: cm, allowed_repos: [other/repo]}", map[string]string{"files/a.txt": "a2"}, nil,
		},
		"too large": {
			"files/*.txt: {name: cm}", map[string]string{"files/a.txt": strings.Repeat("x", 900<<10)},
			[]string{"default/prow/cm: for one,threelarger than 900 KiB"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			tree := worktree.New(t)
			for p, c := range files {
				tree.Write(p, c)
			}
			tree.Write("prow/plugins.yaml", "config_updater:\n  maps:\n    "+tc.maps+"\n")
			base := tree.Commit()
			for p, c := range tc.head {
				if tree.Write(p, c); c == "" {
					tree.Git("rm", "--quiet", "--force", p)
				}
			}
			head := tree.Commit()
			planner := NewPlanner(Options{Mirror: func(context.Context, Request) (*repo.Mirror, error) { return tree.Mirror(), nil }})
			result, err := planner.Plan(t.Context(), Request{Org: "org", Repo: "config", Base: base, Head: head, Layout: layout.Layout{
				ProwConfig: "prow/config.yaml", JobConfig: "jobs", PluginConfig: "prow/plugins.yaml",
			}})
			if err != nil {
				t.Fatal(err)
			}
			contents, err := result.ConfigMaps(t.Context(), result.Affected)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			readers := map[string]bool{}
			for _, c := range contents {
				got = append(got, textOf(t, c, result.Affected))
				if c.Problem == "" && c.Data["VERSION"] != head {
					t.Errorf("VERSION = %q; want the head", c.Data["VERSION"])
				}
				for _, job := range c.Jobs {
					readers[job] = true
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %q; want %q", got, tc.want)
			}
			isReader := func(j affected.Job) bool { return readers[j.Key()] && j.Change == affected.ChangeSpec }
			if len(readers) != len(result.Affected) || !slices.ContainsFunc(result.Affected, isReader) && len(tc.want) > 0 {
				t.Errorf("affected are %v; read by %v", describe(result), readers)
			}
		})
	}
}
