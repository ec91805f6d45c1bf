package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// Hub has the calls to GitHub that the check needs.
type Hub interface {
	Self(ctx context.Context) (string, error)
	AppAccess(ctx context.Context) (*github.Access, error)
	RepositoryAccess(ctx context.Context, org, repo string) (*github.Access, error)
	Member(ctx context.Context, org, login string) (bool, error)
}

// hub checks GitHub.
type hub struct {
	area
	Hub
	self string
	// forwarded reports whether Prow's hook forwards the webhooks of a repository.
	forwarded func(repository string) bool
}

// GitHub checks our rights on GitHub. Forwarded reports for which repositories, org/repo,
// Prow's hook forwards the webhooks.
func GitHub(ctx context.Context, gh Hub, s *settings.Settings, forwarded func(repository string) bool) []Finding {
	h := &hub{area: area{name: "GitHub, at " + s.GitHub.Endpoint}, Hub: gh, forwarded: forwarded}
	var err error
	if h.self, err = gh.Self(ctx); err != nil {
		h.missing("put a token, or app-id and private-key of a GitHub App, into the Secret rehearsal-github; see docs/github.md",
			"GitHub does not accept our credentials: %v", err)
		return h.findings
	}
	app, err := gh.AppAccess(ctx)
	switch {
	case err != nil:
		h.unknown("try again", "What the App may do is not known: %v", err)
		return h.findings
	case app != nil:
		h.fine("We are the GitHub App %s.", app.App)
	default:
		h.fine("We are %s, by a personal token.", h.self)
	}
	for _, r := range s.Repositories {
		h.area.repository = r.Name
		h.check(ctx, r, app)
	}
	return h.findings
}

func (h *hub) check(ctx context.Context, r settings.Repository, app *github.Access) {
	org, repo, _ := strings.Cut(r.Name, "/")
	access, err := h.RepositoryAccess(ctx, org, repo)
	var absent *github.NotInstalledError
	var hidden *github.NotFoundError
	switch {
	case errors.As(err, &absent):
		h.missing("install the App in "+org+" and give it access to "+r.Name+", or take the repository out of the settings",
			"The App is not installed in %s.", r.Name)
	case errors.As(err, &hidden):
		h.missing("check the name in the settings, and give "+h.self+" access to it", "GitHub has no %s, or does not show it to us.", r.Name)
	case err != nil:
		h.unknown("try again", "%s cannot be read: %v", r.Name, err)
	case app != nil:
		h.installation(r, app, access)
	default:
		h.token(ctx, r, access)
	}
}

// installation compares the permissions of an installation with those that we need.
func (h *hub) installation(r settings.Repository, app, in *github.Access) {
	before := len(h.findings)
	for _, p := range github.AppPermissions() {
		if p.Name == "statuses" && r.StatusContext == "" || github.Grants(in.Permissions[p.Name], p.Level) {
			continue
		}
		if github.Grants(app.Permissions[p.Name], p.Level) {
			h.missing("an owner of the organization has to accept the App's new permissions, under Settings → GitHub Apps",
				"In %s the App has not been granted %s: %s (%s).", r.Name, p.Label, p.Level, p.Why)
			continue
		}
		h.missing(fmt.Sprintf("set it under Developer settings → GitHub Apps → %s → Permissions & events; then an owner of the organization has to accept it", app.App),
			"The App does not ask for %s: %s, which %s needs (%s).", p.Label, p.Level, r.Name, p.Why)
	}
	for _, event := range github.AppEvents() {
		if !slices.Contains(in.Events, event) && !h.forwarded(r.Name) {
			h.missing(fmt.Sprintf("subscribe to it under Developer settings → GitHub Apps → %s → Permissions & events, or have Prow's hook forward webhooks", app.App),
				"No webhooks for %s arrive from %s; the sweep finds the changes later.", event, r.Name)
		}
	}
	if len(h.findings) == before {
		h.fine("The App has every permission and event that it needs in %s.", r.Name)
	}
}

// token checks the rights of a personal token.
func (h *hub) token(ctx context.Context, r settings.Repository, access *github.Access) {
	before := len(h.findings)
	if !access.Push {
		h.missing("give "+h.self+" the role write in the repository",
			"%s has no write access to %s: without it there are no labels, no commit status, and nobody's rights can be read.", h.self, r.Name)
	}
	want := "public_repo"
	if access.Private {
		want = "repo"
	}
	if access.HasScopes && !slices.Contains(access.Scopes, want) && !slices.Contains(access.Scopes, "repo") {
		h.missing("make a token with the scope "+want, "The token has the scopes %s; %s needs %s.", listed(access.Scopes), r.Name, want)
	}
	org, _, _ := strings.Cut(r.Name, "/")
	if _, err := h.Member(ctx, org, h.self); err != nil {
		h.missing("make "+h.self+" a member of "+org+" and give the token the scope read:org",
			"Who is a member of %s cannot be read: %v.", org, err)
	}
	if len(h.findings) == before {
		h.fine("%s may do what it needs in %s.", h.self, r.Name)
	}
}

func listed(names []string) string {
	if len(names) == 0 {
		return "(none)"
	}
	return strings.Join(names, ", ")
}
