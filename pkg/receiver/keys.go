package receiver

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
)

// anywhere is the scope of keys that are valid for all repositories.
const anywhere = "*"

// Keys are the secrets with which webhooks are signed, by scope: org/repo, org or
// "*". All keys of a scope are valid.
type Keys struct {
	byScope map[string][][]byte
}

// ParseKeys reads a secret in one of the formats of Prow's hook: a map from scope to
// a list of {value, created_at}, or the bare secret. A file of several lines that is
// not such a map has one secret per line. Errors do not quote it.
func ParseKeys(content []byte) (*Keys, error) {
	content = bytes.TrimSpace(content)
	if len(content) == 0 {
		return nil, errors.New("the webhook secret is empty")
	}
	var hierarchy map[string][]struct {
		Value string `json:"value"`
	}
	if err := yaml.Unmarshal(content, &hierarchy); err != nil {
		return parseBare(content)
	}
	keys := &Keys{byScope: map[string][][]byte{}}
	for scope, tokens := range hierarchy {
		scope = strings.ToLower(scope)
		for _, token := range tokens {
			if token.Value == "" {
				return nil, fmt.Errorf("the webhook secret has an empty value for %q", scope)
			}
			keys.byScope[scope] = append(keys.byScope[scope], []byte(token.Value))
		}
	}
	if len(keys.byScope) == 0 {
		return nil, errors.New("the webhook secret has no key")
	}
	return keys, nil
}

func parseBare(content []byte) (*Keys, error) {
	lines := bytes.Split(content, []byte("\n"))
	keys := &Keys{byScope: map[string][][]byte{}}
	for i, line := range lines {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		// Lines of a map that was mistyped must not become keys: anyone can
		// guess "'*':".
		if len(lines) > 1 && bytes.ContainsAny(line, ": \t#") {
			return nil, fmt.Errorf("the webhook secret is neither a map of keys nor one key per line: see line %d", i+1)
		}
		keys.byScope[anywhere] = append(keys.byScope[anywhere], line)
	}
	return keys, nil
}

// Verify checks the value of X-Hub-Signature-256 against a body and returns the
// scopes of the keys that match, sorted; none if no key does.
func (k *Keys) Verify(signature string, body []byte) []string {
	check := k.Check(signature)
	_, _ = check.Write(body) // it never fails
	return check.Signed()
}

// Check verifies a signature of a body, which is written to it.
type Check struct {
	claimed []byte
	made    []made
}

// made returns the signature of the body with one key.
type made struct {
	scope string
	mac   hash.Hash
}

// Check starts checking the value of X-Hub-Signature-256.
func (k *Keys) Check(signature string) *Check {
	c := &Check{}
	digest, ok := strings.CutPrefix(signature, "sha256=")
	claimed, err := hex.DecodeString(digest)
	if !ok || err != nil || len(claimed) != sha256.Size {
		return c
	}
	c.claimed = claimed
	for scope, keys := range k.byScope {
		for _, key := range keys {
			c.made = append(c.made, made{scope, hmac.New(sha256.New, key)})
		}
	}
	return c
}

// Write adds a part of the body. It does not fail.
func (c *Check) Write(p []byte) (int, error) {
	for _, m := range c.made {
		m.mac.Write(p)
	}
	return len(p), nil
}

// Signed returns the scopes of the keys that made the signature, sorted; none if no key
// did.
func (c *Check) Signed() []string {
	var scopes []string
	for _, m := range c.made {
		if hmac.Equal(c.claimed, m.mac.Sum(nil)) {
			scopes = append(scopes, m.scope)
		}
	}
	return unique(scopes)
}

func unique(scopes []string) []string {
	slices.Sort(scopes)
	return slices.Compact(scopes)
}

// Covers reports whether one of the scopes that signed may deliver for a pull request. As
// in Prow, only the most specific scope that has keys counts.
func (k *Keys) Covers(signed []string, pull v1alpha1.Pull) bool {
	org := strings.ToLower(pull.Org)
	for _, scope := range []string{org + "/" + strings.ToLower(pull.Repo), org, anywhere} {
		if len(k.byScope[scope]) == 0 {
			continue
		}
		for _, s := range signed {
			if s == scope {
				return true
			}
		}
		return false
	}
	return false
}
