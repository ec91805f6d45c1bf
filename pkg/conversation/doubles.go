package conversation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
)

// DoubtTime is how long a comment can be in flight, or missing from GitHub's lists,
// after the attempt to write it.
const DoubtTime = 2 * time.Minute

// Doubt records that a comment may have been written twice. The comments are checked
// once GitHub's lists are certain to be complete.
func (c *Conversation) Doubt() {
	c.status().LookForDoubles = &metav1.Time{Time: c.Now.Add(DoubtTime)}
}

// doubtCreation records a possible duplicate after creating a comment: without a
// response it may have been created, and another controller that was the leader until
// just now may have done the same.
func (c *Conversation) doubtCreation(body string, err error) {
	var limited *github.RateLimitedError
	var moved *github.MovedError
	unanswered := err != nil && !github.Impossible(err) && !errors.As(err, &moved) && !errors.As(err, &limited)
	if unanswered {
		c.Memory.note(c.memoryKey(body), github.Comment{}, c.Now)
	}
	if unanswered || err == nil && c.NewLeader {
		c.Doubt()
	}
}

// doubtFound records that a found comment may not be the only one. If it is old, the list
// is complete.
func (c *Conversation) doubtFound(found github.Comment, others int) {
	if others > 0 {
		c.status().LookForDoubles = &metav1.Time{Time: c.Now}
	} else if c.theirTime().Sub(found.CreatedAt) < DoubtTime {
		c.Doubt()
	}
}

// double is one of our comments with its duplicates, which are to be removed.
type double struct {
	keep github.Comment
	drop []github.Comment
}

// doubles finds comments of ours with the same marker. The oldest is kept, unless
// people have responded to another one, or inUse says that a report will be written
// to it. These are never removed.
func doubles(comments []github.Comment, self string, inUse func(id int64) bool) []double {
	groups := map[string][]github.Comment{}
	for _, c := range comments {
		if marker, ok := report.FindMarker(c.Body); ok && strings.EqualFold(c.Author, self) {
			groups[marker] = append(groups[marker], c)
		}
	}
	rank := func(c github.Comment) int {
		switch {
		case answeredTo(c, comments):
			return 0
		case inUse(c.ID):
			return 1
		}
		return 2
	}
	var found []double
	for _, same := range groups {
		slices.SortFunc(same, func(a, b github.Comment) int { return cmp.Or(rank(a)-rank(b), cmp.Compare(a.ID, b.ID)) })
		drop := slices.DeleteFunc(slices.Clone(same[1:]), func(c github.Comment) bool { return rank(c) < 2 })
		if len(drop) > 0 {
			found = append(found, double{same[0], drop})
		}
	}
	slices.SortFunc(found, func(a, b double) int { return cmp.Compare(a.keep.ID, b.keep.ID) })
	return found
}

// answeredTo reports whether people reacted to a comment, or linked to it.
func answeredTo(c github.Comment, all []github.Comment) bool {
	link := fmt.Sprintf("#issuecomment-%d", c.ID)
	return c.Reactions > 0 || slices.ContainsFunc(all, func(other github.Comment) bool {
		_, after, linked := strings.Cut(other.Body, link)
		return linked && other.ID != c.ID && (after == "" || after[0] < '0' || after[0] > '9')
	})
}

// RemoveDoubles removes duplicate comments, when the check is due.
func (c *Conversation) RemoveDoubles(ctx context.Context) error {
	due := c.status().LookForDoubles
	switch {
	case due == nil, c.Muted != nil:
		return nil
	case due.After(c.Now):
		return &requeue.Later{After: due.Sub(c.Now), Reason: "a comment may have been written twice"}
	}
	self, err := c.GitHub.Self(ctx)
	if err != nil {
		return err
	}
	p := c.pull()
	comments, err := c.GitHub.Comments(ctx, p.Org, p.Repo, p.Number)
	if err != nil && !github.Impossible(err) {
		return err
	}
	inUse := func(id int64) bool {
		return slices.ContainsFunc(c.status().Runs, func(r v1alpha1.RunStatus) bool { return !r.State.Done() && r.Comment == id })
	}
	var errs []error
	for _, d := range doubles(comments, self, inUse) {
		for _, young := range d.drop {
			errs = append(errs, c.merge(ctx, d.keep, young))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	c.status().LookForDoubles = nil
	return nil
}

// merge removes a duplicate after status refers to the other comment and is stored.
// It leaves what GitHub does not let us remove.
func (c *Conversation) merge(ctx context.Context, keep, drop github.Comment) error {
	p := c.pull()
	if c.knows(drop.ID) {
		if keep.Body != drop.Body {
			if _, err := c.GitHub.EditComment(ctx, p.Org, p.Repo, keep.ID, drop.Body); err != nil {
				return unlessImpossible(err)
			}
		}
		c.moveComment(drop.ID, keep.ID)
		return &requeue.Later{After: time.Second, Reason: fmt.Sprintf("comment %d replaces %d", keep.ID, drop.ID)}
	}
	logging.FromContext(ctx).Infow("Removing a comment that was written twice", "comment", drop.ID, "kept", keep.ID)
	return unlessImpossible(c.GitHub.DeleteComment(ctx, p.Org, p.Repo, drop.ID))
}

func unlessImpossible(err error) error {
	if github.Impossible(err) {
		return nil
	}
	return err
}

// knows reports whether status refers to a comment.
func (c *Conversation) knows(id int64) bool {
	for _, comment := range c.status().Comments {
		if comment.ID == id {
			return true
		}
	}
	return slices.ContainsFunc(c.status().Runs, func(r v1alpha1.RunStatus) bool { return r.Comment == id })
}

// moveComment makes status refer to another comment instead.
func (c *Conversation) moveComment(from, to int64) {
	comments := c.status().Comments
	for name, comment := range comments {
		if comment.ID == from {
			comment.ID = to
			comments[name] = comment
		}
	}
	for i := range c.status().Runs {
		if r := &c.status().Runs[i]; r.Comment == from {
			r.Comment = to
		}
	}
}
