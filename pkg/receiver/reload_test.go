package receiver

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestKeysFileIsReadAgain(t *testing.T) {
	var log bytes.Buffer
	file := filepath.Join(t.TempDir(), "hmac")
	write(t, file, "one\n")
	keys, err := KeysFile(file, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	good := func(key string) bool { return len(keys.Get().Verify(sign(key, nil), nil)) > 0 }
	steps := []struct {
		name     string
		change   func()
		one, two bool
	}{
		{"unchanged", func() {}, true, false},
		{"a second key is added", func() { write(t, file, "one\ntwo\n") }, true, true},
		{"the first key is removed", func() { write(t, file, "two\n") }, false, true},
		{"empty file: the previous keys stay", func() { write(t, file, "") }, false, true},
		{"missing file: the previous keys stay", func() { ok(t, os.Remove(file)) }, false, true},
		{"the file is back", func() { write(t, file, "one") }, true, false},
	}
	for _, step := range steps {
		step.change()
		if good("one") != step.one || good("two") != step.two {
			t.Errorf("%s: one is %v, two is %v", step.name, good("one"), good("two"))
		}
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 2 {
		t.Errorf("%d errors are logged, want one per fault:\n%s", n, &log)
	}
}

func TestNoSecretNoStart(t *testing.T) {
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	file := filepath.Join(t.TempDir(), "hmac")
	if _, err := KeysFile(file, log); err == nil {
		t.Error("a file that is not there will do")
	}
	write(t, file, "\n")
	if _, err := KeysFile(file, log); err == nil {
		t.Error("an empty file will do")
	}
}

func TestSettingsDir(t *testing.T) {
	var logged bytes.Buffer
	log := slog.New(slog.NewTextHandler(&logged, nil))
	dir := t.TempDir()
	// As kubelet mounts a ConfigMap.
	version := filepath.Join(dir, "..2026_11_20_10_00_00.1")
	file := filepath.Join(version, settings.File)
	write(t, file, "prefixes: [/pj-rehearse, /try]\n")
	write(t, filepath.Join(version, settings.Example), "anything")
	for from, to := range map[string]string{"..data": filepath.Base(version), settings.File: "..data/" + settings.File, settings.Example: "..data/" + settings.Example} {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	chosen, err := SettingsDir(dir, log)
	if err != nil {
		t.Fatal(err)
	}
	if s := chosen.Get(); strings.Join(s.Prefixes, " ") != "/pj-rehearse /try" {
		t.Errorf("settings are %+v", s)
	}
	write(t, file, "prefixes: 3\n")
	for range 2 {
		if s := chosen.Get(); strings.Join(s.Prefixes, " ") != "/pj-rehearse /try" {
			t.Errorf("a value that cannot be read gives %+v", s)
		}
	}
	if n := strings.Count(logged.String(), "config-rehearsal/config.yaml:1: prefixes: is the number 3, not a list"); n != 1 {
		t.Errorf("the log says %d times what is wrong:\n%s", n, &logged)
	}
	w := httptest.NewRecorder()
	metrics, err := Metrics(chosen)
	if err != nil {
		t.Fatal(err)
	}
	(&Probes{Metrics: metrics}).Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{"\nrehearsal_settings_valid 0\n", "\nrehearsal_settings_refused_total 1\n", "\ngo_goroutine_count "} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("metrics lack %q:\n%s", want, w.Body)
		}
	}
	write(t, file, "prefixes: [/pj-rehearse, /try]\n")
	if valid, refused := chosen.State(); !valid || refused != 1 {
		t.Errorf("mended as it was: valid %v, refused %d", valid, refused)
	}
	write(t, file, "prefixes: 3\n")
	if valid, refused := chosen.State(); valid || refused != 2 {
		t.Errorf("broken as it was: valid %v, refused %d", valid, refused)
	}
	write(t, file, "prefixes: [/new]\n")
	if s := chosen.Get(); strings.Join(s.Prefixes, " ") != "/new" {
		t.Errorf("a new value gives %+v", s)
	}
	if empty, err := SettingsDir(t.TempDir(), log); err != nil || len(empty.Get().Repositories) > 0 {
		t.Errorf("an empty ConfigMap gives %v", err)
	}
	if _, err := SettingsDir(filepath.Join(dir, "none"), log); err == nil {
		t.Error("a directory that is not there will do")
	}
}

func TestProbes(t *testing.T) {
	var p Probes
	probe := func(path string) int {
		w := httptest.NewRecorder()
		p.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code
	}
	if probe("/healthz") != 200 || probe("/readyz") != 503 {
		t.Error("a receiver that starts is healthy and not ready")
	}
	p.SetReady(true)
	if probe("/healthz") != 200 || probe("/readyz") != 200 {
		t.Error("a receiver that runs is healthy and ready")
	}
}
