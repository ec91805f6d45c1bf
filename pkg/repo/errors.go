package repo

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"
)

// NotFoundError says that a revision or ref does not exist.
type NotFoundError struct {
	Revision string
}

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("revision %q not found", e.Revision)
}

// ConflictError says that two commits cannot be merged.
type ConflictError struct {
	Files []string
	// Unresolved says that the conflict is from an earlier merge and still marked in the
	// work tree.
	Unresolved bool
}

func (e *ConflictError) Error() string {
	text := "merge conflict in " + strings.Join(e.Files, ", ")
	if e.Unresolved {
		return "unresolved " + text
	}
	return text
}

// TooLargeError says that a commit exceeds the limits of a fetch. The error is permanent.
type TooLargeError struct {
	Revision string
	// Size is the limit on the fetched bytes, Memory the limit on the memory for
	// unpacking, in bytes. One of them is set.
	Size, Memory int64
}

func (e *TooLargeError) Error() string {
	if e.Memory > 0 {
		return fmt.Sprintf("unpacking commit %s takes more than %d MiB of memory", e.Revision, e.Memory>>20)
	}
	return fmt.Sprintf("commit %s brings more than %d MiB that the base branch does not have", e.Revision, e.Size>>20)
}

// SlowError says that fetching a revision took too long or stalled. Until is the time of
// the next try; calls before it return this error.
type SlowError struct {
	Revision string
	// Stalled says that the fetch received hardly any data for Time. Otherwise it took
	// longer than Time in all.
	Stalled bool
	Time    time.Duration
	Until   time.Time
}

func (e *SlowError) Error() string {
	text := fmt.Sprintf("fetching %s took more than %s", e.Revision, e.Time)
	if e.Stalled {
		text = fmt.Sprintf("fetching %s stalled for %s", e.Revision, e.Time)
	}
	if !e.Until.IsZero() {
		text += "; it is retried after " + e.Until.UTC().Format(time.RFC3339)
	}
	return text
}

// AccessError says that the server does not let us read the repository: it refuses the
// token, or the token lacks the permission.
type AccessError struct {
	err error
}

func (e *AccessError) Error() string {
	return "our token does not let us read the repository: " + e.err.Error()
}

func (e *AccessError) Unwrap() error { return e.err }

// DiskFullError says that the disk with the mirrors or the temporary files is full.
type DiskFullError struct {
	err error
}

func (e *DiskFullError) Error() string { return "the disk of the mirrors is full" }

func (e *DiskFullError) Unwrap() error { return e.err }

// RebuiltError says that a mirror seems damaged but is not rebuilt: an earlier rebuild
// did not help, or there were too many.
type RebuiltError struct {
	// Revision is the commit for which the mirror was rebuilt before; empty if there were
	// too many rebuilds.
	Revision string
}

func (e *RebuiltError) Error() string {
	if e.Revision != "" {
		return fmt.Sprintf("git cannot read commit %s, although it was fetched again", e.Revision)
	}
	return fmt.Sprintf("the mirror seems damaged, and was already rebuilt %d times within %s", maxRebuilds, rebuildTime)
}

// commandFailure is the error of a git command that failed.
type commandFailure struct {
	command string
	stderr  string
	// lines are all lines that git itself wrote, without those it relayed from a server.
	lines []string
	err   error
}

func (e *commandFailure) Error() string {
	if e.stderr == "" {
		return fmt.Sprintf("git %s: %v", e.command, e.err)
	}
	return fmt.Sprintf("git %s: %s", e.command, e.stderr)
}

func (e *commandFailure) Unwrap() error { return e.err }

// status returns the exit status of a failed command, or -1.
func (e *commandFailure) status() int {
	var exit *exec.ExitError
	if errors.As(e.err, &exit) {
		return exit.ExitCode()
	}
	return -1
}

// said returns the lines that git itself wrote.
func (e *commandFailure) said() []string {
	if e.lines == nil {
		return []string{e.stderr}
	}
	return e.lines
}

// says reports whether a line that git itself wrote matches.
func (e *commandFailure) says(what *regexp.Regexp) bool {
	return slices.ContainsFunc(e.said(), what.MatchString)
}

func commandError(ctx context.Context, args []string, stderr string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("git %s: %w", subcommand(args), ctx.Err())
	}
	lines := linesOf(stderr)
	failure := &commandFailure{
		command: subcommand(args), stderr: redact(strings.Join(lines[max(0, len(lines)-5):], "; ")), lines: ownLines(lines), err: err,
	}
	if failure.says(noSpace) || isDiskFull(err) {
		return &DiskFullError{err: failure}
	}
	return failure
}

