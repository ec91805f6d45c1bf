package repo

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// noise returns random text, which does not compress well.
func noise(t *testing.T, bytes int) string {
	t.Helper()
	b := make([]byte, bytes/2)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(b)
}

// commitOn commits on top of a commit and leaves the branch unchanged.
func (o origin) commitOn(base string, files map[string]string) string {
	o.t.Helper()
	o.git("checkout", "--quiet", "--detach", base)
	sha := o.commit(files)
	o.git("checkout", "--quiet", "main")
	return sha
}

// away serves a repository. The test's function fetching handles the fetches, and git
// handles all other requests.
func away(t *testing.T, o origin, fetching func(w http.ResponseWriter, r *http.Request, body string, backend http.Handler)) string {
	t.Helper()
	o.git("config", "uploadpack.allowAnySHA1InWant", "true")
	backend := &cgi.Handler{
		Path: backend(t), Env: []string{"GIT_PROJECT_ROOT=" + o.dir, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1"}, Stderr: devNull{},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			backend.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		again := r.Clone(r.Context())
		again.Body, again.ContentLength = io.NopCloser(strings.NewReader(string(body))), int64(len(body))
		fetching(w, again, string(body), backend)
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL + "/.git"
}

// hanging blocks requests for a commit until the test ends.
func hanging(t *testing.T, sha string, asked chan<- struct{}) func(http.ResponseWriter, *http.Request, string, http.Handler) {
	over := make(chan struct{})
	t.Cleanup(func() { close(over) })
	return func(w http.ResponseWriter, r *http.Request, body string, backend http.Handler) {
		if strings.Contains(body, "want "+sha) {
			asked <- struct{}{}
			select {
			case <-over:
			case <-r.Context().Done():
			}
			return
		}
		backend.ServeHTTP(w, r)
	}
}

// left returns the temporary files that fetches have left beside a mirror and in it.
func left(t *testing.T, m *Mirror) (paths []string) {
	t.Helper()
	for _, pattern := range []string{m.dir + ".*", filepath.Join(m.dir, "objects/pack/tmp_*"), filepath.Join(m.dir, "objects/*/tmp_*")} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	return paths
}

func TestAHungFetchHoldsUpNobody(t *testing.T) {
	o, base, hung := fork(t, map[string]string{"a": "2\n"}, map[string]string{"c": "2\n"})
	other := o.commitOn(base, map[string]string{"d": "1\n"})
	asked := make(chan struct{}, 10)
	m := Open(filepath.Join(t.TempDir(), "m.git"), away(t, o, hanging(t, hung, asked)))
	if err := m.Fetch(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.FetchHead(ctx, hung) }()
	<-asked
	if !m.Has(t.Context(), base) {
		t.Error("what is there cannot be seen")
	}
	if err := m.FetchHead(t.Context(), other); err != nil {
		t.Errorf("another head: %v", err)
	}
	next := o.commit(map[string]string{"e": "1\n"})
	if err := m.Fetch(t.Context(), next, base); err != nil {
		t.Errorf("the next base: %v", err)
	}
	if err := m.Keep(t.Context(), []string{base, next, other}); err != nil {
		t.Errorf("tidying: %v", err)
	}
	impatient, give := context.WithCancel(t.Context())
	give()
	if err := m.FetchHead(impatient, hung); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting for the same head, without patience: %v", err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the fetch that hung gives %v", err)
	}
	if running := processesWith(t, m.url); len(running) > 0 {
		t.Errorf("still running: %q", running)
	}
	if paths := left(t, m); len(paths) > 0 {
		t.Errorf("left: %v", paths)
	}
}

