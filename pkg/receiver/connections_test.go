package receiver

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
)

// TestConnectionsAreBounded has far more connections opened than there may be, each of
// them in the middle of a head that takes as much memory as one can.
func TestConnectionsAreBounded(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.Config = NewServer("", fixture(&logbooktest.Store{}, io.Discard).Handler())
	server.Start()
	defer server.Close()
	head := "POST /hook HTTP/1.1\r\nHost: x\r\n"
	head += strings.Repeat("A:\r\n", (server.Config.MaxHeaderBytes-len(head))/4)
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 2 * maxConnections {
		connection, err := net.Dial("tcp", server.Listener.Addr().String())
		ok(t, err)
		defer func() { _ = connection.Close() }() // the server may have done so
		_, _ = io.WriteString(connection, head)
	}
	if status, answer := deliver(t, server, len(comment), ""); status != http.StatusOK {
		t.Errorf("among them the answer is %d %q", status, answer)
	}
	runtime.GC()
	runtime.ReadMemStats(&during)
	if took := (int64(during.HeapAlloc+during.StackInuse) - int64(before.HeapAlloc+before.StackInuse)) >> 20; took > 64 {
		t.Errorf("they take %d MiB", took)
	}
}

func TestWorstConnection(t *testing.T) {
	at := func(d time.Duration, source string, s standing) claim { return claim{source, 1, now.Add(-d), s} }
	tests := []struct {
		name   string
		claims []claim
		want   int
	}{
		{"an idle one before all others", []claim{at(time.Second, "a", stranger), at(time.Millisecond, "b", idle)}, 1},
		{"of those in use the oldest", []claim{at(time.Second, "a", stranger), at(2*time.Second, "a", stranger)}, 1},
		{"of those that are as old, of the source with the most", []claim{at(time.Second, "a", stranger), at(time.Second, "b", stranger), at(time.Second, "b", stranger)}, 1},
		{"none that has all of its request", []claim{at(time.Hour, "a", settled)}, -1},
	}
	for _, tt := range tests {
		if got := worst(tt.claims, now); got != tt.want {
			t.Errorf("%s: it is %d, want %d", tt.name, got, tt.want)
		}
	}
}
