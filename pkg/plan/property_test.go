package plan

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

// world is a configuration for random edits.
type world struct {
	rng *rand.Rand
	// files has the jobs and presets of each job file; config is Prow's own.
	files  map[string]map[string]any
	config map[string]any
	// maps are the ConfigMaps of config-updater, texts the files that may be in
	// ConfigMaps.
	maps  map[string]any
	texts map[string]string
}

func newWorld(seed uint64) *world {
	w := &world{rng: rand.New(rand.NewPCG(seed, 1)), files: map[string]map[string]any{}}
	w.config = map[string]any{
		"pod_namespace": "default",
		"plank": map[string]any{
			"default_decoration_config_entries": []any{
				map[string]any{"config": decoration("1h")},
				map[string]any{"repo": "org/a", "config": map[string]any{"timeout": "2h"}},
				map[string]any{"cluster": "build", "config": map[string]any{"timeout": "3h"}},
			},
			"job_queue_capacities": map[string]any{"q": 1},
		},
	}
	for i := range 6 {
		w.files[fmt.Sprintf("jobs/d%d/f%d.yaml", i%3, i)] = w.file(i)
	}
	w.maps = map[string]any{"text/a.txt": map[string]any{"name": "cm-a"}}
	w.texts = map[string]string{"text/a.txt": "a", "text/b.txt": "b", "text/sub/a.txt": "c"}
	w.files["jobs/presets.yaml"] = map[string]any{"presets": []any{preset("x", "1"), preset("y", "1")}}
	return w
}

func decoration(timeout string) map[string]any {
	return map[string]any{
		"timeout":                timeout,
		"utility_images":         map[string]any{"clonerefs": "c", "initupload": "i", "entrypoint": "e", "sidecar": "s"},
		"gcs_configuration":      map[string]any{"bucket": "b", "path_strategy": "explicit"},
		"gcs_credentials_secret": "g",
	}
}

func preset(name, value string) map[string]any {
	return map[string]any{
		"labels": map[string]any{"preset-" + name: "true"},
		"env":    []any{map[string]any{"name": strings.ToUpper(name), "value": value}},
	}
}

func (w *world) file(i int) map[string]any {
	jobs := func(kind string, n int) []any {
		var out []any
		for k := range n {
			out = append(out, w.job(fmt.Sprintf("%s-%d-%d", kind, i, k), kind))
		}
		return out
	}
	repoName := []string{"org/a", "org/b", "other/c"}[i%3]
	return map[string]any{
		"presubmits":  map[string]any{repoName: jobs("presubmit", 3)},
		"postsubmits": map[string]any{repoName: jobs("postsubmit", 1)},
		"periodics":   jobs("periodic", 2),
	}
}

func (w *world) job(name, kind string) map[string]any {
	j := map[string]any{
		"name": name,
		"spec": map[string]any{"containers": []any{map[string]any{"image": "image:1", "command": []any{"run"}}}},
	}
	if kind == "periodic" {
		j["interval"] = "24h"
	}
	if w.rng.IntN(2) == 0 {
		j["decorate"] = true
	}
	if w.rng.IntN(2) == 0 {
		j["labels"] = map[string]any{"preset-" + []string{"x", "y"}[w.rng.IntN(2)]: "true"}
	}
	if w.rng.IntN(3) == 0 {
		j["cluster"] = "build"
	}
	if w.rng.IntN(4) == 0 {
		w.mount(j)
	}
	return j
}

