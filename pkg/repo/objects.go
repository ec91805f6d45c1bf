package repo

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Modes of tree entries that are not plain files.
const (
	ModeSymlink   = "120000"
	ModeSubmodule = "160000"
)

// Objects reads trees and blobs.
type Objects struct {
	git
}

// Entry is one file in a tree. Path is relative to the root of the tree.
type Entry struct {
	Path string
	Mode string
	Blob string
}

// Change is one path that differs between two trees. The blob and mode of a
// side where the path does not exist are empty. A rename is a removal and an
// addition.
type Change struct {
	Path    string
	OldMode string
	OldBlob string
	NewMode string
	NewBlob string
}

// List returns the files below the given paths, or all, in git's order. Paths
// that do not exist are no error.
func (o Objects) List(ctx context.Context, tree string, paths ...string) ([]Entry, error) {
	args := []string{"ls-tree", "-r", "-z", "--full-tree", "--end-of-options", tree}
	out, err := o.run(ctx, append(args, paths...)...)
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for _, record := range records(out) {
		meta, path, ok := strings.Cut(record, "\t")
		fields := strings.Fields(meta)
		if !ok || len(fields) != 3 {
			return nil, fmt.Errorf("git ls-tree: unexpected record %q", record)
		}
		entries = append(entries, Entry{Path: path, Mode: fields[0], Blob: fields[2]})
	}
	return entries, nil
}

// Diff returns what differs between two trees (or commits) below the given
// paths, or everywhere, sorted by path.
func (o Objects) Diff(ctx context.Context, before, after string, paths ...string) ([]Change, error) {
	if before == after {
		return nil, nil
	}
	args := []string{"diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--end-of-options", before, after, "--"}
	for _, p := range paths {
		args = append(args, ":(top,literal)"+p)
	}
	out, err := o.run(ctx, args...)
	if err != nil {
		return nil, err
	}
	var changes []Change
	fields := records(out)
	for i := 0; i+1 < len(fields); i += 2 {
		meta := strings.Fields(strings.TrimPrefix(fields[i], ":"))
		if len(meta) != 5 {
			return nil, fmt.Errorf("git diff-tree: unexpected record %q", fields[i])
		}
		changes = append(changes, Change{
			Path:    fields[i+1],
			OldMode: present(meta[0]), NewMode: present(meta[1]),
			OldBlob: present(meta[2]), NewBlob: present(meta[3]),
		})
	}
	return changes, nil
}

// present turns git's zeros for "no such thing" into nothing.
func present(s string) string {
	if strings.Trim(s, "0") == "" {
		return ""
	}
	return s
}

func records(out []byte) []string {
	text := strings.TrimSuffix(string(out), "\x00")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\x00")
}

// Tree returns the name of the tree of a commit.
func (o Objects) Tree(ctx context.Context, commit string) (string, error) {
	out, err := o.run(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", commit+"^{tree}")
	if err != nil {
		return "", fmt.Errorf("tree of %s: %w", commit, err)
	}
	return lastField(out), nil
}

// Blobs calls each with the content of every given blob, in order. The
// content is only valid during the call. A blob that does not exist is an
// error.
func (o Objects) Blobs(ctx context.Context, ids []string, each func(id string, content []byte) error) error {
	return o.BlobsUpTo(ctx, math.MaxInt-1, ids, each)
}

// BlobsUpTo is Blobs for callers that refuse blobs of more than limit bytes:
// of these they get limit+1 bytes, and the rest takes no memory.
func (o Objects) BlobsUpTo(ctx context.Context, limit int, ids []string, each func(id string, content []byte) error) error {
	if len(ids) == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	args := []string{"cat-file", "--batch", "--buffer"}
	cmd := o.command(ctx, args...)
	var complaint bytes.Buffer
	cmd.Stdin, cmd.Stderr = strings.NewReader(strings.Join(ids, "\n")+"\n"), &complaint
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("git cat-file: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return commandError(ctx, args, "", err)
	}
	readErr := readBatch(bufio.NewReaderSize(pipe, 1<<16), limit, ids, each)
	if readErr != nil {
		cancel()
	}
	waitErr := cmd.Wait()
	if readErr != nil && complaint.Len() == 0 {
		return readErr
	}
	if waitErr != nil {
		return commandError(ctx, args, complaint.String(), waitErr)
	}
	return readErr
}

func readBatch(in *bufio.Reader, limit int, ids []string, each func(string, []byte) error) error {
	var content []byte
	for _, id := range ids {
		header, err := in.ReadString('\n')
		if err != nil {
			return fmt.Errorf("reading blob %s: %w", id, err)
		}
		fields := strings.Fields(header)
		if len(fields) != 3 {
			return &commandFailure{command: "cat-file", stderr: "missing blob " + strings.TrimSpace(header), err: os.ErrNotExist}
		}
		size, err := strconv.Atoi(fields[2])
		if err != nil {
			return fmt.Errorf("reading blob %s: %w", id, err)
		}
		kept := min(size, limit+1)
		if cap(content) < kept {
			content = make([]byte, kept)
		}
		content = content[:kept]
		_, err = io.ReadFull(in, content)
		if err == nil {
			// A line feed ends each blob.
			_, err = in.Discard(size - kept + 1)
		}
		if err != nil {
			return fmt.Errorf("reading blob %s: %w", id, err)
		}
		if err := each(id, content[:kept:kept]); err != nil {
			return err
		}
	}
	return nil
}

// Materialise writes the given files below dir. Symbolic links and submodules
// are left out: a link could lead anywhere on this machine.
func (o Objects) Materialise(ctx context.Context, entries []Entry, dir string) error {
	byBlob := map[string][]Entry{}
	var ids []string
	for _, e := range entries {
		if e.Mode == ModeSubmodule || e.Mode == ModeSymlink {
			continue
		}
		if byBlob[e.Blob] == nil {
			ids = append(ids, e.Blob)
		}
		byBlob[e.Blob] = append(byBlob[e.Blob], e)
	}
	return o.Blobs(ctx, ids, func(id string, content []byte) error {
		for _, e := range byBlob[id] {
			if err := Write(dir, e, content); err != nil {
				return err
			}
		}
		return nil
	})
}

// Write writes the content of a file below dir.
func Write(dir string, e Entry, content []byte) error {
	if !filepath.IsLocal(e.Path) {
		return fmt.Errorf("writing %s: the path leads out of the directory", e.Path)
	}
	path := filepath.Join(dir, e.Path)
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, content, 0o644)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", e.Path, err)
	}
	return nil
}
