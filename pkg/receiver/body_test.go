package receiver

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
)

// endless returns n bytes and counts what was read.
type endless struct{ left, read int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), e.left)
	for i := range p[:n] {
		p[i] = ' '
	}
	e.left -= n
	e.read += n
	return int(n), nil
}

func TestLargeBodies(t *testing.T) {
	tests := []struct {
		name   string
		size   int64
		length int64
		status int
		answer string
	}{
		{"too large, and says so", MaxBody + 1, MaxBody + 1, 413, "a payload can have at most 25 MiB"},
		{"too large, and does not say so", 2 * MaxBody, -1, 411, "a payload of more than 1 MiB needs a Content-Length"},
		{"as large as can be, not signed", MaxBody, MaxBody, 403, "the signature was made with another secret"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := &endless{left: tt.size}
			req := delivery("issue_comment", comment)
			req.Body, req.ContentLength = io.NopCloser(body), tt.length
			w := post(fixture(&logbooktest.Store{}, io.Discard), req)
			if w.Code != tt.status || !strings.HasPrefix(w.Body.String(), tt.answer) {
				t.Errorf("answer is %d %q, want %d %q", w.Code, w.Body, tt.status, tt.answer)
			}
			if body.read > MaxBody+1 {
				t.Errorf("%d bytes were read", body.read)
			}
		})
	}
}

// TestLargePayloadIsHeard delivers 25 MiB and measures the memory: everything that is
// allocated, garbage included.
func TestLargePayloadIsHeard(t *testing.T) {
	body := comment + strings.Repeat(" ", MaxBody-len(comment))
	req := delivery("issue_comment", body)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var store logbooktest.Store
	w := post(fixture(&store, io.Discard), req)
	runtime.ReadMemStats(&after)
	if w.Code != 200 || store.Len() != 1 {
		t.Errorf("answer is %d %q", w.Code, w.Body)
	}
	if allocated := (after.TotalAlloc - before.TotalAlloc) >> 20; allocated > 32 {
		t.Errorf("%d MiB were allocated", allocated)
	}
}

// TestLargeBodiesWaitForEachOther also checks that small bodies do not wait.
func TestLargeBodiesWaitForEachOther(t *testing.T) {
	r := fixture(&logbooktest.Store{}, io.Discard)
	first := &applicant{source: "192.0.2.1", standing: stranger, occupant: occupant{interrupt: func() {}}}
	buffer, err := r.bodies.large.take(t.Context(), first)
	ok(t, err)
	if w := post(r, delivery("issue_comment", comment)); w.Code != 200 {
		t.Errorf("a small one is answered with %d %q", w.Code, w.Body)
	}
	r.bodies.large.leave(first, buffer)
	for range 3 {
		req := delivery("issue_comment", comment)
		req.Body, req.ContentLength = io.NopCloser(&endless{left: 2 * largeBody}), 2*largeBody
		if w := post(r, req); w.Code != 403 {
			t.Errorf("a large one is answered with %d %q", w.Code, w.Body)
		}
	}
}

// TestBodiesThatDoNotArriveTakeNothing announces many bodies, as anyone can, and sends
// only their first bytes. A delivery must not wait for them.
func TestBodiesThatDoNotArriveTakeNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := fixture(&logbooktest.Store{}, io.Discard)
		var before, during runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var group sync.WaitGroup
		for i := range 1000 {
			body, sender := io.Pipe()
			req := delivery("issue_comment", comment)
			req.RemoteAddr = fmt.Sprintf("10.0.%d.%d:1234", i/250, i%250)
			req.Body, req.ContentLength = body, largeBody
			group.Go(func() { post(r, req) })
			group.Go(func() {
				_, err := sender.Write(make([]byte, 3<<10))
				ok(t, err)
			})
			time.AfterFunc(deadline+time.Second, func() { ok(t, sender.Close()) })
		}
		synctest.Wait()
		runtime.ReadMemStats(&during)
		if held := int64(during.HeapAlloc) - int64(before.HeapAlloc); held > 64<<20 {
			t.Errorf("%d MiB are held", held>>20)
		}
		if w := post(r, delivery("issue_comment", comment)); w.Code != http.StatusOK {
			t.Errorf("while they are open the answer is %d %q", w.Code, w.Body)
		}
		group.Wait()
		if n := held(r.bodies.small); n != 0 || len(r.bodies.small.guests) != 0 {
			t.Errorf("afterwards %d bytes are held by %d", n, len(r.bodies.small.guests))
		}
	})
}

