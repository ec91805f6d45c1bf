package prowtree

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

func TestManyBrokenLinks(t *testing.T) {
	l := &links{entries: map[string]repo.Entry{}, targets: map[string]string{}}
	var entries []repo.Entry
	for i := range 20_000 {
		e := repo.Entry{Path: fmt.Sprintf("jobs/%d.yaml", i), Mode: repo.ModeSymlink}
		l.entries[e.Path], l.targets[e.Path] = e, "nowhere"
		entries = append(entries, e)
	}
	if out, err := l.followed(t.Context(), entries); err != nil || len(out) != len(entries) || l.steps > 10_000_000 {
		t.Errorf("%d entries, %d steps, err = %v", len(out), l.steps, err)
	}
	for i := range l.targets {
		l.targets[i] = strings.Repeat("a/", 2000)
	}
	if _, err := l.followed(t.Context(), entries); err == nil || !strings.Contains(err.Error(), "symbolic links") {
		t.Errorf("err = %v", err)
	}
}
