package prowtree

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// maxTarget is the maximum length of a link's target, in bytes. Checkouts accept no
// longer ones.
const maxTarget = 4095

// maxLinks is how many symbolic links in a row are followed.
const maxLinks = 16

// entry is an entry of a tree, with symbolic links followed.
type entry struct {
	repo.Entry
	leads leads
}

// leads says what a path leads to.
type leads int

const (
	toContent leads = iota
	// toDirectory is a symbolic link to a directory, toNowhere one whose target is not in
	// the tree.
	toDirectory
	toNowhere
)

// asTheyAre returns entries without links as they are.
func asTheyAre(entries []repo.Entry) []entry {
	out := make([]entry, len(entries))
	for i, e := range entries {
		out[i].Entry = e
	}
	return out
}

// links are the symbolic links of a tree: entries by path, targets by the
// link's path.
type links struct {
	entries map[string]repo.Entry
	targets map[string]string
	// directories are determined on first use.
	directories map[string]bool
	// steps is the number of compared bytes of paths.
	steps int
}

func readLinks(ctx context.Context, objects repo.Objects, entries []repo.Entry) (*links, error) {
	l := &links{entries: make(map[string]repo.Entry, len(entries)), targets: map[string]string{}}
	var blobs, paths []string
	for _, e := range entries {
		l.entries[e.Path] = e
		if e.Mode == repo.ModeSymlink {
			blobs, paths = append(blobs, e.Blob), append(paths, e.Path)
		}
	}
	i := 0
	err := objects.BlobsUpTo(ctx, maxTarget, blobs, func(_ string, content []byte) error {
		l.targets[paths[i]] = string(content)
		i++
		return nil
	})
	return l, err
}

// resolve returns the path that a path leads to, also through directories that are links.
// A path that leads out of the tree is not found.
func (l *links) resolve(p string) (string, bool) {
	for range maxLinks {
		link, rest := l.first(p)
		if link == "" {
			return p, true
		}
		if path.IsAbs(l.targets[link]) {
			break
		}
		p = path.Join(path.Dir(link), l.targets[link], rest)
	}
	return "", false
}

// file returns the file that a path leads to.
func (l *links) file(p string) (repo.Entry, bool) {
	p, ok := l.resolve(p)
	e, found := l.entries[p]
	return e, ok && found && e.Mode != repo.ModeSubmodule
}

// isDirectory reports whether a path leads to a directory.
func (l *links) isDirectory(p string) bool {
	p, ok := l.resolve(p)
	if !ok {
		return false
	}
	if strings.Trim(p, "./") == "" {
		// The root, or a directory above it.
		return true
	}
	if l.directories == nil {
		l.directories = map[string]bool{}
		for _, e := range l.entries {
			l.addDirectories(e)
		}
	}
	return l.directories[p]
}

func (l *links) addDirectories(e repo.Entry) {
	if e.Mode == repo.ModeSubmodule {
		l.directories[e.Path] = true
	}
	for dir := path.Dir(e.Path); !l.directories[dir] && dir != "."; dir = path.Dir(dir) {
		l.directories[dir] = true
	}
}

// first splits a path after the first part that is a link, if there is one.
func (l *links) first(p string) (link, rest string) {
	for i := range len(p) + 1 {
		if i < len(p) && p[i] != '/' {
			continue
		}
		if l.steps += i; l.steps > maxLinkSteps {
			break
		}
		if _, ok := l.targets[p[:i]]; ok {
			return p[:i], strings.TrimPrefix(p[i:], "/")
		}
	}
	return "", ""
}

// followed replaces symbolic links by the files that they lead to.
func (l *links) followed(ctx context.Context, entries []repo.Entry) ([]entry, error) {
	out := asTheyAre(entries)
	for i := range out {
		e := &out[i]
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if e.Mode != repo.ModeSymlink {
			continue
		}
		if found, ok := l.file(e.Path); ok {
			e.Mode, e.Blob = found.Mode, found.Blob
		} else if l.isDirectory(e.Path) {
			e.leads = toDirectory
		} else {
			e.leads = toNowhere
		}
	}
	if l.steps > maxLinkSteps {
		return nil, &repo.BoundError{Bound: fmt.Sprintf("has symbolic links, to follow which takes more than %d steps", maxLinkSteps)}
	}
	return out, nil
}

// resolveLinks replaces the symbolic links among files of a tree by the files that they
// lead to.
func resolveLinks(ctx context.Context, objects repo.Objects, tree string, files []repo.Entry) ([]entry, error) {
	all, err := objects.List(ctx, tree)
	if err != nil {
		return nil, err
	}
	l, err := readLinks(ctx, objects, all)
	if err != nil {
		return nil, err
	}
	return l.followed(ctx, files)
}

// Find returns the wanted files of a tree: blobs by path. Symbolic links are followed;
// those that lead out of the tree, or to directories, are omitted.
func (l *Loader) Find(ctx context.Context, tree string, wanted func(string) bool) (map[string]string, error) {
	all, err := l.Objects.List(ctx, tree)
	if err != nil {
		return nil, err
	}
	links, err := readLinks(ctx, l.Objects, all)
	if err != nil {
		return nil, err
	}
	found, err := links.followed(ctx, slices.DeleteFunc(all, func(e repo.Entry) bool { return !wanted(e.Path) }))
	blobs := make(map[string]string, len(found))
	for _, e := range found {
		if e.leads == toContent && e.Mode != repo.ModeSubmodule {
			blobs[e.Path] = e.Blob
		}
	}
	return blobs, err
}
