package github_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

// TestEdits checks an edit within a second of the creation, which the REST API does not
// show.
func TestEdits(t *testing.T) {
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	f := start(t, standin.WithClock(func() time.Time { return at }))
	pull := f.open(t)
	edits := func(node string) *github.Edits {
		t.Helper()
		e, err := f.client.Edits(t.Context(), "org", "config", node)
		ok(t, err)
		return e
	}
	written, err := f.CreateComment(t.Context(), standin.NewComment{PullID: pull.PullID, By: "bob", Body: "Looks good."})
	ok(t, err)
	comment, err := f.client.Comment(t.Context(), "org", "config", written.ID)
	ok(t, err)
	read, err := f.client.Pull(t.Context(), "org", "config", pull.Number)
	ok(t, err)
	none := &github.Edits{Complete: true}
	if diff := cmp.Diff([]*github.Edits{none, none}, []*github.Edits{edits(comment.NodeID), edits(read.NodeID)}); diff != "" {
		t.Errorf("nothing was edited: %s", diff)
	}
	_, err = f.EditComment(t.Context(), standin.CommentEdit{Org: "org", Repo: "config", ID: written.ID, By: "mallory", Body: "/rehearse approve"})
	ok(t, err)
	comment, err = f.client.Comment(t.Context(), "org", "config", written.ID)
	ok(t, err)
	if comment.UpdatedAt.After(comment.CreatedAt) {
		t.Error("REST shows the edit: this test shows nothing")
	}
	body := "Please.\n/rehearse skip"
	_, err = f.EditPull(t.Context(), standin.PullEdit{PullID: pull.PullID, By: "mallory", Body: &body})
	ok(t, err)
	want := &github.Edits{Edited: true, Editors: []string{"mallory", "bob"}, Complete: true}
	if diff := cmp.Diff(want, edits(comment.NodeID)); diff != "" {
		t.Error(diff)
	}
	want.Editors[1] = "alice"
	if diff := cmp.Diff(want, edits(read.NodeID)); diff != "" {
		t.Error(diff)
	}
}

// TestContributors checks the people who are named in commits, in any field.
func TestContributors(t *testing.T) {
	f := start(t)
	pull := f.open(t)
	read, err := f.client.Pull(t.Context(), "org", "config", pull.Number)
	ok(t, err)
	contributors := func() *github.Contributors {
		t.Helper()
		c, err := f.client.Contributors(t.Context(), "org", "config", read.NodeID)
		ok(t, err)
		return c
	}
	people := func() string {
		var logins []string
		for _, p := range contributors().People {
			if p.ID == 0 && !strings.HasSuffix(p.Login, "[bot]") {
				t.Errorf("%s has no id", p.Login)
			}
			logins = append(logins, p.Login)
		}
		return strings.Join(logins, " ")
	}
	push := func(by, message string, signed standin.Signed) string {
		t.Helper()
		p, err := f.Push(t.Context(), standin.NewPush{PullID: pull.PullID, By: by, Message: message, Signed: signed,
			Change: standin.Change{Files: map[string]string{"b": message}}})
		ok(t, err)
		return p.HeadSHA
	}
	if c := contributors(); people() != "alice" || c.Head != pull.HeadSHA || c.Unmapped != "" || c.Because != "" {
		t.Errorf("at first: %+v", c)
	}
	for _, login := range []string{"carol", "Dave", "erin"} {
		_, err := f.SetPermission(t.Context(), standin.Permission{Org: "org", Repo: "config", User: login, Role: "read"})
		ok(t, err)
	}
	push("bob", "Fix", standin.Signed{CommitBy: "bob", Committer: "noreply@github.com"})
	push("bob", "Fix\n\nCo-authored-by: Carol <carol@users.noreply.github.invalid>", standin.Signed{})
	push("bob", "Fix", standin.Signed{CommitBy: "alice", Committer: "Dave"})
	push("bob", "Fix", standin.Signed{CommitBy: "42+renovate[bot]@users.noreply.github.com", Committer: "erin"})
	if got := people(); got != "alice bob carol Dave erin renovate[bot]" || contributors().Unmapped != "" {
		t.Errorf("the people are %s, %+v", got, contributors())
	}
	for name, tc := range map[string]struct {
		message string
		signed  standin.Signed
	}{
		"an author":               {"Fix", standin.Signed{CommitBy: "me@example.com", Committer: "alice"}},
		"a committer":             {"Fix", standin.Signed{CommitBy: "alice", Committer: "me@example.com"}},
		"a co-author":             {"Fix\n\nCo-authored-by: Me <me@example.com>", standin.Signed{}},
		"GitHub itself as author": {"Fix", standin.Signed{CommitBy: "noreply@github.com", Committer: "alice"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.Push(t.Context(), standin.NewPush{PullID: pull.PullID, Force: true, Change: standin.Change{Files: map[string]string{"c": name}}})
			ok(t, err)
			if c := contributors(); c.Unmapped != "" {
				t.Fatalf("after the forced push: %+v", c)
			}
			head := push("bob", tc.message, tc.signed)
			if c := contributors(); c.Unmapped != head || c.Head != head {
				t.Errorf("%+v, want commit %s to be by somebody unknown", c, head)
			}
		})
	}
}

