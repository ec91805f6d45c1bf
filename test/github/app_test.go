package github_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	gogithub "github.com/google/go-github/v60/github"

	"github.com/rehearsal-dev/rehearsal/test/github"
)

// sign makes a JSON web token, written from the standard.
func sign(t *testing.T, key, algorithm string, claims map[string]any) string {
	t.Helper()
	block, _ := pem.Decode([]byte(key))
	private, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	part := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	text := part(map[string]string{"alg": algorithm, "typ": "JWT"}) + "." + part(claims)
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func status(err error) int {
	var answer *gogithub.ErrorResponse
	if errors.As(err, &answer) {
		return answer.Response.StatusCode
	}
	if err != nil {
		return -1
	}
	return http.StatusOK
}

func TestJSONWebTokens(t *testing.T) {
	srv, ctx := start(t), t.Context()
	app := must(srv.CreateApp(ctx, github.NewApp{Slug: "rehearsal", Owner: "org"}))(t)
	other := must(srv.CreateApp(ctx, github.NewApp{Slug: "other", Owner: "org"}))(t)
	now := time.Now().Unix()
	claims := func(iat, exp int64) map[string]any {
		return map[string]any{"iss": fmt.Sprint(app.ID), "iat": iat, "exp": exp}
	}
	valid := sign(t, app.PrivateKey, "RS256", claims(now-30, now+120))
	for name, tc := range map[string]struct {
		token string
		want  int
	}{
		"valid":                     {valid, 200},
		"numeric issuer":            {sign(t, app.PrivateKey, "RS256", map[string]any{"iss": app.ID, "iat": now, "exp": now + 60}), 200},
		"expires in ten minutes":    {sign(t, app.PrivateKey, "RS256", claims(now-60, now+599)), 200},
		"expires in eleven minutes": {sign(t, app.PrivateKey, "RS256", claims(now, now+660)), 401},
		"over":                      {sign(t, app.PrivateKey, "RS256", claims(now-120, now-1)), 401},
		"issued in the future":      {sign(t, app.PrivateKey, "RS256", claims(now+60, now+120)), 401},
		"no expiry":                 {sign(t, app.PrivateKey, "RS256", map[string]any{"iss": app.ID, "iat": now}), 401},
		"signed by another App":     {sign(t, other.PrivateKey, "RS256", claims(now, now+60)), 401},
		"unsigned":                  {sign(t, app.PrivateKey, "none", claims(now, now+60)), 401},
		"changed":                   {valid[:len(valid)-2] + "AA", 401},
		"unknown App":               {sign(t, app.PrivateKey, "RS256", map[string]any{"iss": "7", "iat": now, "exp": now + 60}), 404},
		"not a token":               {"a.b.c", 401},
		"token of a person":         {botToken, 401},
	} {
		_, _, err := goGitHub(t, srv, tc.token).Apps.Get(ctx, "")
		if got := status(err); got != tc.want {
			t.Errorf("%s: got %d (%v), want %d", name, got, err, tc.want)
		}
	}
}

// asApp returns a client with a JSON web token for the stand-in's time.
func asApp(t *testing.T, srv *github.Server, app github.App, now time.Time) *gogithub.Client {
	t.Helper()
	return goGitHub(t, srv, sign(t, app.PrivateKey, "RS256", map[string]any{
		"iss": app.ID, "iat": now.Unix() - 1, "exp": now.Unix() + 300,
	}))
}

func TestInstallationTokens(t *testing.T) {
	srv, ctx := start(t), t.Context()
	for _, repo := range []github.NewRepo{{Org: "org", Repo: "second", Private: true}, {Org: "org", Repo: "left-out"}, {Org: "elsewhere", Repo: "public"}} {
		must(srv.CreateRepo(ctx, repo))(t)
	}
	pull := openPull(t, srv)
	app := must(srv.CreateApp(ctx, github.NewApp{Slug: "rehearsal", Owner: "org", Permissions: map[string]string{
		"pull_requests": "write", "contents": "read", "members": "read",
	}}))(t)
	installed := must(srv.InstallApp(ctx, github.NewInstallation{App: app.ID, Org: "org", Repositories: []string{"config", "second"}}))(t)
	client := asApp(t, srv, app, time.Now())

	for repo, want := range map[string]int{"org/config": 200, "org/second": 200, "org/left-out": 404, "elsewhere/public": 404, "org/none": 404} {
		owner, name, _ := strings.Cut(repo, "/")
		found, _, err := client.Apps.FindRepositoryInstallation(ctx, owner, name)
		if status(err) != want || err == nil && found.GetID() != installed.ID {
			t.Errorf("installation of %s: %v, %v", repo, found.GetID(), err)
		}
	}
	token := func(opts *gogithub.InstallationTokenOptions) *gogithub.Client {
		made, _, err := client.Apps.CreateInstallationToken(ctx, installed.ID, opts)
		if err != nil {
			t.Fatal(err)
		}
		return goGitHub(t, srv, made.GetToken())
	}
	read := "read"
	scoped := token(&gogithub.InstallationTokenOptions{Repositories: []string{"config"}})
	reader := token(&gogithub.InstallationTokenOptions{Permissions: &gogithub.InstallationPermissions{Contents: &read}})
	calls := []struct {
		name string
		call func(*gogithub.Client) error
		want map[string]int
	}{
		{"comment", func(c *gogithub.Client) error {
			_, _, err := comment(ctx, c, pull.Number, "hello")
			return err
		}, map[string]int{"scoped": 201, "reader": 403}},
		{"status without permission", func(c *gogithub.Client) error {
			_, _, err := c.Repositories.CreateStatus(ctx, "org", "config", pull.HeadSHA, statusOf("pending", "x", "y"))
			return err
		}, map[string]int{"scoped": 403, "reader": 403}},
		{"another repository of the installation", func(c *gogithub.Client) error {
			_, _, err := c.Git.GetRef(ctx, "org", "second", "heads/main")
			return err
		}, map[string]int{"scoped": 404, "reader": 200}},
		{"public repository", func(c *gogithub.Client) error {
			_, _, err := c.Git.GetRef(ctx, "elsewhere", "public", "heads/main")
			return err
		}, map[string]int{"scoped": 200, "reader": 200}},
		{"authenticated user", func(c *gogithub.Client) error {
			_, _, err := c.Users.Get(ctx, "")
			return err
		}, map[string]int{"scoped": 403, "reader": 403}},
		{"member of the organisation", func(c *gogithub.Client) error {
			_, _, err := c.Organizations.IsMember(ctx, "org", "bob")
			return err
		}, map[string]int{"scoped": 200, "reader": 403}},
		{"App by an installation token", func(c *gogithub.Client) error {
			_, _, err := c.Apps.Get(ctx, "")
			return err
		}, map[string]int{"scoped": 401, "reader": 401}},
	}
	for _, tc := range calls {
		for kind, c := range map[string]*gogithub.Client{"scoped": scoped, "reader": reader} {
			err := tc.call(c)
			got, want := status(err), tc.want[kind]
			if got != want && (err != nil || want >= 300) {
				t.Errorf("%s with the %s token: %d (%v), want %d", tc.name, kind, got, err, want)
			}
		}
	}
	comments := must(srv.ListComments(ctx, pull.PullID))(t)
	if len(comments) != 1 || comments[0].Author != "rehearsal[bot]" {
		t.Errorf("the comments are %+v", comments)
	}
	if _, _, err := client.Apps.CreateInstallationToken(ctx, installed.ID, &gogithub.InstallationTokenOptions{Repositories: []string{"left-out"}}); status(err) != 422 {
		t.Errorf("a token for a repository without the App: %v", err)
	}
	if _, _, err := client.Apps.CreateInstallationToken(ctx, installed.ID, &gogithub.InstallationTokenOptions{
		Permissions: &gogithub.InstallationPermissions{Statuses: &read}}); status(err) != 422 {
		t.Errorf("a token with more rights than the installation: %v", err)
	}
	must(srv.AdvanceClock(ctx, github.Duration(time.Hour)))(t)
	if _, _, err := comment(ctx, scoped, pull.Number, "late"); status(err) != 401 {
		t.Errorf("a token that is an hour old gives %v", err)
	}
}

// TestCallsTellWhoCalled: the log names the caller: the App itself, one of its
// installations with its token, or a person, by the REST API and by git. Tokens have the
// configured lifetime.
func TestCallsTellWhoCalled(t *testing.T) {
	srv, ctx := start(t, github.WithTokenLife(time.Minute)), t.Context()
	app := must(srv.CreateApp(ctx, github.NewApp{Slug: "rehearsal", Owner: "org", Permissions: map[string]string{"contents": "read"}}))(t)
	installed := must(srv.InstallApp(ctx, github.NewInstallation{App: app.ID, Org: "org"}))(t)
	client := asApp(t, srv, app, time.Now())
	first, _, err := client.Apps.CreateInstallationToken(ctx, installed.ID, &gogithub.InstallationTokenOptions{Repositories: []string{"config"}})
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := client.Apps.CreateInstallationToken(ctx, installed.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	refs := func(token string) int {
		_, _, err := goGitHub(t, srv, token).Git.GetRef(ctx, "org", "config", "heads/main")
		return status(err)
	}
	must(srv.ResetCalls(ctx, github.None{}))(t)
	for _, token := range []string{first.GetToken(), second.GetToken(), botToken} {
		if got := refs(token); got != http.StatusOK {
			t.Errorf("reading a ref: %d", got)
		}
	}
	if _, _, err := client.Apps.Get(ctx, ""); err != nil {
		t.Error(err)
	}
	basic := base64.StdEncoding.EncodeToString([]byte("x-access-token:" + first.GetToken()))
	git(t, "", "-c", "http.extraHeader=Authorization: Basic "+basic, "ls-remote", srv.URL()+"/org/config")

	var grants []*github.Grant
	calls := must(srv.Calls(ctx, github.CallQuery{}))(t).Calls
	for i, want := range []struct {
		user       string
		app, grant bool
	}{
		{"rehearsal[bot]", false, true}, {"rehearsal[bot]", false, true}, {"rehearsal-bot", false, false},
		{"rehearsal[bot]", true, false}, {"rehearsal[bot]", false, true},
	} {
		if i >= len(calls) {
			t.Fatalf("%d calls are told of, want more", len(calls))
		}
		if c := calls[i]; c.User != want.user || c.App != want.app || (c.Grant != nil) != want.grant {
			t.Errorf("call %d is by %s, App %t, with %+v; want %+v", i, c.User, c.App, c.Grant, want)
		}
		grants = append(grants, calls[i].Grant)
	}
	if a, b := grants[0], grants[1]; a.ID == b.ID || a.Installation != installed.ID || !slices.Equal(a.Repositories, []string{"config"}) || len(b.Repositories) > 0 {
		t.Errorf("the tokens are %+v and %+v", a, b)
	}
	if byGit := grants[4]; byGit.ID != grants[0].ID || !strings.HasPrefix(calls[4].UserAgent, "git/") {
		t.Errorf("git is %s with %+v", calls[4].UserAgent, byGit)
	}
	must(srv.AdvanceClock(ctx, github.Duration(time.Minute)))(t)
	if got := refs(first.GetToken()); got != http.StatusUnauthorized {
		t.Errorf("a token that has had its minute gives %d", got)
	}
}

// TestEveryRouteHasItsPermission keeps new calls from being open to every App.
func TestEveryRouteHasItsPermission(t *testing.T) {
	for _, route := range github.Routes() {
		_, path, _ := strings.Cut(route, " ")
		if !github.TakesInstallations(route) && path != "/user" && !strings.HasPrefix(path, "/app") && !strings.HasSuffix(path, "/installation") {
			t.Errorf("permissions.go does not say what %s needs", route)
		}
	}
}
