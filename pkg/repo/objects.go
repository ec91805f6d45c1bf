package repo

import (
	"bufio"
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

// Change is one path that differs between two trees. If a side does not have the path,
// its blob and mode are empty. A rename is a removal and an addition.
type Change struct {
	Path    string
	OldMode string
	OldBlob string
	NewMode string
	NewBlob string
}

// List returns the files below the given paths, or all files, in git's order. It ignores
// paths that do not exist.
func (o Objects) List(ctx context.Context, tree string, paths ...string) ([]Entry, error) {
	args := []string{"ls-tree", "-r", "-z", "--full-tree", "--end-of-options", tree}
	var entries []Entry
	var count counter
	modes := map[string]string{}
	err := o.stream(ctx, func(record string) error {
		// MODE TYPE OBJECT, a tab, PATH
		mode, rest, _ := strings.Cut(record, " ")
		_, rest, _ = strings.Cut(rest, " ")
		blob, path, ok := strings.Cut(rest, "\t")
		if !ok {
			return fmt.Errorf("git ls-tree: unexpected record %q", record)
		}
		entries = append(entries, Entry{Path: path, Mode: shared(modes, mode), Blob: blob})
		return count.add(path)
	}, append(args, paths...)...)
	if err != nil {
		return nil, err
	}
	return entries, nil
}

// shared returns a string that equals s and is stored only once.
func shared(known map[string]string, s string) string {
	if same, ok := known[s]; ok {
		return same
	}
	s = strings.Clone(s)
	known[s] = s
	return s
}

// Diff returns the differences between two trees (or commits) below the given paths, or
// all differences, sorted by path.
func (o Objects) Diff(ctx context.Context, before, after string, paths ...string) ([]Change, error) {
	if before == after {
		return nil, nil
	}
	args := []string{"diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--end-of-options", before, after, "--"}
	for _, p := range paths {
		args = append(args, ":(top,literal)"+p)
	}
	var changes []Change
	var count counter
	meta, isPath := "", false
	err := o.stream(ctx, func(record string) error {
		if isPath = !isPath; isPath {
			meta = record
			return nil
		}
		fields := strings.Fields(strings.TrimPrefix(meta, ":"))
		if len(fields) != 5 {
			return fmt.Errorf("git diff-tree: unexpected record %q", meta)
		}
		changes = append(changes, Change{
			Path:    record,
			OldMode: present(fields[0]), NewMode: present(fields[1]),
			OldBlob: present(fields[2]), NewBlob: present(fields[3]),
		})
		return count.add(record)
	}, args...)
	if err != nil {
		return nil, err
	}
	return changes, nil
}

// present turns git's zeros, which stand for a missing side, into "".
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

// Tree returns the object name of a commit's tree.
func (o Objects) Tree(ctx context.Context, commit string) (string, error) {
	out, err := o.run(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", commit+"^{tree}")
	if err != nil {
		return "", fmt.Errorf("tree of %s: %w", commit, err)
	}
	return lastField(out), nil
}

// Blobs calls each with the content of every given blob, in order. The content is only
// valid during the call. A blob that does not exist is an error.
func (o Objects) Blobs(ctx context.Context, ids []string, each func(id string, content []byte) error) error {
	return o.BlobsUpTo(ctx, math.MaxInt-1, ids, each)
}

// BlobsUpTo is Blobs for callers that refuse blobs of more than limit bytes. It does not
// read these, and passes limit+1 meaningless bytes instead.
func (o Objects) BlobsUpTo(ctx context.Context, limit int, ids []string, each func(id string, content []byte) error) error {
	if len(ids) == 0 {
		return nil
	}
	in, requests := io.Pipe()
	defer func() { _ = in.Close() }()
	b := batch{requests: requests, limit: limit, each: each}
	return o.pipe(ctx, in, []string{"cat-file", "--batch-command", "--buffer"}, func(out *bufio.Reader) error {
		// The command ends only when its input ends.
		defer func() { _ = requests.Close() }()
		b.out = out
		return b.read(ids)
	})
}

// batch asks for the sizes of blobs, and then for the content of those that are small
// enough: unpacking a blob can take as much memory as its size.
type batch struct {
	requests *io.PipeWriter
	out      *bufio.Reader
	limit    int
	each     func(string, []byte) error
	content  []byte
}

func (b *batch) read(ids []string) error {
	b.ask("info", ids)
	sizes := make([]int, len(ids))
	var wanted []string
	total := 0
	for i, id := range ids {
		size, err := b.header(id)
		if err != nil {
			return err
		}
		if sizes[i] = size; size <= b.limit {
			wanted = append(wanted, id)
			total += size
		}
	}
	if total > maxRead {
		return &BoundError{Bound: fmt.Sprintf("has more than %d MiB in the files that are to be read", maxRead>>20)}
	}
	b.ask("contents", wanted)
	for i, id := range ids {
		content, err := b.blob(id, sizes[i])
		if err == nil {
			err = b.each(id, content)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ask writes in the background while answers are read. Git's answers may fill the pipe
// before git has read all requests.
func (b *batch) ask(what string, ids []string) {
	go func() {
		in := bufio.NewWriter(b.requests)
		for _, id := range ids {
			_, _ = in.WriteString(what + " " + id + "\n")
		}
		_, _ = in.WriteString("flush\n")
		_ = in.Flush()
	}()
}

// header reads the line before a blob: its name, type and size in bytes.
func (b *batch) header(id string) (int, error) {
	header, err := b.out.ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("reading blob %s: %w", id, err)
	}
	fields := strings.Fields(header)
	if len(fields) != 3 {
		return 0, &commandFailure{command: "cat-file", stderr: "missing blob " + strings.TrimSpace(header), err: os.ErrNotExist}
	}
	size, err := strconv.Atoi(fields[2])
	if err != nil {
		return 0, fmt.Errorf("reading blob %s: %w", id, err)
	}
	return size, nil
}

func (b *batch) blob(id string, size int) ([]byte, error) {
	kept := min(size, b.limit+1)
	if cap(b.content) < kept {
		b.content = make([]byte, kept)
	}
	content := b.content[:kept:kept]
	if size > b.limit {
		return content, nil
	}
	if _, err := b.header(id); err != nil {
		return nil, err
	}
	_, err := io.ReadFull(b.out, content)
	if err == nil {
		// A line feed follows each blob.
		_, err = b.out.Discard(1)
	}
	if err != nil {
		return nil, fmt.Errorf("reading blob %s: %w", id, err)
	}
	return content, nil
}

// Materialise writes the given files below dir. It omits symbolic links and submodules: a
// link could lead anywhere on this machine.
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
		return fmt.Errorf("writing %s: the path is outside the directory", e.Path)
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
