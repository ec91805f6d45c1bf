package conformance_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/github/conformance"
)

// world is a stand-in with one object of each kind.
type world struct {
	srv  *github.Server
	pull github.Pull
	old  github.Comment
	// app is installed in org, with the id installation.
	app          github.App
	installation int64
}

func newWorld(t *testing.T, opts ...github.Option) world {
	t.Helper()
	opts = append([]github.Option{github.WithToken("bot", "rehearsal-bot"), github.WithToken("eve", "eve")}, opts...)
	srv, err := github.Start("", opts...)
	check(t, err)
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	})
	w, ctx := world{srv: srv}, t.Context()
	_, err = srv.CreateRepo(ctx, github.NewRepo{Org: "org", Repo: "config",
		Files: map[string]string{"jobs/a.yaml": "a: 1\n", "gone": "x\n", "old name": "the same\n"},
		Roles: map[string]string{"rehearsal-bot": "write", "carol": "maintain"}})
	check(t, err)
	for _, login := range []string{"rehearsal-bot", "bob"} {
		_, err = srv.SetMember(ctx, github.Member{Org: "org", User: login, Public: login != "bob"})
		check(t, err)
	}
	for login, pending := range map[string]bool{"bob": false, "ivy": true} {
		_, err = srv.SetTeamMember(ctx, github.TeamMember{Org: "org", Team: "ops", User: login, Pending: pending})
		check(t, err)
	}
	w.pull, err = srv.OpenPull(ctx, github.NewPull{Org: "org", Repo: "config", Author: "alice", Change: github.Change{
		Files:    map[string]string{"jobs/a.yaml": "a: 2\n", "new name": "the same\n"},
		Symlinks: map[string]string{"link": "jobs/a.yaml"}, Remove: []string{"gone", "old name"}}})
	check(t, err)
	w.old, err = srv.CreateComment(ctx, github.NewComment{PullID: w.pull.PullID, By: "bob", Body: "hi"})
	check(t, err)
	w.app, err = srv.CreateApp(ctx, github.NewApp{Slug: "rehearsal", Owner: "org",
		Permissions: map[string]string{"pull_requests": "write", "members": "read"}, Events: []string{"pull_request"}})
	check(t, err)
	installed, err := srv.InstallApp(ctx, github.NewInstallation{App: w.app.ID, Org: "org", Repositories: []string{"config"}})
	check(t, err)
	w.installation = installed.ID
	return w
}

// appToken stands for the user of a call that the App itself makes.
const appToken = "app"

func (w world) token(t *testing.T, user string) string {
	t.Helper()
	if user != appToken {
		return user
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(w.app.PrivateKey))
	check(t, err)
	now := time.Now()
	token, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer: fmt.Sprint(w.app.ID), IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(time.Minute)),
	}).SignedString(key)
	check(t, err)
	return token
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// history adds each kind of event to the timeline.
func (w world) history(t *testing.T) {
	t.Helper()
	ctx, title, base := t.Context(), "Another title", "release"
	action := github.PullAction{PullID: w.pull.PullID, By: "bob"}
	labels := github.PullLabels{PullID: w.pull.PullID, By: "bob", Labels: []string{"ok"}}
	steps := []func() error{
		func() error {
			_, err := w.srv.CreateCommit(ctx, github.NewCommit{Org: "org", Repo: "config", Branch: base})
			return err
		},
		func() error {
			_, err := w.srv.EditPull(ctx, github.PullEdit{PullID: w.pull.PullID, Title: &title, Base: &base})
			return err
		},
		func() error { _, err := w.srv.AddLabels(ctx, labels); return err },
		func() error { _, err := w.srv.RemoveLabels(ctx, labels); return err },
		func() error {
			_, err := w.srv.Push(ctx, github.NewPush{PullID: w.pull.PullID, Force: true, Change: github.Change{Files: map[string]string{"b": "1"}}})
			return err
		},
		func() error { _, err := w.srv.ClosePull(ctx, action); return err },
		func() error { _, err := w.srv.ReopenPull(ctx, action); return err },
		func() error { _, err := w.srv.LockPull(ctx, action); return err },
		func() error { _, err := w.srv.UnlockPull(ctx, action); return err },
		func() error { _, err := w.srv.MergePull(ctx, action); return err },
	}
	for _, step := range steps {
		check(t, step())
	}
}

