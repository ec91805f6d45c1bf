package repo

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
)

// Bounds on what is read from a tree. A few objects can expand to any number of files, so
// the size of a fetch does not bound the size of a tree. The largest config repositories
// have some hundred thousand files.
const (
	// maxEntries bounds the number of files in a tree, and of differences between two
	// trees.
	maxEntries = 500_000
	// maxPath bounds a path and maxName each name in it, in bytes. No checkout can have
	// longer ones, since its own directory is part of each path.
	maxPath, maxName = 3800, 255
	// maxPaths bounds the total length of all paths in a tree, in bytes.
	maxPaths = 128 << 20
	// maxRead bounds the total size of the blobs in one read, in bytes, not counting blobs
	// above the caller's limit. The largest configuration has 125 MB.
	maxRead = 512 << 20
	// maxMemory bounds the data segment of a git command, in bytes. Some commands read a
	// whole tree before they print anything.
	maxMemory = 512 << 20
	// maxConflicts bounds how many files of a conflict are named.
	maxConflicts = 100
)

// BoundError says that commits cannot be read because of their size. The error is
// permanent.
type BoundError struct {
	// Path is the file that is too large; empty if it is the tree.
	Path string
	// Bound completes a sentence about the file or tree: "has more than 500000 files".
	Bound string
}

func (e *BoundError) Error() string {
	if e.Path == "" {
		return "the repository " + e.Bound
	}
	return e.Path + " " + e.Bound
}

// stream runs a command and calls each with every record of its output. Records end with
// a NUL. It kills the command if each returns an error.
func (g git) stream(ctx context.Context, each func(record string) error, args ...string) error {
	return g.pipe(ctx, nil, args, func(out *bufio.Reader) error {
		for {
			record, err := out.ReadSlice(0)
			switch {
			case errors.Is(err, bufio.ErrBufferFull):
				return pathTooLong(string(record))
			case errors.Is(err, io.EOF) && len(record) == 0:
				return nil
			case err != nil:
				return fmt.Errorf("git %s: %w", subcommand(args), err)
			}
			if err := each(string(record[:len(record)-1])); err != nil {
				return err
			}
		}
	})
}

// pipe runs a command in bounded memory, and read reads its output. It kills the command
// if read returns an error.
func (g git) pipe(ctx context.Context, in io.Reader, args []string, read func(out *bufio.Reader) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := g.command(ctx, args...)
	var complaint bytes.Buffer
	cmd.Stdin, cmd.Stderr = in, &complaint
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("git %s: %w", subcommand(args), err)
	}
	if err := cmd.Start(); err != nil {
		return commandError(ctx, args, "", err)
	}
	if err := restrict(cmd.Process.Pid, Limits{Memory: maxMemory}); err != nil {
		cancel()
		_ = cmd.Wait()
		return fmt.Errorf("git %s: %w", subcommand(args), err)
	}
	readErr := read(bufio.NewReaderSize(pipe, 1<<16))
	if readErr != nil && ctx.Err() == nil && !errors.Is(readErr, io.ErrUnexpectedEOF) && !errors.Is(readErr, io.EOF) {
		// Nobody reads the rest of the output.
		cancel()
		_ = cmd.Wait()
		return readErr
	}
	if err := cmd.Wait(); err != nil {
		return unbounded(commandError(ctx, args, complaint.String(), err))
	}
	return readErr
}

var outOfMemory = regexp.MustCompile(`(?i)out of memory|cannot allocate memory`)

// unbounded turns a failure into a *BoundError if the command ran out of memory or stack.
func unbounded(err error) error {
	var failure *commandFailure
	if !errors.As(err, &failure) {
		return err
	}
	var exit *exec.ExitError
	status, ok := syscall.WaitStatus(0), false
	if errors.As(failure.err, &exit) {
		status, ok = exit.Sys().(syscall.WaitStatus)
	}
	overflow := ok && status.Signaled() && (status.Signal() == syscall.SIGSEGV || status.Signal() == syscall.SIGBUS)
	if overflow || outOfMemory.MatchString(failure.stderr) {
		return &BoundError{Bound: fmt.Sprintf("cannot be read by git %s with %d MiB of memory", failure.command, maxMemory>>20)}
	}
	return err
}

// counter counts the files of a tree, or the differences between two trees.
type counter struct {
	entries, bytes int
}

// add counts a path. It returns a *BoundError if a bound is exceeded.
func (c *counter) add(path string) error {
	c.entries++
	c.bytes += len(path)
	switch {
	case len(path) > maxPath:
		return pathTooLong(path)
	case len(path) > maxName && longestName(path) > maxName:
		return &BoundError{Path: beginning(path), Bound: fmt.Sprintf("has a name of more than %d bytes in it", maxName)}
	case c.entries > maxEntries:
		return &BoundError{Bound: fmt.Sprintf("has more than %d files", maxEntries)}
	case c.bytes > maxPaths:
		return &BoundError{Bound: fmt.Sprintf("has files whose paths are longer than %d MiB together", maxPaths>>20)}
	}
	return nil
}

func longestName(path string) int {
	longest := 0
	for name := range strings.SplitSeq(path, "/") {
		longest = max(longest, len(name))
	}
	return longest
}

func pathTooLong(record string) error {
	_, path, _ := strings.Cut(record, "\t")
	if path == "" {
		path = record
	}
	return &BoundError{Path: beginning(path), Bound: fmt.Sprintf("is a path of more than %d bytes", maxPath)}
}

// beginning shortens a long path for a message.
func beginning(path string) string {
	const shown = 100
	return strings.ToValidUTF8(path[:min(len(path), shown)], "") + "…"
}
