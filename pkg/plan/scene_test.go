package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
)

type node = map[string]any

// scene is a config repository that is being written.
type scene struct {
	*rand.Rand
	files map[string]node
	// style says how files are written. raw has all other files.
	style map[string]string
	raw   map[string]string
	links map[string]string
	// modules are submodules: commits by path.
	modules map[string]string
}

func (s *scene) clone() *scene {
	files := map[string]node{}
	for p, f := range s.files {
		files[p] = copied(f)
	}
	return &scene{s.Rand, files, maps.Clone(s.style), maps.Clone(s.raw), maps.Clone(s.links), nil}
}

func copied(n node) node {
	raw, _ := json.Marshal(n)
	var out node
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	_ = d.Decode(&out)
	return out
}

func (s *scene) pick(of ...string) string { return of[s.IntN(len(of))] }

func (s *scene) path() string {
	return s.pick("jobs/a/a1.yaml", "jobs/a/a2.yaml", "jobs/a.yaml", "jobs/b/b1.yml", "jobs/b/c/d.yaml", "jobs/b/c.yaml/e.yaml",
		"jobs/z/a3.yaml", "jobs/..v/h.yaml", "jobs/b/..i.yaml", "jobs/a/README.md", "jobs/a/a1.json", "jobs/z.yaml", "prow/config.yaml", "jobs/z/a1.yaml")
}

func newScene(seed uint64) *scene {
	s := &scene{rand.New(rand.NewPCG(seed, 7)), map[string]node{}, map[string]string{}, map[string]string{"prow/extra/README": "x"}, map[string]string{}, nil}
	s.files["prow/config.yaml"] = node{"plank": node{"default_decoration_config_entries": []any{node{"config": s.decoration(true)}}}}
	s.files["jobs/a/p.yaml"] = node{"presets": []any{s.preset()}}
	for range 4 {
		s.addJob()
	}
	return s
}

func (s *scene) decoration(whole bool) node {
	d := node{"timeout": s.pick("1h", "60m", "2h")}
	if whole {
		d = decoration(s.pick("1h", "2h"))
	}
	switch s.IntN(14) {
	case 0:
		d["oauth_token_secret"] = node{"name": "n", "key": "k"}
	case 1:
		d["ssh_key_secrets"] = []any{s.pick("k", "l")}
	case 2:
		d["censoring_options"] = node{"censoring_buffer_size": json.Number("900719925474099" + s.pick("1", "2", "3"))}
	case 3:
		d["resources"] = node{"clonerefs": node{"requests": node{"cpu": s.pick("1", "1000m", "2")}}}
	case 4:
		d["grace_period"] = "nonsense"
	case 5:
		d["gcs_configuration"] = node{"bucket": "b", "path_strategy": s.pick("legacy", "odd", "single"), "default_org": "o", "default_repo": "r"}
	case 6:
		d["s3_credentials_secret"] = s.pick("a", "b")
	}
	return d
}

func (s *scene) preset() node {
	p := node{"labels": node{"preset-" + s.pick("a", "b", "c", "d", "e", "f"): s.pick("true", "true", "no")}}
	if s.IntN(6) == 0 {
		p["labels"].(node)["preset-g"] = "true"
	}
	if s.IntN(9) == 0 {
		p["labels"] = node{}
	}
	switch s.IntN(6) {
	case 0:
		p["volumes"] = []any{node{"name": s.pick("v", "w", "logs"), "emptyDir": node{}}}
	case 1:
		p["tolerations"] = []any{node{"key": s.pick("k", "l"), "operator": "Exists"}}
	case 2:
		p["volumes"] = []any{node{"name": "u", "emptyDir": node{}}}
		p["volumeMounts"] = []any{node{"name": "u", "mountPath": s.pick("/u", "/v")}}
	default:
		p["env"] = []any{node{"name": s.pick("A", "B", "C", "D", "E", "JOB_NAME"), "value": s.pick("1", "2")}}
	}
	return p
}

func (s *scene) job(kind string) node {
	j := node{"name": fmt.Sprintf("job-%d", s.IntN(40)), "spec": node{"containers": []any{node{"image": "i", "command": []any{"c"}}}}}
	if kind == "periodics" {
		j["interval"] = "1h"
	}
	for range s.IntN(3) {
		s.editJob(j)
	}
	return j
}

