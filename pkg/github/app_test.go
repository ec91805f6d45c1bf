package github_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

// appFixture is a stand-in with our App installed in org, for the repository config, and
// a client that acts as the App. Both use the same clock.
type appFixture struct {
	*fixture
	app   standin.App
	key   string
	ahead time.Duration
}

func (f *appFixture) now() time.Time { return time.Now().Add(f.ahead) }

// pass advances the clock of both.
func (f *appFixture) pass(t *testing.T, d time.Duration) {
	t.Helper()
	f.ahead += d
	_, err := f.AdvanceClock(t.Context(), standin.Duration(d))
	ok(t, err)
}

func needs() map[string]string {
	out := map[string]string{}
	for _, p := range github.AppPermissions() {
		out[p.Name] = p.Level
	}
	return out
}

func startApp(t *testing.T, change ...func(*github.App)) *appFixture {
	t.Helper()
	f := &appFixture{fixture: start(t)}
	for _, r := range []standin.NewRepo{
		{Org: "org", Repo: "other", Private: true}, {Org: "org", Repo: "unserved", Private: true},
		{Org: "elsewhere", Repo: "public"}, {Org: "elsewhere", Repo: "private", Private: true},
	} {
		_, err := f.CreateRepo(t.Context(), r)
		ok(t, err)
	}
	var err error
	f.app, err = f.CreateApp(t.Context(), standin.NewApp{Slug: "rehearsal", Owner: "org", Permissions: needs(), Events: github.AppEvents()})
	ok(t, err)
	_, err = f.InstallApp(t.Context(), standin.NewInstallation{App: f.app.ID, Org: "org", Repositories: []string{"config", "unserved"}})
	ok(t, err)
	f.key = filepath.Join(t.TempDir(), "private-key")
	ok(t, os.WriteFile(f.key, []byte(f.app.PrivateKey), 0o600))
	app := &github.App{
		ID: f.app.ID, Key: func() ([]byte, error) { return os.ReadFile(f.key) },
		Serves: func(org, repo string) bool { return org+"/"+repo == "org/config" || repo == "other" },
		Home:   func() string { return "org/config" },
	}
	for _, c := range change {
		c(app)
	}
	f.client, err = github.New(github.Options{Endpoint: f.APIURL(), App: app, Transport: newTransport(t), Now: f.now})
	ok(t, err)
	return f
}

// minted returns how many tokens of installations were requested.
func (f *fixture) minted(t *testing.T) int {
	t.Helper()
	calls, err := f.Calls(t.Context(), standin.CallQuery{})
	ok(t, err)
	return calls.Counts[tokenRoute]
}

const tokenRoute = "POST /app/installations/{installation_id}/access_tokens"

