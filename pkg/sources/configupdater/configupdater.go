// Package configupdater is the source for ConfigMaps that Prow's plugin config-updater
// fills with files of the repository, and that the pods of jobs read.
package configupdater

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/prow/pkg/github"
	"sigs.k8s.io/prow/pkg/plugins"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
)

// Name is the source in reasons.
const Name = "configmap"

// Limits on a plugin configuration. Each is far above what any repository has.
const (
	// maxPatterns limits the number of patterns, maxPattern the length of each in bytes,
	// because compiling its regular expression takes quadratic time. The largest
	// configurations have some hundred patterns.
	maxPatterns, maxPattern = 1000, 1024
	// maxMatches limits how often patterns are compared with changed files, and maxFilled
	// how many of these match: Prow's code compiles the pattern for each match.
	maxMatches, maxFilled = 20_000_000, 50_000
	// maxContentMatches limits how often patterns are compared with all files, to find
	// the other contents of a ConfigMap.
	maxContentMatches = 200_000_000
	// maxReasons limits the files that are named as reasons of a job: nobody reads more,
	// and there may be millions.
	maxReasons = 10 * affected.MaxReasons
)

// Source implements affected.Source.
type Source struct{}

// Name implements affected.Source.
func (Source) Name() string { return Name }

// Watches implements affected.Source.
func (Source) Watches(l layout.Layout) []string { return []string{l.PluginConfig} }

// Phrase implements affected.Phrased.
func (Source) Phrase(r affected.Reason) (string, bool) {
	return r.Path + ", filled from " + r.File, true
}

// Compare implements affected.Source.
func (Source) Compare(ctx context.Context, d *affected.Delta, files affected.Reader) (affected.Evidence, error) {
	if d.ValidityOnly {
		return nil, nil
	}
	file := d.Layout.PluginConfig
	before, after := d.WatchedBefore[file], d.WatchedAfter[file]
	if after == "" {
		if before != "" {
			d.Warnings = append(d.Warnings, file+" is gone: config-updater fills nothing any more")
		}
		return nil, nil
	}
	u, err := updaterOf(ctx, files, after)
	if err != nil {
		return nil, err
	}
	if u.err != "" && before != after {
		d.Warnings = append(d.Warnings, file+": config-updater does not take this: "+u.err)
	}
	filled, err := u.filled(ctx, d)
	if err != nil || len(filled) == 0 {
		return nil, err
	}
	return &evidence{delta: d, filled: filled}, nil
}

// filled is a ConfigMap of a cluster whose content the changed files affect.
type filled struct {
	cluster, name string
	files         []string
}

// filled returns the ConfigMaps that the changed files fill.
func (u *updater) filled(ctx context.Context, d *affected.Delta) ([]filled, error) {
	file := d.Layout.PluginConfig
	fillers, matched := u.fillers(), 0
	if len(fillers)*len(d.Files) > maxMatches {
		return nil, &affected.ExcessError{File: file, Bound: fmt.Sprintf("has too many patterns to compare with so many changed files: more than %d comparisons", maxMatches)}
	}
	found := map[plugins.ConfigMapID][]string{}
	for _, f := range fillers {
		for _, ch := range d.Files {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if !f.matches(ch.Path) {
				continue
			}
			if matched++; matched > maxFilled {
				return nil, &affected.ExcessError{File: file, Bound: fmt.Sprintf("has patterns that match changed files more than %d times", maxFilled)}
			}
			for id := range u.updates(f, []github.PullRequestChange{changed(ch.Path, ch.NewBlob == "")}, anyNamespace, d.Repository, false) {
				id.Namespace = anyNamespace
				found[id] = append(found[id], ch.Path)
			}
		}
	}
	var out []filled
	for id, files := range found {
		slices.Sort(files)
		out = append(out, filled{cluster: id.Cluster, name: id.Name, files: slices.Compact(files)})
	}
	slices.SortFunc(out, func(a, b filled) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.cluster, b.cluster))
	})
	return out, nil
}

// evidence is the list of ConfigMaps with changed content.
type evidence struct {
	delta  *affected.Delta
	filled []filled
}

// Selects implements affected.Evidence.
func (ev *evidence) Selects() func(*affected.Entry) bool { return ev.Reads }

// Reads implements affected.Input.
func (ev *evidence) Reads(e *affected.Entry) bool {
	return slices.ContainsFunc(ev.filled, func(c filled) bool { return ev.delta.New.ReadsConfigMap(e, c.cluster, c.name) })
}

// Files implements affected.Input.
func (ev *evidence) Files() []string {
	all := map[string]bool{}
	for _, c := range ev.filled {
		for _, file := range c.files {
			all[file] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Explain implements affected.Evidence.
func (ev *evidence) Explain(p *affected.Pair, change affected.Change) []affected.Reason {
	if change != affected.ChangeSpec {
		return nil
	}
	var reasons []affected.Reason
	for _, c := range ev.filled {
		if !ev.delta.New.ReadsConfigMap(p.New.Entry(), c.cluster, c.name) {
			continue
		}
		for _, file := range c.files {
			if len(reasons) > maxReasons {
				return reasons
			}
			reasons = append(reasons, affected.Reason{Source: Name, File: file, Path: "ConfigMap " + c.name})
		}
	}
	return reasons
}
