package repo

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// trap is a program that must not run, and the file that it would write.
type trap struct {
	t              *testing.T
	program, proof string
}

func newTrap(t *testing.T) trap {
	t.Helper()
	dir := t.TempDir()
	p := trap{t, filepath.Join(dir, "program"), filepath.Join(dir, "proof")}
	if err := os.WriteFile(p.program, []byte("#!/bin/sh\necho \"$0 $*\" >"+p.proof+"\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if said, err := os.ReadFile(p.proof); err == nil {
			t.Errorf("this ran: %s", said)
		}
	})
	return p
}

// as installs the program under a path where git might look for one.
func (p trap) as(path string) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Symlink(p.program, path); err != nil {
		p.t.Fatal(err)
	}
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// evil returns a configuration that names the program for everything that git can run.
func (p trap) evil() string {
	return strings.ReplaceAll(`[core]
	hooksPath = DIR/hooks
	attributesFile = DIR/attributes
	fsmonitor = PROGRAM
	pager = PROGRAM
	askPass = PROGRAM
	sshCommand = PROGRAM
	gitProxy = PROGRAM
[credential]
	helper = PROGRAM
[filter "evil"]
	clean = PROGRAM
	smudge = PROGRAM
	process = PROGRAM
	required = true
[merge "evil"]
	driver = PROGRAM
[diff "evil"]
	command = PROGRAM
	textconv = PROGRAM
[diff]
	external = PROGRAM
[init]
	templateDir = DIR/template
[gc]
	auto = 1
`, "PROGRAM", p.program)
}

// prepared returns evil and creates the files that evil refers to.
func (p trap) prepared() string {
	dir := filepath.Dir(p.program)
	for _, hook := range []string{"reference-transaction", "pre-auto-gc", "post-checkout", "post-index-change", "post-merge"} {
		p.as(filepath.Join(dir, "hooks", hook))
		p.as(filepath.Join(dir, "template", "hooks", hook))
	}
	writeFile(p.t, filepath.Join(dir, "attributes"), "* filter=evil merge=evil diff=evil\n")
	return strings.ReplaceAll(p.evil(), "DIR", dir)
}

// hostile returns a repository made by an attacker who wants to run a program here. Its
// branches main and topic conflict in the file a.
func hostile(t *testing.T, proof string) (o origin, base, head string) {
	t.Helper()
	o = newOrigin(t)
	files := map[string]string{
		"a":              "1\n",
		".gitattributes": "* filter=evil merge=evil diff=evil\n",
		".gitmodules":    "[submodule \"sub\"]\n\tpath = sub\n\turl = ext::touch " + proof + "\n\tupdate = !touch " + proof + "\n",
		".gitconfig":     "[core]\n\thooksPath = hooks\n",
		"hooks/pre-push": "#!/bin/sh\ntouch " + proof + "\n",
	}
	o.write(files)
	o.git("add", "--all")
	o.git("update-index", "--add", "--cacheinfo", "160000,"+strings.Repeat("12", 20)+",sub")
	if err := os.Symlink("/etc/passwd", filepath.Join(o.dir, "link")); err != nil {
		t.Fatal(err)
	}
	o.git("add", "link")
	o.git("commit", "--quiet", "--message=ancestor")
	for branch, content := range map[string]string{"topic": "2\n", "main": "3\n"} {
		o.git("checkout", "--quiet", "-B", branch, "HEAD")
		o.write(map[string]string{"a": content})
		o.git("add", "a")
		o.git("commit", "--quiet", "--message="+branch)
		o.git("checkout", "--quiet", "--detach", "HEAD~1")
	}
	return o, o.git("rev-parse", "main"), o.git("rev-parse", "topic")
}

// everything uses a mirror in every way.
func everything(t *testing.T, m *Mirror, base, head string) {
	t.Helper()
	m.packs = 0 // as after many fetches
	if err := m.Fetch(t.Context(), "main", head); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Merge(t.Context(), base, head); err == nil || !strings.Contains(err.Error(), "merge conflict in a") {
		t.Errorf("the merge gives %v", err)
	}
	if _, err := m.Diff(t.Context(), base, head); err != nil {
		t.Error(err)
	}
	entries, err := m.List(t.Context(), head)
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	if err := m.Materialise(t.Context(), entries, out); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"link", "sub"} {
		if _, err := os.Lstat(filepath.Join(out, name)); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	if content, err := os.ReadFile(filepath.Join(out, "a")); err != nil || string(content) != "2\n" {
		t.Errorf("a is %q, %v", content, err)
	}
	for _, name := range []string{"index", "a", "hooks", "modules", "worktrees"} {
		if _, err := os.Lstat(filepath.Join(m.dir, name)); err == nil {
			t.Errorf("the mirror has %s: something was checked out", name)
		}
	}
}

