// Package prowconfig is the source of what Prow's own configuration adds to jobs that
// do not say otherwise.
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

// Name is what reasons of this source say.
const Name = "prow config"

// Source implements affected.Source. The planner has Prow's configuration loaded
// anyway.
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

// reasonsOf says what the defaults change for a job, its own words being
// the same on both sides.
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
				// Beyond, reasons are only counted.
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

// decorationChain names the default that makes a field of a job's decoration
// differ: the one that it comes from or, when that is as it was, the one that it
// came from.
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

// hasDecorationEntry reports whether a default of others is here, too.
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

// lookup finds the value at a simple path in JSON.
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