// values are possible values of the fields of a job; nil removes the field.
var values = map[string][]any{
	"name":                 {"job-1", "job-2", "job.3", "1234", "bad name"},
	"labels":               {nil, node{"preset-a": "true"}, node{"preset-b": "true", "preset-a": "true"}, node{"preset-c": "true", "preset-d": "true", "x": "1"}, node{"x": "2"}, node{"preset-e": "no", "preset-f": "true"}, node{}, node{"preset-g": "true"}},
	"annotations":          {nil, node{"a": "1"}, node{"a": "2"}, node{}},
	"agent":                {nil, nil, "kubernetes", "jenkins", "custom", "tekton-pipeline"},
	"cluster":              {nil, "default", "build", "other"},
	"namespace":            {nil, nil, "", "default", "pods"},
	"decorate":             {nil, nil, true, true, false},
	"decoration_config":    {nil, nil, node{"timeout": "1h"}, node{"timeout": "3600s"}, node{"ssh_key_secrets": []any{"k"}}, node{}, node{"skip_cloning": true}},
	"max_concurrency":      {nil, 0, 1, json.Number("9007199254740993"), json.Number("9007199254740992"), -1},
	"error_on_eviction":    {nil, true, false},
	"hidden":               {nil, true, false},
	"job_queue_name":       {nil, nil, "q", "r"},
	"reporter_config":      {nil, node{"slack": node{"channel": "c"}}},
	"rerun_auth_config":    {nil, node{"allow_anyone": true}, node{"allow_anyone": true, "github_users": []any{"u"}}},
	"extra_refs":           {nil, []any{node{"org": "org", "repo": "a", "base_ref": "m"}}, []any{node{"org": "other", "repo": "b", "base_ref": "m", "clone_uri": "ssh://x"}}},
	"clone_uri":            {nil, "https://x/y", "git@x:y"},
	"path_alias":           {nil, "p"},
	"always_run":           {nil, true, false},
	"optional":             {nil, true},
	"run_if_changed":       {nil, "x", "(", "y"},
	"skip_if_only_changed": {nil, nil, "x"},
	"run_before_merge":     {nil, true},
	"skip_report":          {nil, true, false},
	"context":              {nil, nil, "ctx", "job-1"},
	"trigger":              {nil, nil, "(?m)^/test all"},
	"rerun_command":        {nil, nil, "/test all"},
	"branches":             {nil, []any{"main"}, []any{"x{1,2}", "a,b"}, []any{"a", "b,x{1,2}"}, []any{"b", "(?i)a"}, []any{"(a", "b)"}, []any{"z(a", "b)"}, []any{"("}, []any{}},
	"skip_branches":        {nil, nil, []any{"main"}, []any{"b", "A"}, []any{"B", "(?i)m"}},
	"interval":             {nil, "1h", "60m", "x"},
	"cron":                 {nil, nil, "0 1 * * *", "@daily", "x"},
	"minimum_interval":     {nil, nil, "1h"},
	"tags":                 {nil, []any{"t"}},
	"retry":                {nil, nil, node{"attempts": 2, "interval": "1h"}, node{"attempts": 2}},
	"prowjob_defaults":     {nil, node{"tenant_id": "t"}, node{"tenant_id": ""}},
	"unknown_field":        {nil, "x"},
	"SPEC":                 {nil, node{"containers": []any{node{"image": "upper", "command": []any{"c"}}}}},
	"jenkins_spec":         {nil, node{"github_branch_source_job": true}},
	"pipeline_run_spec":    {nil, nil, node{"pipelineRef": node{"name": "p"}}, node{"pipelineSpec": node{"tasks": []any{node{"name": "t", "taskRef": node{"name": "x"}}}}}, node{"pipelineSpec": node{"tasks": []any{node{"name": "t"}}}}},
	"spec":                 {nil, podSpec(node{}), podSpec(node{"image": "j"}), podSpec(node{"env": []any{node{"name": "A", "value": "x"}}}), podSpec(node{"volumeMounts": []any{node{"name": "v", "mountPath": "/v"}}}), podSpec(node{"command": nil}), podSpec(node{"resources": node{"requests": node{"cpu": "1000m"}}}), podSpec(node{"resources": node{"requests": node{"cpu": 1}}}), node{"containers": []any{node{"name": "a", "command": []any{"c"}}, node{"name": "b", "command": []any{"c"}}}}, node{"containers": []any{}}},
}

