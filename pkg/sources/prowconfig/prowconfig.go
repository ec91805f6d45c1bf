// Package prowconfig is the source for the defaults that Prow's own configuration adds to
// jobs.
package prowconfig

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
)

// Name is the source in reasons.
const Name = "prow config"

// Source implements affected.Source. The planner loads Prow's configuration anyway.
type Source struct{}

// Name implements affected.Source.
func (Source) Name() string { return Name }

// Watches implements affected.Source.
func (Source) Watches(layout.Layout) []string { return nil }

// Phrase implements affected.Phrased.
func (Source) Phrase(r affected.Reason) (string, bool) { return Name + ": " + r.Path, false }

// Compare implements affected.Source.
func (Source) Compare(_ context.Context, d *affected.Delta, _ affected.Reader) (affected.Evidence, error) {
	if d.Old.Alike(d.New) {
		return nil, nil
	}
	return newEvidence(d), nil
}

// Explain implements affected.Evidence.
func (ev *evidence) Explain(p *affected.Pair, change affected.Change) []affected.Reason {
	if change != affected.ChangeSpec || p.OldRaw.IsZero() {
		return nil
	}
	return reasonsOf(ev.delta, p.New.Entry())
}

// reasonsOf returns what the defaults change for a job whose own text is the same on both
// sides.
func reasonsOf(d *affected.Delta, e *affected.Entry) []affected.Reason {
	var reasons []affected.Reason
	file := d.New.File
	add := func(chain string, f affected.Field) {
		reasons = append(reasons, affected.ReasonFor(Name, file, chain, f))
	}
	if e.Own.Decorate == nil && d.Old.Config.DecorateAllJobs != d.New.Config.DecorateAllJobs {
		add("", affected.Field{Path: "decorate_all_jobs", Old: d.Old.Config.DecorateAllJobs, New: d.New.Config.DecorateAllJobs})
	}
	before, after := d.Old.Decoration(e), d.New.Decoration(e)
	if before != nil && after != nil {
		for i, f := range affected.DiffFields("", before, after) {
			chain := ""
			if i < affected.MaxReasons {
				// Reasons beyond this number are only counted.
				chain = decorationChain(d, e, f)
			}
			add(chain, f)
		}
	}
	for _, f := range affected.DiffFields("", d.Old.ProwJobDefault(e), d.New.ProwJobDefault(e)) {
		add("prowjob_default_entries", f)
	}
	if before, after := d.Old.Namespace(e), d.New.Namespace(e); before != after {
		add("", affected.Field{Path: "pod_namespace", Old: before, New: after})
	}
	return reasons
}

// decorationChain returns the default that makes a field of a job's decoration differ:
// the default that now sets it or, if that has not changed, the one that set it before.
func decorationChain(d *affected.Delta, e *affected.Entry, f affected.Field) string {
	now, then := decorationEntry(d.New, e, f), decorationEntry(d.Old, e, f)
	switch {
	case now >= 0 && !hasDecorationEntry(d.Old, d.New, now):
		return decorationEntryName(d.New, now)
	case then >= 0 && !hasDecorationEntry(d.New, d.Old, then):
		return decorationEntryName(d.Old, then) + " before"
	case now >= 0 && then >= 0:
		return "order of plank.default_decoration_config_entries"
	}
	return "plank.default_decoration_configs"
}

// decorationEntry returns the index of the last default that applies to a job
// and has a field, or -1.
func decorationEntry(d *affected.Defaults, e *affected.Entry, f affected.Field) int {
	all := d.Config.Plank.DefaultDecorationConfigs
	for i := len(all) - 1; i >= 0; i-- {
		if all[i] == nil {
			continue
		}
		alone := config.Plank{DefaultDecorationConfigs: all[i : i+1]}
		if lookup(affected.Generic(alone.GuessDefaultDecorationConfig(e.Own.DefaultsRepo, e.Cluster)), f.Path) != nil {
			return i
		}
	}
	return -1
}

// hasDecorationEntry reports whether d also has the i-th default of others.
func hasDecorationEntry(d, others *affected.Defaults, i int) bool {
	return slices.ContainsFunc(d.Config.Plank.DefaultDecorationConfigs, func(entry *config.DefaultDecorationConfigEntry) bool {
		return reflect.DeepEqual(entry, others.Config.Plank.DefaultDecorationConfigs[i])
	})
}

func decorationEntryName(d *affected.Defaults, i int) string {
	if len(d.Config.Plank.DefaultDecorationConfigsMap) > 0 {
		return fmt.Sprintf("plank.default_decoration_configs[%s]", d.Config.Plank.DefaultDecorationConfigs[i].OrgRepo)
	}
	return fmt.Sprintf("plank.default_decoration_config_entries[%d]", i)
}

// lookup returns the value at a simple path in JSON.
func lookup(v any, path string) any {
	for _, name := range strings.Split(path, ".") {
		name, _, _ = strings.Cut(name, "[")
		m, ok := v.(map[string]any)
		if !ok {
			return v
		}
		v = m[name]
	}
	return v
}