type restCall struct {
	user, method, path, body string
	status                   int
}

// calls returns at least one good call of each route, and the refused ones.
func (w world) calls() []restCall {
	repo := "/repos/org/config"
	issue, pull := repo+"/issues/1", repo+"/pulls/1"
	old := fmt.Sprintf("%s/issues/comments/%d", repo, w.old.ID)
	sha := w.pull.HeadSHA
	tokens := fmt.Sprintf("/app/installations/%d/access_tokens", w.installation)
	return []restCall{
		{"bot", "GET", repo + "/pulls?state=all&sort=updated&direction=desc&base=main&per_page=1", "", 200},
		{"bot", "GET", repo + "/pulls?state=nonsense", "", 422},
		{"bot", "GET", pull, "", 200},
		{"bot", "GET", repo + "/pulls/99", "", 404},
		{"", "GET", pull, "", 401},
		{"bot", "PATCH", pull, `{"state":"closed"}`, 200},
		{"bot", "GET", issue, "", 200},
		{"bot", "PATCH", pull, `{"state":"open"}`, 200},
		{"eve", "PATCH", pull, `{"state":"closed"}`, 403},
		{"bot", "GET", pull + "/files", "", 200},
		{"bot", "GET", pull + "/commits", "", 200},
		{"eve", "PUT", pull + "/merge", `{}`, 403},
		{"bot", "PUT", pull + "/merge", `{"merge_method":"squash"}`, 405},
		{"bot", "PUT", pull + "/merge", `{"merge_method":"push"}`, 422},
		{"bot", "PUT", pull + "/merge", `{"sha":"` + strings.Repeat("0", 40) + `"}`, 409},
		{"bot", "PUT", repo + "/pulls/99/merge", "", 404},
		{"bot", "GET", issue, "", 200},
		{"bot", "GET", issue + "/comments?since=2020-01-01T00:00:00Z&per_page=100&page=1", "", 200},
		{"bot", "POST", issue + "/comments", `{"body":"hello"}`, 201},
		{"bot", "POST", issue + "/comments", `{"body":"` + strings.Repeat("x", 65537) + `"}`, 422},
		{"bot", "POST", issue + "/comments", `{`, 400},
		{"bot", "GET", repo + "/issues/comments?since=2020-01-01T00:00:00Z&sort=updated&direction=asc", "", 200},
		{"bot", "GET", old, "", 200},
		{"bot", "PATCH", old, `{"body":"hi there"}`, 200},
		{"eve", "PATCH", old, `{"body":"mine"}`, 403},
		{"bot", "POST", old + "/reactions", `{"content":"eyes"}`, 201},
		{"bot", "POST", old + "/reactions", `{"content":"eyes"}`, 200},
		{"bot", "POST", old + "/reactions", `{"content":"wave"}`, 422},
		{"bot", "GET", old + "/reactions", "", 200},
		{"bot", "POST", issue + "/reactions", `{"content":"eyes"}`, 201},
		{"bot", "POST", issue + "/reactions", `{"content":"eyes"}`, 200},
		{"eve", "POST", issue + "/reactions", `{"content":"rocket"}`, 201},
		{"bot", "POST", issue + "/reactions", `{"content":"wave"}`, 422},
		{"bot", "POST", repo + "/issues/99/reactions", `{"content":"eyes"}`, 404},
		{"bot", "GET", issue + "/reactions?per_page=1&page=2", "", 200},
		{"bot", "GET", old, "", 200},
		{"bot", "DELETE", old, "", 204},
		{"bot", "POST", old + "/reactions", `{"content":"eyes"}`, 404},
		{"bot", "GET", old, "", 404},
		{"bot", "POST", issue + "/labels", `{"labels":["a/b","c"]}`, 200},
		{"bot", "POST", issue + "/labels", `["d"]`, 200},
		{"eve", "POST", issue + "/labels", `["e"]`, 403},
		{"bot", "GET", issue + "/labels", "", 200},
		{"bot", "DELETE", issue + "/labels/a%2Fb", "", 200},
		{"bot", "DELETE", issue + "/labels/none", "", 404},
		{"bot", "POST", repo + "/statuses/" + sha, `{"state":"pending","context":"ci/a","description":"going","target_url":"https://ci.example.com/1"}`, 201},
		{"bot", "POST", repo + "/statuses/" + sha, `{"state":"success"}`, 201},
		{"bot", "POST", repo + "/statuses/" + sha, `{"state":"great"}`, 422},
		{"bot", "GET", repo + "/commits/" + sha + "/statuses", "", 200},
		{"bot", "GET", repo + "/commits/" + sha + "/statuses?per_page=1&page=2", "", 200},
		{"bot", "GET", repo + "/commits/" + sha + "/status", "", 200},
		{"bot", "GET", repo + "/commits/" + sha + "/status?per_page=1&page=2", "", 200},
		{"bot", "GET", repo + "/commits/main", "", 200},
		{"bot", "GET", repo + "/commits/" + sha, "", 200},
		{"bot", "GET", repo + "/commits/nothing", "", 422},
		{"bot", "GET", repo, "", 200},
		{"bot", "GET", "/repos/org/nothing", "", 404},
		{"bot", "GET", repo + "/branches/main", "", 200},
		{"bot", "GET", repo + "/branches/none", "", 404},
		{"bot", "GET", repo + "/git/ref/heads/main", "", 200},
		{"bot", "GET", repo + "/git/ref/pull/1/head", "", 200},
		{"bot", "GET", repo + "/git/refs/heads/main", "", 200},
		{"bot", "GET", repo + "/git/refs/heads/none", "", 404},
		{"bot", "GET", repo + "/git/ref/heads/none", "", 404},
		{"bot", "GET", repo + "/git/matching-refs/heads/ma", "", 200},
		{"bot", "GET", repo + "/contents/jobs/a.yaml?ref=" + sha, "", 200},
		{"bot", "GET", repo + "/contents/jobs", "", 200},
		{"bot", "GET", repo + "/contents/", "", 200},
		{"bot", "GET", repo + "/contents/link?ref=" + sha, "", 200},
		{"bot", "GET", repo + "/contents/none", "", 404},
		{"bot", "GET", "/orgs/org/members/bob", "", 204},
		{"bot", "GET", "/orgs/org/members/carol", "", 404},
		{"eve", "GET", "/orgs/org/members/bob", "", 302},
		{"bot", "GET", "/orgs/org/public_members/bob", "", 404},
		{"bot", "GET", "/orgs/org/public_members/rehearsal-bot", "", 204},
		{"bot", "GET", "/orgs/org/teams/ops/memberships/bob", "", 200},
		{"bot", "GET", "/orgs/org/teams/ops/memberships/ivy", "", 200},
		{"bot", "GET", "/orgs/org/teams/ops/memberships/carol", "", 404},
		{"eve", "GET", "/orgs/org/teams/ops/memberships/bob", "", 404},
		{"bot", "GET", repo + "/collaborators/carol", "", 204},
		{"bot", "GET", repo + "/collaborators/eve", "", 404},
		{"bot", "GET", repo + "/collaborators/carol/permission", "", 200},
		{"bot", "GET", repo + "/collaborators/nobody/permission", "", 404},
		{"eve", "GET", repo + "/collaborators/carol/permission", "", 403},
		{"bot", "GET", "/user", "", 200},
		{"bot", "GET", "/users/alice", "", 200},
		{"bot", "GET", "/users/nobody", "", 404},
		{"bot", "GET", "/rate_limit", "", 200},
		{"bot", "GET", issue + "/timeline?per_page=100", "", 200},
		{appToken, "GET", "/app", "", 200},
		{appToken, "GET", repo + "/installation", "", 200},
		{appToken, "GET", "/repos/org/nothing/installation", "", 404},
		{appToken, "GET", "/orgs/org/installation", "", 200},
		{appToken, "POST", tokens, "", 201},
		{appToken, "POST", tokens, `{"repositories":["config"],"permissions":{"pull_requests":"write"}}`, 201},
		{appToken, "POST", tokens, `{"repositories":["nothing"]}`, 422},
		{appToken, "POST", "/app/installations/1/access_tokens", "", 404},
	}
}

