package plan

import (
	"context"
	"path"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// maxLinks is how many symbolic links in a row are followed.
const maxLinks = 16

// links are the symbolic links of a tree: entries by path, targets by the
// link's path.
type links struct {
	entries map[string]repo.Entry
	targets map[string]string
}

func readLinks(ctx context.Context, objects repo.Objects, entries []repo.Entry) (links, error) {
	l := links{make(map[string]repo.Entry, len(entries)), map[string]string{}}
	var blobs, paths []string
	for _, e := range entries {
		l.entries[e.Path] = e
		if e.Mode == repo.ModeSymlink {
			blobs, paths = append(blobs, e.Blob), append(paths, e.Path)
		}
	}
	i := 0
	err := objects.Blobs(ctx, blobs, func(_ string, content []byte) error {
		l.targets[paths[i]] = string(content)
		i++
		return nil
	})
	return l, err
}

// follow returns the file that a path leads to, directories that are links
// included. A path that leads out of the tree or to no file is not found.
func (l links) follow(p string) (repo.Entry, bool) {
	for range maxLinks {
		link, rest := l.first(p)
		if link == "" {
			e, ok := l.entries[p]
			return e, ok && e.Mode != repo.ModeSubmodule
		}
		if path.IsAbs(l.targets[link]) {
			break
		}
		p = path.Join(path.Dir(link), l.targets[link], rest)
	}
	return repo.Entry{}, false
}

// first splits a path after the first part that is a link, if any.
func (l links) first(p string) (link, rest string) {
	for i := range len(p) + 1 {
		if i < len(p) && p[i] != '/' {
			continue
		}
		if _, ok := l.targets[p[:i]]; ok {
			return p[:i], strings.TrimPrefix(p[i:], "/")
		}
	}
	return "", ""
}

// follow returns the wanted entries, with symbolic links replaced by the files
// they lead to inside the tree. Links that lead elsewhere are left out.
func follow(ctx context.Context, objects repo.Objects, entries []repo.Entry, wanted func(string) bool) ([]repo.Entry, error) {
	l, err := readLinks(ctx, objects, entries)
	if err != nil {
		return nil, err
	}
	var out []repo.Entry
	for _, e := range entries {
		if !wanted(e.Path) {
			continue
		}
		if e.Mode != repo.ModeSymlink {
			out = append(out, e)
		} else if found, ok := l.follow(e.Path); ok {
			out = append(out, repo.Entry{Path: e.Path, Mode: found.Mode, Blob: found.Blob})
		}
	}
	return out, nil
}

// resolveLinks replaces symbolic links by the files they lead to. A link that
// leads nowhere keeps its mode, and is an error to read.
func resolveLinks(ctx context.Context, objects repo.Objects, tree string, files []repo.Entry) ([]repo.Entry, error) {
	all, err := objects.List(ctx, tree)
	if err != nil {
		return nil, err
	}
	wanted := make(map[string]bool, len(files))
	for _, f := range files {
		wanted[f.Path] = true
	}
	followed, err := follow(ctx, objects, all, func(p string) bool { return wanted[p] })
	if err != nil {
		return nil, err
	}
	for _, f := range followed {
		delete(wanted, f.Path)
	}
	for _, f := range files {
		if wanted[f.Path] {
			followed = append(followed, f)
		}
	}
	return followed, nil
}
