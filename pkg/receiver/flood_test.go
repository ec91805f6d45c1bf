package receiver

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
)

// TestDeliveriesPassSlowConnections holds 500 connections to a real server open,
// from several addresses, each in the middle of a body that nobody signed.
func TestDeliveriesPassSlowConnections(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.Config = NewServer("", fixture(&logbooktest.Store{}, io.Discard).Handler())
	server.Start()
	defer server.Close()
	head := "POST /hook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-GitHub-Event: issue_comment\r\n" +
		"X-Hub-Signature-256: sha256=" + strings.Repeat("0", 64) + "\r\nContent-Length: "
	for i := range 500 {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i%5))}}
		connection, err := dialer.DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		if err != nil {
			t.Skipf("other addresses of the loopback cannot be used here: %v", err)
		}
		defer func() { ok(t, connection.Close()) }()
		length := largeBody
		if i%10 == 0 {
			length = MaxBody
		}
		if _, err := fmt.Fprintf(connection, "%s%d\r\n\r\n%s", head, length, strings.Repeat(" ", 40<<10)); err != nil {
			t.Fatal(err)
		}
		if i%50 != 0 {
			continue
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/hook", bytes.NewReader([]byte(comment)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = delivery("issue_comment", comment).Header
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		ok(t, resp.Body.Close())
		if resp.StatusCode != http.StatusOK {
			t.Errorf("with %d slow connections the answer is %s", i+1, resp.Status)
		}
	}
}
