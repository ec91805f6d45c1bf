package github

import (
	"slices"
	"time"
)

// listTimeline lists the events of a pull request. GitHub sorts a commit by its committer
// date, whatever it is and whenever the commit was pushed; all other events have GitHub's
// own time.
func listTimeline(r *restRequest) (answer, error) {
	p, err := r.pull()
	if err != nil {
		return answer{}, err
	}
	commits := map[string]gitCommit{}
	for _, e := range p.timeline {
		if e.kind != "committed" {
			continue
		}
		if commits[e.commit], err = p.repo.git.show(r.Context(), e.commit); err != nil {
			return answer{}, err
		}
	}
	when := func(e *event) time.Time {
		if e.kind == "committed" {
			return commits[e.commit].committer.at
		}
		return e.at
	}
	ordered := slices.Clone(p.timeline)
	slices.SortStableFunc(ordered, func(a, b *event) int {
		return when(a).Truncate(time.Second).Compare(when(b).Truncate(time.Second))
	})
	return page(r, ordered, func(e *event) object {
		switch e.kind {
		case "committed":
			o := r.s.gitCommitObject(p.repo, commits[e.commit])
			o["event"] = e.kind
			return o
		case "commented":
			o := r.s.commentObject(e.comment)
			o["event"], o["actor"] = e.kind, o["user"]
			return o
		}
		return r.s.eventObject(p, e)
	})
}

// eventObject returns an entry of the timeline that is neither a commit nor a comment.
func (s *Server) eventObject(p *pull, e *event) object {
	repo := p.repo.fullName()
	o := object{
		"id": e.id, "node_id": nodeID("Event", e.id), "url": s.rest("repos", repo, "issues/events", e.id),
		"actor": s.userObject(e.actor), "event": e.kind, "created_at": timestamp(e.at),
		"commit_id": stringOrNull(e.commit), "commit_url": nil, "performed_via_github_app": nil,
	}
	if e.commit != "" {
		o["commit_url"] = s.rest("repos", repo, "commits", e.commit)
	}
	switch e.kind {
	case "labeled", "unlabeled":
		o["label"] = object{"name": e.label.name, "color": e.label.color}
	case "renamed":
		o["rename"] = object{"from": e.from, "to": e.to}
	case "locked":
		o["lock_reason"] = stringOrNull(e.reason)
	case "closed", "reopened":
		o["state_reason"] = nil
	}
	return o
}
