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
	"sync"
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
	// Unresolved: the conflict is one of an earlier merge, and still marked in
	// the work tree.
	Unresolved bool
}

func (e *ConflictError) Error() string {
	text := "merge conflict in " + strings.Join(e.Files, ", ")
	if e.Unresolved {
		return "unresolved " + text
	}
	return text
}

// Mirror is a bare repository with the objects of a remote one. It is created
// by the first fetch, and is safe for concurrent use: only fetches exclude
// each other.
type Mirror struct {
	Objects
	url   string
	token func(context.Context) (string, error)
	// packs and loose are how many of these fetches may leave before they are
	// combined.
	packs, loose int

	// fetching is held while refs or the directory itself change.
	fetching sync.Mutex
}

// Option changes how a mirror works.
type Option func(*Mirror)

// WithToken sets where the token for fetching over http comes from. It is
// asked anew for each fetch.
func WithToken(token func(context.Context) (string, error)) Option {
	return func(m *Mirror) { m.token = token }
}

// Open returns the mirror of url in dir. It does no work yet.
func Open(dir, url string, options ...Option) *Mirror {
	m := &Mirror{Objects: Objects{git{dir: dir}}, url: url, packs: maxPacks, loose: maxLoose}
	for _, o := range options {
		o(m)
	}
	return m
}

// OpenClone returns a person's own repository, by its .git directory. It is
// only read: nothing is fetched, repaired or written to it.
func OpenClone(gitDir string) *Mirror {
	return &Mirror{Objects: Objects{git{dir: gitDir}}}
}

// Dir is the git directory.
func (m *Mirror) Dir() string { return m.dir }

// fullSHA matches a complete object name.
var fullSHA = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// IsSHA reports whether s is a complete object name, which stands for one commit
// for ever: neither an abbreviation nor a branch.
func IsSHA(s string) bool { return fullSHA.MatchString(s) }

// Fetch brings the given branches, full refs or full commit SHAs. Commits that
// are there already cost nothing; a ref always asks the remote. A ref that the
// remote does not have is a *NotFoundError; a mirror that turns out to be
// damaged is rebuilt from nothing.
func (m *Mirror) Fetch(ctx context.Context, revisions ...string) error {
	if m.url == "" {
		return errors.New("this repository is read only")
	}
	m.fetching.Lock()
	defer m.fetching.Unlock()
	if err := m.prepare(ctx); err != nil {
		return err
	}
	err := m.fetch(ctx, revisions)
	if !Corrupt(err) {
		return err
	}
	if err := m.rebuild(ctx); err != nil {
		return err
	}
	return m.fetch(ctx, revisions)
}

// Rebuild throws the mirror away, so that the next fetch brings everything
// again. Whoever finds an error that is Corrupt should call it.
func (m *Mirror) Rebuild(ctx context.Context) error {
	if m.url == "" {
		return nil
	}
	m.fetching.Lock()
	defer m.fetching.Unlock()
	return m.rebuild(ctx)
}

func (m *Mirror) prepare(ctx context.Context) error {
	if _, err := m.run(ctx, "rev-parse", "--git-dir"); err == nil {
		return nil
	} else if ctx.Err() != nil {
		return err
	}
	return m.rebuild(ctx)
}

// rebuild puts an empty repository in place of whatever is there. The new one
// is made aside and renamed, so a crash leaves no half of one.
func (m *Mirror) rebuild(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Dir(m.dir), 0o755); err != nil {
		return fmt.Errorf("creating mirror: %w", err)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(m.dir), filepath.Base(m.dir)+".new-")
	if err != nil {
		return fmt.Errorf("creating mirror: %w", err)
	}
	defer func() { _ = os.RemoveAll(fresh) }()
	if _, err := (git{dir: fresh}).run(ctx, "init", "--quiet", "--bare", "--template="); err != nil {
		return fmt.Errorf("creating mirror: %w", err)
	}
	if err := os.RemoveAll(m.dir); err != nil {
		return fmt.Errorf("removing damaged mirror: %w", err)
	}
	if err := os.Rename(fresh, m.dir); err != nil {
		return fmt.Errorf("creating mirror: %w", err)
	}
	return nil
}

