package snapshot

import (
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

// A file can have any name, so the subject of a problem is not encoded in a text.
func TestProblemsAreKeptApart(t *testing.T) {
	job := affected.Ref{Type: "periodic", Name: "j"}
	p := Problems{
		OfFile("f"):                    {File: "f", Message: "whole"},
		OfFile(affected.MainKey):       {File: "main", Message: "whole"},
		OfJob("f", job):                {File: "f", Message: "job"},
		OfJob("g", job):                {File: "g", Message: "job"},
		{"f", Clash, ""}:               {File: "f", Message: "clash"},
		{"f", Duplicate, ""}:           {File: "f", Message: "duplicate"},
		{"f", Clash, job.Key()}:        {File: "f", Message: "another clash"},
		{affected.MainKey, Clash, "x"}: {File: "main", Message: "clash"},
	}
	if n := len(p.List()); n != 8 {
		t.Errorf("%d problems, want 8", n)
	}
	if n := len(p.InLoadingOrder()); n != 3 {
		t.Errorf("%d problems keep files from being loaded, want 3", n)
	}
	p.ForgetFiles(map[string]bool{"f": true, affected.MainKey: true})
	for _, key := range []Key{OfFile("f"), OfJob("f", job)} {
		if _, still := p[key]; still {
			t.Errorf("%+v is still there", key)
		}
	}
	if len(p) != 6 {
		t.Errorf("%d problems are left, want 6: %v", len(p), p)
	}
	p.SetDuplicates(nil)
	if _, still := p[Key{"f", Duplicate, ""}]; still || len(p) != 5 {
		t.Errorf("the duplicate is still there, or more than that is gone: %v", p)
	}
}
