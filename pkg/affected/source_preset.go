package affected

import (
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/prow/pkg/config"
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
	return func(e *Entry) bool {
		return slices.ContainsFunc(moved, func(p PlacedPreset) bool { return matches(p.Preset, e.Labels) })
	}
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
	before := placed(d.Old.Presets, p.OldRaw.Base().Labels)
	after := placed(d.New.Presets, p.NewRaw.Base().Labels)
	oldNames, newNames := presetNames(before), presetNames(after)
	var reasons []Reason
	for i, name := range newNames {
		chain := "preset " + name
		j := slices.Index(oldNames, name)
		if j < 0 {
			reasons = append(reasons, reasonFor(SourcePreset, after[i].File, chain, field{new: present(after[i].content())}))
			continue
		}
		for _, f := range diffFields("", present(before[j].content()), present(after[i].content())) {
			reasons = append(reasons, reasonFor(SourcePreset, after[i].File, chain, f))
		}
	}
	for j, name := range oldNames {
		if !slices.Contains(newNames, name) {
			reasons = append(reasons, reasonFor(SourcePreset, before[j].File, "preset "+name, field{old: present(before[j].content())}))
		}
	}
	if len(reasons) == 0 && !slices.Equal(oldNames, newNames) {
		reasons = append(reasons, Reason{
			Source: SourcePreset, File: after[0].File, Path: "order of presets",
			Old: shorten(strings.Join(oldNames, ", ")), New: shorten(strings.Join(newNames, ", ")),
		})
	}
	return reasons
}

func placed(presets []PlacedPreset, labels map[string]string) []PlacedPreset {
	var out []PlacedPreset
	for _, p := range presets {
		if matches(p.Preset, labels) {
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

// content is the preset without the labels that identify it.
func (p PlacedPreset) content() config.Preset {
	c := p.Preset
	c.Labels = nil
	return c
}

// present is a preset's JSON without what it does not have.
func present(p config.Preset) any {
	fields, ok := generic(p).(map[string]any)
	if ok {
		maps.DeleteFunc(fields, func(_ string, v any) bool { return v == nil })
	}
	return fields
}
