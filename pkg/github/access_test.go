package github_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

func TestAccessOfAnApp(t *testing.T) {
	f, ctx := startApp(t), t.Context()
	_, err := f.InstallApp(ctx, standin.NewInstallation{App: f.app.ID, Org: "org", Repositories: []string{"config"},
		Permissions: map[string]string{"issues": "write"}, Events: []string{"pull_request"}})
	ok(t, err)
	app, err := f.client.AppAccess(ctx)
	ok(t, err)
	if diff := cmp.Diff(&github.Access{App: "rehearsal", Permissions: needs(), Events: github.AppEvents()}, app); diff != "" {
		t.Error(diff)
	}
	installed, err := f.client.RepositoryAccess(ctx, "org", "config")
	ok(t, err)
	if diff := cmp.Diff(&github.Access{App: "rehearsal", Permissions: map[string]string{"issues": "write", "metadata": "read"}, Events: []string{"pull_request"}}, installed); diff != "" {
		t.Error(diff)
	}
	_, err = f.client.RepositoryAccess(ctx, "org", "other")
	var absent *github.NotInstalledError
	if !errors.As(err, &absent) {
		t.Errorf("where the App is not installed: %v", err)
	}
}

func TestAccessOfAPerson(t *testing.T) {
	f, ctx := start(t), t.Context()
	if app, err := f.client.AppAccess(ctx); err != nil || app != nil {
		t.Errorf("a person is the App %+v, %v", app, err)
	}
	for _, push := range []bool{true, false} {
		access, err := f.client.RepositoryAccess(ctx, "org", "config")
		ok(t, err)
		if diff := cmp.Diff(&github.Access{Push: push}, access); diff != "" {
			t.Error(diff)
		}
		ok(t, revoke(t, f))
	}
}

func TestGrants(t *testing.T) {
	for _, tc := range []struct {
		have, want string
		granted    bool
	}{
		{"read", "read", true}, {"write", "read", true}, {"admin", "write", true},
		{"read", "write", false}, {"", "read", false}, {"nonsense", "read", false},
	} {
		if got := github.Grants(tc.have, tc.want); got != tc.granted {
			t.Errorf("%q grants %q: %t", tc.have, tc.want, got)
		}
	}
}
