package github

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestJWT is the maximum lifetime of a JSON web token, as documented at
// https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app.
const longestJWT = 10 * time.Minute

type claims struct {
	Issuer    json.RawMessage `json:"iss"` // the App's id, as a number or as text
	IssuedAt  *int64          `json:"iat"`
	ExpiresAt *int64          `json:"exp"`
}

// appOf verifies a JSON web token and returns the App that signed it. It is written from
// the standard, without the library that signs.
func (s *Server) appOf(token string) (*app, error) {
	parts := strings.Split(token, ".")
	var header struct {
		Algorithm string `json:"alg"`
	}
	var c claims
	if !decodePart(parts[0], &header) || !decodePart(parts[1], &c) || header.Algorithm != "RS256" {
		return nil, badJWT("A JSON web token could not be decoded")
	}
	if err := c.check(s.now()); err != nil {
		return nil, err
	}
	id, err := strconv.ParseInt(strings.Trim(string(c.Issuer), `"`), 10, 64)
	if err != nil {
		return nil, badJWT("'Issuer' claim ('iss') must be an Integer")
	}
	a := s.apps[id]
	if a == nil {
		return nil, &apiError{Status: http.StatusNotFound, Message: "Integration not found"}
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || rsa.VerifyPKCS1v15(a.key, crypto.SHA256, digest[:], signature) != nil {
		return nil, badJWT("A JSON web token could not be decoded")
	}
	return a, nil
}

func (c claims) check(now time.Time) error {
	switch {
	case c.IssuedAt == nil || time.Unix(*c.IssuedAt, 0).After(now):
		return badJWT("'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
	case c.ExpiresAt == nil || !time.Unix(*c.ExpiresAt, 0).After(now):
		return badJWT("'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
	case time.Unix(*c.ExpiresAt, 0).Sub(now) > longestJWT:
		return badJWT("'Expiration time' claim ('exp') is too far in the future")
	}
	return nil
}

func decodePart(part string, into any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(raw, into) == nil
}

func badJWT(message string) error {
	return &apiError{Status: http.StatusUnauthorized, Message: message}
}
