package github

import (
	"context"
	"fmt"
	"time"
)

// maxEdits is how many edits of a text are read.
const maxEdits = 100

// Edits says whether a text was edited, and by whom. GitHub keeps that even if it no
// longer shows the old text.
type Edits struct {
	// Edited says whether the text was edited.
	Edited bool
	// Editors are the logins of the editors, each once; empty for a deleted account. The
	// list is complete only if Complete is set.
	Editors  []string
	Complete bool
}

const editsQuery = `query($id: ID!) {
  node(id: $id) {
    ... on Comment {
      lastEditedAt
      includesCreatedEdit
      editor { login }
      userContentEdits(first: 100) { totalCount nodes { editedAt editor { login } } }
    }
  }
}`

type graphqlActor struct {
	Login string `json:"login"`
}

type graphqlText struct {
	LastEditedAt        *time.Time    `json:"lastEditedAt"`
	IncludesCreatedEdit *bool         `json:"includesCreatedEdit"`
	Editor              *graphqlActor `json:"editor"`
	UserContentEdits    *struct {
		TotalCount int `json:"totalCount"`
		Nodes      []*struct {
			EditedAt time.Time     `json:"editedAt"`
			Editor   *graphqlActor `json:"editor"`
		} `json:"nodes"`
	} `json:"userContentEdits"`
}

// Edits returns the edits of a comment, or of the description of a pull request, given
// its node id. The REST API only returns the time of the last edit, in whole seconds, and
// not the editor.
func (c *graph) Edits(ctx context.Context, org, repo, node string) (*Edits, error) {
	if err := checkRepository(org, repo); err != nil {
		return nil, err
	}
	op := fmt.Sprintf("reading whether %s of %s/%s was edited", node, org, repo)
	if node == "" {
		return nil, fmt.Errorf("%s: GitHub gives no node id", op)
	}
	var data struct {
		Node *graphqlText `json:"node"`
	}
	if err := c.graphql(ctx, op, org, repo, editsQuery, map[string]any{"id": node}, &data); err != nil {
		return nil, err
	}
	if data.Node == nil || data.Node.IncludesCreatedEdit == nil {
		return nil, fmt.Errorf("%s: GitHub's GraphQL API does not show it", op)
	}
	return data.Node.edits(), nil
}

func (t *graphqlText) edits() *Edits {
	e := &Edits{Edited: t.LastEditedAt != nil || *t.IncludesCreatedEdit || t.Editor != nil, Complete: true}
	add := func(a *graphqlActor) {
		login := ""
		if a != nil {
			login = a.Login
		}
		for _, known := range e.Editors {
			if known == login {
				return
			}
		}
		e.Editors = append(e.Editors, login)
	}
	if t.Editor != nil {
		add(t.Editor)
	}
	if t.UserContentEdits == nil {
		e.Complete = !e.Edited
		return e
	}
	e.Edited = e.Edited || t.UserContentEdits.TotalCount > 0
	total := t.UserContentEdits.TotalCount
	e.Complete = total == len(t.UserContentEdits.Nodes) && total <= maxEdits && (total > 0 || !e.Edited)
	for _, edit := range t.UserContentEdits.Nodes {
		if edit == nil {
			e.Complete = false
			continue
		}
		add(edit.Editor)
	}
	return e
}
