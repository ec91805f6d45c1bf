package report

import "testing"

// What others have written between the parts of a cause makes no two causes the same.
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
