package repo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// trap is a program that nobody may run, and a file that nobody may write.
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

// as puts the program where git would look for one with a name.
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

// evil configures a program for everything that git runs one for.
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

// prepared returns evil with what it refers to in place.
func (p trap) prepared() string {
	dir := filepath.Dir(p.program)
	for _, hook := range []string{"reference-transaction", "pre-auto-gc", "post-checkout", "post-index-change", "post-merge"} {
		p.as(filepath.Join(dir, "hooks", hook))
		p.as(filepath.Join(dir, "template", "hooks", hook))
	}
	writeFile(p.t, filepath.Join(dir, "attributes"), "* filter=evil merge=evil diff=evil\n")
	return strings.ReplaceAll(p.evil(), "DIR", dir)
}

// hostile is a repository whose main and topic conflict in a, as its author
// would have it who wants to run something here.
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

// everything does with a mirror all that it is for.
func everything(t *testing.T, m *Mirror, base, head string) {
	t.Helper()
	m.packs, m.loose = 0, 0 // what many fetches would lead to
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

// TestHostileRepository has a program lie in wait wherever git may look for one,
// a layer at a time: each must hold without the others.
func TestHostileRepository(t *testing.T) {
	for name, lay := range map[string]func(t *testing.T, p trap, home, mirror string){
		"what is in the repository": func(*testing.T, trap, string, string) {},
		"the person's configuration": func(t *testing.T, p trap, home, mirror string) {
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
		"attributes by the mirror's configuration": func(t *testing.T, p trap, _, mirror string) {
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

// TestTemplatesAreNotCopied is about where a new mirror would get hooks from.
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

// TestProtocols tries addresses that would run a program or lead elsewhere.
func TestProtocols(t *testing.T) {
	o := newOrigin(t)
	o.commit(map[string]string{"a": "1"})
	p := newTrap(t)
	bin := t.TempDir()
	p.as(filepath.Join(bin, "ssh"))
	p.as(filepath.Join(bin, "git-remote-evil"))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for _, url := range []string{
		"ext::" + p.program, "ext::" + p.program + " file://", "evil::https://example.com", "evil://example.com/x", "fd::0",
		"ssh://127.0.0.1/x", "git@127.0.0.1:x", "git://127.0.0.1:1/x", "-oProxyCommand=" + p.program,
		"--upload-pack=" + p.program, "ftp://127.0.0.1:1/x", o.dir, "HTTP://127.0.0.1:1/x", "",
	} {
		m := Open(filepath.Join(t.TempDir(), "m"), url)
		if err := m.Fetch(t.Context(), "main"); err == nil || strings.Contains(err.Error(), "127.0.0.1 port") {
			t.Errorf("fetching from %q gives %v", url, err)
		}
		// Git itself must refuse, too, whatever it is asked for.
		if err := m.rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		_, err := m.run(ctx, "ls-remote", "--", url)
		cancel()
		if err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("git asks %q: %v", url, err)
		}
	}
}

// serve serves a repository over http.
func serve(t *testing.T, o origin) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(&cgi.Handler{
		Path: backend(t), Env: []string{"GIT_PROJECT_ROOT=" + o.dir, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1"},
		Stderr: devNull{},
	})
	t.Cleanup(server.Close)
	return server
}

type devNull struct{}

func (devNull) Write(b []byte) (int, error) { return len(b), nil }

func backend(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "git-http-backend")
}

// TestRedirects has a server send the fetch, and the token, somewhere else.
func TestRedirects(t *testing.T) {
	o := newOrigin(t)
	o.commit(map[string]string{"a": "1"})
	real := serve(t, o)
	var asked []string
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, fmt.Sprintf("%s %q", r.URL, r.Header.Get("Authorization")))
		http.Redirect(w, r, real.URL+r.URL.RequestURI(), http.StatusFound)
	}))
	t.Cleanup(elsewhere.Close)
	token := WithToken(func(context.Context) (string, error) { return "ghs_canary", nil })
	for target, options := range map[string][]Option{
		elsewhere.URL: nil, elsewhere.URL + "/with-token": {token}, "file://" + o.dir: nil, "ext::sh": {token},
	} {
		first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", target+r.URL.RequestURI())
			w.WriteHeader(http.StatusFound)
		}))
		err := Open(filepath.Join(t.TempDir(), "m"), first.URL+"/.git", options...).Fetch(t.Context(), "main")
		first.Close()
		if err == nil {
			t.Errorf("a redirect to %s is followed", target)
		}
	}
	if len(asked) > 0 {
		t.Errorf("it went elsewhere: %v", asked)
	}
	if err := Open(filepath.Join(t.TempDir(), "m"), real.URL+"/.git", token).Fetch(t.Context(), "main"); err != nil {
		t.Errorf("without a redirect: %v", err)
	}
}

