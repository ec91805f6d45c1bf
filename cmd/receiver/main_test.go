package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/rehearsal-dev/rehearsal/pkg/receiver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func silent() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	var probes receiver.Probes
	err = serve(t.Context(), &probes, receiver.NewServer("127.0.0.1:0", nil), receiver.NewServer(l.Addr().String(), nil))
	if err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("error is %v", err)
	}
}

func TestRefusesToStart(t *testing.T) {
	dir := t.TempDir()
	good := flags{
		listen: "127.0.0.1:0", probes: "127.0.0.1:0", namespace: "rehearsals", settings: t.TempDir(),
		secret:     write(t, filepath.Join(dir, "hmac"), "secret"),
		kubeconfig: write(t, filepath.Join(dir, "kubeconfig"), "apiVersion: v1\nkind: Config\n"),
	}
	tests := []struct {
		name   string
		change func(*flags)
		reason string
	}{
		{"namespace not set", func(f *flags) { f.namespace = "" }, "no namespace"},
		{"secret file missing", func(f *flags) { f.secret = filepath.Join(dir, "none") }, "webhook secret"},
		{"secret file empty", func(f *flags) { f.secret = write(t, filepath.Join(dir, "empty"), "\n") }, "webhook secret"},
		{"settings missing", func(f *flags) { f.settings = filepath.Join(dir, "none") }, "settings"},
		{"no kubeconfig", func(*flags) {}, "configuring the client"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := good
			tt.change(&f)
			err := run(context.Background(), f, silent())
			if err == nil || !strings.Contains(err.Error(), tt.reason) {
				t.Errorf("error is %v, want one about %s", err, tt.reason)
			}
		})
	}
}
