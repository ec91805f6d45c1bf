package github

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	gogithub "github.com/google/go-github/v60/github"
)

const (
	// tokenMargin is how much of its hour a token must have left to be used: a
	// call, or a fetch by git, must not outlive it.
	tokenMargin = 5 * time.Minute
	// installationTime is how long the location of an installation is cached.
	installationTime = time.Hour
)

// App is a GitHub App to act as. Calls about a repository that we serve use a
// token for that repository alone; calls about others use tokens that can only
// read.
type App struct {
	ID int64
	// Key reads the private key, in PEM.
	Key func() ([]byte, error)
	// Serves says which repositories we act in; nil means all.
	Serves func(org, repo string) bool
	// Home is the repository, org/repo, whose installation reads public data of
	// organisations without the App; none does if nil or empty.
	Home func() string
	// Permissions are what tokens for the repositories that we serve can do; those
	// of AppPermissions when nil.
	Permissions map[string]string
}

// NotInstalledError says that the App is not installed where it is needed.
type NotInstalledError struct {
	Repository string
}

func (e *NotInstalledError) Error() string {
	return "the GitHub App is not installed in " + e.Repository + ": install it there, or take the repository out of the settings"
}

// scope is the scope of a token. Without a repository, the token can only read, in
// everything for which the owner has installed the App.
type scope struct {
	owner, repository string // in lower case
	// members limits it to reading memberships, reader to reading public data of other
	// owners.
	members, reader bool
}

// serving says that the token is for a repository that we serve. If the App is missing
// there, somebody will soon install it.
func (s scope) serving() bool { return s.repository != "" && !s.reader }

func (s scope) name() string {
	if s.repository == "" {
		return s.owner
	}
	return s.owner + "/" + s.repository
}

// appSource returns the tokens of an App's installations.
type appSource struct {
	*App
	key    *appKey
	client *gogithub.Client // authenticates as the App itself
	now    func() time.Time

	mu     sync.Mutex
	tokens map[scope]*installationToken
	live   map[string]time.Time // all tokens, until they expire
}

// installationToken is the known state of a scope. Its lock is held during calls to
// GitHub, so that there is only one call at a time.
type installationToken struct {
	mu sync.Mutex
	credentials
	installation *gogithub.Installation // nil where the App is not installed
	until        time.Time              // that this is believed
}

// credentialsFor implements source.
func (a *appSource) credentialsFor(ctx context.Context, path string) (credentials, error) {
	s, serving := a.scopeOf(path)
	c, err := a.token(ctx, s)
	var missing *NotInstalledError
	if !errors.As(err, &missing) || serving {
		return c, err
	}
	if home, ok := a.home(); ok {
		home.reader = true
		return a.token(ctx, home)
	}
	return nobody{}.credentialsFor(ctx, path)
}

// scopeOf returns the scope for a call, and whether it is required.
func (a *appSource) scopeOf(path string) (s scope, serving bool) {
	parts := strings.Split(strings.ToLower(path), "/")
	switch {
	case len(parts) >= 3 && parts[0] == "repos" && (a.Serves == nil || a.Serves(parts[1], parts[2])):
		return scope{owner: parts[1], repository: parts[2]}, true
	case len(parts) >= 3 && parts[0] == "repos":
		return scope{owner: parts[1]}, false
	case len(parts) >= 2 && parts[0] == "orgs":
		return scope{owner: parts[1], members: true}, false
	}
	home, _ := a.home()
	home.reader = true
	return home, false
}

func (a *appSource) home() (scope, bool) {
	if a.Home == nil {
		return scope{}, false
	}
	owner, repository, ok := strings.Cut(strings.ToLower(a.Home()), "/")
	return scope{owner: owner, repository: repository}, ok
}