// processesWith returns the command lines of all processes that contain a word.
func processesWith(t *testing.T, word string) (found []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if line, err := os.ReadFile(file); err == nil && strings.Contains(string(line), word) {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}

// TestManyHungHeads checks that waiting fetches stop when their contexts end, and that
// the base is fetched although fetches of heads hang.
func TestManyHungHeads(t *testing.T) {
	o := newOrigin(t)
	base := o.commit(map[string]string{"a": "1"})
	asked := make(chan struct{}, 10)
	over := make(chan struct{})
	t.Cleanup(func() { close(over) })
	m := Open(filepath.Join(t.TempDir(), "m.git"), away(t, o, func(w http.ResponseWriter, r *http.Request, body string, backend http.Handler) {
		if !strings.Contains(body, "want ") || strings.Contains(body, "want "+base) {
			backend.ServeHTTP(w, r)
			return
		}
		asked <- struct{}{}
		select {
		case <-over:
		case <-r.Context().Done():
		}
	}))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, maxHeads)
	for i := range maxHeads {
		head := o.commitOn(base, map[string]string{"b": fmt.Sprint(i)})
		go func() { ended <- m.FetchHead(ctx, head) }()
		<-asked
	}
	impatient, give := context.WithCancel(t.Context())
	give()
	if err := m.FetchHead(impatient, strings.Repeat("12", 20)); !errors.Is(err, context.Canceled) {
		t.Errorf("a head without a place gives %v", err)
	}
	if err := m.Fetch(t.Context(), base); err != nil {
		t.Errorf("the base: %v", err)
	}
	cancel()
	for range maxHeads {
		if err := <-ended; err == nil {
			t.Error("a head that hangs is fetched")
		}
	}
}

// TestFetchesEnd fetches from servers that accept a connection and then send nothing, or
// a byte now and then.
func TestFetchesEnd(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() }) // nobody accepts the connections
	trickle := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
		for r.Context().Err() == nil {
			if _, err := w.Write([]byte("0")); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
	}))
	t.Cleanup(func() { trickle.CloseClientConnections(); trickle.Close() })
	for name, test := range map[string]struct {
		url     string
		limits  Limits
		stalled bool
	}{
		"silent server, low speed":    {"http://" + silent.Addr().String() + "/x.git", Limits{Time: time.Hour, Stall: time.Second, Speed: 1000}, true},
		"silent server, deadline":     {"http://" + silent.Addr().String() + "/x.git", Limits{Time: 300 * time.Millisecond, Stall: time.Hour, Speed: 1}, false},
		"trickling server, low speed": {trickle.URL + "/x.git", Limits{Time: time.Hour, Stall: time.Second, Speed: 1000}, true},
		"trickling server, deadline":  {trickle.URL + "/x.git", Limits{Time: 300 * time.Millisecond, Stall: time.Hour, Speed: 1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := Open(filepath.Join(t.TempDir(), "m.git"), test.url, WithLimits(test.limits))
			head := strings.Repeat("12", 20)
			err := m.FetchHead(t.Context(), head)
			var slow *SlowError
			if !errors.As(err, &slow) || slow.Stalled != test.stalled || slow.Until.IsZero() || !strings.Contains(err.Error(), head) {
				t.Fatalf("err = %v", err)
			}
			// For a while it is not fetched again; the URL shows that the network is not
			// used.
			m.url = "ext::none"
			if again := m.FetchHead(t.Context(), head); again == nil || again.Error() != err.Error() {
				t.Errorf("again: %v", again)
			}
			m.now = func() time.Time { return slow.Until }
			if later := m.FetchHead(t.Context(), head); later == nil || !strings.Contains(later.Error(), "by https") {
				t.Errorf("later: %v", later)
			}
			if paths := left(t, m); len(paths) > 0 {
				t.Errorf("left: %v", paths)
			}
		})
	}
}

