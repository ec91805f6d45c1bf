package affected

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// laughs returns a small document that expands to a large one.
func laughs(depth, width int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 [lol, lol]\n")
	for i := range depth {
		_, _ = fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), width), ", "))
	}
	return b.String()
}

func repeatedText(size int) string {
	return "a: &a " + strings.Repeat("x", size) + "\nb: [" + strings.TrimSuffix(strings.Repeat("*a, ", 1000), ", ") + "]\n"
}

func gzipped(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func inUTF16(s string) []byte {
	out := []byte{0xff, 0xfe}
	for _, r := range s {
		out = append(out, byte(r), byte(r>>8))
	}
	return out
}

// TestBounds reads files that would take much more memory than their size.
func TestBounds(t *testing.T) {
	const large, expands = "larger than 16 MiB: split it", "larger than 16 MiB once its YAML aliases are expanded"
	for name, tc := range map[string]struct {
		content []byte
		refused string
	}{
		"largest allowed file":                 {bytes.Repeat([]byte("#"), MaxFile), ""},
		"file above the bound":                 {bytes.Repeat([]byte("#"), MaxFile+1), large},
		"compressed file":                      {gzipped(t, bytes.Repeat([]byte("#"), MaxFile)), ""},
		"compressed bomb":                      {gzipped(t, make([]byte, 20*MaxFile)), large},
		"a billion laughs":                     {[]byte(laughs(9, 9)), "excessive aliasing"},
		"aliases that the parser accepts":      {[]byte(laughs(2, 9)), ""},
		"text repeated by aliases":             {[]byte(repeatedText(64 << 10)), expands},
		"text repeated by aliases, UTF-16":     {inUTF16(repeatedText(64 << 10)), expands},
		"text repeated by aliases, compressed": {gzipped(t, []byte(repeatedText(64<<10))), expands},
		"key repeated by aliases":              {[]byte("a: &a {? " + strings.Repeat("x", 64<<10) + "\n : 1}\nb: [" + strings.Repeat("*a, ", 1000) + "]\n"), expands},
		"text repeated by merge keys":          {[]byte("a: &a {k: " + strings.Repeat("x", 64<<10) + "}\nb: [" + strings.Repeat("{<<: *a}, ", 1000) + "]\n"), expands},
		"some aliases":                         {[]byte(repeatedText(100)), ""},
		"shell command":                        {[]byte("a: echo *.go && ls 2>&1 &\n"), ""},
		"alias of itself":                      {[]byte("a: &a [*a]\n"), "contains itself"},
		"deep nesting":                         {[]byte(strings.Repeat("[", 1<<20)), "exceeded max depth"},
		"deep nesting with anchors":            {[]byte(strings.Repeat("&a [", 1<<18) + "*a"), "exceeded max depth"},
		"a million laughs":                     {[]byte(laughs(3, 40)), "excessive aliasing"},
		"long line, many comments":             {[]byte(strings.Repeat("# x\n", 1<<20) + "a: " + strings.Repeat("y ", 1<<20)), ""},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Parse(tc.content)
			runtime.ReadMemStats(&after)
			if (err == nil) != (tc.refused == "") || err != nil && !strings.Contains(err.Error(), tc.refused) {
				t.Errorf("err = %v; want %q", err, tc.refused)
			}
			if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib > 1024 {
				t.Errorf("%d MiB allocated", mib)
			}
		})
	}
}
