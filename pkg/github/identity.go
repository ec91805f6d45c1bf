package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Names of the accounts that GitHub counts calls by. An installation of an App
// is "installation-123". None of them is secret.
const (
	accountToken     = "token"
	accountApp       = "app"
	accountAnonymous = "anonymous"
)

// credentials are those of one call.
type credentials struct {
	// account is the account for which GitHub counts the call.
	account string
	// token is the bearer token; empty for none.
	token string
	// expires is zero for a token that does not expire.
	expires time.Time
}

// source returns the credentials for calls of the REST API.
type source interface {
	// For gives those for a call, by its path below the endpoint.
	credentialsFor(ctx context.Context, path string) (credentials, error)
	// rejected reports that GitHub no longer accepts them.
	rejected(credentials)
}

type accountKey struct{}

func withAccount(ctx context.Context, account string) context.Context {
	return context.WithValue(ctx, accountKey{}, account)
}

func accountOf(ctx context.Context) string {
	if account, ok := ctx.Value(accountKey{}).(string); ok {
		return account
	}
	return accountAnonymous
}

// expiryHeader tells ghproxy when its cache for a token expires.
const expiryHeader = "X-Prow-Token-Expires-At"

// authenticator adds the token only to calls to one host, not even to the target of a
// redirect.
type authenticator struct {
	next         http.RoundTripper
	scheme, host string
	root         string // the path that the REST API is under, with a slash at its end
	source       source
}

// RoundTrip implements http.RoundTripper.
func (a *authenticator) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != a.host || r.URL.Scheme != a.scheme {
		return a.next.RoundTrip(r)
	}
	path, suffix := strings.TrimPrefix(r.URL.EscapedPath(), a.root), ""
	if about, ok := r.Context().Value(aboutKey{}).(string); ok {
		path, suffix = about, graphqlSuffix
	}
	c, err := a.source.credentialsFor(r.Context(), path)
	if err != nil {
		if r.Body != nil {
			err = errors.Join(err, r.Body.Close())
		}
		return nil, err
	}
	r = r.Clone(withAccount(r.Context(), c.account+suffix))
	c.addTo(r.Header)
	resp, err := a.next.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusUnauthorized {
		a.source.rejected(c)
	}
	return resp, err
}

func (c credentials) addTo(h http.Header) {
	if c.token != "" {
		h.Set("Authorization", "Bearer "+c.token)
	}
	if !c.expires.IsZero() {
		h.Set(expiryHeader, c.expires.UTC().Format(time.RFC3339))
	}
}

// credentialsFor implements source.
func (s TokenSource) credentialsFor(ctx context.Context, _ string) (credentials, error) {
	token, err := s(ctx)
	return credentials{account: accountToken, token: token}, err
}

func (TokenSource) rejected(credentials) {}

// nobody is the source for calls without a token.
type nobody struct{}

func (nobody) credentialsFor(context.Context, string) (credentials, error) {
	return credentials{account: accountAnonymous}, nil
}

func (nobody) rejected(credentials) {}

// Names of the files with our credentials, which are the keys of the Secret that
// is mounted.
const (
	tokenFile = "token"
	appIDFile = "app-id"
	keyFile   = "private-key"
)

// Credentials reads our identity from a directory: a GitHub App if there is a private
// key, with the id from the file next to it or else the given one; otherwise a user
// with the token. The files are reread when they are needed.
func Credentials(dir string, appID int64) (TokenSource, *App, error) {
	read := func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, name)) }
	app, err := appFrom(read, dir, appID)
	if app != nil || err != nil {
		return nil, app, err
	}
	return TokenFile(filepath.Join(dir, tokenFile)), nil, nil
}

// SecretCredentials is Credentials for the data of the Secret.
func SecretCredentials(data map[string][]byte, appID int64) (TokenSource, *App, error) {
	read := func(name string) ([]byte, error) {
		if content, has := data[name]; has {
			return content, nil
		}
		return nil, os.ErrNotExist
	}
	app, err := appFrom(read, "the Secret", appID)
	if app != nil || err != nil {
		return nil, app, err
	}
	return func(context.Context) (string, error) { return oneLine(data[tokenFile], "the key token of the Secret") }, nil, nil
}

// appFrom returns the App; nil if there is no private key.
func appFrom(read func(name string) ([]byte, error), place string, appID int64) (*App, error) {
	if _, err := read(keyFile); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("reading the private key of the GitHub App: %w", err)
	}
	text, err := read(appIDFile)
	if err == nil {
		appID, err = strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s in %s is not the number of a GitHub App", appIDFile, place)
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("reading the id of the GitHub App: %w", err)
	}
	if appID <= 0 {
		return nil, fmt.Errorf("there is a private key in %s but no id of the GitHub App: put it into the key app-id of the Secret, or into the settings as github.app_id", place)
	}
	return &App{ID: appID, Key: func() ([]byte, error) { return read(keyFile) }}, nil
}