func podSpec(more node) node {
	c := node{"image": "i", "command": []any{"c"}}
	maps.Copy(c, more)
	return node{"containers": []any{c}}
}

var fields = slices.Sorted(maps.Keys(values))

func (s *scene) editJob(j node) {
	field := fields[s.IntN(len(fields))]
	of := values[field]
	if v := of[s.IntN(len(of))]; v != nil {
		j[field] = v
		return
	}
	if field != "spec" && field != "interval" || s.IntN(8) == 0 {
		delete(j, field)
	}
}

func (s *scene) anyFile() (string, node) {
	paths := slices.Sorted(maps.Keys(s.files))
	p := paths[s.IntN(len(paths))]
	return p, s.files[p]
}

func listOf(n node, key string) []any {
	l, _ := n[key].([]any)
	return l
}

func (s *scene) addJob() {
	p := s.path()
	if s.files[p] == nil {
		s.files[p] = node{}
	}
	f := s.files[p]
	kind := s.pick("presubmits", "presubmits", "postsubmits", "periodics")
	if kind == "periodics" {
		f[kind] = append(listOf(f, kind), s.job(kind))
		return
	}
	repos, _ := f[kind].(node)
	if repos == nil {
		repos = node{}
		f[kind] = repos
	}
	r := s.pick("org/a", "org/b", "other/b", "https://host/x", "noslash")
	repos[r] = append(listOf(repos, r), s.job(kind))
}

// lists calls do with each list of jobs in a file, given by its parent and key.
func lists(f node, do func(holder node, key string)) {
	for _, kind := range []string{"presubmits", "postsubmits"} {
		if repos, ok := f[kind].(node); ok {
			for _, r := range slices.Sorted(maps.Keys(repos)) {
				do(repos, r)
			}
		}
	}
	if len(listOf(f, "periodics")) > 0 {
		do(f, "periodics")
	}
}

// someJobs returns a non-empty list of jobs, given by its parent and key.
func (s *scene) someJobs() (holder node, key string) {
	n := 0
	for _, p := range slices.Sorted(maps.Keys(s.files)) {
		lists(s.files[p], func(h node, k string) {
			if n++; len(listOf(h, k)) > 0 && s.IntN(n) == 0 {
				holder, key = h, k
			}
		})
	}
	return holder, key
}

func (s *scene) edit() {
	switch n := s.IntN(40); {
	case n < 16:
		if h, k := s.someJobs(); h != nil {
			s.editJob(listOf(h, k)[s.IntN(len(listOf(h, k)))].(node))
		}
	case n < 20:
		s.addJob()
		s.addJob()
	case n < 22:
		if h, k := s.someJobs(); h != nil {
			i := s.IntN(len(listOf(h, k)))
			h[k] = slices.Delete(slices.Clone(listOf(h, k)), i, i+1)
		}
	case n < 23:
		if h, k := s.someJobs(); h != nil {
			j := copied(listOf(h, k)[0].(node))
			s.editJob(j)
			h[k] = append(listOf(h, k), j)
		}
	case n < 25:
		from, f := s.anyFile()
		if to := s.path(); from != "prow/config.yaml" && s.files[to] == nil {
			delete(s.files, from)
			s.files[to] = f
		}
	case n < 26:
		if p, _ := s.anyFile(); p != "prow/config.yaml" {
			delete(s.files, p)
		}
	case n < 30:
		s.editPresets()
	case n < 34:
		s.editConfig()
	case n < 37:
		p, _ := s.anyFile()
		s.style[p] = s.pick("", "", "crlf", "gzip", "json", "json", "bom", "utf16", "documents", "escaped", "upper", "comment", "anchors")
	default:
		s.editRaw()
	}
}