func (w world) do(t *testing.T, c restCall) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), c.method, w.srv.URL()+"/api/v3"+c.path, strings.NewReader(c.body))
	check(t, err)
	req.Header.Set("Accept", "application/vnd.github.v3+json")
	if c.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.user != "" {
		req.Header.Set("Authorization", "Bearer "+w.token(t, c.user))
	}
	resp, err := http.DefaultTransport.RoundTrip(req) // does not follow redirects
	check(t, err)
	body, err := io.ReadAll(resp.Body)
	check(t, err)
	check(t, resp.Body.Close())
	if resp.StatusCode != c.status {
		t.Errorf("%s %s: got %d, want %d: %s", c.method, c.path, resp.StatusCode, c.status, body)
	}
}

func TestRESTConforms(t *testing.T) {
	w := newWorld(t, github.WithValidator(conformance.NewREST(t)))
	for _, c := range w.calls() {
		w.do(t, c)
	}
	w.history(t)
	next, err := w.srv.OpenPull(t.Context(), github.NewPull{Org: "org", Repo: "config", Author: "alice",
		Change: github.Change{Files: map[string]string{"c": "1\n"}}})
	check(t, err)
	merge := fmt.Sprintf("/repos/org/config/pulls/%d/merge", next.Number)
	w.do(t, restCall{"bot", "PUT", merge, `{"commit_title":"In","merge_method":"merge","sha":"` + next.HeadSHA + `"}`, 200})
	w.do(t, restCall{"bot", "PUT", merge, `{}`, 405})
	for _, path := range []string{"/issues/1/timeline?per_page=100", "/pulls/1", "/issues/1", "/pulls?state=closed"} {
		w.do(t, restCall{"bot", "GET", "/repos/org/config" + path, "", 200})
	}
	violations, err := w.srv.Violations(t.Context(), github.None{})
	check(t, err)
	for _, v := range violations {
		t.Error(v)
	}
	calls, err := w.srv.Calls(t.Context(), github.CallQuery{})
	check(t, err)
	for _, route := range github.Routes() {
		if calls.Counts[route] == 0 {
			t.Errorf("%s was never called", route)
		}
	}
}

