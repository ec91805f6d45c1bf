package github

import (
	"crypto/rsa"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// tokenLife is GitHub's lifetime of installation tokens, and our default.
const tokenLife = time.Hour

// app is a GitHub App.
type app struct {
	id            int64
	slug          string
	owner         *org
	bot           *user
	key           *rsa.PublicKey
	permissions   map[string]string // by GitHub's names: read, write or admin
	events        []string
	createdAt     time.Time
	installations []*installation
}

// installation is the installation of an App in one organisation.
type installation struct {
	id          int64
	app         *app
	account     *org
	selected    map[string]bool // lower-case names; nil means all repositories
	permissions map[string]string
	events      []string
	createdAt   time.Time
}

func (i *installation) covers(r *repository) bool {
	return i.account == r.org && (i.selected == nil || i.selected[strings.ToLower(r.name)])
}

func (i *installation) selection() string {
	if i.selected == nil {
		return "all"
	}
	return "selected"
}

// grant has the permissions of an installation token.
type grant struct {
	id           int64
	installation *installation
	repositories map[string]bool // lower-case names; nil means all of the installation's
	permissions  map[string]string
	expires      time.Time
}

func (g *grant) covers(r *repository) bool {
	return g.installation.covers(r) && (g.repositories == nil || g.repositories[strings.ToLower(r.name)])
}

// told returns what the log of calls shows of a token.
func (g *grant) told() *Grant {
	if g == nil {
		return nil
	}
	return &Grant{
		ID: g.id, Installation: g.installation.id,
		Repositories: slices.Sorted(maps.Keys(g.repositories)), Permissions: maps.Clone(g.permissions),
	}
}

// actor is the caller of the API: a person, an installation of an App, or an App itself.
type actor struct {
	user  *user
	app   *app   // set for calls with a JSON web token
	grant *grant // set for calls with an installation token
}

// account returns the key by which limits are counted, and GitHub's kind and id of the
// account.
func (a *actor) account() (key string, kind string, id int64) {
	switch {
	case a.app != nil:
		return "app/" + a.app.slug, "app", a.app.id
	case a.grant != nil:
		i := a.grant.installation
		return "installation/" + i.app.slug + "/" + strings.ToLower(i.account.login), "installation", i.id
	}
	return a.user.login, "user", a.user.id
}

// actor returns the caller of a request; nil without an error if there are no credentials.
func (s *Server) actor(r *http.Request) (*actor, error) {
	token := bearer(r)
	if token == "" {
		return nil, nil
	}
	if login, ok := s.tokens[token]; ok {
		return &actor{user: s.users[strings.ToLower(login)]}, nil
	}
	if g := s.grants[token]; g != nil && s.now().Before(g.expires) {
		return &actor{user: g.installation.app.bot, grant: g}, nil
	}
	if strings.Count(token, ".") == 2 {
		a, err := s.appOf(token)
		if err != nil {
			return nil, err
		}
		return &actor{user: a.bot, app: a}, nil
	}
	return nil, &apiError{Status: http.StatusUnauthorized, Message: "Bad credentials"}
}

func bearer(r *http.Request) string {
	if _, password, ok := r.BasicAuth(); ok {
		return password
	}
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "token") {
		return strings.TrimSpace(rest)
	}
	return ""
}

// installationOf returns the installation of an App that covers a repository.
func (a *app) installationOf(r *repository) *installation {
	for _, i := range a.installations {
		if i.covers(r) {
			return i
		}
	}
	return nil
}

// installationIn returns the installation of an App in an organisation.
func (a *app) installationIn(o *org) *installation {
	for _, i := range a.installations {
		if i.account == o {
			return i
		}
	}
	return nil
}

// narrowed returns the permissions of a token: those requested, if the installation has
// them.
func (i *installation) narrowed(asked map[string]string) (map[string]string, error) {
	if len(asked) == 0 {
		return maps.Clone(i.permissions), nil
	}
	got := map[string]string{"metadata": "read"}
	for name, level := range asked {
		if !atLeast(i.permissions[name], level) {
			return nil, &apiError{Status: http.StatusUnprocessableEntity,
				Message: "The permissions requested are not granted to this installation."}
		}
		got[name] = level
	}
	return got, nil
}

var levels = map[string]int{"": 0, "read": 1, "write": 2, "admin": 3}

func atLeast(have, want string) bool { return levels[have] >= levels[want] }
