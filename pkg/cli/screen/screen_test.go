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
	f.Width = 6 // a resized terminal has wrapped the frame
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
		text string
		n    int
		want string
	}{
		{"pull-ci-unit", 20, "pull-ci-unit"}, {"pull-ci-unit", 12, "pull-ci-unit"}, {"pull-ci-unit", 11, "pull-…-unit"},
		{"pull-ci-unit", 8, "pul…unit"}, {"pull-ci-unit", 1, "…"}, {"pull-ci-unit", 0, ""},
		{"単体テスト-unit", 15, "単体テスト-unit"}, {"単体テスト-unit", 14, "単体テ…ト-unit"}, {"単体テスト-unit", 13, "単体テ…-unit"}, {"単体テスト-unit", 7, "単…nit"},
		{"単体テスト", 9, "単体…スト"}, {"単体テスト", 8, "単…スト"}, {"単体テスト", 2, "…"},
		{"e\u0301e\u0301e\u0301", 2, "…e\u0301"}, {"🧪🧪🧪", 5, "🧪…🧪"},
	} {
		if got := Middle(c.text, c.n); got != c.want || Cells(got) > c.n {
			t.Errorf("%s in %d: %q, want %q", c.text, c.n, got, c.want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"unit", 4, "unit"}, {"unit", 3, "un…"}, {"unit", 1, "…"}, {"unit", 0, ""}, {"unit", -1, ""}, {"", 0, ""},
		{"単体テスト", 10, "単体テスト"}, {"単体テスト", 9, "単体テス…"}, {"単体テスト", 8, "単体テ…"}, {"🧪🧪", 3, "🧪…"},
		{"e\u0301e\u0301", 2, "e\u0301e\u0301"}, {"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
	} {
		if got := Cut(c.text, c.n); got != c.want {
			t.Errorf("%s in %d: %q, want %q", c.text, c.n, got, c.want)
		}
	}
}

// TestColumnsLineUp checks that columns line up for wide and combining characters.
func TestColumnsLineUp(t *testing.T) {
	rows := [][]string{{"JOB", "BY", "LOG"}, {"unit", "alice", "x"}, {"単体テスト", "bób", "x"}, {"🧪-e2e", "be\u0301la", "x"}}
	columns := ColumnsOf(rows)
	if columns.Total() != 10+5+2*Gap {
		t.Errorf("they take %d cells", columns.Total())
	}
	for _, row := range rows {
		text := columns.Row(row)
		if before, found := strings.CutSuffix(text, row[2]); !found || Cells(before) != columns.Total() {
			t.Errorf("the last column of %q starts after %d cells", text, Cells(before))
		}
	}
}

// TestRows checks that a character of two cells is never split between rows.
func TestRows(t *testing.T) {
	for _, c := range []struct {
		text        string
		width, rows int
	}{{"", 5, 1}, {"unit", 0, 1}, {"unit", 4, 1}, {"unit-", 4, 2}, {"単体テ", 6, 1}, {"単体テ", 5, 2}, {"単体テスト", 5, 3}, {"単", 1, 1}} {
		if got := (Line{Text: c.text}).rows(c.width); got != c.rows {
			t.Errorf("%s takes %d rows of %d, want %d", c.text, got, c.width, c.rows)
		}
	}
}

func TestPaintCountsCells(t *testing.T) {
	f := &Frame{}
	f.Add("%s", "テスト-passed  passed")
	f.Paint("passed", 13, Green)
	if got, want := (&Screen{colours: true}).paint(f.Lines[0]), "テスト-passed  \x1b[32mpassed\x1b[0m"; got != want {
		t.Errorf("it writes %q, want %q", got, want)
	}
}