// TestValidatorObjects: the validator really objects to errors.
func TestValidatorObjects(t *testing.T) {
	rest := conformance.NewREST(t)
	exchange := func(pattern, path, requestBody string, status int, body string) github.Exchange {
		method, _, _ := strings.Cut(pattern, " ")
		r, err := http.NewRequest(method, "http://github.invalid"+path, nil)
		check(t, err)
		r.Header.Set("Content-Type", "application/json")
		r.Pattern = pattern
		for _, name := range []string{"owner", "repo", "issue_number", "comment_id"} {
			r.SetPathValue(name, "1")
		}
		return github.Exchange{Request: r, RequestBody: []byte(requestBody), Status: status, Body: []byte(body)}
	}
	labels := "GET /repos/{owner}/{repo}/issues/{issue_number}/labels"
	label := `{"id":1,"node_id":"x","url":"http://x/","name":"a","color":"fff","default":false,"description":null}`
	cases := []struct {
		name     string
		exchange github.Exchange
		want     string // part of the objection; empty for none
	}{
		{"valid", exchange(labels, "/", "", 200, "["+label+"]"), ""},
		{"missing field", exchange(labels, "/", "", 200, `[{"id":1}]`), `"node_id" is missing`},
		{"wrong type", exchange(labels, "/", "", 200, strings.Replace("["+label+"]", `"id":1`, `"id":"1"`, 1)), "must be an integer"},
		{"unknown field", exchange(labels, "/", "", 200, strings.Replace("["+label+"]", `"id":1`, `"id":1,"colour":"x"`, 1)), "does not describe [].colour"},
		{"unknown route", exchange("GET /repos/{owner}/{repo}/wishes", "/", "", 200, "{}"), "GitHub has no GET"},
		{"unknown status", exchange(labels, "/", "", 207, "[]"), "does not answer that"},
		{"bad request", exchange("POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions", "/", `{"content":"wave"}`, 200, "{}"), "request:"},
		{"bad query", exchange(labels, "/?per_page=many", "", 200, "[]"), "per_page"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := rest.Validate(c.exchange)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