// TestHostileRepository puts a program in every place where git may look for one, one
// place at a time: each defence must hold without the others.
func TestHostileRepository(t *testing.T) {
	for name, lay := range map[string]func(t *testing.T, p trap, home, mirror string){
		"files of the repository": func(*testing.T, trap, string, string) {},
		"the user's configuration": func(t *testing.T, p trap, home, mirror string) {
			writeFile(t, filepath.Join(home, ".gitconfig"), p.prepared())
			writeFile(t, filepath.Join(mirror, "info/attributes"), "* merge=evil\n")
			writeFile(t, filepath.Join(home, ".config/git/attributes"), "* merge=evil\n")
		},
		"the environment": func(t *testing.T, p trap, home, mirror string) {
			config := filepath.Join(home, "config")
			writeFile(t, filepath.Join(mirror, "info/attributes"), "* merge=evil\n")
			writeFile(t, config, p.prepared())
			for key, value := range map[string]string{
				"GIT_CONFIG_GLOBAL": config, "GIT_CONFIG_SYSTEM": config, "GIT_CONFIG_COUNT": "1",
				"GIT_CONFIG_KEY_0": "merge.evil.driver", "GIT_CONFIG_VALUE_0": p.program,
				"GIT_CONFIG_PARAMETERS": "'merge.evil.driver=" + p.program + "'", "GIT_TEMPLATE_DIR": filepath.Join(filepath.Dir(p.program), "template"),
				"GIT_SSH_COMMAND": p.program, "GIT_EXTERNAL_DIFF": p.program, "GIT_ASKPASS": p.program, "GIT_PROXY_COMMAND": p.program,
				"GIT_DIR": home, "GIT_WORK_TREE": home, "GIT_EXEC_PATH": home, "GIT_PAGER": p.program, "GIT_EDITOR": p.program,
			} {
				t.Setenv(key, value)
			}
		},
		"hooks of the mirror": func(t *testing.T, p trap, _, mirror string) {
			for _, hook := range []string{"reference-transaction", "pre-auto-gc", "post-rewrite"} {
				p.as(filepath.Join(mirror, "..", "hooks", hook))
			}
			config(t, mirror, "core.hooksPath", filepath.Join(mirror, "..", "hooks"))
		},
		"attributes named by the mirror's configuration": func(t *testing.T, p trap, _, mirror string) {
			attributes := filepath.Join(filepath.Dir(p.program), "attributes")
			writeFile(t, attributes, "* merge=evil\n")
			config(t, mirror, "core.attributesFile", attributes)
			config(t, mirror, "merge.evil.driver", p.program)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, home := newTrap(t), t.TempDir()
			o, base, head := hostile(t, p.proof)
			t.Setenv("HOME", home)
			t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, ".config"))
			mirror := filepath.Join(t.TempDir(), "mirror.git")
			m := Open(mirror, o.url())
			if err := m.Fetch(t.Context(), base); err != nil {
				t.Fatal(err)
			}
			lay(t, p, home, mirror)
			everything(t, m, base, head)
		})
	}
}

func config(t *testing.T, mirror, key, value string) {
	t.Helper()
	if out, err := exec.Command("git", "--git-dir="+mirror, "config", key, value).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestTemplatesAreNotCopied checks that a new mirror gets no hooks from a template.
func TestTemplatesAreNotCopied(t *testing.T) {
	p := newTrap(t)
	p.prepared()
	o, base, head := hostile(t, p.proof)
	g := git{dir: filepath.Join(t.TempDir(), "m")}
	t.Setenv("GIT_TEMPLATE_DIR", filepath.Join(filepath.Dir(p.program), "template"))
	m := Open(g.dir, o.url())
	everything(t, m, base, head)
	if out, err := g.run(t.Context(), "config", "--local", "--list"); err != nil || strings.Contains(string(out), "evil") {
		t.Errorf("configuration is %s, %v", out, err)
	}
}
