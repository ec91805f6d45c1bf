package github

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// jwtLife is how long a JSON web token lasts; GitHub accepts ten minutes at most.
	// The token is reused, because ghproxy keeps a cache for each.
	jwtLife = 8 * time.Minute
	// jwtMargin is the margin at its end, and for GitHub's clock at its beginning.
	jwtMargin = time.Minute
)

// appKey makes the tokens that authenticate a GitHub App. It reads the key each time,
// because a mounted Secret can change.
type appKey struct {
	id   int64
	read func() ([]byte, error)
	now  func() time.Time

	mu      sync.Mutex
	token   string
	expires time.Time
}

// current returns the token, and when it expires.
func (k *appKey) current() (string, time.Time, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	if now.Before(k.expires.Add(-jwtMargin)) {
		return k.token, k.expires, nil
	}
	pem, err := k.read()
	if err != nil {
		return "", time.Time{}, fmt.Errorf("reading the private key of the GitHub App: %w", err)
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM(pem)
	if err != nil {
		// The parser's error contains nothing of the key.
		return "", time.Time{}, fmt.Errorf("reading the private key of the GitHub App: %w", err)
	}
	expires := now.Add(jwtLife).Truncate(time.Second)
	token, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer:    strconv.FormatInt(k.id, 10),
		IssuedAt:  jwt.NewNumericDate(now.Add(-jwtMargin).Truncate(time.Second)),
		ExpiresAt: jwt.NewNumericDate(expires),
	}).SignedString(key)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("signing as the GitHub App: %w", err)
	}
	k.token, k.expires = token, expires
	return token, expires, nil
}

// forget drops the token, so that the next call makes a new one.
func (k *appKey) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.expires = time.Time{}
}
