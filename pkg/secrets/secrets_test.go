package secrets

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestCensor(t *testing.T) {
	log, err := os.ReadFile("../joblog/testdata/excerpt/secrets.log")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/censored.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got := Censor(string(log), []string{"kanarienvogel-42"}); got != string(want) {
		t.Errorf("got\n%s", got)
	}
}

func TestCensorCases(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"nothing secret", "error: secrets \"foo\" not found", "error: secrets \"foo\" not found"},
		{"a sentence on tokens", "failed to read token: open /x: no such file", "failed to read token: open /x: no such file"},
		{"environment", "DB_PASSWORD=hunter2 ./run", "DB_PASSWORD=[censored] ./run"},
		{"query", "GET /x?access_token=abc&y=1", "GET /x?access_token=[censored]&y=1"},
		{"flag", "login --password hunter2 --user bob", "login --password [censored] --user bob"},
		{"json", `{"password": "a\"b", "user": "c"}`, `{"password": "[censored]", "user": "c"}`},
		{"url", "https://bob:hunter2@example.com/x", "https://[censored]@example.com/x"},
		{"github tokens", "ghs_0123456789abcdef0123 github_pat_11ABCDEFG0123456789_abc", "[censored] [censored]"},
		{"a value in base64", "Z2VoZWltbmlz", "[censored]"},
		{"a value in the middle", "xgeheimnisy", "x[censored]y"},
		{"end of a key", "c2VjcmV0c2VjcmV0c2VjcmV0\n-----END PRIVATE KEY-----\nok", "[censored]\n[censored]\nok"},
		{"start of a key", "-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0c2VjcmV0c2VjcmV0\nit failed here", "[censored]\n[censored]\nit failed here"},
		{"key in one line", `"-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n"`, `"[censored]\n"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := Censor(c.in, []string{"geheimnis\n", "  ", "x"}); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestScannedRules checks that the rules of gitleaks exist, and that each can be used.
func TestScannedRules(t *testing.T) {
	rules := scanned()
	if len(rules) < 200 {
		t.Errorf("%d rules", len(rules))
	}
	for _, r := range rules {
		if len(r.keywords) == 0 || slices.ContainsFunc(r.keywords, func(k string) bool { return k == "" || k != strings.ToLower(k) }) {
			t.Errorf("%v: keywords %q", r.find(), r.keywords)
		}
		if groups := r.find().NumSubexp(); r.secret > groups {
			t.Errorf("%v: %d groups, want %d", r.find(), groups, r.secret)
		}
	}
}

// TestKnownServices has secrets of services for which there is no rule of our own. They
// are assembled here, so that no scanner reports this file as a leak.
func TestKnownServices(t *testing.T) {
	const random = "x9Kq2LmZ7vTb4WcN8sRj5YhPd3FgUe6A"
	for name, secret := range map[string]string{
		"SendGrid":        "SG" + "." + random[:22] + "." + random + random[:11],
		"Stripe":          "sk_" + "live_" + random[:24],
		"PyPI":            "pypi-" + "AgEIcHlwaS5vcmc" + random + random,
		"DigitalOcean":    "dop_" + "v1_" + strings.Repeat("9f3a7c1e", 8),
		"Slack hook":      "https://hooks." + "slack.com/services/T0AB1CD2E/B0AB1CD2E/" + random[:24],
		"HashiCorp Vault": "hvs." + random + random + random,
		"Hugging Face":    "hf_" + "xKqLmZvTbWcNsRjYhPdFgUeAabcdefghij",
		"age":             "AGE-SECRET-KEY-1" + strings.Repeat("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 2)[:58],
		"Azure AD":        "abc8Q~" + random + "ab",
		"Grafana":         "glsa_" + random + "_1a2b3c4d",
		"Terraform Cloud": "abcdefghijklmn" + ".atlasv1." + random + random,
		"Databricks":      "dapi" + "9f3a7c1e9f3a7c1e9f3a7c1e9f3a7c1e",
	} {
		t.Run(name, func(t *testing.T) {
			got := Censor("before "+secret+" after", nil)
			if !strings.Contains(got, Mark) || strings.Contains(got, secret[len(secret)-12:]) || !strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " after") {
				t.Errorf("%q became %q", secret, got)
			}
		})
	}
}

// TestHarmless checks that texts that people need to read are kept.
func TestHarmless(t *testing.T) {
	for _, s := range []string{
		"spec.containers[0].args[3]: --github-token-path=/etc/github/oauth → --github-token-path=/etc/github/token",
		`{"name":"token","secret":{"secretName":"github-token"}}`,
		"registry.k8s.io/kubekins-e2e@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		"image: gcr.io/k8s-testimages/kubekins-e2e:v20231206-f7b83ffbe6-master",
		"HEAD is now at 603b4ab4f1b2b0b822cd15d6c15b0f00a089f86d Merge pull request",
		"--- FAIL: TestSecretKeyRef (0.31s)",
		"secrets_test.go:42: secret \"robot\" not found in namespace prow",
		"GOOGLE_APPLICATION_CREDENTIALS_FILE=/etc/service-account/service-account.json",
		"pull-kubernetes-e2e-gce-cos-alpha-features",
		"The token expires in 3600 seconds.",
	} {
		if got := Censor(s, nil); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

func BenchmarkShapes(b *testing.B) {
	line := "spec.containers[0].image: gcr.io/k8s-testimages/kubekins-e2e:v20231206-f7b83ffbe6-master"
	Shapes(line)
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		Shapes(line)
	}
}