// edits are the changes that pull requests make. Many make the result invalid.
var edits = []func(*world, map[string]any){
	func(w *world, j map[string]any) { j["max_concurrency"] = w.rng.IntN(3) - 1 },
	func(w *world, j map[string]any) { j["decorate"] = w.rng.IntN(2) == 0 },
	func(_ *world, j map[string]any) { delete(j, "decorate") },
	func(w *world, j map[string]any) { j["cluster"] = []string{"default", "build", "other"}[w.rng.IntN(3)] },
	func(w *world, j map[string]any) {
		j["labels"] = map[string]any{"preset-x": []string{"true", "false"}[w.rng.IntN(2)], "l": "v"}
	},
	func(w *world, j map[string]any) { j["annotations"] = map[string]any{"a": fmt.Sprint(w.rng.IntN(3))} },
	func(w *world, j map[string]any) { j["decoration_config"] = map[string]any{"timeout": "5h"} },
	func(w *world, j map[string]any) {
		j["decoration_config"] = map[string]any{"ssh_key_secrets": []any{"k"}}
	},
	func(w *world, j map[string]any) { j["name"] = fmt.Sprintf("renamed-%d", w.rng.IntN(4)) },
	func(w *world, j map[string]any) {
		j["branches"] = []any{[]string{"main", "release-.*", "(", "a{1,2}"}[w.rng.IntN(4)]}
	},
	func(_ *world, j map[string]any) { j["skip_branches"] = []any{"gh-pages"} },
	func(w *world, j map[string]any) { j["always_run"] = w.rng.IntN(2) == 0 },
	func(_ *world, j map[string]any) { j["optional"] = true },
	func(_ *world, j map[string]any) { j["run_if_changed"] = "x" },
	func(_ *world, j map[string]any) { j["context"] = "shared" },
	func(w *world, j map[string]any) { j["job_queue_name"] = []string{"q", "nope"}[w.rng.IntN(2)] },
	func(_ *world, j map[string]any) { j["agent"] = "jenkins" },
	func(_ *world, j map[string]any) { j["hidden"] = true },
	func(_ *world, j map[string]any) { j["namespace"] = "elsewhere" },
	func(_ *world, j map[string]any) {
		j["extra_refs"] = []any{map[string]any{"org": "org", "repo": "a", "base_ref": "main"}}
	},
	func(_ *world, j map[string]any) {
		j["spec"] = map[string]any{"containers": []any{map[string]any{"image": "image:2", "command": []any{"run"}}}}
	},
	func(_ *world, j map[string]any) {
		j["spec"] = map[string]any{"containers": []any{map[string]any{"image": "image:1", "command": []any{"run"},
			"env": []any{map[string]any{"name": "X", "value": "mine"}}}}}
	},
	func(_ *world, j map[string]any) { j["spec"] = map[string]any{"containers": []any{}} },
	func(w *world, j map[string]any) { j["interval"] = []string{"1h", "nonsense"}[w.rng.IntN(2)] },
	func(_ *world, j map[string]any) { j["cron"] = "0 * * * *" },
	func(w *world, j map[string]any) { w.mount(j) },
}

// globalEdits are changes with an effect on many jobs.
var globalEdits = []func(*world){
	func(w *world) { w.config["decorate_all_jobs"] = w.rng.IntN(2) == 0 },
	func(w *world) { w.config["pod_namespace"] = []string{"default", "pods"}[w.rng.IntN(2)] },
	func(w *world) { w.plank()["job_queue_capacities"] = map[string]any{"other": 1} },
	func(w *world) {
		w.plank()["default_decoration_config_entries"].([]any)[w.rng.IntN(3)] = map[string]any{"config": decoration("7h")}
	},
	func(w *world) {
		w.plank()["default_decoration_config_entries"].([]any)[0] = map[string]any{"config": map[string]any{"timeout": "1h"}}
	},
	func(w *world) {
		w.config["prowjob_default_entries"] = []any{map[string]any{"repo": "org/a", "config": map[string]any{"tenant_id": "t"}}}
	},
	func(w *world) {
		w.maps = map[string]any{"text/a.txt": map[string]any{"name": "cm-a"}}
		w.texts = map[string]string{"text/a.txt": "a", "text/b.txt": "b", "text/sub/a.txt": "c"}
		w.files["jobs/presets.yaml"] = map[string]any{"presets": []any{preset("y", "1"), preset("x", fmt.Sprint(w.rng.IntN(2)))}}
	},
	func(w *world) { w.files["jobs/presets.yaml"] = map[string]any{"presets": []any{preset("x", "1")}} },
	func(w *world) { w.files["jobs/more.yaml"] = map[string]any{"presets": []any{preset("z", "1")}} },
	func(w *world) { w.config["periodics"] = []any{w.job("periodic-main", "periodic")} },
	func(w *world) { delete(w.files, w.anyFile()) },
	func(w *world) {
		from := w.anyFile()
		w.files["jobs/moved/"+from[strings.LastIndex(from, "/")+1:]] = w.files[from]
		delete(w.files, from)
	},
}

