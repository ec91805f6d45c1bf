package github_test

import (
	"context"
	"testing"

	gogithub "github.com/google/go-github/v60/github"
	"go.uber.org/goleak"

	"github.com/rehearsal-dev/rehearsal/test/github"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const botToken = "bot-token"

// start serves a stand-in with a repository org/config, to which its bot can write.
func start(t *testing.T, opts ...github.Option) *github.Server {
	t.Helper()
	opts = append([]github.Option{github.WithToken(botToken, "rehearsal-bot")}, opts...)
	srv, err := github.Start("", opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	})
	must(srv.CreateRepo(t.Context(), github.NewRepo{
		Org: "org", Repo: "config", Files: map[string]string{"jobs/a.yaml": "a: 1\n", "README.md": "hello\n"},
		Roles: map[string]string{"rehearsal-bot": "write"},
	}))(t)
	return srv
}

// must unwraps the result of a call that must succeed.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func openPull(t *testing.T, c github.Control) github.Pull {
	t.Helper()
	return must(c.OpenPull(t.Context(), github.NewPull{
		Org: "org", Repo: "config", Author: "alice", Title: "Change a", Body: "Please.",
		Change: github.Change{Files: map[string]string{"jobs/a.yaml": "a: 2\n"}},
	}))(t)
}

func goGitHub(t *testing.T, srv *github.Server, token string) *gogithub.Client {
	t.Helper()
	client, err := gogithub.NewClient(nil).WithAuthToken(token).WithEnterpriseURLs(srv.APIURL(), srv.APIURL())
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func comment(ctx context.Context, client *gogithub.Client, number int, body string) (*gogithub.IssueComment, *gogithub.Response, error) {
	return client.Issues.CreateComment(ctx, "org", "config", number, &gogithub.IssueComment{Body: &body})
}

func statusOf(state, context, description string) *gogithub.RepoStatus {
	return &gogithub.RepoStatus{State: &state, Context: &context, Description: &description}
}
