package plan

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/sources/configupdater"
	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

// mount makes a job read a ConfigMap in one of the possible ways.
func (w *world) mount(j map[string]any) {
	name := "cm-" + []string{"a", "b"}[w.rng.IntN(2)]
	spec := j["spec"].(map[string]any)
	container := map[string]any{"image": "image:1", "command": []any{"run"}}
	spec["containers"] = []any{container}
	delete(spec, "volumes")
	switch w.rng.IntN(4) {
	case 0:
		spec["volumes"] = []any{map[string]any{"name": "v", "configMap": map[string]any{"name": name}}}
	case 1:
		spec["volumes"] = []any{map[string]any{"name": "v", "projected": map[string]any{"sources": []any{map[string]any{"configMap": map[string]any{"name": name}}}}}}
	case 2:
		container["envFrom"] = []any{map[string]any{"configMapRef": map[string]any{"name": name}}}
	default:
		container["env"] = []any{map[string]any{"name": "E", "valueFrom": map[string]any{"configMapKeyRef": map[string]any{"name": name, "key": "k"}}}}
	}
}

// mapEdits change the files of ConfigMaps.
var mapEdits = []func(*world){
	func(w *world) {
		paths := []string{"text/a.txt", "text/b.txt", "text/sub/a.txt", "text/new.txt"}
		w.texts[paths[w.rng.IntN(len(paths))]] = fmt.Sprint(w.rng.IntN(100))
	},
	func(w *world) { delete(w.texts, "text/b.txt") },
	func(w *world) {
		patterns := []string{"text/a.txt", "text/*.txt", "text/**/*.txt"}
		m := map[string]any{"name": "cm-" + []string{"a", "b"}[w.rng.IntN(2)]}
		if w.rng.IntN(2) == 0 {
			m["clusters"] = map[string]any{"build": []any{"ns"}, "default": []any{"ns"}}
		}
		w.maps[patterns[w.rng.IntN(3)]] = m
	},
	func(w *world) { delete(w.maps, "text/a.txt") },
}

// fills reports whether a pattern of mapEdits matches a path.
func fills(pattern, file string) bool {
	if pattern == "text/**/*.txt" {
		return strings.HasPrefix(file, "text/")
	}
	ok, _ := path.Match(pattern, file)
	return ok
}

// checkFed compares the jobs that ConfigMaps affect with those whose text contains the
// name of a ConfigMap with a changed file.
func checkFed(t *testing.T, w *world, tree worktree.Tree, req Request, result *Result) {
	t.Helper()
	if len(result.Incomplete) > 0 {
		return
	}
	changed := map[string]bool{}
	for _, file := range strings.Split(tree.Git("diff", "--name-only", req.Base, req.Head, "--", "text"), "\n") {
		for pattern, m := range w.maps {
			m := m.(map[string]any)
			if fills(pattern, file) {
				changed["default/"+m["name"].(string)] = true
				changed["build/"+m["name"].(string)] = changed["build/"+m["name"].(string)] || m["clusters"] != nil
			}
		}
	}
	got := map[string]bool{}
	for _, j := range result.Affected {
		for _, r := range j.Reasons {
			if r.Source == configupdater.Name {
				got[string(j.Type)+" "+j.Name] = true
			}
		}
	}
	known := map[string]bool{}
	for _, j := range result.Affected {
		known[string(j.Type)+" "+j.Name] = j.Change == affected.ChangeNew || j.Change == affected.ChangeBranches
	}
	w.eachJob(func(kind string, j map[string]any) {
		text, _ := json.Marshal(j["spec"])
		cluster, _ := j["cluster"].(string)
		if cluster == "" {
			cluster = "default"
		}
		key := kind + " " + j["name"].(string)
		for _, name := range []string{"cm-a", "cm-b"} {
			if strings.Contains(string(text), name) && changed[cluster+"/"+name] && !known[key] && !got[key] {
				t.Errorf("%s reads %s, and is not affected", key, name)
			}
		}
		if got[key] && !changed[cluster+"/cm-a"] && !changed[cluster+"/cm-b"] {
			t.Errorf("%s is affected by a ConfigMap that stays", key)
		}
	})
}

func (w *world) eachJob(do func(kind string, j map[string]any)) {
	for _, file := range w.files {
		for _, kind := range []string{"presubmit", "postsubmit"} {
			lists(node{kind + "s": file[kind+"s"]}, func(holder node, key string) {
				for _, j := range listOf(holder, key) {
					do(kind, j.(node))
				}
			})
		}
		for _, j := range listOf(file, "periodics") {
			do("periodic", j.(node))
		}
	}
}
