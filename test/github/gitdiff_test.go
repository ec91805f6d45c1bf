package github

import "testing"

// TestVastPull: a pull request with more files than fit into memory is described in part,
// as on GitHub.
func TestVastPull(t *testing.T) {
	s, err := Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // the test is over
	_, err = s.CreateRepo(t.Context(), NewRepo{Org: "acme", Repo: "config", Files: map[string]string{"a": "b"}, Roles: map[string]string{"alice": "write"}})
	if err != nil {
		t.Fatal(err)
	}
	opened, err := s.OpenPull(t.Context(), NewPull{Org: "acme", Repo: "config", Author: "alice", Title: "vast", Change: Change{Vast: map[string]int{"zz": 10}}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.findPull(opened.PullID)
	if err != nil {
		t.Fatal(err)
	}
	st, err := p.computed(t.Context())
	if err != nil || !st.mergeable || len(st.files) != 1 || st.files[0].path != "zz" {
		t.Errorf("files %+v, mergeable %t: %v", st.files, st.mergeable, err)
	}
}