// answers serves GraphQL responses from the test.
func answers(t *testing.T, answer func(w http.ResponseWriter, n int) string) (*github.Client, *int) {
	t.Helper()
	calls := new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/graphql" {
			write(t, w, `{"permission":"read"}`)
			return
		}
		*calls++
		write(t, w, answer(w, *calls))
	}))
	t.Cleanup(server.Close)
	return newClient(t, server.URL, github.Options{}), calls
}

// TestContributorsThatCannotBeTold checks that an incomplete list from GitHub is reported
// as incomplete.
func TestContributorsThatCannotBeTold(t *testing.T) {
	const alice = `{"email":"a@x","user":{"login":"alice","databaseId":1}}`
	commits := func(n, total int, more bool, authors string) string {
		commit := `{"commit":{"oid":"c0ffee","authors":{"totalCount":1,"nodes":[` + authors + `]},"committer":` + alice + `}}`
		list := strings.TrimSuffix(strings.Repeat(commit+",", n), ",")
		return fmt.Sprintf(`{"data":{"node":{"headRefOid":"h","commits":{"totalCount":%d,"pageInfo":{"hasNextPage":%t,"endCursor":"x"},"nodes":[%s]}}}}`, total, more, list)
	}
	for name, tc := range map[string]struct {
		answer func(n int) string
		want   string
	}{
		"249":                      {func(int) string { return commits(249, 249, false, alice) }, ""},
		"250":                      {func(int) string { return commits(250, 250, false, alice) }, "no more than 250"},
		"250 on five pages":        {func(n int) string { return commits(50, 400, n < 9, alice) }, "no more than 250"},
		"fewer than there are":     {func(int) string { return commits(3, 4, false, alice) }, "all of its commits"},
		"none":                     {func(int) string { return commits(0, 0, false, alice) }, "all of its commits"},
		"an author that is hidden": {func(int) string { return commits(1, 1, false, "") }, "all authors of commit c0ffee"},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := answers(t, func(_ http.ResponseWriter, n int) string { return tc.answer(n) })
			c, err := client.Contributors(t.Context(), "org", "config", "node")
			ok(t, err)
			if (tc.want == "") != (c.Because == "") || !strings.Contains(c.Because, tc.want) {
				t.Errorf("because is %q, want %q", c.Because, tc.want)
			}
		})
	}
}

