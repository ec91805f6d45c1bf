package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/local/localtest"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/program"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
)

func rehearse(t *testing.T, c localtest.Clone, args ...string) (status int, out, errOut string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status = Execute(t.Context(), append(append([]string{"rehearse"}, args...), "--cache-dir", filepath.Join(c.Dir, ".git", "cache")), &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

func TestAffectedSeesUncommittedChanges(t *testing.T) {
	c := localtest.New(t)
	status, out, _ := rehearse(t, c, "affected")
	if status != program.ExitDone || !strings.Contains(out, "0 of 4 jobs affected") {
		t.Fatalf("%d: %s", status, out)
	}
	before := c.Git("status", "--porcelain") + c.Git("count-objects")
	c.Write("config/jobs/a.yaml", strings.Replace(localtest.Jobs, "image:1", "image:2", 1))
	c.Write("config/jobs/new.yaml", "periodics:\n- {name: nightly, interval: 24h, spec: {containers: [{image: i}]}}\n")
	status, out, errOut := rehearse(t, c, "affected", "-o", "json")
	var result affected.Result
	if err := json.Unmarshal([]byte(out), &result); err != nil || status != program.ExitDone {
		t.Fatalf("%d: %v %s", status, err, errOut)
	}
	if result.Jobs != 5 || len(result.Affected) != 2 || result.Affected[0].Reasons[0].New != "image:2" || result.Affected[1].Name != "nightly" {
		t.Errorf("result = %s", out)
	}
	c.Git("checkout", "--quiet", "--", ".")
	if err := os.Remove(filepath.Join(c.Dir, "config/jobs/new.yaml")); err != nil {
		t.Fatal(err)
	}
	if after := c.Git("status", "--porcelain") + c.Git("count-objects"); after != before {
		t.Errorf("the clone was changed: %q, before %q", after, before)
	}
}

func TestFormats(t *testing.T) {
	c := localtest.New(t)
	c.Write("config/jobs/a.yaml", strings.Replace(localtest.Jobs, "image:1", "image:2", 1))
	c.Commit()
	for format, want := range map[string]string{
		"table":    "one   presubmit  org/repo  main      spec    yes       spec.containers[0].image: image:1 → image:2\n",
		"wide":     "spec.containers[0].image: image:1 → image:2",
		"markdown": "| `one` | presubmit | org/repo | main | spec | yes |",
		"json":     `"skip_branches": []`,
		"yaml":     "change: spec",
	} {
		if status, out, errOut := rehearse(t, c, "affected", "-o", format); status != program.ExitDone || !strings.Contains(out, want) {
			t.Errorf("-o %s: %d\n%s%s", format, status, out, errOut)
		}
	}
}

func TestExplain(t *testing.T) {
	c := localtest.New(t)
	changed := strings.Replace(localtest.Jobs, "image:1", "image:2", 1)
	c.Write("config/jobs/a.yaml", changed[:strings.Index(changed, "  - name: three")])
	for job, want := range map[string][]string{
		"one": {
			"one is affected.\n", "Job:          presubmit of org/repo on main\n", "File:         config/jobs/a.yaml\n", "What changes: spec: what the job does differs",
			"  spec.containers[0].image: image:1 → image:2, in config/jobs/a.yaml\n", "Offered:      yes; /pj-rehearse one runs it\n", "+      image: image:2",
		},
		"one@main": {"one is affected"},
		"two":      {"two is not affected: Prow would create the same ProwJob", "The change touches its file, but"},
		"three":    {"three is removed, so there is nothing left to rehearse.\n"},
		"other":    {"other is not affected: Prow would create the same ProwJob before and after the merge.\n\nJob:  periodic\nFile: config/jobs/b.yaml\n"},
	} {
		status, out, errOut := rehearse(t, c, "affected", "--explain", job)
		for _, w := range want {
			if status != program.ExitDone || !strings.Contains(out, w) {
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
		if status, _, errOut := rehearse(t, c, "affected", "--explain", job); status != program.ExitUsage || !strings.Contains(errOut, want) {
			t.Errorf("%s: %d: %s", job, status, errOut)
		}
	}
}

func TestRender(t *testing.T) {
	c := localtest.New(t)
	c.Write("config/jobs/a.yaml", strings.Replace(localtest.Jobs, "image:1", "image:2", 1))
	status, out, errOut := rehearse(t, c, "render", "one", "--number", "7")
	if status != program.ExitDone || !strings.Contains(out, "kind: ProwJob") || !strings.Contains(out, "job: rehearse-7-one") || !strings.Contains(out, "repo: config") {
		t.Errorf("%d: %s%s", status, out, errOut)
	}
	for name, want := range map[string]string{"two": "not affected by the change: two", "tow": "did you mean two?", "": "name the jobs"} {
		if status, _, errOut := rehearse(t, c, strings.Fields("render "+name)...); status != program.ExitUsage || !strings.Contains(errOut, want) {
			t.Errorf("%s: %d: %s", name, status, errOut)
		}
	}
}

func TestExitStatus(t *testing.T) {
	for name, tc := range map[string]struct {
		do     func(localtest.Clone)
		args   []string
		status int
		says   string
	}{
		"configuration refused": {
			do:     func(c localtest.Clone) { c.Write("config/jobs/b.yaml", "periodics:\n- name: [\n") },
			status: program.ExitRefused, says: "Prow would refuse this configuration: config/jobs/b.yaml:",
		},
		"merge conflict": {
			do: func(c localtest.Clone) {
				c.Write("config/jobs/a.yaml", "x: 1\n")
				c.Commit()
				c.Git("update-ref", "refs/remotes/origin/main", "HEAD")
				c.Git("reset", "--quiet", "--hard", "HEAD~1")
				c.Write("config/jobs/a.yaml", "x: 2\n")
			},
			status: program.ExitConflict, says: "config/jobs/a.yaml",
		},
		"configuration refused, with --explain": {
			do:   func(c localtest.Clone) { c.Write("config/jobs/b.yaml", "periodics:\n- name: [\n") },
			args: []string{"--explain", "other"}, status: program.ExitRefused, says: "no job is called \"other\"",
		},
		"base branch refused already": {
			do: func(c localtest.Clone) {
				c.Write("config/jobs/b.yaml", "periodics:\n- name: [\n")
				c.Commit()
				c.Git("update-ref", "refs/remotes/origin/main", "HEAD")
			},
			status: program.ExitRefused, says: "the base branch is broken already",
		},
		"unresolved conflict in the work tree": {
			do: func(c localtest.Clone) {
				c.Write("config/jobs/a.yaml", "x: 1\n")
				c.Commit()
				c.Git("checkout", "--quiet", "-b", "other", "origin/main")
				c.Write("config/jobs/a.yaml", "x: 2\n")
				c.Commit()
				c.Fails("merge", "topic")
			},
			status: program.ExitConflict, says: "unresolved merge conflict in config/jobs/a.yaml: resolve it",
		},
		"branch without a commit": {
			do:     func(c localtest.Clone) { c.Git("checkout", "--quiet", "--orphan", "fresh") },
			status: program.ExitUsage, says: "no commit yet",
		},
		"unrelated histories": {
			do: func(c localtest.Clone) {
				c.Git("checkout", "--quiet", "--orphan", "fresh")
				c.Write("new", "")
				c.Commit()
			},
			status: program.ExitUsage, says: "the branch and origin/main have no commit in common",
		},
		"no branch to merge into": {
			do: func(c localtest.Clone) {
				c.Git("update-ref", "-d", "refs/remotes/origin/main")
				c.Git("branch", "-D", "main")
			},
			status: program.ExitUsage, says: "name a branch with --base",
		},
		"directory without a repository": {args: []string{"--git-dir", os.TempDir()}, status: program.ExitUsage, says: "--git-dir: " + os.TempDir() + " is not in a git repository"},
		"directory does not exist":       {args: []string{"--git-dir", "nowhere"}, status: program.ExitUsage, says: "--git-dir: nowhere is not in a git repository"},
		"unexpected argument":            {args: []string{"one"}, status: program.ExitUsage, says: "unknown command"},
		"unknown head":                   {args: []string{"--head", "nope"}, status: program.ExitUsage, says: "--head: revision \"nope\" not found; `git fetch`"},
		"--explain with --output":        {args: []string{"--explain", "one", "-o", "json"}, status: program.ExitUsage, says: "leave out -o"},
		"--explain without a job":        {args: []string{"--explain", ""}, status: program.ExitUsage, says: "takes the name of a job"},
		"--repository is not org/repo":   {args: []string{"--repository", "a/b/c"}, status: program.ExitUsage, says: "is not org/repo"},
		"path outside the repository":    {args: []string{"--job-config", "../jobs"}, status: program.ExitUsage, says: "--job-config: \"../jobs\" is outside the repository"},
		"--prow-config does not exist":   {args: []string{"--prow-config", "nope"}, status: program.ExitUsage, says: "set --prow-config"},
		"settings file with an unknown field": {
			do:     func(c localtest.Clone) { c.Write(".rehearsal.yaml", "prow_confg: x\n") },
			status: program.ExitUsage, says: "unknown field \"prow_confg\"",
		},
		"unknown format":              {args: []string{"-o", "xml"}, status: program.ExitUsage, says: "must be one of"},
		"unknown flag":                {args: []string{"--nope"}, status: program.ExitUsage, says: "unknown flag: --nope; see `rehearse affected --help`"},
		"unknown base":                {args: []string{"--base", "nope"}, status: program.ExitUsage, says: "--base"},
		"--job-config does not exist": {args: []string{"--job-config", "nope"}, status: program.ExitUsage, says: "set --job-config"},
		"no known layout": {
			do: func(c localtest.Clone) {
				c.Git("rm", "-r", "--quiet", "config")
				c.Write("x", "")
				c.Commit()
				c.Git("update-ref", "refs/remotes/origin/main", "HEAD")
			},
			status: program.ExitUsage, says: "set --prow-config",
		},
		"Prow's configuration removed": {
			do:     func(c localtest.Clone) { c.Git("rm", "-r", "--quiet", "config/prow") },
			status: program.ExitRefused, says: "config/prow/config.yaml: no such file or directory",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := localtest.New(t)
			if tc.do != nil {
				tc.do(c)
			}
			status, out, errOut := rehearse(t, c, append([]string{"affected"}, tc.args...)...)
			if status != tc.status || !strings.Contains(errOut, tc.says) {
				t.Errorf("%d: %s%s", status, out, errOut)
			}
		})
	}
}

func TestSettingsFile(t *testing.T) {
	c := localtest.New(t)
	c.Git("mv", "config/prow", "elsewhere")
	c.Git("mv", "config/jobs", "ours")
	c.Write(".rehearsal.yaml", "prow_config: elsewhere/config.yaml\njob_config: ours/\n")
	c.Commit()
	c.Git("update-ref", "refs/remotes/origin/main", "HEAD")
	if status, out, errOut := rehearse(t, c, "affected"); status != program.ExitDone || !strings.Contains(out, "0 of 4 jobs") {
		t.Errorf("%d: %s%s", status, out, errOut)
	}
}

func TestLinkedWorkTree(t *testing.T) {
	c := localtest.New(t)
	linked := filepath.Join(t.TempDir(), "linked")
	c.Git("worktree", "add", "--quiet", "-b", "other", linked)
	c.Dir = linked
	c.Write("config/jobs/a.yaml", strings.Replace(localtest.Jobs, "image:1", "image:2", 1))
	t.Chdir(linked)
	var out, errOut bytes.Buffer
	if status := Execute(t.Context(), []string{"rehearse", "affected", "--cache-dir", ""}, &out, &errOut); status != program.ExitDone || !strings.Contains(out.String(), "1 of 4 jobs affected") {
		t.Errorf("%d: %s%s", status, out.String(), errOut.String())
	}
}

// TestNothingSteersTheTerminal checks that messages reach the terminal as plain text,
// whatever they quote. Cobra quotes unknown arguments, and files can have any name.
func TestNothingSteersTheTerminal(t *testing.T) {
	const evil = "\x1b]0;owned\x07\u009b2J\x08"
	for _, args := range [][]string{
		{"rehearse", evil}, {"rehearse", "affected", "--git-dir", evil}, {"rehearse", "affected", "--" + evil},
		{"rehearse", "check-config", evil}, {"rehearse", "run", evil}, {"rehearse", "help", evil},
	} {
		var out, errOut bytes.Buffer
		Execute(t.Context(), args, &out, &errOut)
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

// TestNothingOfAChangeSteersTheTerminal checks that hostile names and values are escaped
// in every format, and that machine-readable output keeps their content.
func TestNothingOfAChangeSteersTheTerminal(t *testing.T) {
	c := localtest.New(t)
	c.Write("config/jobs/a.yaml", strings.NewReplacer("image:1", `image:\e[2J\x9b2J\x7f`).Replace(localtest.Jobs))
	c.Write("config/jobs/\x1b]0;x\x07\u009b2J.yaml", "periodics:\n- {name: nightly, interval: 24h, sapce: {}, spec: {containers: [{image: i}]}}\n")
	c.Commit()
	for _, args := range [][]string{
		{"affected"}, {"affected", "-o", "wide"}, {"affected", "-o", "markdown"}, {"affected", "-o", "json"}, {"affected", "-o", "yaml"},
		{"affected", "--explain", "one"}, {"render", "one"}, {"render", "nightly"},
	} {
		_, out, errOut := rehearse(t, c, args...)
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

func TestErrorsSteerNoTerminal(t *testing.T) {
	got := complaint(&plan.RefusedError{File: "a.yaml", Reason: "invalid job \x1b[2J\nsecond → line"}, false)
	if want := "a.yaml: invalid job \\x1b[2J\nsecond → line"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
