package github

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/graph-gophers/graphql-go"
)

// graphqlText is common to comments and descriptions of pull requests.
type graphqlText struct {
	ID                   graphql.ID
	Author, Editor       *graphqlActor
	CreatedAt, UpdatedAt graphqlScalar
	LastEditedAt         *graphqlScalar
	IncludesCreatedEdit  bool

	edits []*graphqlEdit // the latest first
}

type graphqlEdit struct {
	EditedAt graphqlScalar
	Editor   *graphqlActor
}

func textOf(id string, author *user, created, updated time.Time, edits []edit) graphqlText {
	t := graphqlText{
		ID: graphql.ID(id), Author: &graphqlActor{author}, IncludesCreatedEdit: len(edits) > 0,
		CreatedAt: graphqlScalar(timestamp(created)), UpdatedAt: graphqlScalar(timestamp(updated)),
	}
	for i := len(edits) - 1; i >= 0; i-- {
		t.edits = append(t.edits, &graphqlEdit{EditedAt: graphqlScalar(timestamp(edits[i].at)), Editor: &graphqlActor{edits[i].by}})
	}
	if len(t.edits) > 0 {
		t.LastEditedAt, t.Editor = &t.edits[0].EditedAt, t.edits[0].Editor
	}
	return t
}

// UserContentEdits is a resolver.
func (t graphqlText) UserContentEdits(r graphqlRange) *graphqlList[graphqlEdit] {
	return within(t.edits, r)
}

type graphqlComment struct {
	graphqlText
	Body string
}

// graphqlNode is an object with an id.
type graphqlNode struct {
	pull    *graphqlPull
	comment *graphqlComment
}

// ID is a resolver.
func (n *graphqlNode) ID() graphql.ID {
	return n.text().ID
}

func (n *graphqlNode) text() graphqlText {
	if n.pull != nil {
		return n.pull.graphqlText
	}
	return n.comment.graphqlText
}

// ToPullRequest is a resolver.
func (n *graphqlNode) ToPullRequest() (*graphqlPull, bool) { return n.pull, n.pull != nil }

// ToIssueComment is a resolver.
func (n *graphqlNode) ToIssueComment() (*graphqlComment, bool) { return n.comment, n.comment != nil }

// Node finds a pull request or a comment that the caller may see.
func (graphqlRoot) Node(ctx context.Context, in struct{ ID graphql.ID }) (*graphqlNode, error) {
	r := ctx.Value(graphqlCaller{}).(*restRequest)
	if g := r.who.grant; g != nil && !(need{level: "read", oneOf: issues}).metBy(g.permissions) {
		return nil, forbidden("Resource not accessible by integration")
	}
	for _, repo := range r.s.repos {
		if !r.allows(repo, "read") {
			continue
		}
		for _, p := range repo.pulls {
			if nodeID("PullRequest", p.id) == string(in.ID) {
				pull, err := r.s.graphqlPull(ctx, p)
				return &graphqlNode{pull: pull}, err
			}
		}
		for _, c := range repo.comments {
			if id := nodeID("IssueComment", c.id); id == string(in.ID) {
				text := textOf(id, c.author, c.createdAt, c.updatedAt, c.edits)
				return &graphqlNode{comment: &graphqlComment{text, c.body}}, nil
			}
		}
	}
	return nil, graphqlNotFound(in.ID)
}

// graphqlNotFound is GitHub's error with its type.
type graphqlNotFound string

func (id graphqlNotFound) Error() string {
	return fmt.Sprintf("Could not resolve to a node with the global id of '%s'", string(id))
}

// graphqlGitActor is a person as named in a commit.
type graphqlGitActor struct {
	Email, Name *string
	User        *graphqlUser
}

func (s *Server) graphqlGitActor(p gitPerson) *graphqlGitActor {
	a := &graphqlGitActor{Email: &p.email, Name: &p.name}
	if u := s.userOf(p); u != nil && u.kind == "User" {
		a.User = graphqlUserOf(u)
	}
	return a
}

func graphqlUserOf(u *user) *graphqlUser {
	id := int32(u.id)
	return &graphqlUser{DatabaseID: &id, Login: u.login}
}

var coAuthor = regexp.MustCompile(`(?im)^co-authored-by:\s*(.*?)\s*<([^>]*)>\s*$`)

// graphqlAuthors returns the author of a commit and the co-authors in its message.
func (s *Server) graphqlAuthors(c gitCommit) []*graphqlGitActor {
	authors := []*graphqlGitActor{s.graphqlGitActor(c.author)}
	for _, found := range coAuthor.FindAllStringSubmatch(c.message, -1) {
		authors = append(authors, s.graphqlGitActor(gitPerson{name: found[1], email: strings.TrimSpace(found[2])}))
	}
	return authors
}

// Authors is a resolver.
func (c graphqlCommit) Authors(r graphqlRange) *graphqlList[graphqlGitActor] {
	return within(c.authors, r)
}