// TestNoGraphQLAnswerIsNoAnswer checks that an invalid response is an error, and says
// neither that something exists nor that it does not.
func TestNoGraphQLAnswerIsNoAnswer(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter) string{
		"no such API": func(w http.ResponseWriter) string {
			w.WriteHeader(http.StatusNotFound)
			return `{"message":"Not Found"}`
		},
		"hidden":          func(http.ResponseWriter) string { return `{"data":{"node":null}}` },
		"of another type": func(http.ResponseWriter) string { return `{"data":{"node":{}}}` },
		"nothing":         func(http.ResponseWriter) string { return `{}` },
		"an empty answer": func(http.ResponseWriter) string { return `` },
		"not found": func(http.ResponseWriter) string {
			return `{"data":{"node":null},"errors":[{"type":"NOT_FOUND","message":"Could not resolve to a node"}]}`
		},
		"half of it": func(http.ResponseWriter) string {
			return `{"data":{"node":{"lastEditedAt":null,"includesCreatedEdit":false,"userContentEdits":{"totalCount":0,"nodes":[]},"headRefOid":"h","commits":{"totalCount":0,"nodes":[]}}},"errors":[{"type":"FORBIDDEN","message":"Resource not accessible by personal access token"}]}`
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := answers(t, func(w http.ResponseWriter, _ int) string { return answer(w) })
			edits, err := client.Edits(t.Context(), "org", "config", "node")
			_, contributorsErr := client.Contributors(t.Context(), "org", "config", "node")
			for _, err := range []error{err, contributorsErr} {
				var gone *github.NotFoundError
				if err == nil || errors.As(err, &gone) {
					t.Errorf("the error is %v, the edits are %+v", err, edits)
				}
			}
		})
	}
}

// TestPointsOfGraphQL checks that a used-up GraphQL limit does not block the REST API.
func TestPointsOfGraphQL(t *testing.T) {
	reset := time.Now().Add(20 * time.Minute).Truncate(time.Second)
	client, calls := answers(t, func(w http.ResponseWriter, _ int) string {
		for key, value := range map[string]string{"Limit": "5000", "Remaining": "0", "Reset": fmt.Sprint(reset.Unix()), "Resource": "graphql"} {
			w.Header().Set("X-RateLimit-"+key, value)
		}
		return `{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}`
	})
	for range 3 {
		_, err := client.Edits(t.Context(), "org", "config", "node")
		var limited *github.RateLimitedError
		if !errors.As(err, &limited) || !limited.Until.Equal(reset) {
			t.Errorf("the error is %v, want a limit until %s", err, reset)
		}
	}
	if *calls != 1 {
		t.Errorf("%d calls reached GitHub, want 1", *calls)
	}
	if err := ask(t.Context(), client); err != nil {
		t.Errorf("the REST API: %v", err)
	}
}

// TestSecondaryLimitsAreForBothAPIs.
func TestSecondaryLimitsAreForBothAPIs(t *testing.T) {
	client, calls := answers(t, func(w http.ResponseWriter, _ int) string {
		w.Header().Set("Retry-After", "600")
		w.WriteHeader(http.StatusForbidden)
		return `{"message":"You have exceeded a secondary rate limit"}`
	})
	_, err := client.Edits(t.Context(), "org", "config", "node")
	_, again := client.Edits(t.Context(), "org", "config", "node")
	for _, err := range []error{err, again, ask(t.Context(), client)} {
		var limited *github.RateLimitedError
		if !errors.As(err, &limited) {
			t.Errorf("the error is %v", err)
		}
	}
	if *calls != 1 {
		t.Errorf("%d calls reached GitHub, want 1", *calls)
	}
}

