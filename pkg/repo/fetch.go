package repo

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Limits bound one fetch. A zero field sets no limit.
type Limits struct {
	// Time is for the whole fetch. A fetch has stalled if it receives less than Speed
	// bytes per second for Stall.
	Time, Stall time.Duration
	Speed       int
	// Size bounds the received pack, Memory the memory that git may use to unpack it; both
	// in bytes.
	Size, Memory int64
}

var (
	// firstLimits are for the first fetch of a repository, baseLimits for later commits of
	// its branches.
	firstLimits = Limits{Time: 30 * time.Minute, Stall: 40 * time.Second, Speed: 10, Size: 8 << 30}
	baseLimits  = Limits{Time: 5 * time.Minute, Stall: 30 * time.Second, Speed: 10, Size: 2 << 30}
	// headLimits are for commits that anybody may push.
	headLimits = Limits{Time: 2 * time.Minute, Stall: 20 * time.Second, Speed: 1000, Size: 256 << 20, Memory: 512 << 20}
)

const (
	// maxFetches is how many fetches of a mirror run at once, maxHeads how many of them
	// may be of heads: an author can make the fetch of a head slow on purpose.
	maxFetches = 4
	maxHeads   = 3
)

// Fetch fetches the given branches, full refs or full commit SHAs; commits that anybody
// may have pushed need FetchHead. Commits that the mirror already has cost nothing and
// need not wait; a ref always asks the remote. It returns a *NotFoundError for a ref that
// the remote does not have. It rebuilds the mirror from nothing if it finds damage.
func (m *Mirror) Fetch(ctx context.Context, revisions ...string) error {
	for _, rev := range revisions {
		if IsSHA(rev) {
			if err := m.bring(ctx, rev, false); err != nil {
				return err
			}
			continue
		}
		if err := m.follow(ctx, rev); err != nil {
			return err
		}
	}
	return nil
}

// FetchHead fetches a commit that anybody may have pushed, within narrow limits. Beyond
// them it returns a *TooLargeError or a *SlowError, and returns the same error for a
// while without another try.
func (m *Mirror) FetchHead(ctx context.Context, sha string) error {
	if !IsSHA(sha) {
		return fmt.Errorf("%q is not a full commit SHA", sha)
	}
	return m.bring(ctx, sha, true)
}

// follow updates a branch or ref to its commit on the remote.
func (m *Mirror) follow(ctx context.Context, rev string) error {
	ref := rev
	if !strings.HasPrefix(rev, "refs/") {
		ref = "refs/heads/" + rev
	}
	if err := m.prepare(ctx); err != nil {
		return err
	}
	out, err := m.remote(ctx, git{dir: m.dir}, m.limits(false), rev, "ls-remote", "--quiet", "--end-of-options", m.url, ref)
	if err != nil {
		return err
	}
	for _, line := range strings.Split(string(out), "\n") {
		if sha, name, ok := strings.Cut(line, "\t"); ok && name == ref && IsSHA(sha) {
			if err := m.bring(ctx, sha, false); err != nil {
				return err
			}
			_, err := m.run(ctx, "update-ref", ref, sha)
			return err
		}
	}
	return &NotFoundError{Revision: ref}
}

// keptRef returns the ref that keeps a commit in the mirror. Later fetches offer the
// commit to the server, and so receive only new objects.
func keptRef(sha string) string { return keptRefs + sha }

const keptRefs = "refs/rehearsal/"

// Has reports whether a mirror has all of the commits, with refs that keep them. It never
// waits for a fetch.
func (m *Mirror) Has(ctx context.Context, commits ...string) bool {
	var names strings.Builder
	for _, sha := range commits {
		m.heads.use(sha, m.now())
		names.WriteString(keptRef(sha) + "^{commit}\n")
	}
	out, err := m.runWith(ctx, strings.NewReader(names.String()), "cat-file", "--batch-check=%(objectname)")
	return err == nil && slices.Equal(strings.Fields(string(out)), commits)
}

// bring fetches a commit unless the mirror has it. Concurrent calls for the same commit
// wait for each other; calls for other commits do not.
func (m *Mirror) bring(ctx context.Context, sha string, head bool) error {
	if m.Has(ctx, sha) {
		return nil
	}
	if m.url == "" {
		return errors.New("this repository is read only")
	}
	done, err := m.heads.turn(ctx, sha)
	if err != nil {
		return err
	}
	defer done()
	if err := m.heads.failure(sha, m.now()); err != nil && head {
		return err
	}
	if head {
		if err := m.headSlots.Acquire(ctx, 1); err != nil {
			return err
		}
		defer m.headSlots.Release(1)
	}
	err = m.bringOnce(ctx, sha, head)
	if Corrupt(err) {
		if err := m.Rebuild(ctx, sha); err != nil {
			return err
		}
		err = m.bringOnce(ctx, sha, head)
	}
	if head {
		err = m.heads.note(sha, err, m.now())
	}
	m.tidy(ctx)
	return err
}

func (m *Mirror) bringOnce(ctx context.Context, sha string, head bool) error {
	if err := m.prepare(ctx); err != nil {
		return err
	}
	if err := m.using.Acquire(ctx, 1); err != nil {
		return err
	}
	defer m.using.Release(1)
	if m.Has(ctx, sha) {
		return nil
	}
	return m.receive(ctx, sha, m.limits(head))
}

// limits returns the limits of a fetch that starts now.
func (m *Mirror) limits(head bool) Limits {
	switch {
	case m.bounds != nil:
		return *m.bounds
	case head:
		return headLimits
	case len(list(filepath.Join(m.dir, "objects", "pack"))) == 0:
		return firstLimits
	}
	return baseLimits
}

