package github_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The types of pkg/event have the same fields, so that a sweep can convert what it finds.
var _ = event.Comment(github.Comment{})

const token = "canary-token"

// fixture is a stand-in with a repository org/config, and a client for it.
type fixture struct {
	*standin.Server
	client *github.Client
}

func start(t *testing.T, opts ...standin.Option) *fixture {
	t.Helper()
	server, err := standin.Start("", append([]standin.Option{standin.WithToken(token, "rehearsal-bot")}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	_, err = server.CreateRepo(t.Context(), standin.NewRepo{
		Org: "org", Repo: "config", Files: map[string]string{"jobs/a.yaml": "a: 1\n"},
		Roles: map[string]string{"rehearsal-bot": "write", "bob": "maintain", "carol": "triage"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{Server: server, client: newClient(t, server.APIURL(), github.Options{})}
}

func newClient(t *testing.T, endpoint string, opts github.Options) *github.Client {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if opts.Transport == nil {
		opts.Transport = newTransport(t)
	}
	opts.Endpoint, opts.Token, opts.UserAgent = endpoint, github.TokenFile(file), "test"
	client, err := github.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// newTransport returns a transport whose connections are closed with the test.
func newTransport(t *testing.T) http.RoundTripper {
	t.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// before calls a function before each call.
type before struct {
	http.RoundTripper
	call func()
}

func (b before) RoundTrip(r *http.Request) (*http.Response, error) {
	b.call()
	return b.RoundTripper.RoundTrip(r)
}

func (f *fixture) open(t *testing.T) standin.Pull {
	t.Helper()
	pull, err := f.OpenPull(t.Context(), standin.NewPull{
		Org: "org", Repo: "config", Author: "alice", Title: "Change a", Body: "Please.", Labels: []string{"b", "a"},
		Change: standin.Change{Files: map[string]string{"jobs/a.yaml": "a: 2\n"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return pull
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestPull(t *testing.T) {
	f := start(t)
	opened := f.open(t)
	pull, err := f.client.Pull(t.Context(), "org", "config", opened.Number)
	ok(t, err)
	if pull.CreatedAt.IsZero() || pull.UpdatedAt.IsZero() || pull.HeadRef == "" || pull.RepoID == 0 || pull.NodeID == "" || pull.AuthorID == 0 {
		t.Errorf("something is missing: %+v", pull)
	}
	want := github.Pull{
		Org: "org", Repo: "config", RepoID: pull.RepoID, Number: opened.Number, NodeID: pull.NodeID,
		Title: "Change a", Body: "Please.", Author: "alice", AuthorID: pull.AuthorID, AuthorType: "User",
		Head: opened.HeadSHA, HeadRef: pull.HeadRef, Base: opened.BaseSHA, BaseRef: "main", Open: true,
		Labels: []string{"a", "b"}, CreatedAt: pull.CreatedAt, UpdatedAt: pull.UpdatedAt, URL: opened.HTMLURL,
	}
	if diff := cmp.Diff(want, *pull); diff != "" {
		t.Error(diff)
	}
	tip, err := f.client.BranchTip(t.Context(), "org", "config", "main")
	ok(t, err)
	if tip != opened.BaseSHA {
		t.Errorf("main is at %s, want %s", tip, opened.BaseSHA)
	}

	_, err = f.MergePull(t.Context(), standin.PullAction{PullID: opened.PullID, By: "bob"})
	ok(t, err)
	pull, err = f.client.Pull(t.Context(), "org", "config", opened.Number)
	ok(t, err)
	if pull.Open {
		t.Error("a merged pull request is open")
	}
}

func TestBranchWithSlash(t *testing.T) {
	f := start(t)
	commit, err := f.CreateCommit(t.Context(), standin.NewCommit{Org: "org", Repo: "config", Branch: "release/4.2"})
	ok(t, err)
	tip, err := f.client.BranchTip(t.Context(), "org", "config", "release/4.2")
	ok(t, err)
	if tip != commit.SHA {
		t.Errorf("release/4.2 is at %s, want %s", tip, commit.SHA)
	}
}

func TestOpenPulls(t *testing.T) {
	f := start(t)
	for range 103 {
		f.open(t)
	}
	_, err := f.ClosePull(t.Context(), standin.PullAction{PullID: standin.PullID{Org: "org", Repo: "config", Number: 2}})
	ok(t, err)
	pulls, err := f.client.OpenPulls(t.Context(), "org", "config")
	ok(t, err)
	if len(pulls) != 102 || pulls[0].Number != 1 || pulls[1].Number != 3 || pulls[101].Number != 103 {
		t.Errorf("%d pull requests are open", len(pulls))
	}
	if p := pulls[0]; !p.Open || p.Head == "" || p.Author != "alice" || p.Body != "Please." {
		t.Errorf("the first is %+v", p)
	}
}

func TestComments(t *testing.T) {
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	f := start(t, standin.WithClock(func() time.Time { return at }))
	pull, other := f.open(t), f.open(t)

	first, err := f.client.CreateComment(t.Context(), "org", "config", pull.Number, "one")
	ok(t, err)
	want := github.Comment{
		ID: first.ID, NodeID: first.NodeID, Number: pull.Number, Author: "rehearsal-bot", AuthorID: first.AuthorID, AuthorType: "User", Body: "one",
		URL: first.URL, CreatedAt: at, UpdatedAt: at,
	}
	if diff := cmp.Diff(want, *first); diff != "" {
		t.Error(diff)
	}
	at = at.Add(time.Minute)
	second, err := f.client.CreateComment(t.Context(), "org", "config", other.Number, "two")
	ok(t, err)
	at = at.Add(time.Minute)
	edited, err := f.client.EditComment(t.Context(), "org", "config", first.ID, "three")
	ok(t, err)
	if edited.ID != first.ID || edited.Body != "three" || edited.UpdatedAt.IsZero() {
		t.Errorf("the edited comment is %+v", edited)
	}

	comments, err := f.client.Comments(t.Context(), "org", "config", pull.Number)
	ok(t, err)
	if len(comments) != 1 || comments[0].Body != "three" || !comments[0].UpdatedAt.Equal(at) {
		t.Errorf("comments are %+v", comments)
	}
	since, err := f.client.CommentsSince(t.Context(), "org", "config", at.Add(-time.Minute))
	ok(t, err)
	if len(since) != 2 || since[0].ID != second.ID || since[1].ID != first.ID {
		t.Errorf("comments since are %+v", since)
	}
	since, err = f.client.CommentsSince(t.Context(), "org", "config", at)
	ok(t, err)
	if len(since) != 1 || since[0].ID != first.ID || since[0].Number != pull.Number {
		t.Errorf("comments since the last are %+v", since)
	}

	_, err = f.DeleteComment(t.Context(), standin.CommentEdit{Org: "org", Repo: "config", ID: first.ID})
	ok(t, err)
	var notFound *github.NotFoundError
	if _, err := f.client.EditComment(t.Context(), "org", "config", first.ID, "four"); !errors.As(err, &notFound) {
		t.Errorf("a deleted comment gives %v", err)
	}
}

func TestManyComments(t *testing.T) {
	f := start(t)
	pull := f.open(t)
	for i := range 230 {
		_, err := f.CreateComment(t.Context(), standin.NewComment{PullID: pull.PullID, By: "bob", Body: fmt.Sprint(i)})
		ok(t, err)
	}
	comments, err := f.client.Comments(t.Context(), "org", "config", pull.Number)
	ok(t, err)
	for i, c := range comments {
		if c.Body != fmt.Sprint(i) {
			t.Fatalf("comment %d is %q", i, c.Body)
		}
	}
	if len(comments) != 230 {
		t.Errorf("there are %d comments", len(comments))
	}
}

// TestCommentsThatMove edits a comment between two pages of the list.
func TestCommentsThatMove(t *testing.T) {
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	f := start(t, standin.WithClock(func() time.Time { return at }))
	pull := f.open(t)
	begin := at
	var first standin.Comment
	for i := range 350 {
		// One comment per second, except for a burst in which a page ends.
		if i < 60 || i > 140 {
			at = at.Add(time.Second)
		}
		comment, err := f.CreateComment(t.Context(), standin.NewComment{PullID: pull.PullID, By: "bob", Body: fmt.Sprint(i)})
		ok(t, err)
		if i == 0 {
			first = comment
		}
	}
	at = at.Add(time.Second)
	pages := 0
	client := newClient(t, f.APIURL(), github.Options{Transport: before{newTransport(t), func() {
		if pages++; pages == 2 {
			_, err := f.EditComment(t.Context(), standin.CommentEdit{Org: "org", Repo: "config", ID: first.ID, Body: "edited"})
			ok(t, err)
		}
	}}})
	comments, err := client.CommentsSince(t.Context(), "org", "config", begin)
	ok(t, err)
	bodies := map[string]int{}
	for _, c := range comments {
		bodies[c.Body]++
	}
	for i := 1; i < 350; i++ {
		if n := bodies[fmt.Sprint(i)]; n != 1 {
			t.Errorf("comment %d is listed %d times", i, n)
		}
	}
}

func TestManyCommentsInOneSecond(t *testing.T) {
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	f := start(t, standin.WithClock(func() time.Time { return at }))
	pull := f.open(t)
	for i := range 230 {
		_, err := f.CreateComment(t.Context(), standin.NewComment{PullID: pull.PullID, By: "bob", Body: fmt.Sprint(i)})
		ok(t, err)
	}
	comments, err := f.client.CommentsSince(t.Context(), "org", "config", at)
	ok(t, err)
	if len(comments) != 230 {
		t.Errorf("%d comments are listed", len(comments))
	}
}

func TestRights(t *testing.T) {
	f := start(t)
	self, err := f.client.Self(t.Context())
	ok(t, err)
	if self != "rehearsal-bot" {
		t.Errorf("we are %s", self)
	}
	_, err = f.SetMember(t.Context(), standin.Member{Org: "org", User: "dave"})
	ok(t, err)
	for login, want := range map[string]bool{"bob": true, "carol": false, "dave": false, "rehearsal-bot": true} {
		permission, err := f.client.Permission(t.Context(), "org", "config", login)
		ok(t, err)
		if permission.CanWrite() != want {
			t.Errorf("%s may %s", login, permission)
		}
	}
	for _, login := range []string{"nobody-of-that-name", "bob/../../x", "bob?x=y"} {
		if permission, err := f.client.Permission(t.Context(), "org", "config", login); err == nil && permission.CanWrite() {
			t.Errorf("%s may %s", login, permission)
		}
	}
}

func TestEndpoints(t *testing.T) {
	f := start(t)
	for _, endpoint := range []string{f.URL(), f.URL() + "/", f.URL() + "/api/v3", f.APIURL()} {
		if _, err := newClient(t, endpoint, github.Options{}).Self(t.Context()); err != nil {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
	for _, endpoint := range []string{"github.com", "ftp://github.com", "https://", ":"} {
		if _, err := github.New(github.Options{Endpoint: endpoint}); err == nil || !strings.Contains(err.Error(), endpoint) {
			t.Errorf("%s gives %v", endpoint, err)
		}
	}
}
