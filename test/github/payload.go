package github

import "context"

// emitPull sends a pull_request event; more are the fields that only some actions have.
func (s *Server) emitPull(ctx context.Context, p *pull, action string, by *user, more object) {
	if !s.heard(p.repo, "pull_request") {
		return
	}
	shown, err := s.fullPullObject(ctx, p)
	if err != nil {
		s.log.Error("no webhook for a pull request", "number", p.number, "error", err)
		return
	}
	for _, side := range []string{"head", "base"} {
		webhookRepo(shown[side].(object)["repo"].(object))
	}
	payload := s.payload(p.repo, action, by)
	payload["number"], payload["pull_request"] = p.number, shown
	for field, value := range more {
		payload[field] = value
	}
	s.emit(p.repo, "pull_request", action, payload)
}

// emitComment sends an issue_comment event.
func (s *Server) emitComment(_ context.Context, c *comment, action string, by *user, more object) {
	payload := s.payload(c.pull.repo, action, by)
	payload["issue"], payload["comment"] = s.issueObject(c.pull), s.commentObject(c)
	for field, value := range more {
		payload[field] = value
	}
	s.emit(c.pull.repo, "issue_comment", action, payload)
}

func (s *Server) payload(r *repository, action string, by *user) object {
	return object{
		"action": action, "repository": webhookRepo(s.repoObject(r)),
		"organization": s.organizationObject(r.org), "sender": s.userObject(by),
	}
}

// ping returns the event that GitHub sends to a new hook.
func (s *Server) ping(h *hook, by *user) object {
	payload := object{"zen": "Keep it logically awesome.", "hook_id": h.ID, "sender": s.userObject(by)}
	events := h.Events
	if len(events) == 0 {
		events = []string{"*"}
	}
	shown := object{
		"id": h.ID, "name": "web", "active": true, "events": events,
		"config":     object{"content_type": "json", "insecure_ssl": "0", "url": h.URL},
		"created_at": timestamp(s.now()), "updated_at": timestamp(s.now()),
	}
	if h.Repo == "" {
		shown["type"] = "Organization"
		shown["url"] = s.rest("orgs", h.Org, "hooks", h.ID)
		shown["ping_url"] = s.rest("orgs", h.Org, "hooks", h.ID, "pings")
		shown["deliveries_url"] = s.rest("orgs", h.Org, "hooks", h.ID, "deliveries")
		payload["organization"] = s.organizationObject(s.ensureOrg(h.Org))
	} else {
		url := s.rest("repos", h.Org, h.Repo, "hooks", h.ID)
		shown["type"], shown["url"], shown["test_url"], shown["ping_url"] = "Repository", url, url+"/test", url+"/pings"
		shown["deliveries_url"] = url + "/deliveries"
		shown["last_response"] = object{"code": nil, "status": "unused", "message": nil}
		if r, err := s.findRepo(h.Org, h.Repo); err == nil {
			payload["repository"] = webhookRepo(s.repoObject(r))
		}
	}
	payload["hook"] = shown
	return payload
}
