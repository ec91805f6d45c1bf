package cluster

import (
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/local/localtest"
)

func TestParsePull(t *testing.T) {
	for argument, want := range map[string]v1alpha1.Pull{
		"acme/release#7":                                          {Org: "acme", Repo: "release", Number: 7},
		"Acme-2/test.infra_x#1234":                                {Org: "Acme-2", Repo: "test.infra_x", Number: 1234},
		"https://github.com/acme/release/pull/7":                  {Org: "acme", Repo: "release", Number: 7},
		"https://ghe.example.com/acme/release/pull/7/files#":      {Org: "acme", Repo: "release", Number: 7},
		"http://10.0.0.1:8980/acme/release/pull/7#issuecomment-1": {Org: "acme", Repo: "release", Number: 7},
		"7":   {Number: 7},
		"#12": {Number: 12},
	} {
		if got, err := parsePull(argument); err != nil || got != want {
			t.Errorf("%s is %+v, %v", argument, got, err)
		}
	}
	for argument, says := range map[string]string{
		"":                                  "is not a pull request: write ORG/REPO#NUMBER",
		"0":                                 "is not a pull request",
		"-3":                                "is not a pull request",
		"acme/release":                      "is not a pull request",
		"acme/release#0":                    "is not a pull request",
		"acme/release#99999999999":          "is not a pull request",
		"acme#7":                            "is not a pull request",
		"a/b/c#7":                           "is not a pull request",
		"\x1b[2J":                           `"\x1b[2J" is not a pull request`,
		"https://github.com/acme/release":   "is not the URL of a pull request",
		"https://github.com/a/b/pull/x":     "is not a pull request",
		"https://github.com/acme/pull/7":    "is not the URL of a pull request",
		"https://github.com/a/b/issues/7":   "is not the URL of a pull request",
		"https://github.com/\x1b/b/issues/": "is not a pull request",
	} {
		if got, err := parsePull(argument); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q is %+v, %v; want %q", argument, got, err, says)
		}
	}
}

func TestChooseRepository(t *testing.T) {
	two := []string{"acme/infra", "acme/release"}
	for _, c := range []struct {
		name          string
		known, clones []string
		want, says    string
	}{
		{name: "one known repository", known: two[1:], want: "acme/release"},
		{name: "one known repository, in a clone of another", known: two[1:], clones: []string{"acme/widget"}, want: "acme/release"},
		{name: "clone of a fork and its upstream", known: two, clones: []string{"ACME/release", "alice/release"}, want: "acme/release"},
		{name: "several known repositories", known: two, says: "name the repository too: acme/infra, acme/release"},
		{name: "no known repository", says: "no pull request is known yet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := chooseRepository(c.known, c.clones)
			if got != c.want || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestFind(t *testing.T) {
	s := newStage(t, pull("acme", "release", 7), pull("acme", "release", 8))
	t.Chdir(t.TempDir())
	for _, argument := range []string{"acme/release#7", "ACME/Release#7", "7"} {
		if rh, err := s.find(t.Context(), argument); err != nil || rh.Name != "acme-release-7" {
			t.Errorf("%s is %v, %v", argument, rh, err)
		}
	}
	for argument, says := range map[string]string{
		"acme/release#9": "acme/release#9 is not known in namespace rehearsals",
		".":              "the current directory is not in a git repository",
	} {
		if _, err := s.find(t.Context(), argument); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", argument, err)
		}
	}
}

func TestFindHere(t *testing.T) {
	c := localtest.New(t)
	rh, other := pull("org", "config", 7), pull("org", "config", 8)
	rh.Status.Pull.Head = c.Git("rev-parse", "HEAD")
	other.Status.Pull.Head = rh.Status.Pull.Head
	other.Status.Pull.Open = false
	s := newStage(t, other, rh)
	if found, err := s.find(t.Context(), "."); err != nil || found.Name != rh.Name {
		t.Errorf("found %v, %v", found, err)
	}
	c.Write("more", "")
	c.Commit()
	if _, err := s.find(t.Context(), "."); err == nil || !strings.Contains(err.Error(), "push it") {
		t.Errorf("error is %v", err)
	}
}

func TestFindRun(t *testing.T) {
	rh := pull("acme", "release", 7)
	pr := running(rh, "cli-1-0", "one")
	s := newStage(t, rh)
	for _, argument := range []string{"cli-1-0", pr.Name} {
		if found, id, err := s.findRun(t.Context(), argument); err != nil || found.Name != rh.Name || id != "cli-1-0" {
			t.Errorf("%s is %v, %s, %v", argument, found, id, err)
		}
	}
	if found, id, err := s.findRun(t.Context(), "acme/release#7"); err != nil || found.Name != rh.Name || id != "" {
		t.Errorf("it is %v, %s, %v", found, id, err)
	}
	if _, _, err := s.findRun(t.Context(), "comment-9-0"); err == nil || !strings.Contains(err.Error(), "neither a pull request") {
		t.Errorf("error is %v", err)
	}
}