// TestWhatIsFetchedHasASize fetches a pack that is too large, and one that takes too much
// memory to unpack.
func TestWhatIsFetchedHasASize(t *testing.T) {
	o := newOrigin(t)
	base := o.commit(map[string]string{"a": "1"})
	large := o.commitOn(base, map[string]string{"large": noise(t, 4<<20)})
	o.git("checkout", "--quiet", "--detach", base)
	o.write(map[string]string{"message": "m\n" + strings.Repeat("x", 120<<20)})
	o.git("commit", "--quiet", "--allow-empty", "--file=message")
	bomb := o.git("rev-parse", "HEAD")
	o.git("checkout", "--quiet", "main")
	if err := os.Remove(filepath.Join(o.dir, "message")); err != nil {
		t.Fatal(err)
	}
	var fetches atomic.Int32
	url := away(t, o, func(w http.ResponseWriter, r *http.Request, body string, backend http.Handler) {
		if strings.Contains(body, "want ") {
			fetches.Add(1)
		}
		backend.ServeHTTP(w, r)
	})
	for name, test := range map[string]struct {
		head   string
		limits Limits
		says   string
	}{
		"pack above the size limit":        {large, Limits{Time: time.Minute, Stall: time.Minute, Size: 1 << 20}, "brings more than 1 MiB"},
		"unpacking above the memory limit": {bomb, Limits{Time: time.Minute, Stall: time.Minute, Size: 64 << 20, Memory: 64 << 20}, "takes more than 64 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			m := Open(filepath.Join(t.TempDir(), "m.git"), url)
			if err := m.Fetch(t.Context(), base); err != nil {
				t.Fatal(err)
			}
			m.bounds = &test.limits
			before := fetches.Load()
			for range 3 {
				err := m.FetchHead(t.Context(), test.head)
				var tooLarge *TooLargeError
				if !errors.As(err, &tooLarge) || !strings.Contains(err.Error(), test.says) {
					t.Fatalf("err = %v", err)
				}
			}
			if n := fetches.Load() - before; n != 1 {
				t.Errorf("%d fetches", n)
			}
			if paths := left(t, m); len(paths) > 0 {
				t.Errorf("left: %v", paths)
			}
			if !m.Has(t.Context(), base) || m.Has(t.Context(), test.head) {
				t.Error("the mirror has not what it should")
			}
			if err := m.FetchHead(t.Context(), o.commitOn(base, map[string]string{"small": name})); err != nil {
				t.Errorf("a small head: %v", err)
			}
		})
	}
}

