package receiver

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
)

// attack is what an attacker without a key does from 64 addresses, repeatedly.
type attack struct {
	name        string
	connections int
	// oneAddress says that the attack and the deliveries come from one address.
	oneAddress bool
	// head is sent before the body.
	head func(i int) string
	// body is how much of the body is sent at once, and piece how much follows each
	// pause.
	body, piece int
}

const unsignedHead = "Host: x\r\nContent-Type: application/json\r\nX-GitHub-Event: issue_comment\r\nX-Hub-Signature-256: sha256=" +
	"0000000000000000000000000000000000000000000000000000000000000000\r\n"

// announcing returns the header of a delivery with more lines.
func announcing(path, more string) func(int) string {
	return func(int) string { return "POST " + path + " HTTP/1.1\r\n" + unsignedHead + more + "\r\n" }
}

func attacks() []attack {
	length := func(n int) string { return fmt.Sprintf("Content-Length: %d\r\n", n) }
	return []attack{
		{"bodies whose last byte does not come", 128, false, announcing("/hook", length(largeBody)), largeBody - 1, 0},
		{"the same from one address", 128, true, announcing("/hook", length(largeBody)), largeBody - 1, 0},
		{"slow but steady", 128, false, announcing("/hook", length(largeBody)), largeBody / 2, 32 << 10},
		{"slow but steady, from one address", 128, true, announcing("/hook", length(largeBody)), largeBody / 2, 32 << 10},
		{"short bodies", 700, false, announcing("/hook", length(100<<10)), 99 << 10, 0},
		{"large bodies that stall", 64, false, announcing("/hook", length(MaxBody)), largeBody + 4096, 0},
		{"large bodies, steady", 16, false, announcing("/hook", length(MaxBody)), 2 * largeBody, 1 << 20},
		{"chunks without end", 128, false, func(i int) string {
			return announcing("/hook", "Transfer-Encoding: chunked\r\n")(i) + "fffff\r\n"
		}, 1<<20 - 1, 0},
		{"more than was announced", 256, false, announcing("/hook", length(1000)), 64 << 10, 0},
		{"less than was announced", 256, false, announcing("/hook", length(2*MaxBody)), 64 << 10, 0},
		{"networks of IPv6", 128, false, func(i int) string {
			return announcing("/hook", length(largeBody)+fmt.Sprintf("X-Forwarded-For: 2001:db8:0:%x::1\r\n", i))(i)
		}, largeBody - 1, 0},
		{"heads that do not end", 700, false, func(int) string {
			return "POST /hook HTTP/1.1\r\n" + unsignedHead
		}, 0, 0},
		{"connections without a word", 700, false, func(int) string { return "" }, 0, 0},
		{"many requests on each connection", 300, false, func(int) string {
			return strings.Repeat("GET /hook HTTP/1.1\r\nHost: x\r\n\r\n", 500)
		}, 0, 0},
		{"questions for help", 64, false, announcing("/help", length(largeBody/4)), largeBody/4 - 1, 0},
		{"events that are not heard", 128, false, func(i int) string {
			return strings.Replace(announcing("/hook", length(MaxBody))(i), "issue_comment", "push", 1)
		}, largeBody, 64 << 10},
		{"HTTP/2", 64, false, func(int) string { return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" }, 0, 0},
		{"a body that waits to be asked for", 300, false, announcing("/hook", length(largeBody)+"Expect: 100-continue\r\n"), 0, 0},
	}
}

// bandwidth is the attacker's, in bytes per second, besides 64 MiB at once. It is no more
// than a receiver on a busy machine can process.
const bandwidth = 4 << 20

// attempts is how often a delivery is tried: bad luck at one moment, on a machine that
// stalls, does not mean that deliveries are kept out.
const attempts = 3

// line limits the bandwidth of the whole attack.
type line struct{ *rate.Limiter }

func (l line) write(ctx context.Context, to io.Writer, content []byte) error {
	for len(content) > 0 {
		n := min(len(content), 16<<10)
		if err := l.WaitN(ctx, n); err != nil {
			return err
		}
		if _, err := to.Write(content[:n]); err != nil {
			return err
		}
		content = content[n:]
	}
	return nil
}

// once attacks once, until the server ends it.
func (a attack) once(ctx context.Context, line line, address string, i int) {
	dialer := net.Dialer{}
	if !a.oneAddress {
		dialer.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i%64))}
	}
	connection, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return
	}
	stop := context.AfterFunc(ctx, func() { _ = connection.Close() })
	defer func() {
		stop()
		_ = connection.Close()
	}()
	if line.write(ctx, connection, append([]byte(a.head(i)), make([]byte, a.body)...)) != nil {
		return
	}
	for a.piece > 0 && ctx.Err() == nil {
		if line.write(ctx, connection, make([]byte, a.piece)) != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	_, _ = io.Copy(io.Discard, connection)
}

// start attacks until the test ends. It returns once the attack has begun from every
// address.
func (a attack) start(t *testing.T, address string) {
	ctx, cancel := context.WithCancel(t.Context())
	var began, group sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		group.Wait()
	})
	shared := line{rate.NewLimiter(bandwidth, 64<<20)}
	for i := range a.connections {
		began.Add(1)
		group.Go(func() {
			time.AfterFunc(300*time.Millisecond, began.Done)
			for ctx.Err() == nil {
				a.once(ctx, shared, address, i)
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
	began.Wait()
}

// TestDeliveriesPassAttacks delivers during the worst attacks, before and after GitHub's
// webhook has become known.
func TestDeliveriesPassAttacks(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes the receiver slower than the attack; make unit runs this without it")
	}
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) {
			r := fixture(&logbooktest.Store{}, io.Discard)
			r.bodies.sources.proxies = []netip.Prefix{netip.MustParsePrefix("127.0.1.0/24")}
			server := httptest.NewUnstartedServer(nil)
			server.Config = NewServer("", r.Handler())
			server.Start()
			t.Cleanup(server.Close)
			a.start(t, server.Listener.Addr().String())
			for range 3 {
				for _, size := range []int{len(comment), 60 << 10, 600 << 10} {
					if status, answer := deliver(t, server, size, ""); status != http.StatusOK {
						t.Errorf("%d KiB of a stranger: %d %s", size>>10, status, answer)
					}
				}
			}
			for _, size := range []int{len(comment), 900 << 10, 3 << 20, MaxBody} {
				if status, answer := deliver(t, server, size, "404533"); status != http.StatusOK {
					t.Errorf("%d KiB of a familiar: %d %s", size>>10, status, answer)
				}
			}
		})
	}
}

// deliver sends a signed comment of a size until it is accepted.
func deliver(t *testing.T, server *httptest.Server, size int, hook string) (status int, answer string) {
	t.Helper()
	for range attempts {
		if status, answer = deliverOnce(t, server, size, hook); status == http.StatusOK {
			break
		}
	}
	return status, answer
}

// deliverOnce sends it over a new connection.
func deliverOnce(t *testing.T, server *httptest.Server, size int, hook string) (int, string) {
	t.Helper()
	body := comment + strings.Repeat(" ", size-len(comment))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/hook", bytes.NewReader([]byte(body)))
	ok(t, err)
	req.Header = delivery("issue_comment", body).Header
	req.Header.Set("X-GitHub-Hook-ID", hook)
	req.Close = true
	resp, err := server.Client().Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { ok(t, resp.Body.Close()) }()
	answer, err := io.ReadAll(resp.Body)
	ok(t, err)
	return resp.StatusCode, string(answer)
}
