package github_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

// questions are about somebody's rights.
func questions(client *github.Client) map[string]func(context.Context, string) (bool, error) {
	return map[string]func(context.Context, string) (bool, error){
		"member": func(ctx context.Context, login string) (bool, error) { return client.Member(ctx, "org", login) },
		"team": func(ctx context.Context, login string) (bool, error) {
			return client.TeamMember(ctx, "org", "ops", login)
		},
		"collaborator": func(ctx context.Context, login string) (bool, error) {
			return client.Collaborator(ctx, "org", "config", login)
		},
		"writer": func(ctx context.Context, login string) (bool, error) {
			p, err := client.Permission(ctx, "org", "config", login)
			if kind(err) == "not found" {
				return false, nil
			}
			return p.CanWrite(), err
		},
	}
}

func TestQuestionsOfRights(t *testing.T) {
	f := start(t)
	for _, login := range []string{"rehearsal-bot", "Mia", "tom"} {
		_, err := f.SetMember(t.Context(), standin.Member{Org: "org", User: login})
		ok(t, err)
	}
	for login, pending := range map[string]bool{"tom": false, "ivy": true} {
		_, err := f.SetTeamMember(t.Context(), standin.TeamMember{Org: "org", Team: "ops", User: login, Pending: pending})
		ok(t, err)
	}
	want := map[string]string{
		"bob": "collaborator writer", "BOB": "collaborator writer", "carol": "collaborator", "mia": "collaborator member", "tom": "collaborator member team",
		"ivy": "", "stranger": "", "renovate[bot]": "",
		"": "", "..": "", ".": "", "bob/../bob": "", "bob?x": "", "bob#": "", "%62ob": "", "bob bob": "", "böb": "",
	}
	for login, rights := range want {
		var got []string
		for name, ask := range questions(f.client) {
			has, err := ask(t.Context(), login)
			ok(t, err)
			if has {
				got = append(got, name)
			}
		}
		slices.Sort(got)
		if strings.Join(got, " ") != rights {
			t.Errorf("%q has %q, want %q", login, got, rights)
		}
	}
	if is, err := f.client.TeamMember(t.Context(), "org", "none", "tom"); err != nil || is {
		t.Errorf("a team that is not there: %t, %v", is, err)
	}
}

// TestMemberSeenFromOutside checks what GitHub returns to an account that is not a
// member.
func TestMemberSeenFromOutside(t *testing.T) {
	f := start(t)
	for login, public := range map[string]bool{"mia": false, "pat": true} {
		_, err := f.SetMember(t.Context(), standin.Member{Org: "org", User: login, Public: public})
		ok(t, err)
	}
	for login, want := range map[string]bool{"mia": false, "pat": true, "stranger": false} {
		if is, err := f.client.Member(t.Context(), "org", login); err != nil || is != want {
			t.Errorf("%s is a member: %t, %v", login, is, err)
		}
	}
}

// TestNoAnswerIsNoRight lets every question fail in every possible way.
func TestNoAnswerIsNoRight(t *testing.T) {
	for name, tc := range map[string]struct {
		fault standin.Fault
		want  string
	}{
		"403":         {standin.Fault{Status: 403, Body: `{"message":"Resource not accessible by integration"}`}, "refused"},
		"401":         {standin.Fault{Status: 401}, "transient"},
		"500":         {standin.Fault{Status: 500}, "transient"},
		"a page":      {standin.Fault{Status: 502, Body: "<html>"}, "transient"},
		"rate limit":  {standin.Fault{Status: 429}, "limited"},
		"no answer":   {standin.Fault{Kind: standin.LoseAnswer}, "transient"},
		"cut in half": {standin.Fault{Kind: standin.Drop}, "transient"},
	} {
		t.Run(name, func(t *testing.T) {
			for question := range questions(nil) {
				f := start(t)
				_, err := f.SetMember(t.Context(), standin.Member{Org: "org", User: "rehearsal-bot"})
				ok(t, err)
				fault := tc.fault
				fault.Method = http.MethodGet
				_, err = f.AddFault(t.Context(), fault)
				ok(t, err)
				has, err := questions(f.client)[question](t.Context(), "bob")
				if has || kind(err) != tc.want {
					t.Errorf("%s: %t, %v", question, has, err)
				}
			}
		})
	}
}

func TestChangedFiles(t *testing.T) {
	f := start(t)
	change := standin.Change{Files: map[string]string{"jobs/b.yaml": "a: 1\n", "x..y/c": "c"}, Remove: []string{"jobs/a.yaml"}}
	for i := range 250 {
		change.Files[fmt.Sprintf("many/%d", i)] = fmt.Sprint(i)
	}
	pull, err := f.OpenPull(t.Context(), standin.NewPull{Org: "org", Repo: "config", Author: "alice", Change: change})
	ok(t, err)
	files, err := f.client.ChangedFiles(t.Context(), "org", "config", pull.Number)
	ok(t, err)
	if len(files) != 253 || !slices.Contains(files, "jobs/a.yaml") || !slices.Contains(files, "jobs/b.yaml") {
		t.Errorf("%d files: %.300q", len(files), files)
	}
}

func TestChangedFilesThatGitHubDoesNotTell(t *testing.T) {
	pages := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pages++
		w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?page=%d>; rel="next"`, r.Host, r.URL.Path, pages+1))
		write(t, w, "["+strings.TrimSuffix(strings.Repeat(`{"filename":"a"},`, 100), ",")+"]")
	}))
	defer server.Close()
	files, err := newClient(t, server.URL, github.Options{}).ChangedFiles(t.Context(), "org", "config", 1)
	if kind(err) != "incomplete" || files != nil || pages != 30 {
		t.Errorf("%d files and %v after %d pages", len(files), err, pages)
	}
}

func TestContent(t *testing.T) {
	f := start(t)
	commit, err := f.CreateCommit(t.Context(), standin.NewCommit{Org: "org", Repo: "config", Change: standin.Change{
		Files:    map[string]string{"OWNERS": "approvers: [bob]\n", "a..b/ä ?#%/OWNERS": "odd\n", "large": strings.Repeat("x", 2<<20), "empty": ""},
		Symlinks: map[string]string{"link": "OWNERS"},
	}})
	ok(t, err)
	for path, want := range map[string]string{
		"OWNERS": "approvers: [bob]\n", "a..b/ä ?#%/OWNERS": "odd\n", "empty": "", "none": "not found", "jobs": "not found", "a..b/OWNERS": "not found",
		"large": "incomplete", "link": "incomplete",
	} {
		content, err := f.client.Content(t.Context(), "org", "config", path, commit.SHA)
		if got := map[bool]string{true: string(content), false: kind(err)}[err == nil]; got != want {
			t.Errorf("%s: got %.40q, want %q (%v)", path, got, want, err)
		}
	}
	before, err := f.client.Content(t.Context(), "org", "config", "jobs/a.yaml", "main")
	ok(t, err)
	if string(before) != "a: 1\n" {
		t.Errorf("got %q", before)
	}
	_, err = f.client.Content(t.Context(), "org", "config", "OWNERS", strings.Repeat("0", 40))
	if kind(err) != "not found" {
		t.Errorf("a commit that is not there: %v", err)
	}
}