func (m *Mirror) fetch(ctx context.Context, revisions []string) error {
	var refspecs []string
	for _, rev := range revisions {
		switch {
		case IsSHA(rev):
			if m.has(ctx, rev) {
				continue
			}
			// A ref of its own lets later fetches offer the commit, and so
			// bring only what is new.
			refspecs = append(refspecs, rev+":refs/rehearsal/"+rev)
		case strings.HasPrefix(rev, "refs/"):
			refspecs = append(refspecs, "+"+rev+":"+rev)
		default:
			refspecs = append(refspecs, "+refs/heads/"+rev+":refs/heads/"+rev)
		}
	}
	if len(refspecs) == 0 {
		return nil
	}
	protocol, err := protocolOf(m.url)
	if err != nil {
		return err
	}
	access, err := m.access(ctx)
	if err != nil {
		return err
	}
	slices.Sort(refspecs)
	args := []string{"fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--end-of-options", m.url}
	with := git{dir: m.dir, env: append(append(slices.Clone(m.env), "GIT_ALLOW_PROTOCOL="+protocol), access...)}
	if _, err = with.run(ctx, append(args, slices.Compact(refspecs)...)...); err != nil {
		return notFound(err)
	}
	if err := m.tidy(ctx); Corrupt(err) || ctx.Err() != nil {
		return err
	}
	// Else what was fetched is of use all the same, and the next fetch tidies.
	return nil
}

// protocolOf returns the protocol of a repository's address, the only one that
// its fetches may use: https, or what tests and stand-ins use instead. Git knows
// addresses that run programs (ext::, ssh) or need no address at all.
func protocolOf(url string) (string, error) {
	protocol, _, _ := strings.Cut(url, "://")
	if !slices.Contains([]string{"https", "http", "file"}, protocol) {
		return "", fmt.Errorf("repositories are fetched by https, not from %q", redact(url))
	}
	return protocol, nil
}

// has reports whether a commit is there. Fetches bring a commit only with all
// it needs, so one look is enough.
func (o Objects) has(ctx context.Context, sha string) bool {
	_, err := o.run(ctx, "cat-file", "-e", "--end-of-options", sha+"^{commit}")
	return err == nil
}

// access returns the environment that lets git in: a token would be visible
// to everyone on the command line.
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

var missingRef = regexp.MustCompile(`couldn't find remote ref (\S+)|not our ref (\S+)|upload-pack: not our ref (\S+)|unadvertised object (\S+)`)

// notFound turns the remote's word for a missing ref into a *NotFoundError.
func notFound(err error) error {
	var failure *commandFailure
	if !errors.As(err, &failure) {
		return err
	}
	if found := missingRef.FindStringSubmatch(failure.stderr); found != nil {
		return &NotFoundError{Revision: strings.TrimRight(strings.Join(found[1:], ""), ";")}
	}
	return err
}

// Resolve returns the SHA of the commit that a branch, ref or SHA stands for
// in the mirror.
func (m *Mirror) Resolve(ctx context.Context, rev string) (string, error) {
	out, err := m.run(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	if err != nil {
		var failure *commandFailure
		if errors.As(err, &failure) && failure.stderr == "" {
			return "", &NotFoundError{Revision: rev}
		}
		return "", err
	}
	return lastField(out), nil
}

// lastField is what rev-parse found: older versions of git print the option
// --end-of-options as well.
func lastField(out []byte) string {
	fields := strings.Fields(string(out))
	if len(fields) == 0 {
		return ""
	}
	return fields[len(fields)-1]
}

// MergeBase returns the best common ancestor of two commits.
func (m *Mirror) MergeBase(ctx context.Context, a, b string) (string, error) {
	out, err := m.run(ctx, "merge-base", "--", a, b)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(out)), nil
}
