package affected

import (
	"maps"
	"slices"
	"strings"
)

// presetSource is what presets add to the jobs that ask for them by label.
var presetSource = Source{Name: SourcePreset, Selects: selectPreset, Explain: explainPreset}

// selectPreset lets through the jobs that have the labels of a preset whose
// content or place in the order differs: the order of presets is the order of
// what they add.
func selectPreset(d *Delta) func(*Entry) bool {
	before, after := presetKeys(d.Old.Presets), presetKeys(d.New.Presets)
	head := 0
	for head < min(len(before), len(after)) && before[head] == after[head] {
		head++
	}
	tail := 0
	for tail < min(len(before), len(after))-head && before[len(before)-1-tail] == after[len(after)-1-tail] {
		tail++
	}
	moved := slices.Concat(d.Old.Presets[head:len(before)-tail], d.New.Presets[head:len(after)-tail])
	if len(moved) == 0 {
		return nil
	}
	ix := indexPresets(moved)
	return func(e *Entry) bool { return len(ix.matching(e.Labels)) > 0 }
}

func presetKeys(presets []PlacedPreset) []string {
	keys := make([]string, len(presets))
	for i, p := range presets {
		keys[i] = encoded(p.Preset)
	}
	return keys
}

func explainPreset(d *Delta, p *Pair, change Change) []Reason {
	if change != ChangeSpec || p.OldRaw.IsZero() {
		return nil
	}
	before := placed(d.Old, p.OldRaw.Base().Labels)
	after := placed(d.New, p.NewRaw.Base().Labels)
	gone, come := unequal(before, after), unequal(after, before)
	var reasons []Reason
	for _, now := range come {
		chain := "preset " + now.name()
		i := slices.IndexFunc(gone, func(old PlacedPreset) bool { return old.name() == now.name() })
		if i < 0 {
			reasons = append(reasons, reasonFor(SourcePreset, now.File, chain, field{new: now.content()}))
			continue
		}
		for _, f := range diffFields("", gone[i].content(), now.content()) {
			reasons = append(reasons, reasonFor(SourcePreset, now.File, chain, f))
		}
		gone = slices.Delete(gone, i, i+1)
	}
	for _, old := range gone {
		reasons = append(reasons, reasonFor(SourcePreset, old.File, "preset "+old.name(), field{old: old.content()}))
	}
	then, now := presetNames(before), presetNames(after)
	if len(reasons) == 0 && !slices.Equal(contents(before), contents(after)) || !slices.Equal(common(then, now), common(now, then)) {
		reasons = append(reasons, Reason{
			Source: SourcePreset, File: after[0].File, Path: "order of presets",
			Old: shorten(strings.Join(then, ", ")), New: shorten(strings.Join(now, ", ")),
		})
	}
	return reasons
}

// unequal returns the presets that are not also in another list.
func unequal(presets, others []PlacedPreset) []PlacedPreset {
	known := map[string]int{}
	for _, k := range presetKeys(others) {
		known[k]++
	}
	var out []PlacedPreset
	for i, k := range presetKeys(presets) {
		if known[k]--; known[k] < 0 {
			out = append(out, presets[i])
		}
	}
	return out
}

// placed returns the presets that add something to a job with labels.
func placed(d *Defaults, labels map[string]string) []PlacedPreset {
	var out []PlacedPreset
	for _, p := range d.presets.matching(labels) {
		if len(p.content()) > 0 {
			out = append(out, p)
		}
	}
	return out
}

func presetNames(presets []PlacedPreset) []string {
	var names []string
	for _, p := range presets {
		names = append(names, p.name())
	}
	return names
}

// name is what people call a preset: the labels that ask for it.
func (p PlacedPreset) name() string {
	var parts []string
	for _, l := range slices.Sorted(maps.Keys(p.Labels)) {
		if v := p.Labels[l]; v != "true" {
			l += "=" + v
		}
		parts = append(parts, strings.TrimPrefix(l, "preset-"))
	}
	if len(parts) == 0 {
		return "(for all jobs)"
	}
	return strings.Join(parts, ",")
}

// content is what the preset adds, without the labels that identify it.
func (p PlacedPreset) content() map[string]any {
	fields, ok := generic(p.Preset).(map[string]any)
	if !ok {
		return nil
	}
	delete(fields, "labels")
	maps.DeleteFunc(fields, func(_ string, v any) bool {
		list, isList := v.([]any)
		return v == nil || isList && len(list) == 0
	})
	return fields
}

func contents(presets []PlacedPreset) []string {
	var out []string
	for _, p := range presets {
		out = append(out, encoded(p.content()))
	}
	return out
}
