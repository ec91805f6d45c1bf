package main

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
)

// Deck's pages are not part of its program: ko takes them from a directory that Prow's own
// build fills, with TypeScript compiled by npm's tools. Here Debian's esbuild compiles it.

const (
	deckRoot      = "usr/share/deck"
	momentLibrary = "/usr/share/javascript/moment/moment.js"
)

// deckPages maps directories of Prow's module to the paths that Deck reads
// (cmd/deck/static-map).
var deckPages = map[string]string{
	"cmd/deck/template":   "template",
	"cmd/deck/static":     "static",
	"pkg/spyglass/lenses": "lenses",
}

// deckScripts maps the scripts of the pages that this cluster's Deck serves to their
// bundles (cmd/deck/.ts-packages).
var deckScripts = map[string]string{
	"cmd/deck/static/prow/prow.ts":               "static/prow_bundle.min.js",
	"cmd/deck/static/job-history/job-history.ts": "static/job_history_bundle.min.js",
	"cmd/deck/static/spyglass/spyglass.ts":       "static/spyglass_bundle.min.js",
	"cmd/deck/static/spyglass/lens.ts":           "static/spyglass_lens_bundle.min.js",
	"pkg/spyglass/lenses/buildlog/buildlog.ts":   "lenses/buildlog/script_bundle.min.js",
	"pkg/spyglass/lenses/metadata/metadata.ts":   "lenses/metadata/script_bundle.min.js",
}

// deckFiles adds Deck's pages and their scripts.
func deckFiles(ctx context.Context, l layout, base map[string]imageFile) (map[string]imageFile, error) {
	module, err := moduleDir(ctx, l, prowModule)
	if err != nil {
		return nil, err
	}
	files := maps.Clone(base)
	for from, to := range deckPages {
		if err := addPages(files, filepath.Join(module, from), path.Join(deckRoot, to)); err != nil {
			return nil, err
		}
	}
	for script, bundle := range deckScripts {
		content, err := output(ctx, "esbuild", filepath.Join(module, script), "--bundle", "--minify", "--alias:moment="+momentLibrary)
		if err != nil {
			return nil, err
		}
		files[path.Join(deckRoot, bundle)] = text(content)
	}
	return files, nil
}

// addPages adds the files below a directory that browsers and templates read.
func addPages(files map[string]imageFile, from, to string) error {
	return filepath.WalkDir(from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch filepath.Ext(name) {
		case ".html", ".css", ".js", ".svg", ".png", ".ico":
		default:
			return nil
		}
		relative, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		files[path.Join(to, relative)] = text(string(content))
		return nil
	})
}
