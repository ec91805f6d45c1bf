package receiver

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
)

func sign(key string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

const hierarchy = `
"*":
- value: global
  created_at: 2020-10-02T15:00:00Z
openshift:
- value: org
openshift/release:
- value: old
  created_at: 2020-10-02T15:00:00Z
- value: new
`

func TestKeys(t *testing.T) {
	var (
		release = v1alpha1.Pull{Org: "openshift", Repo: "release", Number: 1}
		other   = v1alpha1.Pull{Org: "OpenShift", Repo: "other", Number: 1}
		foreign = v1alpha1.Pull{Org: "kubevirt", Repo: "project-infra", Number: 1}
		body    = []byte(`{"zen": "Speak like a human."}`)
	)
	tests := []struct {
		name    string
		content string
		key     string
		pull    v1alpha1.Pull
		signed  bool
		covered bool
	}{
		{"bare", "secret\n", "secret", release, true, true},
		{"bare with spaces", "It's a Secret to Everybody", "It's a Secret to Everybody", release, true, true},
		{"bare, of two lines, first", "one\r\ntwo\n", "one", release, true, true},
		{"bare, of two lines, second", "one\r\ntwo\n", "two", foreign, true, true},
		{"bare, wrong", "one\ntwo\n", "one\ntwo", release, false, false},
		{"bare that looks like YAML", "a: b", "a: b", release, true, true},
		{"repository, old key", hierarchy, "old", release, true, true},
		{"repository, new key", hierarchy, "new", release, true, true},
		{"key of the organisation for a repository with its own", hierarchy, "org", release, true, false},
		{"global key for a repository with its own", hierarchy, "global", release, true, false},
		{"organisation, in another case", hierarchy, "org", other, true, true},
		{"key of a repository for another", hierarchy, "old", other, true, false},
		{"global", hierarchy, "global", foreign, true, true},
		{"key of an organisation for another", hierarchy, "org", foreign, true, false},
		{"unknown key", hierarchy, "guess", release, false, false},
		{"empty key", hierarchy, "", release, false, false},
		{"the file itself", hierarchy, strings.TrimSpace(hierarchy), release, false, false},
		{"no key for the organisation", "openshift: [{value: org}]", "org", foreign, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keys, err := ParseKeys([]byte(tt.content))
			if err != nil {
				t.Fatal(err)
			}
			scopes := keys.Verify(sign(tt.key, body), body)
			if got := len(scopes) > 0; got != tt.signed {
				t.Errorf("signed is %v (%v), want %v", got, scopes, tt.signed)
			}
			if got := keys.Covers(scopes, tt.pull); got != tt.covered {
				t.Errorf("covered is %v by %v, want %v", got, scopes, tt.covered)
			}
			if scopes := keys.Verify(sign(tt.key, body), append(slices.Clone(body), ' ')); len(scopes) > 0 {
				t.Errorf("another body passes for %v", scopes)
			}
		})
	}
}

func TestVerifyRefuses(t *testing.T) {
	keys, err := ParseKeys([]byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	good := sign("secret", nil)
	for _, signature := range []string{
		"", "sha256=", "sha256=zz", good[:len(good)-2], good + "00", strings.TrimPrefix(good, "sha256="), "sha1=" + good[7:], " " + good,
	} {
		if scopes := keys.Verify(signature, nil); len(scopes) > 0 {
			t.Errorf("%q passes", signature)
		}
	}
	if scopes := keys.Verify(strings.ToUpper(good[7:]), nil); len(scopes) > 0 {
		t.Error("a signature without its algorithm passes")
	}
}

func TestParseKeysRefuses(t *testing.T) {
	for name, content := range map[string]string{
		"nothing":             "",
		"white space":         " \n\n",
		"empty map":           "{}",
		"no keys":             `"*": []`,
		"empty value":         `"*": [{value: ""}]`,
		"no value":            `"*": [{created_at: 2020-10-02T15:00:00Z}]`,
		"a mistyped map":      "\"*\":\n- value: hunter2\n   created_at: now\n",
		"a list of keys":      "- value: hunter2\n- value: hunter3\n",
		"a time that is none": "\"*\":\n- hunter2\n",
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := ParseKeys([]byte(content))
			if err == nil {
				t.Fatalf("gives %d scopes", len(keys.byScope))
			}
			if strings.Contains(err.Error(), "hunter") {
				t.Errorf("the error quotes the secret: %v", err)
			}
		})
	}
}
