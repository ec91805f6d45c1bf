package repo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Merged is the result of a merge: a tree, and its new objects. These are in a temporary
// directory, so the mirror needs neither locks nor cleaning up. Close removes them.
type Merged struct {
	Objects
	// Tree is the merged tree.
	Tree string
	temp *tempDir
}

// Close removes the objects that only this merge needed.
func (m *Merged) Close() error {
	return m.temp.Close()
}

// Merge merges head into base without changing either. It returns a *ConflictError with
// the files that cannot be merged, or a *NotFoundError with the missing commit.
func (m *Mirror) Merge(ctx context.Context, base, head string) (*Merged, error) {
	return merge(ctx, m.scratch, base, head)
}

// merge merges in a scratch repository. It closes the repository on failure.
func merge(ctx context.Context, makeScratch func() (*Merged, error), base, head string) (*Merged, error) {
	scratch, err := makeScratch()
	if err != nil {
		return nil, err
	}
	if err := scratch.merge(ctx, base, head); err != nil {
		_ = scratch.Close()
		return nil, err
	}
	return scratch, nil
}

func (m *Merged) merge(ctx context.Context, base, head string) error {
	var conflicts []string
	records := 0
	err := m.stream(ctx, func(record string) error {
		if records++; records == 1 {
			m.Tree = record
		} else if len(conflicts) < maxConflicts {
			conflicts = append(conflicts, record)
		}
		return nil
	}, "-c", "merge.directoryRenames=false",
		"merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", "--end-of-options", base, head)
	if err == nil {
		return nil
	}
	var failure *commandFailure
	var bound *BoundError
	switch {
	case errors.As(err, &bound):
		return err
	case errors.As(err, &failure) && failure.status() == 1 && records > 1:
		if rest := records - 1 - len(conflicts); rest > 0 {
			conflicts = append(conflicts, fmt.Sprintf("and %d more", rest))
		}
		return &ConflictError{Files: conflicts}
	}
	for _, sha := range []string{base, head} {
		if ctx.Err() == nil && !m.has(ctx, sha) {
			return &NotFoundError{Revision: sha}
		}
	}
	return fmt.Errorf("merging %s into %s: %w", head, base, err)
}

// scratch returns the mirror with a temporary directory for new objects.
func (m *Mirror) scratch() (*Merged, error) {
	temp, err := makeTemp("", "rehearsal-objects-")
	if err != nil {
		return nil, fmt.Errorf("creating object directory: %w", err)
	}
	objects, err := m.objectDir()
	if err != nil {
		_ = temp.Close()
		return nil, fmt.Errorf("finding object directory: %w", err)
	}
	env := append([]string{
		"GIT_OBJECT_DIRECTORY=" + temp.path,
		"GIT_ALTERNATE_OBJECT_DIRECTORIES=" + quotePath(objects),
	}, m.env...)
	return &Merged{Objects: Objects{git{dir: m.dir, env: env}}, temp: temp}, nil
}

// objectDir returns the directory of the objects. A linked work tree names the common
// directory in a file.
func (m *Mirror) objectDir() (string, error) {
	dir := m.dir
	common, err := os.ReadFile(filepath.Join(m.dir, "commondir"))
	switch {
	case err == nil && filepath.IsAbs(strings.TrimSpace(string(common))):
		dir = strings.TrimSpace(string(common))
	case err == nil:
		dir = filepath.Join(m.dir, strings.TrimSpace(string(common)))
	case !errors.Is(err, os.ErrNotExist):
		return "", err
	}
	return filepath.Abs(filepath.Join(dir, "objects"))
}

// quotePath keeps a path from being split. The variable is a list, and git allows its
// elements to be quoted like strings in C.
func quotePath(path string) string {
	if !strings.ContainsAny(path, "\":") {
		return path
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(path) + `"`
}