func isDiskFull(err error) bool {
	return slices.ContainsFunc(diskFull, func(full error) bool { return errors.Is(err, full) })
}

// ofDisk turns the error of a write into a *DiskFullError if the disk is full.
func ofDisk(err error) error {
	if isDiskFull(err) {
		return &DiskFullError{err: err}
	}
	return err
}

// progress matches the progress messages of git or a server.
var progress = regexp.MustCompile(`^(remote: )?([A-Z][a-z]+ (objects|deltas)|Total \d+ )`)

// linesOf returns the lines of a command's error output, without progress messages.
func linesOf(stderr string) []string {
	lines := strings.FieldsFunc(strings.TrimSpace(stderr), func(r rune) bool { return r == '\n' || r == '\r' })
	return slices.DeleteFunc(lines, progress.MatchString)
}

// ownLines returns the lines that git wrote itself. Lines from a server begin with
// "remote:" or with "fatal: remote error:".
func ownLines(lines []string) []string {
	out := []string{}
	for _, line := range lines {
		if !strings.HasPrefix(line, "remote:") && !strings.HasPrefix(line, "fatal: remote error:") {
			out = append(out, line)
		}
	}
	return out
}

var (
	noSpace = regexp.MustCompile(`^(error|fatal): .*(No space left on device|Disk quota exceeded|write error\. Out of diskspace)$`)
	// refusedToken matches git's messages if a server refuses the token.
	refusedToken = regexp.MustCompile(`^fatal: (Authentication failed for |could not read (Username|Password) for |unable to access '.*': The requested URL returned error: 40[13])`)
	tooSlow      = regexp.MustCompile(`(^error: RPC failed; curl 28 |^fatal: unable to access '.*': Operation too slow|Operation too slow\. Less than \d+ bytes/sec)`)
	noMemory     = regexp.MustCompile(`^fatal: Out of memory, `)
)

const object = `[0-9a-f]{40}([0-9a-f]{24})?`

// damage matches git's messages about its own damaged files. Anybody can choose the names
// of files and branches, so no pattern allows such a name before the words that it looks
// for.
var damage = regexp.MustCompile(`^((error|fatal|warning): )?(` + strings.Join([]string{
	`object file .+ is empty`, `(loose|packed) object ` + object + ` \(stored in .+\) is corrupt`, `corrupt loose object '` + object + `'`,
	`(packfile|file) .+ (cannot be accessed|does not match index|is not a GIT packfile|is far too short to be a packfile)`,
	`index file .+ is (too small|corrupt)`, `(wrong )?index v?\d+ file size`, `non-monotonic index`, `unable to read sha1 file of `,
	`bad (tree|blob|object) ` + object, `bad object (HEAD|refs/\S+|` + object + `)$`, `refs/\S+ does not point to a valid object`,
	`unable to (read|unpack) (tree |blob |object |sha1 file )?\(?` + object, `unable to (read|unpack|parse) ` + object + ` header`, `unable to open object pack directory`,
	`could not read ` + object, `Could not read ` + object, `failed to read object ` + object, `failed to unpack tree object `,
	`cannot read object ` + object, `missing (tree|blob) ` + object, `not a git repository`, `not a tree object`,
	`object corrupt or missing`, `inflate: `, `sha1 mismatch `, `hash mismatch `, `invalid sha1 pointer `,
	`.* did not send all necessary objects$`, `cannot lock ref '[^']*': unable to resolve reference`, `bad signature 0x`,
	`unable to find ` + object, `failed to traverse parents of commit ` + object, `unable to parse commit ` + object,
}, "|") + `)`)

// incoming matches messages about received data, which is not in the mirror yet.
var incoming = regexp.MustCompile(`^((error|fatal): )?(inflate: |sha1 mismatch |hash mismatch |pack |bad signature 0x)`)

// Corrupt reports whether err is a sign that the mirror itself is damaged and should be
// rebuilt.
func Corrupt(err error) bool {
	var failure *commandFailure
	if !errors.As(err, &failure) {
		return false
	}
	return slices.ContainsFunc(failure.said(), func(line string) bool {
		return damage.MatchString(line) && (failure.command != "fetch" || !incoming.MatchString(line))
	})
}
