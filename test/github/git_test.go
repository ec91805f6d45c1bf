package github_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/test/github"
)

// git runs the client's git, without the configuration of the machine.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=alice", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=alice", "GIT_COMMITTER_EMAIL=a@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestFetchPullRequest(t *testing.T) {
	srv, ctx := start(t), t.Context()
	pull := openPull(t, srv)
	clone := filepath.Join(t.TempDir(), "clone")
	git(t, "", "clone", "-q", srv.URL()+"/org/config.git", clone)
	git(t, clone, "fetch", "-q", "origin", "refs/pull/1/head")
	if got := git(t, clone, "rev-parse", "FETCH_HEAD"); got != pull.HeadSHA {
		t.Errorf("refs/pull/1/head: got %s, want %s", got, pull.HeadSHA)
	}

	forced := must(srv.Push(ctx, github.NewPush{PullID: pull.PullID, Force: true, Change: github.Change{Files: map[string]string{"jobs/b.yaml": "b: 1\n"}}}))(t)
	git(t, clone, "fetch", "-q", "origin", "+refs/pull/1/head:refs/head")
	if got := git(t, clone, "rev-parse", "refs/head"); got != forced.HeadSHA {
		t.Errorf("after a force push: got %s, want %s", got, forced.HeadSHA)
	}
	if got := git(t, clone, "show", "--name-only", "--format=", "refs/head"); got != "jobs/b.yaml" {
		t.Errorf("files of the forced head: got %q", got)
	}
	fresh := filepath.Join(t.TempDir(), "fresh")
	git(t, "", "init", "-q", "--bare", fresh)
	git(t, fresh, "fetch", "-q", "--filter=blob:none", srv.URL()+"/org/config", pull.HeadSHA)
	if got := git(t, fresh, "rev-parse", "FETCH_HEAD"); got != pull.HeadSHA {
		t.Errorf("a commit that no ref reaches: got %s, want %s", got, pull.HeadSHA)
	}
}

func TestPushSynchronizes(t *testing.T) {
	srv, ctx := start(t, github.WithToken("alice-token", "alice")), t.Context()
	must(srv.SetPermission(ctx, github.Permission{Org: "org", Repo: "config", User: "alice", Role: "write"}))(t)
	must(srv.CreateCommit(ctx, github.NewCommit{Org: "org", Repo: "config", Branch: "topic", By: "alice",
		Change: github.Change{Files: map[string]string{"x": "1\n"}}}))(t)
	pull := must(srv.OpenPull(ctx, github.NewPull{Org: "org", Repo: "config", Author: "alice", Head: "topic"}))(t)

	clone := filepath.Join(t.TempDir(), "clone")
	address := strings.Replace(srv.URL(), "http://", "http://x-access-token:alice-token@", 1) + "/org/config"
	git(t, "", "clone", "-q", "--branch=topic", address, clone)
	// The push is larger than git's http.postBuffer, so it is chunked.
	if err := os.WriteFile(filepath.Join(clone, "x"), incompressible(3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	git(t, clone, "commit", "-q", "-a", "-m", "Change x")
	git(t, clone, "push", "-q", "origin", "topic")

	got := must(srv.GetPull(ctx, pull.PullID))(t)
	if want := git(t, clone, "rev-parse", "HEAD"); got.HeadSHA != want {
		t.Errorf("head: got %s, want %s", got.HeadSHA, want)
	}
}

// incompressible returns n bytes of noise, the same each time.
func incompressible(n int) []byte {
	b, x := make([]byte, n), uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

func TestPrivateRepositoryNeedsToken(t *testing.T) {
	srv, ctx := start(t), t.Context()
	must(srv.CreateRepo(ctx, github.NewRepo{Org: "org", Repo: "secret", Private: true, Roles: map[string]string{"rehearsal-bot": "read"}}))(t)
	cmd := exec.CommandContext(ctx, "git", "ls-remote", srv.URL()+"/org/secret")
	cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0")
	if out, err := cmd.CombinedOutput(); err == nil {
		t.Errorf("without a token: got %s", out)
	}
	address := strings.Replace(srv.URL(), "http://", "http://x-access-token:"+botToken+"@", 1)
	if got := git(t, "", "ls-remote", address+"/org/secret", "main"); !strings.HasSuffix(got, "refs/heads/main") {
		t.Errorf("with a token: got %q", got)
	}
}

func TestRepositoryFromBundle(t *testing.T) {
	srv, ctx := start(t), t.Context()
	pull := openPull(t, srv)
	clone, bundle := filepath.Join(t.TempDir(), "clone"), filepath.Join(t.TempDir(), "all.bundle")
	git(t, "", "clone", "-q", "--mirror", srv.URL()+"/org/config", clone)
	git(t, clone, "bundle", "create", "-q", bundle, "--all")

	for name, from := range map[string]string{"bundle": bundle, "mirror": clone} {
		repo := must(srv.CreateRepo(ctx, github.NewRepo{Org: "org", Repo: name, From: from}))(t)
		if repo.Branches["main"] == "" {
			t.Errorf("%s: no main branch: %v", name, repo.Branches)
		}
		got := must(srv.OpenPull(ctx, github.NewPull{Org: "org", Repo: name, Author: "alice", SHA: pull.HeadSHA}))(t)
		if got.HeadSHA != pull.HeadSHA {
			t.Errorf("%s: head: got %s, want %s", name, got.HeadSHA, pull.HeadSHA)
		}
	}
}

func TestMerge(t *testing.T) {
	srv, ctx := start(t), t.Context()
	first, second := openPull(t, srv), must(srv.OpenPull(t.Context(), github.NewPull{
		Org: "org", Repo: "config", Author: "bob", Change: github.Change{Files: map[string]string{"jobs/a.yaml": "a: 3\n"}},
	}))(t)
	merged := must(srv.MergePull(ctx, github.PullAction{PullID: first.PullID, By: "carol"}))(t)
	if !merged.Merged || merged.State != "closed" {
		t.Errorf("got %s, merged %t", merged.State, merged.Merged)
	}
	if _, err := srv.MergePull(ctx, github.PullAction{PullID: second.PullID}); err == nil {
		t.Error("merging a conflicting pull request: no error")
	}
	got, _, err := goGitHub(t, srv, botToken).PullRequests.Get(ctx, "org", "config", second.Number)
	if err != nil {
		t.Fatal(err)
	}
	if got.GetMergeable() || got.GetMergeableState() != "dirty" {
		t.Errorf("conflicting: got mergeable %t, state %s", got.GetMergeable(), got.GetMergeableState())
	}
}

func TestGitFaults(t *testing.T) {
	srv, ctx := start(t), t.Context()
	must(srv.AddFault(ctx, github.Fault{Path: "/org/config/info/refs", Times: 1, Status: 503}))(t)
	cmd := exec.CommandContext(ctx, "git", "ls-remote", srv.URL()+"/org/config")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "503") {
		t.Errorf("during the fault: got %v\n%s", err, out)
	}
	git(t, "", "ls-remote", srv.URL()+"/org/config")
	calls := must(srv.Calls(ctx, github.CallQuery{}))(t)
	if got := calls.Counts["GET /{owner}/{repo}/info/refs"]; got != 2 {
		t.Errorf("counted %d calls of git, want 2", got)
	}
}
