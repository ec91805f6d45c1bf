package github

import "slices"

func listCommentReactions(r *restRequest) (answer, error) {
	c, err := r.comment()
	if err != nil {
		return answer{}, err
	}
	return page(r, c.reactions, r.s.reactionObject)
}

func createCommentReaction(r *restRequest) (answer, error) {
	c, err := r.comment()
	if err != nil {
		return answer{}, err
	}
	return r.react(&c.reactions)
}

func listPullReactions(r *restRequest) (answer, error) {
	p, err := r.pull()
	if err != nil {
		return answer{}, err
	}
	return page(r, p.reactions, r.s.reactionObject)
}

func createPullReaction(r *restRequest) (answer, error) {
	p, err := r.pull()
	if err != nil {
		return answer{}, err
	}
	return r.react(&p.reactions)
}

// react adds a reaction. If the caller already has this reaction, it returns the old one
// with status 200.
func (r *restRequest) react(to *[]*reaction) (answer, error) {
	var in struct {
		Content string `json:"content"`
	}
	if err := r.decode(&in); err != nil {
		return answer{}, err
	}
	if !slices.Contains(reactionKinds, in.Content) {
		return answer{}, invalid("Reaction", "content", "content is not included in the list")
	}
	for _, old := range *to {
		if old.user == r.user && old.content == in.Content {
			return ok(r.s.reactionObject(old))
		}
	}
	added := &reaction{id: r.s.id(), user: r.user, content: in.Content, at: r.s.now()}
	*to = append(*to, added)
	return created(r.s.reactionObject(added))
}
