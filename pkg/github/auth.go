package github

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// TokenSource returns the current token.
type TokenSource func(context.Context) (string, error)

// TokenFile reads the token from a file each time, because a mounted Secret can
// change.
func TokenFile(path string) TokenSource {
	return func(context.Context) (string, error) {
		content, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("reading GitHub's token: %w", err)
		}
		return oneLine(content, path)
	}
}

// oneLine returns the token in a text that must be a single line.
func oneLine(text []byte, place string) (string, error) {
	token := strings.TrimSpace(string(text))
	switch {
	case token == "":
		return "", fmt.Errorf("reading GitHub's token: %s is empty", place)
	case strings.ContainsAny(token, "\r\n"):
		// Otherwise the header would be refused with an error that shows the token.
		return "", fmt.Errorf("reading GitHub's token: %s has more than one line", place)
	}
	return token, nil
}

// Secrets returns the values of the token that must not be shown; none if there is no
// token.
func (s TokenSource) Secrets() []string {
	token, err := s(context.Background())
	if err != nil {
		return nil
	}
	return []string{token}
}
