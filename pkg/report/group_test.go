package report

import "testing"

// TestCausesAreNotTakenForEachOther: separators in the parts of a cause do not make two
// causes equal.
func TestCausesAreNotTakenForEachOther(t *testing.T) {
	reasons := [][]Reason{
		{{File: "a", Path: "b"}},
		{{File: "a\x00b"}},
		{{File: "a", Path: "b"}, {File: ""}},
		{{File: "", Path: "a\x00b"}},
		{{File: "a\x00b\x00", Path: ""}},
		nil,
	}
	seen := map[string]int{}
	for i, r := range reasons {
		of := cause(PlanJob{Change: "modified", Reasons: r})
		if first, ok := seen[of]; ok {
			t.Errorf("%+v and %+v are one cause", reasons[first], r)
		}
		seen[of] = i
	}
}