// TestAppConverses makes all our calls on a pull request, with only the permissions that
// we request.
func TestAppConverses(t *testing.T) {
	f, ctx := startApp(t), t.Context()
	pull := f.open(t)
	self, err := f.client.Self(ctx)
	ok(t, err)
	if self != "rehearsal[bot]" {
		t.Errorf("we are %q", self)
	}
	comment, err := f.client.CreateComment(ctx, "org", "config", pull.Number, "hello")
	ok(t, err)
	if comment.Author != self || comment.AuthorType != "Bot" {
		t.Errorf("the comment is by %q, a %s", comment.Author, comment.AuthorType)
	}
	for what, call := range map[string]func() error{
		"edit": func() error {
			_, err := f.client.EditComment(ctx, "org", "config", comment.ID, "hello again")
			return err
		},
		"read":     func() error { _, err := f.client.Comment(ctx, "org", "config", comment.ID); return err },
		"comments": func() error { _, err := f.client.Comments(ctx, "org", "config", pull.Number); return err },
		"since":    func() error { _, err := f.client.CommentsSince(ctx, "org", "config", time.Now()); return err },
		"react":    func() error { return f.client.React(ctx, "org", "config", comment.ID, "eyes") },
		"react to": func() error { return f.client.ReactToPull(ctx, "org", "config", pull.Number, "eyes") },
		"label":    func() error { return f.client.AddLabel(ctx, "org", "config", pull.Number, "b") },
		"unlabel":  func() error { return f.client.RemoveLabel(ctx, "org", "config", pull.Number, "a") },
		"status": func() error {
			_, err := f.client.SetStatus(ctx, "org", "config", pull.HeadSHA, github.Status{Context: "x", State: "pending"})
			return err
		},
		"pull":  func() error { _, err := f.client.Pull(ctx, "org", "config", pull.Number); return err },
		"pulls": func() error { _, err := f.client.OpenPulls(ctx, "org", "config"); return err },
		"timeline": func() error {
			_, err := f.client.Pushes(ctx, "org", "config", pull.Number)
			return err
		},
		"permission": func() error { _, err := f.client.Permission(ctx, "org", "config", "bob"); return err },
		"tip":        func() error { _, err := f.client.BranchTip(ctx, "org", "config", "main"); return err },
	} {
		if err := call(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if n := f.minted(t); n != 1 {
		t.Errorf("%d tokens were made for one repository", n)
	}
}

// TestAppTokensExpire checks that a call after the expiry gets a new token, and so does a
// fetch by Git, for which the old token is no longer valid.
func TestAppTokensExpire(t *testing.T) {
	f, ctx := startApp(t), t.Context()
	pull := f.open(t)
	fetch := func() error {
		mirror := repo.Open(filepath.Join(t.TempDir(), "m.git"), f.URL()+"/org/config.git",
			repo.WithToken(func(ctx context.Context) (string, error) { return f.client.Token(ctx, "org", "config") }))
		return mirror.Fetch(ctx, pull.BaseSHA, pull.HeadSHA)
	}
	ok(t, fetch())
	first, err := f.client.Token(ctx, "org", "config")
	ok(t, err)
	if secrets := f.client.Secrets(); len(secrets) != 1 || secrets[0] != first {
		t.Errorf("the secrets are %q, want the token", secrets)
	}
	f.pass(t, 54*time.Minute)
	if again, err := f.client.Token(ctx, "org", "config"); err != nil || again != first {
		t.Errorf("a token with six minutes left is not used again: %v", err)
	}
	f.pass(t, time.Minute+time.Second)
	ok(t, ask(ctx, f.client))
	second, err := f.client.Token(ctx, "org", "config")
	ok(t, err)
	if second == first {
		t.Error("a token with less than five minutes left is still used")
	}
	f.pass(t, 2*time.Hour)
	ok(t, ask(ctx, f.client))
	ok(t, fetch())
	if n := f.minted(t); n != 3 {
		t.Errorf("%d tokens were made, want 3", n)
	}
	stale := repo.Open(filepath.Join(t.TempDir(), "m.git"), f.URL()+"/org/config.git",
		repo.WithToken(func(context.Context) (string, error) { return first, nil }))
	if err := stale.Fetch(ctx, pull.BaseSHA); err == nil || strings.Contains(err.Error(), first) {
		t.Errorf("a fetch with the first token: %v", err)
	}
}

// TestAppTokenThatIsRejected checks that the next call gets another token when GitHub's
// clock, or an owner, ends a token early.
func TestAppTokenThatIsRejected(t *testing.T) {
	f, ctx := startApp(t), t.Context()
	ok(t, ask(ctx, f.client))
	_, err := f.AdvanceClock(ctx, standin.Duration(59*time.Minute)) // GitHub's alone
	ok(t, err)
	f.ahead = 59 * time.Minute
	ok(t, ask(ctx, f.client))
	_, err = f.AddFault(ctx, standin.Fault{Method: "GET", Path: "/repos/**", Status: 401, Times: 1})
	ok(t, err)
	if err := ask(ctx, f.client); kind(err) != "transient" {
		t.Errorf("a rejected token gives %v", err)
	}
	before := f.minted(t)
	ok(t, ask(ctx, f.client))
	if n := f.minted(t) - before; n != 1 {
		t.Errorf("%d tokens were made after one was rejected", n)
	}
}

// TestAppTokensAreNarrow checks that a token for one repository is not valid for another.
func TestAppTokensAreNarrow(t *testing.T) {
	f, ctx := startApp(t), t.Context()
	token, err := f.client.Token(ctx, "org", "config")
	ok(t, err)
	narrow := newClientFor(t, f.APIURL(), func(context.Context) (string, error) { return token, nil })
	if _, err := narrow.BranchTip(ctx, "org", "unserved", "main"); kind(err) != "not found" {
		t.Errorf("the token for org/config reads another private repository: %v", err)
	}
	reader, err := f.client.Token(ctx, "org", "unserved")
	ok(t, err)
	wide := newClientFor(t, f.APIURL(), func(context.Context) (string, error) { return reader, nil })
	if _, err := wide.BranchTip(ctx, "org", "unserved", "main"); err != nil {
		t.Errorf("the token for reading does not read: %v", err)
	}
	if _, err := wide.CreateComment(ctx, "org", "config", f.open(t).Number, "x"); kind(err) != "refused" {
		t.Errorf("the token for reading writes: %v", err)
	}
	elsewhere, err := f.client.Token(ctx, "elsewhere", "public")
	ok(t, err)
	home := newClientFor(t, f.APIURL(), func(context.Context) (string, error) { return elsewhere, nil })
	if _, err := home.BranchTip(ctx, "elsewhere", "public", "main"); err != nil {
		t.Errorf("the token for repositories without the App does not read: %v", err)
	}
	if _, err := home.CreateComment(ctx, "org", "config", f.open(t).Number, "x"); kind(err) != "refused" {
		t.Errorf("the token for repositories without the App writes: %v", err)
	}
}

func TestAppElsewhere(t *testing.T) {
	f, ctx := startApp(t), t.Context()
	read := func(org, repo string) error {
		_, err := f.client.BranchTip(ctx, org, repo, "main")
		return err
	}
	ok(t, read("elsewhere", "public"))
	ok(t, read("org", "unserved"))
	if err := read("elsewhere", "private"); kind(err) != "not found" {
		t.Errorf("a repository that is none of ours gives %v", err)
	}
	var missing *github.NotInstalledError
	err := read("org", "other")
	if !errors.As(err, &missing) || kind(err) != "transient" || !strings.Contains(fmt.Sprint(err), "not installed in org/other") {
		t.Errorf("a repository that we serve without the App gives %v", err)
	}
	_, err = f.InstallApp(ctx, standin.NewInstallation{App: f.app.ID, Org: "org"})
	ok(t, err)
	if err := read("org", "other"); err != nil {
		t.Errorf("as soon as the App is installed: %v", err)
	}
}

// TestAppWithLessThanAsked checks that GitHub refuses only the calls that the
// installation does not permit.
func TestAppWithLessThanAsked(t *testing.T) {
	f, ctx := startApp(t), t.Context()
	_, err := f.InstallApp(ctx, standin.NewInstallation{App: f.app.ID, Org: "org", Permissions: map[string]string{"pull_requests": "write", "contents": "read"}})
	ok(t, err)
	pull := f.open(t)
	_, err = f.client.CreateComment(ctx, "org", "config", pull.Number, "hello")
	ok(t, err)
	_, err = f.client.SetStatus(ctx, "org", "config", pull.HeadSHA, github.Status{Context: "x", State: "pending"})
	if kind(err) != "refused" {
		t.Errorf("a status that the App may not set gives %v", err)
	}
}

// TestAppThatIsTurnedAway checks that an error about the App is not mistaken for one
// about the person or pull request in the call.
func TestAppThatIsTurnedAway(t *testing.T) {
	for _, status := range []int{403, 404, 422} {
		f := startApp(t)
		_, err := f.AddFault(t.Context(), standin.Fault{Method: "POST", Path: "/app/**", Status: status, Body: `{"message":"This installation has been suspended"}`, Times: 1})
		ok(t, err)
		if err := ask(t.Context(), f.client); kind(err) != "transient" {
			t.Errorf("%d: %v", status, err)
		}
		ok(t, ask(t.Context(), f.client))
	}
}

func TestAppKeys(t *testing.T) {
	f, ctx := startApp(t), t.Context()
	for name, content := range map[string]string{"none": "", "nonsense": "canary", "somebody else's": ""} {
		switch name {
		case "none":
			ok(t, os.Remove(f.key))
		case "somebody else's":
			other, err := f.CreateApp(ctx, standin.NewApp{Slug: "other", Owner: "org"})
			ok(t, err)
			content = other.PrivateKey
			fallthrough
		default:
			ok(t, os.WriteFile(f.key, []byte(content), 0o600))
		}
		if err := ask(ctx, f.client); kind(err) != "transient" || content != "" && strings.Contains(fmt.Sprint(err), strings.TrimSpace(content)) {
			t.Errorf("%s: %v", name, err)
		}
		f.pass(t, 10*time.Minute)
	}
	ok(t, os.WriteFile(f.key, []byte(f.app.PrivateKey), 0o600))
	if err := ask(ctx, f.client); err != nil {
		t.Errorf("the key was put right, and still: %v", err)
	}
}

func TestCredentials(t *testing.T) {
	type files map[string]string
	for name, tc := range map[string]struct {
		files   files
		setting int64
		app     int64 // 0 for a person
		wrong   string
	}{
		"token":            {files: files{"token": "t"}},
		"App":              {files: files{"app-id": " 12\n", "private-key": "k"}, app: 12},
		"App and token":    {files: files{"app-id": "12", "private-key": "k", "token": "t"}, setting: 13, app: 12},
		"id in settings":   {files: files{"private-key": "k"}, setting: 13, app: 13},
		"no id":            {files: files{"private-key": "k"}, wrong: "app_id"},
		"no number":        {files: files{"private-key": "k", "app-id": "twelve"}, wrong: "not the number"},
		"id without a key": {files: files{"token": "t", "app-id": "12"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, content := range tc.files {
				ok(t, os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600))
			}
			data := map[string][]byte{}
			for file, content := range tc.files {
				data[file] = []byte(content)
			}
			_, fromSecret, secretErr := github.SecretCredentials(data, tc.setting)
			token, app, err := github.Credentials(dir, tc.setting)
			if (fromSecret == nil) != (app == nil) || (secretErr == nil) != (err == nil) || app != nil && app.ID != fromSecret.ID {
				t.Errorf("from the Secret %+v, %v; from the directory %+v, %v", fromSecret, secretErr, app, err)
			}
			if tc.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wrong) {
					t.Errorf("error is %v, want one about %s", err, tc.wrong)
				}
				return
			}
			ok(t, err)
			var id int64
			if app != nil {
				id = app.ID
			}
			if diff := cmp.Diff(tc.app, id); diff != "" || (app == nil) != (token != nil) {
				t.Error(diff)
			}
		})
	}
}