// TestRenamedRepository checks that no call follows the old name to the new repository.
func TestRenamedRepository(t *testing.T) {
	f := start(t)
	pull := f.open(t)
	written, err := f.CreateComment(t.Context(), standin.NewComment{PullID: pull.PullID, By: "bob", Body: "Hi."})
	ok(t, err)
	_, err = f.RenameRepo(t.Context(), standin.RepoRename{RepoID: standin.RepoID{Org: "org", Repo: "config"}, To: "other"})
	ok(t, err)
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"Pull":      func() error { _, err := f.client.Pull(ctx, "org", "config", pull.Number); return err },
		"OpenPulls": func() error { _, err := f.client.OpenPulls(ctx, "org", "config"); return err },
		"BranchTip": func() error { _, err := f.client.BranchTip(ctx, "org", "config", "main"); return err },
		"Comment":   func() error { _, err := f.client.Comment(ctx, "org", "config", written.ID); return err },
		"CommentsSince": func() error {
			_, err := f.client.CommentsSince(ctx, "org", "config", time.Now().Add(-time.Hour))
			return err
		},
		"CreateComment": func() error {
			_, err := f.client.CreateComment(ctx, "org", "config", pull.Number, "Hello.")
			return err
		},
		"EditComment": func() error {
			_, err := f.client.EditComment(ctx, "org", "config", written.ID, "Hello.")
			return err
		},
		"AddLabel": func() error { return f.client.AddLabel(ctx, "org", "config", pull.Number, "x") },
		"SetStatus": func() error {
			_, err := f.client.SetStatus(ctx, "org", "config", pull.HeadSHA, github.Status{State: "success", Context: "c"})
			return err
		},
		"Permission": func() error { return ask(ctx, f.client) },
		"Content":    func() error { _, err := f.client.Content(ctx, "org", "config", "jobs/a.yaml", "main"); return err },
	} {
		var moved *github.MovedError
		if err := call(); !errors.As(err, &moved) {
			t.Errorf("%s: the error is %v, want that it was moved", name, err)
		}
	}
	// The target repository of a job is followed to its new name.
	if branch, err := f.client.DefaultBranch(ctx, "org", "config"); branch != "main" {
		t.Errorf("the default branch is %q, %v", branch, err)
	}
	read, err := f.client.Pull(ctx, "org", "other", pull.Number)
	ok(t, err)
	repo, err := f.CreateRepo(ctx, standin.NewRepo{Org: "org", Repo: "config", Files: map[string]string{"a": "1"}})
	ok(t, err)
	if repo.ID == read.RepoID {
		t.Error("two repositories have one number")
	}
}

// TestSkew checks the measured difference to GitHub's clock, in both directions.
func TestSkew(t *testing.T) {
	ours := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	theirs, date := ours, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", theirs.Format(http.TimeFormat))
		if date != "" {
			w.Header().Set("Date", date)
		}
		write(t, w, `{"permission":"read"}`)
	}))
	defer server.Close()
	client := newClient(t, server.URL, github.Options{Now: func() time.Time { return ours }})
	step := func(name string, their, our, want time.Duration) {
		t.Helper()
		theirs, ours = theirs.Add(their), ours.Add(our)
		ok(t, ask(t.Context(), client))
		if got, known := client.Skew(); got != want || !known {
			t.Errorf("%s: the skew is %s (known: %t), want %s", name, got, known, want)
		}
	}
	if ahead, known := client.Skew(); ahead != 0 || known {
		t.Error("there is a skew before the first answer")
	}
	step("GitHub is ahead", 3*time.Minute, 0, 3*time.Minute)
	step("an answer that was long on its way", time.Second, 9*time.Second, 3*time.Minute)
	step("our clock was set ahead", 0, 8*time.Minute, -5*time.Minute-8*time.Second)
	step("and back", 0, -8*time.Minute, 2*time.Minute+52*time.Second)
	step("clocks drift", time.Hour, time.Hour+4*time.Second, 2*time.Minute+48*time.Second)
	date = "the day before yesterday"
	step("no date", 0, 0, 2*time.Minute+48*time.Second)
	ours = ours.Add(11 * time.Minute)
	ok(t, ask(t.Context(), client))
	if _, known := client.Skew(); known {
		t.Error("the skew is known although nothing had a date for eleven minutes")
	}
}

// TestAppAsksGraphQL checks that a query uses the token for its repository.
func TestAppAsksGraphQL(t *testing.T) {
	f, ctx := startApp(t), t.Context()
	pull := f.open(t)
	read, err := f.client.Pull(ctx, "org", "config", pull.Number)
	ok(t, err)
	edits, err := f.client.Edits(ctx, "org", "config", read.NodeID)
	ok(t, err)
	contributors, err := f.client.Contributors(ctx, "org", "config", read.NodeID)
	ok(t, err)
	if edits.Edited || contributors.Head != pull.HeadSHA {
		t.Errorf("%+v, %+v", edits, contributors)
	}
	calls, err := f.Calls(ctx, standin.CallQuery{Method: http.MethodPost, Path: "/graphql"})
	ok(t, err)
	if len(calls.Calls) != 2 {
		t.Errorf("%d calls", len(calls.Calls))
	}
	for _, c := range calls.Calls {
		if c.Grant == nil || len(c.Grant.Repositories) != 1 || c.Grant.Repositories[0] != "config" {
			t.Errorf("a call is by %+v", c.Grant)
		}
	}
}