// receive fetches a commit into a temporary directory, and moves the objects into the
// mirror once they are complete: a fetch that fails leaves nothing.
func (m *Mirror) receive(ctx context.Context, sha string, l Limits) error {
	objects, err := m.objectDir()
	if err != nil {
		return fmt.Errorf("finding object directory: %w", err)
	}
	aside, err := makeTemp(filepath.Dir(m.dir), filepath.Base(m.dir)+".fetch-")
	if err != nil {
		return fmt.Errorf("receiving %s: %w", sha, err)
	}
	defer func() { _ = aside.Close() }()
	threads := "0" // one for each processor
	if l.Memory > 0 {
		threads = "1" // each thread takes memory
	}
	with := git{dir: m.dir, env: []string{"GIT_OBJECT_DIRECTORY=" + aside.path, "GIT_ALTERNATE_OBJECT_DIRECTORIES=" + quotePath(objects)}}
	_, err = m.remote(ctx, with, l, sha,
		"-c", "fetch.unpackLimit=1", "-c", "transfer.unpackLimit=1", "-c", "pack.threads="+threads, "-c", "core.bigFileThreshold=16m",
		// A server that reports progress has not stalled.
		"fetch", "--progress", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--end-of-options", m.url, sha)
	if err != nil {
		return exceeded(err, sha, l, aside.path)
	}
	if err := adopt(filepath.Join(aside.path, "pack"), filepath.Join(objects, "pack")); err != nil {
		return fmt.Errorf("receiving %s: %w", sha, ofDisk(err))
	}
	_, err = m.run(ctx, "update-ref", "--end-of-options", keptRef(sha), sha)
	return err
}

// remote runs a git command that talks to the remote.
func (m *Mirror) remote(ctx context.Context, with git, l Limits, rev string, args ...string) ([]byte, error) {
	protocol, err := protocolOf(m.url)
	if err != nil {
		return nil, err
	}
	within, cancel := context.WithTimeout(ctx, l.Time)
	defer cancel()
	access, err := m.access(within)
	if err != nil {
		return nil, err
	}
	with.env = append(append(slices.Clone(with.env), "GIT_ALLOW_PROTOCOL="+protocol), access...)
	args = append([]string{
		"-c", fmt.Sprintf("http.lowSpeedLimit=%d", l.Speed), "-c", fmt.Sprintf("http.lowSpeedTime=%d", int(l.Stall.Seconds())),
	}, args...)
	out, err := with.runWithin(within, l, args...)
	switch {
	case err == nil:
		return out, nil
	case ctx.Err() != nil:
		return nil, err
	case within.Err() != nil:
		return nil, &SlowError{Revision: rev, Time: l.Time}
	}
	return nil, understood(err, rev, l)
}

var missingRef = regexp.MustCompile(`couldn't find remote ref (\S+)|not our ref (\S+)|upload-pack: not our ref (\S+)|unadvertised object (\S+)`)

// understood turns git's messages about a server into typed errors.
func understood(err error, rev string, l Limits) error {
	var failure *commandFailure
	if !errors.As(err, &failure) {
		return err
	}
	if found := missingRef.FindStringSubmatch(failure.stderr); found != nil {
		return &NotFoundError{Revision: strings.TrimRight(strings.Join(found[1:], ""), ";")}
	}
	switch {
	case failure.says(tooSlow):
		return &SlowError{Revision: rev, Stalled: true, Time: l.Stall}
	case failure.says(refusedToken):
		return &AccessError{err: err}
	}
	return err
}

// exceeded returns a *TooLargeError if the files or messages of a failed fetch show that
// it exceeded its limits.
func exceeded(err error, sha string, l Limits, aside string) error {
	var failure *commandFailure
	if !errors.As(err, &failure) {
		return err
	}
	for _, e := range list(filepath.Join(aside, "pack")) {
		if info, infoErr := e.Info(); infoErr == nil && l.Size > 0 && info.Size() >= l.Size {
			return &TooLargeError{Revision: sha, Size: l.Size}
		}
	}
	if l.Memory > 0 && failure.says(noMemory) {
		return &TooLargeError{Revision: sha, Memory: l.Memory}
	}
	return err
}

// adopt moves packs. Their indices come last, because git finds a pack by its index.
func adopt(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, kind := range []string{".pack", ".rev", ".idx"} {
		for _, e := range list(from) {
			if !strings.HasPrefix(e.Name(), "pack-") || filepath.Ext(e.Name()) != kind {
				continue
			}
			if err := os.Rename(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// protocolOf returns the protocol of a repository's URL, the only one that its fetches
// may use: https, or http and file for tests and stand-ins. Git also accepts URLs that
// run programs (ext::, ssh) and plain paths.
func protocolOf(url string) (string, error) {
	protocol, _, _ := strings.Cut(url, "://")
	if !slices.Contains([]string{"https", "http", "file"}, protocol) {
		return "", fmt.Errorf("repositories are fetched by https, not from %q", redact(url))
	}
	return protocol, nil
}

// access returns the environment that authenticates git. On the command line, everyone
// could see the token.
func (m *Mirror) access(ctx context.Context) ([]string, error) {
	if m.token == nil || !strings.HasPrefix(m.url, "http") {
		return nil, nil
	}
	token, err := m.token(ctx)
	if err != nil {
		return nil, fmt.Errorf("token for %s: %w", redact(m.url), err)
	}
	basic := base64.StdEncoding.EncodeToString([]byte("x-access-token:" + token))
	return []string{
		"GIT_CONFIG_COUNT=1",
		"GIT_CONFIG_KEY_0=http.extraHeader",
		"GIT_CONFIG_VALUE_0=Authorization: Basic " + basic,
	}, nil
}
