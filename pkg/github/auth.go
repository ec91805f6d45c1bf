package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// TokenSource gives the token to use now.
type TokenSource func(context.Context) (string, error)

// TokenFile reads the token from a file, each time: a mounted Secret changes
// under its readers.
func TokenFile(path string) TokenSource {
	return func(context.Context) (string, error) {
		content, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("reading GitHub's token: %w", err)
		}
		token := strings.TrimSpace(string(content))
		switch {
		case token == "":
			return "", fmt.Errorf("reading GitHub's token: %s is empty", path)
		case strings.ContainsAny(token, "\r\n"):
			// The header would be refused with an error that shows it.
			return "", fmt.Errorf("reading GitHub's token: %s has more than one line", path)
		}
		return token, nil
	}
}

// Secrets are the values of the token that must not be shown to anybody; none
// when there is no token.
func (s TokenSource) Secrets() []string {
	token, err := s(context.Background())
	if err != nil {
		return nil
	}
	return []string{token}
}

// authenticator adds the token to calls to one host, and to no other: not even
// where GitHub redirects to.
type authenticator struct {
	next         http.RoundTripper
	scheme, host string
	token        TokenSource
}

// RoundTrip implements http.RoundTripper.
func (a *authenticator) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != a.host || r.URL.Scheme != a.scheme {
		return a.next.RoundTrip(r)
	}
	token, err := a.token(r.Context())
	if err != nil {
		if r.Body != nil {
			err = errors.Join(err, r.Body.Close())
		}
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+token)
	return a.next.RoundTrip(r)
}
