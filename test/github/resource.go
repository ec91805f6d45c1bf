package github

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// object is a JSON object in the REST API or in a webhook.
type object = map[string]any

var zeroTime time.Time

// html returns the URL of a page.
func (s *Server) html(parts ...any) string { return s.baseURL + join(parts) }

// rest returns the URL of a resource of the REST API.
func (s *Server) rest(parts ...any) string { return s.baseURL + "/api/v3" + join(parts) }

func join(parts []any) string {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "/%v", p)
	}
	return b.String()
}

// nodeID returns GitHub's opaque id: base64 of the type and the number.
func nodeID(kind string, id any) string {
	text := fmt.Sprintf("%s%v", kind, id)
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "0%d:%s", len(kind), text))
}

func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// orNull renders a time; null if it is zero.
func orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return timestamp(t)
}

func stringOrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (s *Server) userObject(u *user) object {
	return s.accountObject(u.login, u.id, u.kind)
}

func (s *Server) userOrNull(u *user) any {
	if u == nil {
		return nil
	}
	return s.userObject(u)
}

// ownerObject returns an organisation in the form of a user.
func (s *Server) ownerObject(o *org) object {
	return s.accountObject(o.login, o.id, "Organization")
}

func (s *Server) accountObject(login string, id int64, kind string) object {
	url := s.rest("users", login)
	return object{
		"login": login, "id": id, "node_id": nodeID(kind, id), "type": kind, "site_admin": false,
		"avatar_url": s.html("_avatars", login), "gravatar_id": "",
		"url": url, "html_url": s.html(login),
		"followers_url":       url + "/followers",
		"following_url":       url + "/following{/other_user}",
		"gists_url":           url + "/gists{/gist_id}",
		"starred_url":         url + "/starred{/owner}{/repo}",
		"subscriptions_url":   url + "/subscriptions",
		"organizations_url":   url + "/orgs",
		"repos_url":           url + "/repos",
		"events_url":          url + "/events{/privacy}",
		"received_events_url": url + "/received_events",
	}
}

// profileObject returns GET /users/{username}, which has more than userObject.
func (s *Server) profileObject(u *user) object {
	o := s.userObject(u)
	for _, field := range []string{"name", "company", "blog", "location", "email", "hireable", "bio"} {
		o[field] = nil
	}
	for _, field := range []string{"public_repos", "public_gists", "followers", "following"} {
		o[field] = 0
	}
	o["created_at"], o["updated_at"] = timestamp(u.createdAt), timestamp(u.createdAt)
	o["user_view_type"] = "public"
	return o
}

// organizationObject returns an organisation for webhooks.
func (s *Server) organizationObject(o *org) object {
	url := s.rest("orgs", o.login)
	return object{
		"login": o.login, "id": o.id, "node_id": nodeID("Organization", o.id), "url": url,
		"repos_url": url + "/repos", "events_url": url + "/events", "hooks_url": url + "/hooks",
		"issues_url": url + "/issues", "members_url": url + "/members{/member}",
		"public_members_url": url + "/public_members{/member}",
		"avatar_url":         s.html("_avatars", o.login), "description": "",
	}
}

func (s *Server) labelObject(r *repository, l *label) object {
	return object{
		"id": l.id, "node_id": nodeID("Label", l.id), "url": s.rest("repos", r.fullName(), "labels", url.PathEscape(l.name)),
		"name": l.name, "color": l.color, "default": false, "description": "",
	}
}

func (s *Server) labelObjects(p *pull) []object {
	list := []object{}
	for _, l := range p.labels {
		list = append(list, s.labelObject(p.repo, l))
	}
	return list
}

// association returns GitHub's name for the relation of a user to a repository.
func association(r *repository, u *user) string {
	key := strings.ToLower(u.login)
	switch {
	case strings.EqualFold(u.login, r.org.login):
		return "OWNER"
	case r.org.has(key):
		return "MEMBER"
	case r.roles[key] != "":
		return "COLLABORATOR"
	}
	for _, p := range r.pulls {
		if p.merged && p.author == u {
			return "CONTRIBUTOR"
		}
	}
	return "NONE"
}

func (s *Server) reactionObject(r *reaction) object {
	return object{"id": r.id, "node_id": nodeID("Reaction", r.id), "user": s.userObject(r.user),
		"content": r.content, "created_at": timestamp(r.at)}
}

var reactionKinds = []string{"+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"}

// reactionsObject counts reactions by kind.
func reactionsObject(url string, reactions []*reaction) object {
	o := object{"url": url + "/reactions", "total_count": len(reactions)}
	for _, kind := range reactionKinds {
		o[kind] = 0
	}
	for _, r := range reactions {
		o[r.content] = o[r.content].(int) + 1
	}
	return o
}
