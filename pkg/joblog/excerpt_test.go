package joblog

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rehearsal-dev/rehearsal/test/golden"
)

func TestExcerpt(t *testing.T) {
	logs, err := filepath.Glob("testdata/excerpt/*.log")
	if err != nil || len(logs) == 0 {
		t.Fatalf("no logs: %v", err)
	}
	for _, path := range logs {
		name := strings.TrimSuffix(filepath.Base(path), ".log")
		t.Run(name, func(t *testing.T) {
			log, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got := Excerpt(string(log), []string{"kanarienvogel-42"})
			checkBounds(t, got)
			golden.Compare(t, "excerpt/"+name+".excerpt", strings.Join(got, "\n")+"\n")
		})
	}
}

func checkBounds(t *testing.T, lines []string) {
	t.Helper()
	if len(lines) > 2*MaxLines {
		t.Errorf("%d lines are too many", len(lines))
	}
	for _, line := range lines {
		if utf8.RuneCountInString(line) > MaxLine || strings.ContainsAny(line, "\x1b\r\n\x00") {
			t.Errorf("bad line %q", line)
		}
	}
}

func TestTimeoutOf(t *testing.T) {
	log, err := os.ReadFile("testdata/excerpt/timeout.log")
	if err != nil {
		t.Fatal(err)
	}
	if limit, ok := TimeoutOf(string(log)); !ok || limit != "2h0m0s" {
		t.Errorf("got %q, %v", limit, ok)
	}
	if limit, ok := TimeoutOf("all is well"); ok {
		t.Errorf("got %q", limit)
	}
}

func FuzzExcerpt(f *testing.F) {
	f.Add("panic: x\n\tat y\r\n\x1b[31mError\x1b[0m")
	f.Add("-----BEGIN PRIVATE KEY-----\nabc\nError: <!-- x")
	f.Fuzz(func(t *testing.T, log string) { checkBounds(t, Excerpt(log, []string{"canary"})) })
}

func BenchmarkExcerpt(b *testing.B) {
	log := strings.Repeat("2026-11-20T10:00:01Z [pkg/server] handled GET /healthz in 12ms, status 200, token cache warm\n", 5000) + "Error: boom\n"
	b.SetBytes(int64(len(log)))
	for b.Loop() {
		Excerpt(log, []string{"canary-4711"})
	}
}
