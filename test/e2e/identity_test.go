//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

// We are a GitHub App, installed for the config repositories with the permissions that
// docs/github.md lists. Prow uses a personal account.
const (
	appSlug = "rehearsal"
	bot     = appSlug + "[bot]"
	// tokenLife is the lifetime of tokens: they are renewed five minutes before its end.
	tokenLife = 5*time.Minute + 20*time.Second
	// privateRepo is a config repository that cannot be read without a token.
	privateRepo = "config-private"
	narrowRepo  = "config"
	limitedRepo = "config"
)

// narrowOrg is an organisation that has not granted all permissions of the App.
func narrowOrg() string { return world.org + "-narrow" }

// limitedOrg is an organisation in which GitHub refuses calls for a while.
func limitedOrg() string { return world.org + "-limited" }

// registerApp creates the App and installs it.
func registerApp(ctx context.Context) error {
	documented := map[string]string{}
	for _, p := range github.AppPermissions() {
		documented[p.Name] = p.Level
	}
	var err error
	world.app, err = world.hub.CreateApp(ctx, standin.NewApp{Slug: appSlug, Owner: world.org, Permissions: documented, Events: github.AppEvents()})
	if err != nil {
		return err
	}
	narrow := maps.Clone(documented)
	delete(narrow, "members")
	delete(narrow, "statuses")
	if _, err := world.hub.CreateRepo(ctx, standin.NewRepo{Org: narrowOrg(), Repo: narrowRepo}); err != nil {
		return err
	}
	var hooked []string
	for _, name := range hookedRepositories() {
		hooked = append(hooked, strings.TrimPrefix(name, hookedOrg()+"/"))
	}
	world.installations = map[string]int64{}
	for _, in := range []standin.NewInstallation{
		{Org: world.org, Repositories: append(slices.Clone(world.repositories), privateRepo)},
		{Org: hookedOrg(), Repositories: hooked},
		{Org: conversationOrg, Repositories: []string{conversationRepo}},
		{Org: limitedOrg(), Repositories: []string{limitedRepo}},
		{Org: narrowOrg(), Repositories: []string{narrowRepo}, Permissions: narrow},
	} {
		in.App = world.app.ID
		made, err := world.hub.InstallApp(ctx, in)
		if err != nil {
			return err
		}
		world.installations[in.Org] = made.ID
	}
	return nil
}

// TestTokensOfTheApp has a run that outlasts a token, in a private repository, and checks
// which token was used for what.
func TestTokensOfTheApp(t *testing.T) {
	parallel(t)
	s := stage(t, world.org, privateRepo, 10*time.Minute)
	s.publish(true, waiting("pull-widget-unit", t.Name()))
	s.openBy(author, map[string]string{jobsPath: s.changed()})
	s.planned()
	s.say(maintainer, "/pj-rehearse auto-ack")
	s.started()
	before := s.tokens()
	s.until("a token to be renewed while the job waits", func(context.Context) (string, bool, error) {
		now := s.tokens()
		return fmt.Sprintf("tokens %v, before %v", now, before), len(now) > len(before), nil
	})
	world.gates.Open(t.Name())
	s.result(v1alpha1.RunPassed, 1, 0, "passed")
	s.until("the label", func(ctx context.Context) (string, bool, error) {
		pull, err := s.Hub.GetPull(ctx, s.Pull.PullID)
		return fmt.Sprint(pull.Labels), slices.Contains(pull.Labels, "rehearsals-ack"), err
	})
	s.checkTokens()
	s.checkCredentials()
}

// calls returns the calls about the config repository, by the REST API and by git.
func (s *story) calls() []standin.Call {
	s.t.Helper()
	all, err := s.Hub.Calls(s.ctx, standin.CallQuery{})
	s.must(err)
	return slices.DeleteFunc(all.Calls, func(c standin.Call) bool {
		return !strings.HasPrefix(c.Path, fmt.Sprintf("/repos/%s/%s/", s.Pull.Org, s.Pull.Repo)) &&
			!strings.HasPrefix(c.Path, fmt.Sprintf("/%s/%s.git/", s.Pull.Org, s.Pull.Repo))
	})
}

func byGit(c standin.Call) bool { return strings.HasPrefix(c.UserAgent, "git/") }

const (
	byController = "rehearsal-controller"
	byCollate    = "rehearsal-collate"
)

// tokens returns the tokens that the controller has used for the repository.
func (s *story) tokens() []int64 {
	var ids []int64
	for _, c := range s.calls() {
		if c.Grant != nil && c.UserAgent == byController && !slices.Contains(ids, c.Grant.ID) {
			ids = append(ids, c.Grant.ID)
		}
	}
	return ids
}

// checkTokens expects that all calls used tokens for the repository with the documented
// permissions, and that those of a run's pod could only comment.
func (s *story) checkTokens() {
	s.t.Helper()
	documented := map[string]string{}
	for _, p := range github.AppPermissions() {
		documented[p.Name] = p.Level
	}
	comments := map[string]string{"metadata": "read", "issues": "write", "pull_requests": "write"}
	done := map[string]int{}
	for _, c := range s.calls() {
		who := c.UserAgent
		if byGit(c) {
			who = "git"
		} else if !strings.HasPrefix(who, "rehearsal-") || c.App {
			continue // calls by Prow, and those that look for the installation
		}
		done[who+" "+c.Route]++
		want := documented
		if who == byCollate {
			want = comments
		}
		if g := c.Grant; g == nil || g.Installation != world.installations[s.Pull.Org] ||
			!slices.Equal(g.Repositories, []string{s.Pull.Repo}) || !maps.Equal(g.Permissions, want) {
			s.t.Errorf("%s %s by %s was made as %q with %+v", c.Method, c.Path, who, c.User, c.Grant)
		}
	}
	const issues = "/repos/{owner}/{repo}/issues/"
	for _, want := range []string{
		byController + " POST " + issues + "{issue_number}/comments",
		byController + " POST " + issues + "{issue_number}/labels",
		byController + " POST " + issues + "comments/{comment_id}/reactions",
		byController + " POST /repos/{owner}/{repo}/statuses/{sha}",
		byCollate + " PATCH " + issues + "comments/{comment_id}",
		"git POST /{owner}/{repo}/git-upload-pack",
	} {
		if done[want] == 0 {
			s.t.Errorf("there is no call %s among %v", want, done)
		}
	}
}

// checkCredentials expects of all stories so far that we made no call with other
// credentials, and none for which GitHub lacked a permission.
func (s *story) checkCredentials() {
	s.t.Helper()
	all, err := s.Hub.Calls(s.ctx, standin.CallQuery{})
	s.must(err)
	for _, c := range all.Calls {
		if !strings.HasPrefix(c.UserAgent, "rehearsal-") || strings.HasPrefix(c.Path, "/repos/"+narrowOrg()+"/") {
			continue
		}
		if c.User != bot || c.App == (c.Grant != nil) {
			s.t.Errorf("%s %s by %s was made as %q with %+v", c.Method, c.Path, c.UserAgent, c.User, c.Grant)
		}
		if refused := c.Status == 401 || c.Status == 403; refused && c.Fault == 0 {
			s.t.Errorf("%s %s by %s was refused with %d; it had %+v", c.Method, c.Path, c.UserAgent, c.Status, c.Grant)
		}
	}
}
