package affected

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"sigs.k8s.io/prow/pkg/config"
)

// TestPresetIndex compares the presets from the index with a search through all presets.
func TestPresetIndex(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	labels := func() map[string]string {
		out := map[string]string{}
		for range rng.IntN(4) {
			out[fmt.Sprint("l", rng.IntN(4))] = fmt.Sprint(rng.IntN(2))
		}
		return out
	}
	for range 2000 {
		var presets []PlacedPreset
		for i := range rng.IntN(12) {
			presets = append(presets, PlacedPreset{File: fmt.Sprint(i), Preset: config.Preset{Labels: labels()}})
		}
		job := labels()
		var got, want []string
		for _, p := range IndexPresets(presets).matching(job) {
			got = append(got, p.File)
		}
		for _, p := range presets {
			if matches(p.Preset, job) {
				want = append(want, p.File)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("presets %v, job %v: got %v, want %v", presets, job, got, want)
		}
	}
}

func TestReasonsAreBounded(t *testing.T) {
	var reasons []Reason
	for i := range MaxReasons + 5 {
		reasons = append(reasons, Reason{Source: SourceJobConfig, File: "f", Path: fmt.Sprint(i, strings.Repeat("é", maxReasonPath))})
	}
	got := Bounded(reasons)
	if n := len(got); n != MaxReasons+1 || got[n-1].Path != "and 5 more" || got[n-1].File != "f" {
		t.Errorf("%d reasons, the last is %.50v", n, got[n-1])
	}
	if len(got[0].Path) > maxReasonPath+len("…") || !strings.HasSuffix(got[0].Path, "é…") {
		t.Errorf("a path of %d bytes", len(got[0].Path))
	}
	if got := Bounded(reasons[:3]); len(got) != 3 {
		t.Errorf("%d of 3 reasons", len(got))
	}
}

// TestInstructions checks that short expressions count by the length of their compiled
// programs.
func TestInstructions(t *testing.T) {
	for pattern, atLeast := range map[string]int{`\pL{1000}`: 100_000, `(((a{10}){10}){10})`: 1000, "main": 1, `release-\d+`: 5, "(": 1} {
		if n := Instructions(pattern); n < atLeast || n > 200*atLeast {
			t.Errorf("%s: %d instructions; want about %d", pattern, n, atLeast)
		}
	}
}
