package github

import (
	"context"
	"encoding/base64"
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

// GitAuth returns the HTTP header, "Name: value", with which git may fetch what
// the token may read; empty without a token. It is as secret as the token.
func (c *Client) GitAuth(ctx context.Context) (string, error) {
	if c.token == nil {
		return "", nil
	}
	token, err := c.token(ctx)
	if err != nil {
		return "", err
	}
	credentials := base64.StdEncoding.EncodeToString([]byte("x-access-token:" + token))
	return "Authorization: Basic " + credentials, nil
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
