package github

import "strings"

func (s *Server) refObject(r *repository, ref gitRef) object {
	return object{
		"ref": ref.name, "node_id": nodeID("Ref", ref.name),
		"url": s.rest("repos", r.fullName(), "git", ref.name),
		"object": object{"type": "commit", "sha": ref.sha,
			"url": s.rest("repos", r.fullName(), "git/commits", ref.sha)},
	}
}

// commitObject returns a commit for repository calls.
func (s *Server) commitObject(r *repository, c gitCommit) object {
	url := s.rest("repos", r.fullName(), "commits", c.sha)
	o := s.gitCommitObject(r, c)
	delete(o, "html_url")
	delete(o, "sha")
	delete(o, "node_id")
	parents := o["parents"]
	delete(o, "parents")
	o["comment_count"] = 0
	return object{
		"sha": c.sha, "node_id": nodeID("Commit", c.sha), "url": url,
		"html_url": s.html(r.fullName(), "commit", c.sha), "comments_url": url + "/comments",
		"commit": o, "parents": parents,
		"author": s.userOrNull(s.userOf(c.author)), "committer": s.userOrNull(s.userOf(c.committer)),
	}
}

// gitCommitObject returns a commit for git calls and timelines.
func (s *Server) gitCommitObject(r *repository, c gitCommit) object {
	repo := r.fullName()
	parents := []object{}
	for _, sha := range c.parents {
		parents = append(parents, object{"sha": sha, "url": s.rest("repos", repo, "commits", sha),
			"html_url": s.html(repo, "commit", sha)})
	}
	return object{
		"sha": c.sha, "node_id": nodeID("Commit", c.sha), "url": s.rest("repos", repo, "git/commits", c.sha),
		"html_url": s.html(repo, "commit", c.sha), "message": c.message,
		"author": personObject(c.author), "committer": personObject(c.committer),
		"tree":    object{"sha": c.tree, "url": s.rest("repos", repo, "git/trees", c.tree)},
		"parents": parents,
		"verification": object{"verified": false, "reason": "unsigned", "signature": nil,
			"payload": nil, "verified_at": nil},
	}
}

func personObject(p gitPerson) object {
	return object{"name": p.name, "email": p.email, "date": timestamp(p.at)}
}

// userOf returns the user who made the commit; nil if unknown.
func (s *Server) userOf(p gitPerson) *user {
	if p.email == "noreply@github.com" {
		return s.ensureUser("web-flow")
	}
	login, _, _ := strings.Cut(p.email, "@users.noreply.")
	return s.users[strings.ToLower(login)]
}

func (s *Server) fileObject(r *repository, ref string, f fileDiff) object {
	repo := r.fullName()
	o := object{
		"sha": f.sha, "filename": f.path, "status": f.status,
		"additions": f.additions, "deletions": f.deletions, "changes": f.additions + f.deletions,
		"blob_url":     s.html(repo, "blob", ref, escapePath(f.path)),
		"raw_url":      s.html(repo, "raw", ref, escapePath(f.path)),
		"contents_url": s.rest("repos", repo, "contents", escapePath(f.path)) + "?ref=" + ref,
	}
	if f.patch != "" {
		o["patch"] = f.patch
	}
	if f.oldPath != "" {
		o["previous_filename"] = f.oldPath
	}
	return o
}
