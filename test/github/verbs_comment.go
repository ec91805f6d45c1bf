package github

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// maxBody is the maximum length of a comment, in characters.
const maxBody = 65536

// CreateComment implements Control.
func (s *Server) CreateComment(ctx context.Context, in NewComment) (Comment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.findPull(in.PullID)
	if err != nil {
		return Comment{}, err
	}
	if in.By == "" {
		return Comment{}, invalid("IssueComment", "by", "an author is needed")
	}
	c, err := s.createComment(ctx, p, s.ensureUser(in.By), in.Body)
	if err != nil {
		return Comment{}, err
	}
	return describeComment(c), nil
}

func (s *Server) createComment(ctx context.Context, p *pull, by *user, body string) (*comment, error) {
	if err := checkBody(body); err != nil {
		return nil, err
	}
	if p.locked && !p.repo.allows(by.login, "write") {
		return nil, &apiError{Status: 403, Message: "Unable to create comment because issue is locked.",
			Docs: "https://docs.github.com/articles/locking-conversations/"}
	}
	c := &comment{id: s.id(), pull: p, author: by, body: body, createdAt: s.now(), updatedAt: s.now()}
	p.repo.comments[c.id] = c
	s.record(p, &event{kind: "commented", actor: by, comment: c})
	s.emitComment(ctx, c, "created", by, nil)
	return c, nil
}

func checkBody(body string) error {
	if body == "" {
		return &apiError{Status: 422, Message: "Validation Failed",
			Errors: []object{{"resource": "IssueComment", "code": "missing_field", "field": "body"}}}
	}
	if n := len([]rune(body)); n > maxBody {
		return invalid("IssueComment", "body", fmt.Sprintf("body is too long (maximum is %d characters)", maxBody))
	}
	return nil
}

// EditComment implements Control.
func (s *Server) EditComment(ctx context.Context, in CommentEdit) (Comment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.findComment(in.Org, in.Repo, in.ID)
	if err != nil {
		return Comment{}, err
	}
	if err := s.editComment(ctx, c, s.ensureUser(cmp.Or(in.By, c.author.login)), in.Body); err != nil {
		return Comment{}, err
	}
	return describeComment(c), nil
}

func (s *Server) editComment(ctx context.Context, c *comment, by *user, body string) error {
	if err := checkBody(body); err != nil {
		return err
	}
	if c.pull.locked && !c.pull.repo.allows(by.login, "write") {
		return &apiError{Status: 403, Message: "Unable to update comment because issue is locked.",
			Docs: "https://docs.github.com/articles/locking-conversations/"}
	}
	if body == c.body {
		return nil
	}
	from := c.body
	c.body, c.updatedAt = body, s.now()
	c.edits = edited(c.edits, c.author, c.createdAt, by, c.updatedAt)
	s.emitComment(ctx, c, "edited", by, object{"changes": object{"body": object{"from": from}}})
	return nil
}

// DeleteComment implements Control.
func (s *Server) DeleteComment(ctx context.Context, in CommentEdit) (None, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.findComment(in.Org, in.Repo, in.ID)
	if err != nil {
		return None{}, err
	}
	s.deleteComment(ctx, c, s.ensureUser(cmp.Or(in.By, c.author.login)))
	return None{}, nil
}

func (s *Server) deleteComment(ctx context.Context, c *comment, by *user) {
	p := c.pull
	delete(p.repo.comments, c.id)
	p.timeline = slices.DeleteFunc(p.timeline, func(e *event) bool { return e.comment == c })
	p.updatedAt = s.now()
	s.emitComment(ctx, c, "deleted", by, nil)
}

// ListComments implements Control; the oldest comes first.
func (s *Server) ListComments(_ context.Context, in PullID) ([]Comment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.findPull(in)
	if err != nil {
		return nil, err
	}
	list := []Comment{}
	for _, c := range p.comments() {
		list = append(list, describeComment(c))
	}
	return list, nil
}

func describeComment(c *comment) Comment {
	return Comment{
		PullID: PullID{Org: c.pull.repo.org.login, Repo: c.pull.repo.name, Number: c.pull.number},
		ID:     c.id, Author: c.author.login, Body: c.body, CreatedAt: c.createdAt, UpdatedAt: c.updatedAt,
		Reactions: describeReactions(c.reactions),
	}
}

func describeReactions(reactions []*reaction) []Reaction {
	var list []Reaction
	for _, r := range reactions {
		list = append(list, Reaction{User: r.user.login, Content: r.content})
	}
	return list
}

// ListStatuses implements Control: it returns the newest status of each context, sorted by
// context.
func (s *Server) ListStatuses(_ context.Context, in StatusQuery) ([]Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.findRepo(in.Org, in.Repo)
	if err != nil {
		return nil, err
	}
	list := []Status{}
	for _, st := range r.latestStatuses(in.SHA) {
		list = append(list, Status{Context: st.context, State: st.state, Description: st.description,
			TargetURL: st.targetURL, Creator: st.creator.login, CreatedAt: st.at})
	}
	return list, nil
}

func (r *repository) latestStatuses(sha string) []*status {
	var latest []*status
	for _, st := range slices.Backward(r.statuses[sha]) {
		if !slices.ContainsFunc(latest, func(l *status) bool { return l.context == st.context }) {
			latest = append(latest, st)
		}
	}
	slices.SortFunc(latest, func(a, b *status) int { return cmp.Compare(a.context, b.context) })
	return latest
}
