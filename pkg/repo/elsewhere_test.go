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

// TestProtocols tries URLs that would run a program or use another protocol.
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
		// Git itself must also refuse, whatever the arguments.
		if err := m.replace(t.Context()); err != nil {
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

// serve serves a repository over HTTP.
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

// TestRedirects fetches from a server that redirects the fetch, and the token, elsewhere.
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

// TestNamesLikeOptions asks for revisions that git would take for options without
// --end-of-options.
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

// TestMissingObjectsAreNotFetched reads a clone that lacks objects. By default git would
// fetch them from the remote and with the programs that the configuration names.
func TestMissingObjectsAreNotFetched(t *testing.T) {
	o := newOrigin(t)
	o.commit(map[string]string{"a": "1\n"})
	o.git("config", "uploadpack.allowFilter", "true")
	for name, remote := range map[string]func(trap) map[string]string{
		"through a configured upload-pack": func(p trap) map[string]string {
			return map[string]string{"remote.origin.url": o.url(), "remote.origin.uploadpack": p.program}
		},
		"through a remote helper that runs a program": func(p trap) map[string]string {
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

// TestPathsThatLeadOut: a tree can contain any name, even one that no work tree can have.
func TestPathsThatLeadOut(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{"../x", "/etc/x", "a/../../x", "..", ""} {
		if err := Write(dir, Entry{Path: path}, []byte("x")); err == nil {
			t.Errorf("%q is written", path)
		}
	}
}

// TestCredentialsInErrors: messages of git or a server may quote URLs and headers.
func TestCredentialsInErrors(t *testing.T) {
	for _, said := range []string{
		"fatal: unable to access 'https://x-access-token:hunter2@example.com/x': no",
		"fatal: https://hunter2@example.com/x not found",
		"> authorization: Basic hunter2",
		"remote: Authorization: bearer hunter2 was refused",
	} {
		err := commandError(t.Context(), []string{"fetch"}, said, os.ErrInvalid)
		if strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "git fetch: ") {
			t.Errorf("%q becomes %q", said, err)
		}
	}
	if _, err := protocolOf("ftp://user:hunter2@example.com"); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("an address becomes %v", err)
	}
}