func TestAPackWithoutEnd(t *testing.T) {
	o := newOrigin(t)
	base := o.commit(map[string]string{"a": "1"})
	head := o.commitOn(base, map[string]string{"b": noise(t, 1<<20)})
	m := Open(filepath.Join(t.TempDir(), "m.git"), away(t, o, func(w http.ResponseWriter, r *http.Request, body string, backend http.Handler) {
		if !strings.Contains(body, "want "+head) {
			backend.ServeHTTP(w, r)
			return
		}
		endless(w, strings.Contains(body, "done"))
	}))
	if err := m.Fetch(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	m.bounds = &Limits{Time: time.Minute, Stall: time.Minute, Size: 3 << 20}
	var large *TooLargeError
	if err := m.FetchHead(t.Context(), head); !errors.As(err, &large) {
		t.Errorf("err = %v", err)
	}
	if paths := left(t, m); len(paths) > 0 {
		t.Errorf("left: %v", paths)
	}
}

// endless sends a pack with a blob that never ends.
func endless(w http.ResponseWriter, agreed bool) {
	w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
	send := func(packet []byte) error {
		_, err := fmt.Fprintf(w, "%04x%s", len(packet)+4, packet)
		return err
	}
	if !agreed {
		_, _ = io.WriteString(w, "0014acknowledgments\n000aready\n0001")
	}
	_ = send([]byte("packfile\n"))
	// Version 2, one object: a blob of 1 TiB, stored without compression.
	begin := append([]byte{1}, "PACK\x00\x00\x00\x02\x00\x00\x00\x01"...)
	begin = append(begin, 0xb0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40, 0x78, 0x01)
	err := send(begin)
	block := append([]byte{1, 0, 0xff, 0x7f, 0, 0x80}, make([]byte, 0x7fff)...)
	for err == nil {
		err = send(block)
	}
}

func TestADyingServer(t *testing.T) {
	o := newOrigin(t)
	base := o.commit(map[string]string{"a": "1"})
	head := o.commitOn(base, map[string]string{"b": noise(t, 1<<20)})
	dying := true
	m := Open(filepath.Join(t.TempDir(), "m.git"), away(t, o, func(w http.ResponseWriter, r *http.Request, body string, backend http.Handler) {
		if !dying || !strings.Contains(body, "want "+head) {
			backend.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		backend.ServeHTTP(answer, r)
		w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
		_, _ = w.Write(answer.Body.Bytes()[:answer.Body.Len()/2])
		panic(http.ErrAbortHandler)
	}))
	if err := m.Fetch(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := m.FetchHead(t.Context(), head); err == nil || Corrupt(err) {
			t.Errorf("err = %v", err)
		}
	}
	if paths := left(t, m); len(paths) > 0 || !m.Has(t.Context(), base) || len(m.rebuilds.at) > 0 {
		t.Errorf("left: %v, rebuilds: %v", paths, m.rebuilds.at)
	}
	dying = false
	if err := m.FetchHead(t.Context(), head); err != nil {
		t.Error(err)
	}
}

func TestARefusedTokenKeepsTheMirror(t *testing.T) {
	o := newOrigin(t)
	base := o.commit(map[string]string{"a": "1"})
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		for name, path := range map[string]string{"with `true`": os.Getenv("PATH"), "without `true`": onlyGit(t)} {
			t.Run(fmt.Sprint(status, " ", name), func(t *testing.T) {
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("WWW-Authenticate", `Basic realm="GitHub"`)
					w.Header().Set("Content-Type", "text/plain")
					w.WriteHeader(status)
					_, _ = io.WriteString(w, "error: object file x is empty\nfatal: not a git repository\n")
				}))
				t.Cleanup(server.Close)
				m := mirrorOf(t, o, base)
				m.url = server.URL + "/acme/config.git"
				t.Setenv("PATH", path)
				err := m.FetchHead(t.Context(), strings.Repeat("12", 20))
				var refused *AccessError
				if !errors.As(err, &refused) || Corrupt(err) {
					t.Errorf("err = %v", err)
				}
				if !m.Has(t.Context(), base) || len(m.rebuilds.at) > 0 {
					t.Error("the mirror was thrown away")
				}
			})
		}
	}
}

// onlyGit returns a PATH with nothing but git.
func onlyGit(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, place := range filepath.SplitList(os.Getenv("PATH")) {
		if _, err := os.Stat(filepath.Join(place, "git")); err == nil {
			if err := os.Symlink(filepath.Join(place, "git"), filepath.Join(dir, "git")); err != nil {
				t.Fatal(err)
			}
			return dir
		}
	}
	t.Fatal("no git")
	return ""
}

// TestWhatIsSaidHasAnEnd: a server can make git print any amount of output, and progress
// messages do not belong in an error.
func TestWhatIsSaidHasAnEnd(t *testing.T) {
	var said tail
	for i := range 10_000 {
		if n, err := fmt.Fprintf(&said, "remote: Counting objects: %d%% of many\r%s", i, strings.Repeat("x", i%100)); err != nil || n == 0 {
			t.Fatal(err)
		}
	}
	if _, err := said.Write(make([]byte, 3*keptOutput)); err != nil || len(said.String()) != keptOutput || cap(said.kept) > 8*keptOutput {
		t.Errorf("%d bytes are kept, %d taken", len(said.String()), cap(said.kept))
	}
	err := commandError(t.Context(), []string{"fetch"}, "remote: Enumerating objects: 5, done.\nReceiving objects:  20% (1/5)\rReceiving objects: 100% (5/5)\rfatal: early EOF\nremote: Total 5 (delta 0)\n", os.ErrInvalid)
	if err.Error() != "git fetch: fatal: early EOF" {
		t.Errorf("err = %v", err)
	}
}
