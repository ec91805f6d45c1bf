package receiver

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
)

// TestConnectionsAreBounded opens far more connections than the limit, each in the middle
// of a header that takes as much memory as possible.
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
	if took := (int64(during.HeapAlloc+during.StackInuse) - int64(before.HeapAlloc+before.StackInuse)) >> 20; took > 96 {
		t.Errorf("they take %d MiB", took)
	}
}

// watched is a response writer that checks its connection at every write.
type watched struct {
	*httptest.ResponseRecorder
	known *connection
	seen  []standing
}

func (w *watched) Write(p []byte) (int, error) {
	w.seen = append(w.seen, w.known.standing)
	return w.ResponseRecorder.Write(p)
}

// TestWhoDoesNotReadGivesWay checks that a connection is not closed while its request is
// processed, but can be closed afterwards: its response may never be read.
func TestWhoDoesNotReadGivesWay(t *testing.T) {
	r := fixture(&logbooktest.Store{}, io.Discard)
	for name, tc := range map[string]struct {
		req  *http.Request
		want standing
	}{
		"a question for help":                           {httptest.NewRequest(http.MethodPost, "/help", strings.NewReader("[]")), stranger},
		"a delivery":                                    {delivery("issue_comment", comment), stranger},
		"unsigned delivery":                             {delivery("issue_comment", "{"), stranger},
		"delivery of a familiar webhook":                {familiarly(r, "issue_comment"), familiar},
		"event that is not used":                        {delivery("push", "{}"), stranger},
		"event that is not used, of a familiar webhook": {familiarly(r, "push"), familiar},
	} {
		known := &connection{&connections{}, claim{size: 1, standing: stranger}}
		w := &watched{ResponseRecorder: httptest.NewRecorder(), known: known}
		r.Handler().ServeHTTP(w, tc.req.WithContext(context.WithValue(t.Context(), connectionKey{}, known)))
		if len(w.seen) == 0 || slices.ContainsFunc(w.seen, func(s standing) bool { return s != tc.want }) {
			t.Errorf("%s: while the answer is written the standing is %v, want %d", name, w.seen, tc.want)
		}
	}
}

// familiarly returns a delivery of a webhook that has delivered before.
func familiarly(r *Receiver, event string) *http.Request {
	req := delivery(event, comment)
	req.Header.Set("X-GitHub-Hook-ID", "404533")
	r.hooks.signed(req.Header, []string{anywhere})
	return req
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
