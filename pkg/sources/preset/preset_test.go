package preset

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

func withPresets(presets ...affected.PlacedPreset) *affected.Defaults {
	return affected.NewDefaults("config.yaml", &config.Config{}, presets)
}

func TestPresetsWithoutContentAreNoReason(t *testing.T) {
	job := affected.Raw{Effective: affected.Effective{Periodic: &config.Periodic{JobBase: config.JobBase{Name: "a"}}}}
	empty, full := config.Preset{Labels: map[string]string{}}, config.Preset{Env: []corev1.EnvVar{{Name: "A", Value: "b"}}}
	d := &affected.Delta{Old: withPresets(), New: withPresets(affected.PlacedPreset{File: "f", Preset: empty}, affected.PlacedPreset{File: "g", Preset: full})}
	got := evidence{d}.Explain(&affected.Pair{OldRaw: job, NewRaw: job}, affected.ChangeSpec)
	if len(got) != 1 || got[0].File != "g" {
		t.Errorf("reasons = %+v", got)
	}
	none := full
	none.Volumes = []corev1.Volume{}
	d.Old = withPresets(affected.PlacedPreset{File: "g", Preset: none})
	if got := (evidence{d}).Explain(&affected.Pair{OldRaw: job, NewRaw: job}, affected.ChangeSpec); len(got) > 0 {
		t.Errorf("reasons = %+v", got)
	}
}

func TestPresetsThatChangeAndMove(t *testing.T) {
	job := affected.Raw{Effective: affected.Effective{Periodic: &config.Periodic{JobBase: config.JobBase{Name: "a", Labels: map[string]string{"preset-a": "true", "preset-b": "true"}}}}}
	preset := func(name, value string) affected.PlacedPreset {
		return affected.PlacedPreset{File: "f", Preset: config.Preset{Labels: map[string]string{"preset-" + name: "true"}, Env: []corev1.EnvVar{{Name: name, Value: value}}}}
	}
	d := &affected.Delta{
		Old: withPresets(preset("a", "1"), preset("b", "1")),
		New: withPresets(preset("b", "1"), preset("a", "2")),
	}
	got := evidence{d}.Explain(&affected.Pair{OldRaw: job, NewRaw: job}, affected.ChangeSpec)
	if len(got) != 2 || got[0].Path != "preset a ▸ env[a].value" || got[1].Path != "order of presets" {
		t.Errorf("reasons = %+v", got)
	}
}