// token returns the token of a scope that is valid for some time.
func (a *appSource) token(ctx context.Context, s scope) (credentials, error) {
	if s.owner == "" {
		return credentials{}, &NotInstalledError{Repository: "any repository"}
	}
	entry := a.entry(s)
	entry.mu.Lock()
	defer entry.mu.Unlock()
	if a.now().Before(entry.expires.Add(-tokenMargin)) {
		return entry.credentials, nil
	}
	if err := a.locate(ctx, s, entry); err != nil {
		return credentials{}, err
	}
	if entry.installation == nil {
		return credentials{}, &NotInstalledError{Repository: s.name()}
	}
	opts, err := a.options(s, entry.installation)
	if err != nil {
		return credentials{}, err
	}
	made, _, err := a.client.Apps.CreateInstallationToken(ctx, entry.installation.GetID(), opts)
	if err != nil {
		entry.until = time.Time{} // it may have been uninstalled
		return credentials{}, aboutUs("making a token of the GitHub App for "+s.name(), err)
	}
	entry.credentials = credentials{
		account: fmt.Sprintf("installation-%d", entry.installation.GetID()),
		token:   made.GetToken(), expires: made.GetExpiresAt().Time,
	}
	a.remember(entry.credentials)
	return entry.credentials, nil
}

func (a *appSource) remember(c credentials) {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.live, func(_ string, expires time.Time) bool { return !a.now().Before(expires) })
	a.live[c.token] = c.expires
}

func (a *appSource) entry(s scope) *installationToken {
	a.mu.Lock()
	defer a.mu.Unlock()
	entry, known := a.tokens[s]
	if !known {
		entry = &installationToken{}
		a.tokens[s] = entry
	}
	return entry
}

// locate finds the installation for a scope.
func (a *appSource) locate(ctx context.Context, s scope, entry *installationToken) error {
	if a.now().Before(entry.until) {
		return nil
	}
	var found *gogithub.Installation
	var resp *gogithub.Response
	var err error
	if s.repository != "" {
		found, resp, err = a.client.Apps.FindRepositoryInstallation(ctx, s.owner, s.repository)
	} else {
		found, resp, err = a.client.Apps.FindOrganizationInstallation(ctx, s.owner)
	}
	if err != nil && resp != nil && resp.Response != nil && resp.StatusCode == http.StatusNotFound && !noSuchApp(err) {
		entry.installation, entry.until = nil, a.now()
		if !s.serving() {
			entry.until = a.now().Add(refusalTime)
		}
		return nil
	}
	if err != nil {
		return aboutUs("looking for the GitHub App in "+s.name(), err)
	}
	entry.installation, entry.until = found, a.now().Add(installationTime)
	return nil
}

// aboutUs marks an error about our own identity. Its "not found" or "refused" must not be
// mistaken for one about the subject of the call, such as a person.
func aboutUs(op string, err error) error {
	if err = translate(op, err); lasting(err) {
		return errors.New(err.Error())
	}
	return err
}

// noSuchApp distinguishes GitHub's 404 for the App from that for the repository.
func noSuchApp(err error) bool {
	var answer *gogithub.ErrorResponse
	return errors.As(err, &answer) && strings.Contains(answer.Message, "Integration not found")
}

// options limits a token to what its scope needs.
func (a *appSource) options(s scope, in *gogithub.Installation) (*gogithub.InstallationTokenOptions, error) {
	wanted := map[string]string{"metadata": "read", "contents": "read"}
	var opts gogithub.InstallationTokenOptions
	switch {
	case s.members:
		wanted = map[string]string{"metadata": "read", "members": "read"}
	case s.reader:
		opts.Repositories = []string{s.repository}
	case s.repository != "":
		opts.Repositories = []string{s.repository}
		if wanted = a.Permissions; wanted == nil {
			wanted = needed()
		}
	}
	var err error
	opts.Permissions, err = narrowed(wanted, in.Permissions)
	return &opts, err
}

// rejected implements source.
func (a *appSource) rejected(c credentials) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for s, entry := range a.tokens {
		// A locked entry is being renewed.
		if entry.mu.TryLock() {
			if entry.token == c.token {
				delete(a.tokens, s)
			}
			entry.mu.Unlock()
		}
	}
}

// secrets returns the tokens that have not expired.
func (a *appSource) secrets() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(maps.Keys(a.live))
}

// asApp makes calls with the App's own token.
type asApp struct {
	next http.RoundTripper
	key  *appKey
}

// RoundTrip implements http.RoundTripper.
func (a *asApp) RoundTrip(r *http.Request) (*http.Response, error) {
	token, expires, err := a.key.current()
	if err != nil {
		if r.Body != nil {
			err = errors.Join(err, r.Body.Close())
		}
		return nil, err
	}
	r = r.Clone(withAccount(r.Context(), accountApp))
	credentials{token: token, expires: expires}.addTo(r.Header)
	resp, err := a.next.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusUnauthorized {
		a.key.forget()
	}
	return resp, err
}
