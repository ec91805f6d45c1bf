package github_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/test/github"
)

// read gets a page like a browser.
func read(t *testing.T, resp *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if cerr := resp.Body.Close(); err == nil {
		err = cerr
	}
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v\n%s", resp.Request.URL, resp.StatusCode, err, body)
	}
	return string(body)
}

func get(t *testing.T, address string) string {
	t.Helper()
	resp, err := http.Get(address)
	return read(t, resp, err)
}

func TestPullPage(t *testing.T) {
	srv, ctx := start(t), t.Context()
	pull := openPull(t, srv)
	client := goGitHub(t, srv, botToken)
	if _, _, err := client.Repositories.CreateStatus(ctx, "org", "config", pull.HeadSHA, statusOf("failure", "ci/a", "3 of 4 passed")); err != nil {
		t.Fatal(err)
	}
	must(srv.AddLabels(ctx, github.PullLabels{PullID: pull.PullID, By: "bob", Labels: []string{"approved"}}))(t)
	c := must(srv.CreateComment(ctx, github.NewComment{PullID: pull.PullID, By: "bob", Body: "first"}))(t)
	must(srv.EditComment(ctx, github.CommentEdit{Org: "org", Repo: "config", ID: c.ID, Body: strings.Join([]string{
		"<!-- marker -->", "| job | result |", "|---|---|", "| `a` | ok |", "",
		"<details><summary>More</summary>", "", "**bold**", "", "</details>", "", "<script>alert(1)</script>",
		`<a href="javascript:alert(1)" onclick="alert(1)">link</a>`}, "\n")}))(t)

	must(srv.CreateComment(ctx, github.NewComment{PullID: pull.PullID, By: "bob", Body: strings.Join([]string{
		"At " + pull.HeadSHA + ", not " + strings.Repeat("0", 40), "`git show " + pull.HeadSHA + "`"}, "\n\n")}))(t)

	page := get(t, pull.HTMLURL)
	for _, want := range []string{
		`At <a href="/org/config/commit/` + pull.HeadSHA + `"><code>` + pull.HeadSHA[:7] + `</code></a>, not ` + strings.Repeat("0", 40),
		`<code>git show ` + pull.HeadSHA + `</code>`,
		"Change a", "Please.", "approved", "ci/a", "3 of 4 passed", "Some checks were not successful",
		"<td><code>a</code></td>", "<details><summary>More</summary>", "<strong>bold</strong>", "edited", "bob (read)",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, bad := range []string{"marker", "alert(1)", "<script", "javascript:"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page shows %q", bad)
		}
	}
	for path, want := range map[string]string{
		"/":                                  "org/config",
		"/org/config/pulls":                  "Change a",
		"/org/config/pull/1/commits":         "Change a",
		"/org/config/pull/1/files":           `<span class="add">&#43;a: 2</span>`,
		"/org/config/pull/1.diff":            "+a: 2",
		"/org/config/raw/main/README.md":     "hello",
		"/org/config/commit/" + pull.HeadSHA: "jobs/a.yaml",
		"/_style.css":                        "body",
		"/_avatars/alice":                    "<svg",
	} {
		if got := get(t, srv.URL()+path); !strings.Contains(got, want) {
			t.Errorf("%s lacks %q", path, want)
		}
	}
}

func TestPageForm(t *testing.T) {
	srv := start(t)
	pull := openPull(t, srv)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	resp, err := browser.PostForm(pull.HTMLURL+"/comment", url.Values{
		"as": {"alice"}, "other": {"bob"}, "body": {"/pj-rehearse\r\nnow"}, "do": {"close"}})
	page := read(t, resp, err)
	if !strings.Contains(page, `<option value="bob" selected>`) {
		t.Error("the form does not remember who commented")
	}
	comments := must(srv.ListComments(t.Context(), pull.PullID))(t)
	if len(comments) != 1 || comments[0].Author != "bob" || comments[0].Body != "/pj-rehearse\nnow" {
		t.Errorf("comments: got %+v", comments)
	}
	if got := must(srv.GetPull(t.Context(), pull.PullID))(t); got.State != "closed" {
		t.Errorf("state: got %s", got.State)
	}
	if want := fmt.Sprintf("#issuecomment-%d", comments[0].ID); resp.Request.URL.Fragment != want[1:] {
		t.Errorf("redirected to %s, want %s", resp.Request.URL, want)
	}
}
