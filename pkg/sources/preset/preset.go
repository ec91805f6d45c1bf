// Package preset is the source for what presets add to the jobs that select them by
// label.
package preset

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
)

// Name is the source in reasons.
const Name = "preset"

// Source implements affected.Source. Presets are in job files, which the planner
// reads itself.
type Source struct{}

// Name implements affected.Source.
func (Source) Name() string { return Name }

// Watches implements affected.Source.
func (Source) Watches(layout.Layout) []string { return nil }

// Compare implements affected.Source.
func (Source) Compare(_ context.Context, d *affected.Delta, _ affected.Reader) (affected.Evidence, error) {
	return evidence{d}, nil
}

type evidence struct{ delta *affected.Delta }

// Selects implements affected.Evidence. It selects the jobs with the labels of a preset
// whose content or position differs. The position matters, because the order of presets
// determines the order of what they add.
func (ev evidence) Selects() func(*affected.Entry) bool {
	before, after := keysOf(ev.delta.Old.Presets), keysOf(ev.delta.New.Presets)
	head := 0
	for head < min(len(before), len(after)) && before[head] == after[head] {
		head++
	}
	tail := 0
	for tail < min(len(before), len(after))-head && before[len(before)-1-tail] == after[len(after)-1-tail] {
		tail++
	}
	moved := slices.Concat(ev.delta.Old.Presets[head:len(before)-tail], ev.delta.New.Presets[head:len(after)-tail])
	if len(moved) == 0 {
		return nil
	}
	ix := affected.IndexPresets(moved)
	return func(e *affected.Entry) bool { return ix.Any(e.Labels) }
}

func keysOf(presets []affected.PlacedPreset) []string {
	keys := make([]string, len(presets))
	for i, p := range presets {
		keys[i] = affected.Encoded(p.Preset)
	}
	return keys
}

// Explain implements affected.Evidence.
func (ev evidence) Explain(p *affected.Pair, change affected.Change) []affected.Reason {
	if change != affected.ChangeSpec || p.OldRaw.IsZero() {
		return nil
	}
	before := placed(ev.delta.Old, p.OldRaw.Base().Labels)
	after := placed(ev.delta.New, p.NewRaw.Base().Labels)
	gone, come := unequal(before, after), unequal(after, before)
	var reasons []affected.Reason
	for _, now := range come {
		chain := "preset " + nameOf(now)
		i := slices.IndexFunc(gone, func(old affected.PlacedPreset) bool { return nameOf(old) == nameOf(now) })
		if i < 0 {
			reasons = append(reasons, affected.ReasonFor(Name, now.File, chain, affected.Field{New: content(now)}))
			continue
		}
		for _, f := range affected.DiffFields("", content(gone[i]), content(now)) {
			reasons = append(reasons, affected.ReasonFor(Name, now.File, chain, f))
		}
		gone = slices.Delete(gone, i, i+1)
	}
	for _, old := range gone {
		reasons = append(reasons, affected.ReasonFor(Name, old.File, "preset "+nameOf(old), affected.Field{Old: content(old)}))
	}
	then, now := namesOf(before), namesOf(after)
	if len(reasons) == 0 && !slices.Equal(contents(before), contents(after)) || !slices.Equal(affected.Common(then, now), affected.Common(now, then)) {
		reasons = append(reasons, affected.Reason{
			Source: Name, File: after[0].File, Path: "order of presets",
			Old: affected.Shorten(strings.Join(then, ", ")), New: affected.Shorten(strings.Join(now, ", ")),
		})
	}
	return reasons
}

// unequal returns the presets that are not also in another list.
func unequal(presets, others []affected.PlacedPreset) []affected.PlacedPreset {
	known := map[string]int{}
	for _, k := range keysOf(others) {
		known[k]++
	}
	var out []affected.PlacedPreset
	for i, k := range keysOf(presets) {
		if known[k]--; known[k] < 0 {
			out = append(out, presets[i])
		}
	}
	return out
}

// placed returns the presets that add something to a job with labels.
func placed(d *affected.Defaults, labels map[string]string) []affected.PlacedPreset {
	var out []affected.PlacedPreset
	for _, p := range d.PresetsOf(labels) {
		if len(content(p)) > 0 {
			out = append(out, p)
		}
	}
	return out
}

func namesOf(presets []affected.PlacedPreset) []string {
	var names []string
	for _, p := range presets {
		names = append(names, nameOf(p))
	}
	return names
}

// nameOf returns the name of a preset for people: the labels that select it.
func nameOf(p affected.PlacedPreset) string {
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

// content returns what the preset adds, without the labels that identify it.
func content(p affected.PlacedPreset) map[string]any {
	fields, ok := affected.Generic(p.Preset).(map[string]any)
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

func contents(presets []affected.PlacedPreset) []string {
	var out []string
	for _, p := range presets {
		out = append(out, affected.Encoded(content(p)))
	}
	return out
}
