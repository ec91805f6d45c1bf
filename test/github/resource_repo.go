package github

import "strings"

// repoURLs are the URL templates below the URL of a repository.
var repoURLs = map[string]string{
	"archive_url":       "/{archive_format}{/ref}",
	"assignees_url":     "/assignees{/user}",
	"blobs_url":         "/git/blobs{/sha}",
	"branches_url":      "/branches{/branch}",
	"collaborators_url": "/collaborators{/collaborator}",
	"comments_url":      "/comments{/number}",
	"commits_url":       "/commits{/sha}",
	"compare_url":       "/compare/{base}...{head}",
	"contents_url":      "/contents/{+path}",
	"contributors_url":  "/contributors",
	"deployments_url":   "/deployments",
	"downloads_url":     "/downloads",
	"events_url":        "/events",
	"forks_url":         "/forks",
	"git_commits_url":   "/git/commits{/sha}",
	"git_refs_url":      "/git/refs{/sha}",
	"git_tags_url":      "/git/tags{/sha}",
	"hooks_url":         "/hooks",
	"issue_comment_url": "/issues/comments{/number}",
	"issue_events_url":  "/issues/events{/number}",
	"issues_url":        "/issues{/number}",
	"keys_url":          "/keys{/key_id}",
	"labels_url":        "/labels{/name}",
	"languages_url":     "/languages",
	"merges_url":        "/merges",
	"milestones_url":    "/milestones{/number}",
	"notifications_url": "/notifications{?since,all,participating}",
	"pulls_url":         "/pulls{/number}",
	"releases_url":      "/releases{/id}",
	"stargazers_url":    "/stargazers",
	"statuses_url":      "/statuses/{sha}",
	"subscribers_url":   "/subscribers",
	"subscription_url":  "/subscription",
	"tags_url":          "/tags",
	"teams_url":         "/teams",
	"trees_url":         "/git/trees{/sha}",
}

// repoObject returns a repository for pull requests.
func (s *Server) repoObject(r *repository) object {
	return s.repoNamed(r, r.fullName(), s.ownerObject(r.org))
}

// forkObject returns the repository of a head in a fork. It is only a description: git
// serves the head from the repository itself, as refs/pull/N/head.
func (s *Server) forkObject(p *pull) object {
	o := s.repoNamed(p.repo, p.author.login+"/"+p.repo.name, s.userObject(p.author))
	id := p.repo.id + p.author.id
	o["id"], o["node_id"], o["fork"] = id, nodeID("Repository", id), true
	return o
}

func (s *Server) repoNamed(r *repository, fullName string, owner object) object {
	url, page := s.rest("repos", fullName), s.html(fullName)
	visibility := "public"
	if r.private {
		visibility = "private"
	}
	open := 0
	for _, p := range r.pulls {
		if p.open() {
			open++
		}
	}
	o := object{
		"id": r.id, "node_id": nodeID("Repository", r.id), "name": r.name, "full_name": fullName,
		"owner": owner, "private": r.private, "description": stringOrNull(r.description), "fork": false,
		"url": url, "html_url": page, "clone_url": page + ".git", "svn_url": page,
		"git_url": "git" + page[strings.Index(page, "://"):] + ".git",
		"ssh_url": "git@" + page[strings.Index(page, "://")+3:] + ".git", "mirror_url": nil,
		"homepage": nil, "language": nil, "license": nil, "topics": []string{}, "visibility": visibility,
		"default_branch": r.defaultBranch, "size": 0,
		"forks": 0, "forks_count": 0, "stargazers_count": 0, "watchers": 0, "watchers_count": 0,
		"open_issues": open, "open_issues_count": open,
		"has_issues": true, "has_projects": false, "has_downloads": true, "has_wiki": false,
		"has_pages": false,
		"archived":  false, "disabled": false, "is_template": false, "allow_forking": true,
		"web_commit_signoff_required": false,
		"created_at":                  timestamp(r.createdAt), "updated_at": timestamp(r.createdAt), "pushed_at": timestamp(r.pushedAt),
	}
	for field, suffix := range repoURLs {
		o[field] = url + suffix
	}
	return o
}

// webhookRepo adds the fields that only webhooks have.
func webhookRepo(o object) object {
	o["custom_properties"] = object{}
	return o
}

// fullRepoObject returns GET /repos/{owner}/{repo}.
func (s *Server) fullRepoObject(r *repository, viewer *user) object {
	o := s.repoObject(r)
	o["network_count"], o["subscribers_count"], o["has_discussions"] = 0, 0, false
	o["custom_properties"] = object{}
	o["organization"] = s.ownerObject(r.org)
	o["allow_merge_commit"], o["allow_squash_merge"], o["allow_rebase_merge"] = true, false, false
	o["permissions"] = permissionsObject(r, viewer)
	return o
}

func permissionsObject(r *repository, u *user) object {
	o := object{}
	for permission, role := range map[string]string{
		"pull": "read", "triage": "triage", "push": "write", "maintain": "maintain", "admin": "admin",
	} {
		o[permission] = r.allows(u.login, role)
	}
	return o
}
