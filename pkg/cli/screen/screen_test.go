package screen

import (
	"bytes"
	"strings"
	"testing"
)

func TestScreenRedraws(t *testing.T) {
	var out bytes.Buffer
	s := &Screen{out: &out, colours: true}
	f := &Frame{Width: 10}
	f.Add("run")
	f.AddWhole("passed and passed")
	f.Paint("passed", 3, Green)
	for _, want := range []string{
		"\x1b[?25l\x1b[Jrun\npassed and \x1b[32mpassed\x1b[0m\n",
		"\r\x1b[3A\x1b[Jrun\npassed and \x1b[32mpassed\x1b[0m\n",
	} {
		out.Reset()
		if err := s.Draw(f); err != nil || out.String() != want {
			t.Errorf("it writes %q, %v; want %q", out.String(), err, want)
		}
	}
	out.Reset()
	f.Width = 6 // it was made narrower, and the terminal has wrapped what stands there
	if err := s.Draw(f); err != nil || !strings.HasPrefix(out.String(), "\r\x1b[4A") {
		t.Errorf("it writes %q, %v", out.String(), err)
	}
	out.Reset()
	s.Close()
	s.Close()
	if out.String() != "\r\x1b[J\x1b[?25h" {
		t.Errorf("it writes %q", out.String())
	}
	s.colours = false
	if got := s.paint(f.Lines[1]); got != "passed and passed" {
		t.Errorf("without colours it writes %q", got)
	}
}

func TestMiddle(t *testing.T) {
	for _, c := range []struct {
		n    int
		want string
	}{{20, "pull-ci-unit"}, {12, "pull-ci-unit"}, {11, "pull-…-unit"}, {8, "pul…unit"}, {1, "…"}} {
		if got := Middle("pull-ci-unit", c.n); got != c.want {
			t.Errorf("%d: %q, want %q", c.n, got, c.want)
		}
	}
}
