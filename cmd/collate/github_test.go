package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	kubefake "k8s.io/client-go/kubernetes/fake"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/ratelimit"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

// TestReportsAsAnApp checks that the App's key gives this task a token that can only
// comment in the run's repository. A rate limit that another process has recorded is
// respected.
func TestReportsAsAnApp(t *testing.T) {
	hub, err := standin.Start("")
	check(t, err)
	t.Cleanup(func() { check(t, hub.Close()) })
	for _, repo := range []string{"release", "other"} {
		_, err = hub.CreateRepo(t.Context(), standin.NewRepo{Org: "acme", Repo: repo, Private: true, Files: map[string]string{"a": "1"}})
		check(t, err)
	}
	pull, err := hub.OpenPull(t.Context(), standin.NewPull{Org: "acme", Repo: "release", Author: "alice", Change: standin.Change{Files: map[string]string{"a": "2"}}})
	check(t, err)
	app, err := hub.CreateApp(t.Context(), standin.NewApp{Slug: "rehearsal", Owner: "acme", Permissions: map[string]string{
		"issues": "write", "pull_requests": "write", "statuses": "write", "contents": "read",
	}})
	check(t, err)
	installed, err := hub.InstallApp(t.Context(), standin.NewInstallation{App: app.ID, Org: "acme"})
	check(t, err)
	comment, err := hub.CreateComment(t.Context(), standin.NewComment{PullID: pull.PullID, By: "rehearsal[bot]", Body: "Running"})
	check(t, err)

	dir := t.TempDir()
	check(t, os.WriteFile(filepath.Join(dir, "private-key"), []byte(app.PrivateKey), 0o600))
	kube := kubefake.NewSimpleClientset()
	c := &collator{Connection: &prowjob.Connection{Kube: kube, Logs: &prowjob.Logs{}}, namespace: "rehearsals"}
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	gh, err := c.gitHub(run.Manifest{GitHubEndpoint: hub.APIURL(), GitHubAppID: app.ID}, dir)
	check(t, err)
	_, err = gh.EditComment(t.Context(), "acme", "release", comment.ID, "Done")
	check(t, err)
	if _, err := gh.SetStatus(t.Context(), "acme", "release", pull.HeadSHA, github.Status{Context: "x", State: "success"}); err == nil {
		t.Error("the token of a run's pod sets a status")
	}
	if _, err := gh.BranchTip(t.Context(), "acme", "release", "main"); err == nil {
		t.Error("the token of a run's pod reads contents")
	}

	store := &ratelimit.Store{ConfigMaps: kube.CoreV1().ConfigMaps("rehearsals")}
	check(t, store.Save(t.Context(), fmt.Sprintf("installation-%d", installed.ID), time.Now().Add(time.Hour)))
	gh, err = c.gitHub(run.Manifest{GitHubEndpoint: hub.APIURL(), GitHubAppID: app.ID}, dir)
	check(t, err)
	var limited *github.RateLimitedError
	if _, err := gh.EditComment(t.Context(), "acme", "release", comment.ID, "Done again"); !errors.As(err, &limited) {
		t.Errorf("inside the window of another: %v", err)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
