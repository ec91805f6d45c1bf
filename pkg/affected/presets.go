package affected

import (
	"fmt"
	"maps"
	"slices"
)

// Bounds on the number of presets: on all of them, and on those that match all jobs or
// that match the same label, which are compared with each job. Large configurations have
// some hundred, and Prow refuses two with the same label.
const maxPresets, maxAlike = 5000, 200

// PresetIndex finds the presets of a job by its labels.
type PresetIndex struct {
	presets []PlacedPreset
	// always are the presets without labels. ByLabel has the others, each under its rarest
	// label.
	always  []int
	byLabel map[[2]string][]int
}

// IndexPresets returns an index of presets, which keeps their order.
func IndexPresets(presets []PlacedPreset) PresetIndex {
	count := map[[2]string]int{}
	for _, p := range presets {
		for l, v := range p.Labels {
			count[[2]string{l, v}]++
		}
	}
	ix := PresetIndex{presets: presets, byLabel: map[[2]string][]int{}}
	for i, p := range presets {
		if len(p.Labels) == 0 {
			ix.always = append(ix.always, i)
			continue
		}
		var rarest [2]string
		least := 0
		for _, l := range slices.Sorted(maps.Keys(p.Labels)) {
			if pair := [2]string{l, p.Labels[l]}; least == 0 || count[pair] < least {
				rarest, least = pair, count[pair]
			}
		}
		ix.byLabel[rarest] = append(ix.byLabel[rarest], i)
	}
	return ix
}

// Any reports whether a preset applies to a job with the given labels.
func (ix PresetIndex) Any(labels map[string]string) bool {
	if len(ix.always) > 0 {
		return true
	}
	for l, v := range labels {
		for _, i := range ix.byLabel[[2]string{l, v}] {
			if matches(ix.presets[i].Preset, labels) {
				return true
			}
		}
	}
	return false
}

// matching returns the presets that apply to a job with the given labels, in order.
func (ix PresetIndex) matching(labels map[string]string) []PlacedPreset {
	var out []PlacedPreset
	for _, i := range ix.indices(labels) {
		out = append(out, ix.presets[i])
	}
	return out
}

func (ix PresetIndex) indices(labels map[string]string) []int {
	found := slices.Clone(ix.always)
	for l, v := range labels {
		for _, i := range ix.byLabel[[2]string{l, v}] {
			if matches(ix.presets[i].Preset, labels) {
				found = append(found, i)
			}
		}
	}
	slices.Sort(found)
	return found
}

// PresetCrowd returns an error if there are too many presets to compare with jobs, else
// nil.
func PresetCrowd(presets []PlacedPreset) *FileError {
	if len(presets) > maxPresets {
		return &FileError{File: presets[maxPresets].File, Message: fmt.Sprintf("more than %d presets", maxPresets)}
	}
	ix := IndexPresets(presets)
	if len(ix.always) > maxAlike {
		return &FileError{File: presets[ix.always[maxAlike]].File, Message: fmt.Sprintf("more than %d presets are for all jobs", maxAlike)}
	}
	for pair, same := range ix.byLabel {
		if len(same) > maxAlike {
			return &FileError{File: presets[same[maxAlike]].File, Message: fmt.Sprintf("more than %d presets ask for the label %s", maxAlike, Shorten(pair[0]+": "+pair[1]))}
		}
	}
	return nil
}
