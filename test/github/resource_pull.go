package github

import (
	"context"
	"fmt"
)

// pullObject returns a pull request for lists.
func (s *Server) pullObject(p *pull) object {
	repo := p.repo.fullName()
	url, issue := s.rest("repos", repo, "pulls", p.number), s.rest("repos", repo, "issues", p.number)
	page := s.html(repo, "pull", p.number)
	links := object{
		"self": url, "html": page, "issue": issue, "comments": issue + "/comments",
		"review_comments": url + "/comments",
		"review_comment":  s.rest("repos", repo, "pulls/comments{/number}"),
		"commits":         url + "/commits", "statuses": s.rest("repos", repo, "statuses", p.headSHA),
	}
	o := object{
		"id": p.id, "node_id": nodeID("PullRequest", p.id), "number": p.number, "state": p.state(),
		"url": url, "html_url": page, "diff_url": page + ".diff", "patch_url": page + ".patch", "issue_url": issue,
		"commits_url": links["commits"], "comments_url": links["comments"], "statuses_url": links["statuses"],
		"review_comments_url": links["review_comments"], "review_comment_url": links["review_comment"],
		"title": p.title, "body": stringOrNull(p.body), "user": s.userObject(p.author),
		"author_association": association(p.repo, p.author),
		"draft":              p.draft, "locked": p.locked, "active_lock_reason": stringOrNull(p.lockReason),
		"labels": s.labelObjects(p), "milestone": nil, "assignee": nil, "assignees": []object{},
		"requested_reviewers": []object{}, "requested_teams": []object{}, "auto_merge": nil,
		"created_at": timestamp(p.createdAt), "updated_at": timestamp(p.updatedAt),
		"closed_at": orNull(p.closedAt), "merged_at": nil, "merge_commit_sha": stringOrNull(p.mergeCommit),
		"head": s.sideObject(p, p.headOwner(), p.headRef, p.headSHA, p.fork),
		"base": s.sideObject(p, p.repo.org.login, p.baseRef, p.baseSHA, false),
	}
	if p.merged {
		o["merged_at"] = timestamp(p.closedAt)
	}
	hrefs := object{}
	for name, href := range links {
		hrefs[name] = object{"href": href}
	}
	o["_links"] = hrefs
	return o
}

// sideObject returns the head or the base of a pull request.
func (s *Server) sideObject(p *pull, owner, ref, sha string, fork bool) object {
	o := object{"label": owner + ":" + ref, "ref": ref, "sha": sha}
	if fork {
		o["user"], o["repo"] = s.userObject(p.author), s.forkObject(p)
	} else {
		o["user"], o["repo"] = s.ownerObject(p.repo.org), s.repoObject(p.repo)
	}
	return o
}

// fullPullObject returns a pull request for GET and webhooks.
func (s *Server) fullPullObject(ctx context.Context, p *pull) (object, error) {
	st, err := p.computed(ctx)
	if err != nil {
		return nil, err
	}
	o := s.pullObject(p)
	o["merged"], o["merged_by"], o["mergeable"], o["rebaseable"] = p.merged, nil, nil, nil
	switch {
	case p.merged:
		o["merged_by"], o["mergeable_state"] = s.userObject(p.closedBy), "unknown"
	case st.mergeable:
		o["mergeable"], o["rebaseable"], o["mergeable_state"] = true, true, "clean"
	default:
		o["mergeable"], o["rebaseable"], o["mergeable_state"] = false, false, "dirty"
	}
	o["comments"], o["review_comments"], o["commits"] = len(p.comments()), 0, len(st.commits)
	o["additions"], o["deletions"], o["changed_files"] = st.additions, st.deletions, len(st.files)
	o["maintainer_can_modify"] = false
	return o, nil
}

// issueObject returns a pull request as an issue.
func (s *Server) issueObject(p *pull) object {
	repo := p.repo.fullName()
	url, page := s.rest("repos", repo, "issues", p.number), s.html(repo, "pull", p.number)
	o := object{
		"id": p.issueID, "node_id": nodeID("Issue", p.issueID), "number": p.number, "state": p.state(),
		"url": url, "html_url": page, "repository_url": s.rest("repos", repo),
		"labels_url": url + "/labels{/name}", "comments_url": url + "/comments",
		"events_url": url + "/events", "timeline_url": url + "/timeline",
		"title": p.title, "body": stringOrNull(p.body), "user": s.userObject(p.author),
		"author_association": association(p.repo, p.author),
		"labels":             s.labelObjects(p), "milestone": nil, "assignee": nil, "assignees": []object{},
		"draft": p.draft, "locked": p.locked, "active_lock_reason": stringOrNull(p.lockReason),
		"comments": len(p.comments()), "reactions": reactionsObject(url, p.reactions),
		"created_at": timestamp(p.createdAt), "updated_at": timestamp(p.updatedAt), "closed_at": orNull(p.closedAt),
		"performed_via_github_app": nil,
	}
	link := object{"url": s.rest("repos", repo, "pulls", p.number), "html_url": page,
		"diff_url": page + ".diff", "patch_url": page + ".patch", "merged_at": nil}
	if p.merged {
		link["merged_at"] = timestamp(p.closedAt)
	}
	o["pull_request"] = link
	return o
}

func (s *Server) commentObject(c *comment) object {
	repo := c.pull.repo.fullName()
	url := s.rest("repos", repo, "issues/comments", c.id)
	return object{
		"id": c.id, "node_id": nodeID("IssueComment", c.id), "url": url,
		"html_url":  s.commentPage(c),
		"issue_url": s.rest("repos", repo, "issues", c.pull.number),
		"user":      s.userObject(c.author), "author_association": association(c.pull.repo, c.author),
		"body": c.body, "created_at": timestamp(c.createdAt), "updated_at": timestamp(c.updatedAt),
		"reactions": reactionsObject(url, c.reactions), "performed_via_github_app": nil,
	}
}

func (s *Server) commentPage(c *comment) string {
	return fmt.Sprintf("%s#issuecomment-%d", s.html(c.pull.repo.fullName(), "pull", c.pull.number), c.id)
}

// statusObject returns a commit status.
func (s *Server) statusObject(r *repository, st *status) object {
	return object{
		"id": st.id, "node_id": nodeID("StatusContext", st.id),
		"url":        s.rest("repos", r.fullName(), "statuses", st.sha),
		"avatar_url": s.html("_avatars", st.creator.login),
		"state":      st.state, "context": st.context, "description": stringOrNull(st.description),
		"target_url": stringOrNull(st.targetURL), "creator": s.userObject(st.creator),
		"created_at": timestamp(st.at), "updated_at": timestamp(st.at),
	}
}