// deadlines is a response writer that records the deadline for the next read of a body.
type deadlines struct {
	*httptest.ResponseRecorder
	latest time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.latest = t
	return nil
}

// TestALargeBodyThatStallsGivesWay stalls a large body while it holds the only slot.
func TestALargeBodyThatStallsGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := fixture(&logbooktest.Store{}, io.Discard)
		body, sender := io.Pipe()
		req := delivery("issue_comment", comment)
		req.Body, req.ContentLength = body, MaxBody
		answer := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		began := time.Now()
		go r.Handler().ServeHTTP(answer, req)
		_, err := sender.Write(make([]byte, largeBody+largeRate))
		ok(t, err)
		synctest.Wait()
		if left := answer.latest.Sub(began); left > largeGrace+time.Second {
			t.Errorf("it may keep its place for %s", left)
		}
		ok(t, sender.Close())
		synctest.Wait()
		if r.bodies.large.holder != nil {
			t.Error("the place is still taken")
		}
	})
}

func TestSources(t *testing.T) {
	proxies, err := ParseProxies("10.0.0.0/8, 192.0.2.9")
	ok(t, err)
	if _, err := ParseProxies("proxy.example"); err == nil {
		t.Error("a name is taken for an address")
	}
	for name, tc := range map[string]struct {
		peer, forwarded, want string
	}{
		"directly":                       {"198.51.100.7:1", "", "198.51.100.7"},
		"a client says it is another":    {"198.51.100.7:1", "203.0.113.1", "198.51.100.7"},
		"a proxy says so":                {"10.1.1.1:1", "203.0.113.1", "203.0.113.1"},
		"two proxies":                    {"10.1.1.1:1", "203.0.113.1, 192.0.2.9", "203.0.113.1"},
		"a client before the proxy lies": {"10.1.1.1:1", "1.1.1.1, 203.0.113.1", "203.0.113.1"},
		"a proxy says nothing":           {"10.1.1.1:1", "", "10.1.1.1"},
		"a proxy says nonsense":          {"10.1.1.1:1", "unknown", "10.1.1.1"},
		"a network":                      {"[2001:db8:1:2:3:4:5:6]:1", "", "2001:db8:1:2::/64"},
	} {
		r := delivery("ping", "{}")
		r.RemoteAddr = tc.peer
		r.Header.Set("X-Forwarded-For", tc.forwarded)
		if got := (&sources{proxies: proxies}).of(r); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

// TestSlow uses a real server with short timeouts.
func TestSlow(t *testing.T) {
	endpoint := fixture(&logbooktest.Store{}, io.Discard)
	server := httptest.NewUnstartedServer(nil)
	server.Config = NewServer("", endpoint.Handler())
	if server.Config.ReadHeaderTimeout == 0 || server.Config.ReadTimeout == 0 || server.Config.WriteTimeout == 0 {
		t.Error("a time-out is not set")
	}
	server.Config.ReadHeaderTimeout = 100 * time.Millisecond
	server.Config.ReadTimeout = 200 * time.Millisecond
	server.Start()
	defer server.Close()

	head := "POST /hook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-GitHub-Event: ping\r\nX-Hub-Signature-256: sha256=" + strings.Repeat("0", 64) + "\r\n"
	tests := []struct {
		name   string
		sent   string
		status int // 0 when the connection just ends
	}{
		{"headers that do not end", head, 0},
		{"a body that does not come", head + "Content-Length: 1000\r\n\r\n{", http.StatusRequestTimeout},
		{"a large body that does not come", head + "Content-Length: 20000000\r\n\r\n{", http.StatusRequestTimeout},
		{"chunks that do not end", head + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", http.StatusRequestTimeout},
		{"headers without end", head + strings.Repeat("X-More: "+strings.Repeat("x", 1000)+"\r\n", 100) + "\r\n", http.StatusRequestHeaderFieldsTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			connection, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { ok(t, connection.Close()) }()
			if _, err := fmt.Fprint(connection, tt.sent); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(connection), nil)
			if tt.status == 0 {
				if err == nil {
					t.Errorf("answer is %s", resp.Status)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer func() { ok(t, resp.Body.Close()) }()
			if resp.StatusCode != tt.status {
				t.Errorf("answer is %s, want %d", resp.Status, tt.status)
			}
		})
	}
}

// held returns how much of a pool is taken.
func held(p *pool) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	var n int64
	for _, g := range p.guests {
		n += g.size
	}
	return n
}
