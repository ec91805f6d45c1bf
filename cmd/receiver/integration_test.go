//go:build integration

package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
)

// TestRun starts the command, delivers a webhook and stops the command.
func TestRun(t *testing.T) {
	server := logbooktest.Start(t)
	settings := t.TempDir()
	write(t, filepath.Join(settings, "config.yaml"), "repositories: [{repo: openshift/release, prow_config: config.yaml, job_config: jobs}]\n")
	f := flags{
		listen: freeAddress(t), probes: freeAddress(t), namespace: "default", settings: settings,
		secret: write(t, filepath.Join(t.TempDir(), "hmac"), "secret\n"), kubeconfig: server.Kubeconfig(t),
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, f, silent()) }()
	eventually(t, func() bool { return status("http://"+f.probes+"/readyz") == http.StatusOK })

	body := fmt.Sprintf(`{"action":"created","issue":{"number":7,"pull_request":{}},"repository":{"name":"release","owner":{"login":"openshift"}},
		"comment":{"id":1,"body":"/pj-rehearse","user":{"login":"bob","type":"User"},"created_at":%q}}`, time.Now().UTC().Format(time.RFC3339))
	if code := deliver(t, f.listen, body); code != http.StatusOK {
		t.Errorf("a delivery is answered with %d", code)
	}
	server.Stop()
	if code := deliver(t, f.listen, body); code != http.StatusServiceUnavailable {
		t.Errorf("without an API server a delivery is answered with %d", code)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("it ends with %v", err)
	}
}

func deliver(t *testing.T, address, body string) int {
	t.Helper()
	mac := hmac.New(sha256.New, []byte("secret"))
	mac.Write([]byte(body))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/hook", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-GitHub-Event", "issue_comment")
	req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
	return resp.StatusCode
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}

func status(url string) int {
	resp, err := http.Get(url)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close() // only the status is needed
	return resp.StatusCode
}

// eventually waits until a condition holds.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); {
		if time.Now().After(end) {
			t.Fatal("it never became ready")
		}
		time.Sleep(10 * time.Millisecond)
	}
}
