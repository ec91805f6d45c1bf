package plan

import (
	"strings"
	"testing"
)

// TestMirrorsTakeOnlyCommits: a name can stand for another commit by the next
// time that it is asked for.
func TestMirrorsTakeOnlyCommits(t *testing.T) {
	sha := strings.Repeat("0123456789", 4)
	asked := false
	m := NewMirrors(t.TempDir(), func(string, string) string {
		asked = true
		return "ext::none"
	}, nil)
	for _, req := range []Request{
		{Base: sha, Head: "topic"}, {Base: "main", Head: sha}, {Base: sha, Head: sha[:12]}, {Base: sha, Head: ""},
		{Base: sha, Head: strings.ToUpper("abcdef") + sha[6:]}, {Base: sha, Head: sha + "\n"}, {Base: "refs/heads/main", Head: sha},
	} {
		req.Org, req.Repo = "acme", "config"
		if _, err := m.For(t.Context(), req); err == nil || !strings.Contains(err.Error(), "no full commit SHA") {
			t.Errorf("%q to %q: %v", req.Base, req.Head, err)
		}
	}
	if asked {
		t.Error("a mirror was opened")
	}
	if _, err := m.For(t.Context(), Request{Org: "acme", Repo: "config", Base: sha, Head: sha}); err == nil || !asked {
		t.Errorf("with full SHAs: %v", err)
	}
}