func (s *scene) editPresets() {
	p, f := s.anyFile()
	if s.IntN(2) == 0 {
		p = s.pick("jobs/a/p.yaml", "jobs/p2.yaml", "jobs/a/0.yaml")
		f = s.files[p]
	}
	if f == nil {
		f = node{}
		s.files[p] = f
	}
	presets := listOf(f, "presets")
	switch n := s.IntN(3); {
	case n == 0 || len(presets) == 0:
		presets = append(slices.Clone(presets), s.preset())
	case n == 1:
		i := s.IntN(len(presets))
		presets = slices.Delete(slices.Clone(presets), i, i+1)
	default:
		fresh := s.preset()
		fresh["labels"] = presets[0].(node)["labels"]
		presets = append([]any{fresh}, presets[1:]...)
	}
	f["presets"] = presets
}

func (s *scene) editConfig() {
	c := s.files["prow/config.yaml"]
	plank := c["plank"].(node)
	entries := listOf(plank, "default_decoration_config_entries")
	switch s.IntN(9) {
	case 0:
		c["decorate_all_jobs"] = s.IntN(2) == 0
	case 1:
		c["pod_namespace"] = s.pick("default", "default", "pods")
	case 2:
		plank["job_queue_capacities"] = node{s.pick("q", "r"): 1}
	case 3, 4:
		entry := node{"config": s.decoration(s.IntN(4) == 0)}
		entry[s.pick("repo", "cluster")] = s.pick("org/a", "org", "build", "default", "*", "host")
		plank["default_decoration_config_entries"] = append(slices.Clone(entries), entry)
	case 5:
		plank["default_decoration_config_entries"] = entries[:max(len(entries)-1, 0)]
	case 6:
		c["prowjob_default_entries"] = []any{node{s.pick("repo", "cluster"): s.pick("org/a", "build"), "config": node{"tenant_id": s.pick("t", "u")}}}
	case 7:
		c["in_repo_config"] = node{"allowed_clusters": node{"*": []any{s.pick("default", "x")}}}
	default:
		c["deck"] = node{"spyglass": node{"size_limit": json.Number(s.pick("500000000", "9007199254740993", "-1", "100e6"))}}
	}
}

func (s *scene) editRaw() {
	switch s.IntN(9) {
	case 0:
		s.raw[s.pick("jobs/.prowignore", "jobs/b/.prowignore")] = s.pick("a1.yaml\n", "/a/\n", "c/\n*.yml\r\n", "*\n!d.yaml\n", "", "c.yaml\n!c.yaml/e.yaml\n", "**/d.yaml\n#x\n")
	case 1:
		delete(s.raw, s.pick("jobs/.prowignore", "jobs/b/.prowignore"))
	case 2:
		s.raw["prow/extra/x_prowconfig.yaml"] = s.pick("tide:\n  queries:\n  - repos: [org/a]\n", "branch-protection:\n  orgs:\n    org: {protect: true}\n", "tide:\n  queries:\n  - repos: [org/a]\n", "plank: {pod_pending_timeout: 1h}\n", "pod_namespace: x\n", "]")
	case 3:
		s.raw = map[string]string{"prow/extra/README": "x"}
	case 4:
		s.raw[s.pick("jobs/raw1.yaml", "jobs/b/raw2.yaml")] = s.pick("", "[]", "- a\n", "just text\n", "presubmits:\n  org/a:\n  - name: [x]\n", "a: &a [b]\nc: *a\n", "x: *nope\n", "%%\x00", "\xff\xfe", "\t- x\n", "~", "presubmits: ~\n", "presets:\n- labels: {preset-h: \"true\"}\n  env: [{name: H, value: \"1\"}]\n")
	case 5:
		s.links[s.pick("jobs/link.yaml", "jobs/b/link2.yml", "jobs/a/.prowignore")] = s.pick("../jobs/a/a1.json", "a/README.md", "nowhere", "../shared.yaml", "../../shared.yaml", "b", "../../ignore", "../dir/shared.yaml", "/shared.yaml")
		s.links["dir"] = s.pick(".", "jobs/a")
		s.raw["ignore"] = s.pick("a1.yaml", "*.yml")
	case 6:
		clear(s.links)
	case 7:
		s.raw["shared.yaml"] = "periodics:\n- name: shared\n  interval: 1h\n  spec: {containers: [{image: " + s.pick("i", "j") + "}]}\n"
	default:
		s.raw["prow/VERSION"] = s.pick("1", "2")
	}
}
