package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

const (
	prowConfig = "prowjob_namespace: ci\n"
	jobs       = `presubmits:
  org/repo:
  - name: one
    branches: [main]
    decorate: false
    spec: {containers: [{image: "image:1", command: [run]}]}
  - name: two
    branches: [main]
    spec: {containers: [{image: "image:1", command: [run]}]}
  - name: three
    branches: [main]
    spec: {containers: [{image: "image:1", command: [run]}]}
`
)

// clone is a clone of a config repository, as its author has it.
type clone struct {
	t   *testing.T
	dir string
}

func newClone(t *testing.T) clone {
	t.Helper()
	c := clone{t, t.TempDir()}
	c.git("init", "--quiet", "--initial-branch=main")
	c.git("remote", "add", "origin", "git@github.com:org/config.git")
	c.write("config/prow/config.yaml", prowConfig)
	c.write("config/jobs/a.yaml", jobs)
	c.write("config/jobs/b.yaml", "periodics:\n- {name: other, interval: 24h, spec: {containers: [{image: i}]}}\n")
	c.commit()
	c.git("update-ref", "refs/remotes/origin/main", "HEAD")
	c.git("checkout", "--quiet", "-b", "topic")
	t.Chdir(c.dir)
	return c
}

func (c clone) git(args ...string) string {
	c.t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		c.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// fails runs a git command that must not succeed.
func (c clone) fails(args ...string) {
	c.t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
	cmd.Dir = c.dir
	if err := cmd.Run(); err == nil {
		c.t.Fatalf("git %v succeeded", args)
	}
}

func (c clone) write(path, content string) {
	c.t.Helper()
	full := filepath.Join(c.dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

func (c clone) commit() {
	c.t.Helper()
	c.git("add", "--all")
	c.git("commit", "--quiet", "--message=change")
}

func (c clone) rehearse(args ...string) (status int, out, errOut string) {
	c.t.Helper()
	var stdout, stderr bytes.Buffer
	status = execute(c.t.Context(), append(append([]string{"rehearse"}, args...), "--cache-dir", filepath.Join(c.dir, ".git", "cache")), &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

func TestAffectedSeesUncommittedChanges(t *testing.T) {
	c := newClone(t)
	status, out, _ := c.rehearse("affected")
	if status != exitDone || !strings.Contains(out, "0 of 4 jobs affected") {
		t.Fatalf("%d: %s", status, out)
	}
	before := c.git("status", "--porcelain") + c.git("count-objects")
	c.write("config/jobs/a.yaml", strings.Replace(jobs, "image:1", "image:2", 1))
	c.write("config/jobs/new.yaml", "periodics:\n- {name: nightly, interval: 24h, spec: {containers: [{image: i}]}}\n")
	status, out, errOut := c.rehearse("affected", "-o", "json")
	var result affected.Result
	if err := json.Unmarshal([]byte(out), &result); err != nil || status != exitDone {
		t.Fatalf("%d: %v %s", status, err, errOut)
	}
	if result.Jobs != 5 || len(result.Affected) != 2 || result.Affected[0].Reasons[0].New != "image:2" || result.Affected[1].Name != "nightly" {
		t.Errorf("result = %s", out)
	}
	c.git("checkout", "--quiet", "--", ".")
	if err := os.Remove(filepath.Join(c.dir, "config/jobs/new.yaml")); err != nil {
		t.Fatal(err)
	}
	if after := c.git("status", "--porcelain") + c.git("count-objects"); after != before {
		t.Errorf("the clone was changed: %q, before %q", after, before)
	}
}

func TestFormats(t *testing.T) {
	c := newClone(t)
	c.write("config/jobs/a.yaml", strings.Replace(jobs, "image:1", "image:2", 1))
	c.commit()
	for format, want := range map[string]string{
		"table":    "one   presubmit  org/repo  main      spec    yes       spec.containers[0].image: image:1 → image:2\n",
		"wide":     "spec.containers[0].image: image:1 → image:2",
		"markdown": "| `one` | presubmit | org/repo | main | spec | yes |",
		"json":     `"skip_branches": []`,
		"yaml":     "change: spec",
	} {
		if status, out, errOut := c.rehearse("affected", "-o", format); status != exitDone || !strings.Contains(out, want) {
			t.Errorf("-o %s: %d\n%s%s", format, status, out, errOut)
		}
	}
}

func TestExplain(t *testing.T) {
	c := newClone(t)
	changed := strings.Replace(jobs, "image:1", "image:2", 1)
	c.write("config/jobs/a.yaml", changed[:strings.Index(changed, "  - name: three")])
	for job, want := range map[string][]string{
		"one": {
			"is:         presubmit of org/repo, branches main", "file:       config/jobs/a.yaml", "affected:   yes, spec",
			"rehearsed:  yes", "  spec.containers[0].image: image:1 → image:2", "+      image: image:2",
		},
		"one@main": {"affected:   yes, spec"},
		"two":      {"affected:   no, the ProwJob", "the change touches the file"},
		"three":    {"affected:   no, the change removes it"},
		"other":    {"file:       config/jobs/b.yaml\naffected:   no, the ProwJob that Prow would create for it is the same before and after\n"},
	} {
		status, out, errOut := c.rehearse("affected", "--explain", job)
		for _, w := range want {
			if status != exitDone || !strings.Contains(out, w) {
				t.Errorf("%s: %d, no %q in\n%s%s", job, status, w, out, errOut)
			}
		}
	}
	for job, want := range map[string]string{
		"tow":           `no job is called "tow"; did you mean two?`,
		"on":            `did you mean one?`,
		"one@release":   `no job is called "one@release"; did you mean one?`,
		"nothing-alike": "no job is called \"nothing-alike\"\n",
	} {
		if status, _, errOut := c.rehearse("affected", "--explain", job); status != exitUsage || !strings.Contains(errOut, want) {
			t.Errorf("%s: %d: %s", job, status, errOut)
		}
	}
}

func TestRender(t *testing.T) {
	c := newClone(t)
	c.write("config/jobs/a.yaml", strings.Replace(jobs, "image:1", "image:2", 1))
	status, out, errOut := c.rehearse("render", "one", "--number", "7")
	if status != exitDone || !strings.Contains(out, "kind: ProwJob") || !strings.Contains(out, "job: rehearse-7-one") || !strings.Contains(out, "repo: config") {
		t.Errorf("%d: %s%s", status, out, errOut)
	}
	for name, want := range map[string]string{"two": "not affected by the change: two", "tow": "did you mean two?", "": "name the jobs"} {
		if status, _, errOut := c.rehearse(strings.Fields("render " + name)...); status != exitUsage || !strings.Contains(errOut, want) {
			t.Errorf("%s: %d: %s", name, status, errOut)
		}
	}
}

func TestExitStatus(t *testing.T) {
	for name, tc := range map[string]struct {
		do     func(clone)
		args   []string
		status int
		says   string
	}{
		"refused": {
			do:     func(c clone) { c.write("config/jobs/b.yaml", "periodics:\n- name: [\n") },
			status: exitRefused, says: "Prow would refuse this configuration: config/jobs/b.yaml:",
		},
		"conflict": {
			do: func(c clone) {
				c.write("config/jobs/a.yaml", "x: 1\n")
				c.commit()
				c.git("update-ref", "refs/remotes/origin/main", "HEAD")
				c.git("reset", "--quiet", "--hard", "HEAD~1")
				c.write("config/jobs/a.yaml", "x: 2\n")
			},
			status: exitConflict, says: "config/jobs/a.yaml",
		},
		"refused, and asked about a job": {
			do:   func(c clone) { c.write("config/jobs/b.yaml", "periodics:\n- name: [\n") },
			args: []string{"--explain", "other"}, status: exitRefused, says: "no job is called \"other\"",
		},
		"base broken": {
			do: func(c clone) {
				c.write("config/jobs/b.yaml", "periodics:\n- name: [\n")
				c.commit()
				c.git("update-ref", "refs/remotes/origin/main", "HEAD")
			},
			status: exitRefused, says: "the base branch is broken already",
		},
		"unresolved conflict": {
			do: func(c clone) {
				c.write("config/jobs/a.yaml", "x: 1\n")
				c.commit()
				c.git("checkout", "--quiet", "-b", "other", "origin/main")
				c.write("config/jobs/a.yaml", "x: 2\n")
				c.commit()
				c.fails("merge", "topic")
			},
			status: exitConflict, says: "unresolved merge conflict in config/jobs/a.yaml: resolve it",
		},
		"unborn branch": {
			do:     func(c clone) { c.git("checkout", "--quiet", "--orphan", "fresh") },
			status: exitUsage, says: "no commit yet",
		},
		"unrelated": {
			do: func(c clone) {
				c.git("checkout", "--quiet", "--orphan", "fresh")
				c.write("new", "")
				c.commit()
			},
			status: exitUsage, says: "the branch and origin/main have no commit in common",
		},
		"no upstream": {
			do: func(c clone) {
				c.git("update-ref", "-d", "refs/remotes/origin/main")
				c.git("branch", "-D", "main")
			},
			status: exitUsage, says: "name a branch with --base",
		},
		"no repository":       {args: []string{"--git-dir", os.TempDir()}, status: exitUsage, says: "--git-dir: " + os.TempDir() + " is not in a git repository"},
		"no such directory":   {args: []string{"--git-dir", "nowhere"}, status: exitUsage, says: "--git-dir: nowhere is not in a git repository"},
		"arguments":           {args: []string{"one"}, status: exitUsage, says: "unknown command"},
		"unknown head":        {args: []string{"--head", "nope"}, status: exitUsage, says: "--head: revision \"nope\" not found; `git fetch`"},
		"explain and output":  {args: []string{"--explain", "one", "-o", "json"}, status: exitUsage, says: "leave out -o"},
		"explain nothing":     {args: []string{"--explain", ""}, status: exitUsage, says: "takes the name of a job"},
		"repository":          {args: []string{"--repository", "a/b/c"}, status: exitUsage, says: "is not org/repo"},
		"path outside":        {args: []string{"--job-config", "../jobs"}, status: exitUsage, says: "--job-config: \"../jobs\" leads out of the repository"},
		"prow config missing": {args: []string{"--prow-config", "nope"}, status: exitUsage, says: "set --prow-config"},
		"bad settings file": {
			do:     func(c clone) { c.write(settingsFile, "prow_confg: x\n") },
			status: exitUsage, says: "unknown field \"prow_confg\"",
		},
		"unknown format": {args: []string{"-o", "xml"}, status: exitUsage, says: "must be one of"},
		"unknown flag":   {args: []string{"--nope"}, status: exitUsage, says: "unknown flag: --nope; see `rehearse affected --help`"},
		"unknown base":   {args: []string{"--base", "nope"}, status: exitUsage, says: "--base"},
		"missing path":   {args: []string{"--job-config", "nope"}, status: exitUsage, says: "set --job-config"},
		"no layout": {
			do: func(c clone) {
				c.git("rm", "-r", "--quiet", "config")
				c.write("x", "")
				c.commit()
				c.git("update-ref", "refs/remotes/origin/main", "HEAD")
			},
			status: exitUsage, says: "set --prow-config",
		},
		"configuration removed": {
			do:     func(c clone) { c.git("rm", "-r", "--quiet", "config/prow") },
			status: exitRefused, says: "config/prow/config.yaml: no such file or directory",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClone(t)
			if tc.do != nil {
				tc.do(c)
			}
			status, out, errOut := c.rehearse(append([]string{"affected"}, tc.args...)...)
			if status != tc.status || !strings.Contains(errOut, tc.says) {
				t.Errorf("%d: %s%s", status, out, errOut)
			}
		})
	}
}

func TestSettingsFile(t *testing.T) {
	c := newClone(t)
	c.git("mv", "config/prow", "elsewhere")
	c.git("mv", "config/jobs", "ours")
	c.write(settingsFile, "prow_config: elsewhere/config.yaml\njob_config: ours/\n")
	c.commit()
	c.git("update-ref", "refs/remotes/origin/main", "HEAD")
	if status, out, errOut := c.rehearse("affected"); status != exitDone || !strings.Contains(out, "0 of 4 jobs") {
		t.Errorf("%d: %s%s", status, out, errOut)
	}
}

func TestLinkedWorkTree(t *testing.T) {
	c := newClone(t)
	linked := filepath.Join(t.TempDir(), "linked")
	c.git("worktree", "add", "--quiet", "-b", "other", linked)
	c.dir = linked
	c.write("config/jobs/a.yaml", strings.Replace(jobs, "image:1", "image:2", 1))
	t.Chdir(linked)
	var out, errOut bytes.Buffer
	if status := execute(t.Context(), []string{"rehearse", "affected", "--cache-dir", ""}, &out, &errOut); status != exitDone || !strings.Contains(out.String(), "1 of 4 jobs affected") {
		t.Errorf("%d: %s%s", status, out.String(), errOut.String())
	}
}

func FuzzSettings(f *testing.F) {
	f.Add([]byte("prow_config: a\njob_config: b/\nsupplemental_prow_config_dirs: [./c]\n"))
	f.Add([]byte("[]"))
	f.Fuzz(func(t *testing.T, content []byte) {
		s, err := parseSettings(content)
		if err == nil && s.ProwConfig == "" && !strings.ContainsAny(string(content), "/") {
			t.Errorf("accepted without a Prow configuration: %+v", s)
		}
	})
}

// TestNothingSteersTheTerminal: whatever a message quotes, it reaches the terminal
// as text. Cobra quotes arguments that it does not know, and files may be called
// anything.
func TestNothingSteersTheTerminal(t *testing.T) {
	const evil = "\x1b]0;owned\x07\u009b2J\x08"
	for _, args := range [][]string{
		{"rehearse", evil}, {"rehearse", "affected", "--git-dir", evil}, {"rehearse", "affected", "--" + evil},
		{"rehearse", "check-config", evil}, {"rehearse", "run", evil}, {"rehearse", "help", evil},
	} {
		var out, errOut bytes.Buffer
		execute(t.Context(), args, &out, &errOut)
		for _, text := range []string{out.String(), errOut.String()} {
			if strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && unicode.IsControl(r) }) {
				t.Errorf("%q: %q", args, text)
			}
		}
		if out.Len()+errOut.Len() == 0 {
			t.Errorf("%q: nothing was said", args)
		}
	}
}

// TestNothingOfAChangeSteersTheTerminal: in every format, a hostile name or value
// stays text, and what scripts read still says what it is.
func TestNothingOfAChangeSteersTheTerminal(t *testing.T) {
	c := newClone(t)
	c.write("config/jobs/a.yaml", strings.NewReplacer("image:1", `image:\e[2J\x9b2J\x7f`).Replace(jobs))
	c.write("config/jobs/\x1b]0;x\x07\u009b2J.yaml", "periodics:\n- {name: nightly, interval: 24h, sapce: {}, spec: {containers: [{image: i}]}}\n")
	c.commit()
	for _, args := range [][]string{
		{"affected"}, {"affected", "-o", "wide"}, {"affected", "-o", "markdown"}, {"affected", "-o", "json"}, {"affected", "-o", "yaml"},
		{"affected", "--explain", "one"}, {"render", "one"}, {"render", "nightly"},
	} {
		_, out, errOut := c.rehearse(args...)
		if strings.ContainsFunc(out+errOut, func(r rune) bool { return r != '\n' && r != '\t' && unicode.IsControl(r) }) {
			t.Errorf("%q: %q %q", args, out, errOut)
		}
		var result affected.Result
		if args[len(args)-1] == "json" {
			if err := json.Unmarshal([]byte(out), &result); err != nil || result.Affected[0].Reasons[0].New != "image:\x1b[2J\u009b2J\x7f" {
				t.Errorf("%v: %s", err, out)
			}
		}
	}
}