// TestNamesLikeOptions asks for revisions that git would take for options if it
// were not told where these end.
func TestNamesLikeOptions(t *testing.T) {
	o := newOrigin(t)
	sha := o.commit(map[string]string{"a": "1\n"})
	p := newTrap(t)
	for _, name := range []string{"--help", "-h", "--output=" + p.proof, "--upload-pack=" + p.program, "--exec=" + p.program, "--stdin"} {
		o.git("update-ref", "refs/heads/"+name, sha)
		m := mirrorOf(t, o, name, "main")
		if got, err := m.Resolve(t.Context(), name); err != nil || got != sha {
			t.Errorf("Resolve(%q) = %q, %v", name, got, err)
		}
		if got, err := m.Tree(t.Context(), name); err != nil || len(got) != len(sha) {
			t.Errorf("Tree(%q) = %q, %v", name, got, err)
		}
		if got, err := m.List(t.Context(), name, "a", "--help"); err != nil || len(got) != 1 {
			t.Errorf("List(%q) = %v, %v", name, got, err)
		}
		if got, err := m.Diff(t.Context(), name, "main"); err != nil || len(got) > 0 {
			t.Errorf("Diff(%q) = %v, %v", name, got, err)
		}
		if got, err := m.MergeBase(t.Context(), name, "main"); err != nil || got != sha {
			t.Errorf("MergeBase(%q) = %q, %v", name, got, err)
		}
		if !m.has(t.Context(), name) {
			t.Errorf("it does not have %q", name)
		}
		merged, err := m.Merge(t.Context(), name, "main")
		if err != nil {
			t.Errorf("Merge(%q): %v", name, err)
			continue
		}
		_ = merged.Close()
	}
}

// TestMissingObjectsAreNotFetched is about a clone that lacks objects: git would
// get them from wherever, and with whatever, its configuration says.
func TestMissingObjectsAreNotFetched(t *testing.T) {
	o := newOrigin(t)
	o.commit(map[string]string{"a": "1\n"})
	o.git("config", "uploadpack.allowFilter", "true")
	for name, remote := range map[string]func(trap) map[string]string{
		"by another upload-pack": func(p trap) map[string]string {
			return map[string]string{"remote.origin.url": o.url(), "remote.origin.uploadpack": p.program}
		},
		"by a program": func(p trap) map[string]string {
			return map[string]string{"remote.origin.url": "ext::" + p.program, "protocol.ext.allow": "always"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, dir := newTrap(t), filepath.Join(t.TempDir(), "partial")
			o.git("clone", "--quiet", "--bare", "--filter=blob:none", o.url(), dir)
			for key, value := range remote(p) {
				config(t, dir, key, value)
			}
			m := OpenClone(dir)
			entries, err := m.List(t.Context(), "main")
			if err != nil || len(entries) != 1 {
				t.Fatalf("entries = %v, %v", entries, err)
			}
			if err := m.Blobs(t.Context(), []string{entries[0].Blob}, func(string, []byte) error { return nil }); err == nil {
				t.Error("the blob is there")
			}
		})
	}
}

// TestPathsThatLeadOut: a tree can hold any name, and no work tree would tell.
func TestPathsThatLeadOut(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{"../x", "/etc/x", "a/../../x", "..", ""} {
		if err := Write(dir, Entry{Path: path}, []byte("x")); err == nil {
			t.Errorf("%q is written", path)
		}
	}
}