func (w *world) plank() map[string]any { return w.config["plank"].(map[string]any) }

func (w *world) anyFile() string {
	return fmt.Sprintf("jobs/d%d/f%d.yaml", w.rng.IntN(3), w.rng.IntN(6))
}

func (w *world) edit() {
	for range 1 + w.rng.IntN(3) {
		if w.rng.IntN(4) == 0 {
			mapEdits[w.rng.IntN(len(mapEdits))](w)
			continue
		}
		if w.rng.IntN(4) == 0 {
			globalEdits[w.rng.IntN(len(globalEdits))](w)
			continue
		}
		if j := w.anyJob(); j != nil {
			edits[w.rng.IntN(len(edits))](w, j)
		}
	}
}

func (w *world) anyJob() map[string]any {
	i := w.rng.IntN(6)
	file := w.files[fmt.Sprintf("jobs/d%d/f%d.yaml", i%3, i)]
	if file == nil {
		return nil
	}
	switch w.rng.IntN(3) {
	case 0:
		jobs := file["periodics"].([]any)
		return jobs[w.rng.IntN(len(jobs))].(map[string]any)
	case 1:
		for _, jobs := range file["postsubmits"].(map[string]any) {
			return jobs.([]any)[0].(map[string]any)
		}
	}
	for _, jobs := range file["presubmits"].(map[string]any) {
		return jobs.([]any)[w.rng.IntN(3)].(map[string]any)
	}
	return nil
}

func (w *world) commit(t testing.TB, tree worktree.Tree) string {
	t.Helper()
	tree.Git("rm", "-r", "--quiet", "--ignore-unmatch", "--", "jobs", "text")
	write := func(path string, v any) {
		raw, err := yaml.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		tree.Write(path, string(raw))
	}
	write("prow/config.yaml", w.config)
	write("prow/plugins.yaml", map[string]any{"config_updater": map[string]any{"maps": w.maps}})
	for path, content := range w.texts {
		tree.Write(path, content)
	}
	for path, content := range w.files {
		if content != nil {
			write(path, content)
		}
	}
	return tree.Commit()
}

// TestRandomEdits goes from one random configuration to the next, as a base branch does,
// and compares every step with Prow's loader. It uses one planner, so its state results
// from many steps.
func TestRandomEdits(t *testing.T) {
	walks, steps := 6, 6
	if n, err := strconv.Atoi(os.Getenv("REHEARSAL_RANDOM_WALKS")); err == nil {
		walks = n
	}
	for seed := range walks {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w, tree := newWorld(uint64(seed)), worktree.New(t)
			mirror := func(context.Context, Request) (*repo.Mirror, error) { return tree.Mirror(), nil }
			planner := NewPlanner(Options{Mirror: mirror, Workers: 2})
			settings := layout.Layout{ProwConfig: "prow/config.yaml", JobConfig: "jobs", PluginConfig: "prow/plugins.yaml"}
			base := w.commit(t, tree)
			for range steps {
				w.edit()
				head := w.commit(t, tree)
				req := Request{Org: "org", Repo: "config", Base: base, Head: head, Layout: settings}
				result, err := planner.Plan(t.Context(), req)
				if err != nil && result == nil {
					t.Fatal(err)
				}
				checkAgainstFullLoad(t, tree, req, result)
				checkFed(t, w, tree, req, result)
				if t.Failed() {
					t.Fatalf("the step was:\n%s", tree.Git("diff", base, head))
				}
				if err == nil {
					base = head
				} else {
					tree.Git("reset", "--quiet", "--hard", base)
					w = newWorld(uint64(seed*100 + 7))
					base = w.commit(t, tree)
				}
			}
		})
	}
}
