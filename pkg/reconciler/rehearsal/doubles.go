package rehearsal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// doubtTime is how long a comment may be on its way, or missing from GitHub's
// lists, after somebody set out to write it.
const doubtTime = 2 * time.Minute

// doubt notes that a comment may have been written twice. The comments are looked
// through once GitHub's lists show all that was under way.
func (t *turn) doubt() {
	t.rh.Status.LookForDoubles = &metav1.Time{Time: t.now.Add(doubtTime)}
}

// doubtCreation notes what the creation of a comment leaves in doubt: without an
// answer it may have been done, and another controller, which led until just now,
// may have done the same.
func (t *turn) doubtCreation(body string, err error) {
	var limited *github.RateLimitedError
	unanswered := err != nil && !impossible(err) && !isMoved(err) && !errors.As(err, &limited)
	if unanswered {
		t.Written.note(t.writtenKey(body), github.Comment{}, t.now)
	}
	if unanswered || err == nil && t.LeadsSince != nil && t.Clock.Since(t.LeadsSince()) < doubtTime {
		t.doubt()
	}
}

// writtenComments remembers for a while which comments were created, in case status is
// not stored and GitHub's lists are late. Those without an id may have been.
type writtenComments struct {
	mu       sync.Mutex
	comments map[string]github.Comment
}

// note remembers a comment by its pull request and marker, and forgets old ones.
func (w *writtenComments) note(key string, c github.Comment, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.comments == nil {
		w.comments = map[string]github.Comment{}
	}
	maps.DeleteFunc(w.comments, func(_ string, old github.Comment) bool { return now.Sub(old.CreatedAt) > doubtTime })
	c.CreatedAt = now
	w.comments[key] = c
}

// take returns a comment, which it forgets: whoever takes it notes it again if it is
// still there.
func (w *writtenComments) take(key string, now time.Time) *github.Comment {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.comments[key]
	delete(w.comments, key)
	if !ok || now.Sub(c.CreatedAt) > doubtTime {
		return nil
	}
	return &c
}

// drop forgets a comment that GitHub says is gone.
func (w *writtenComments) drop(key string, id int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.comments[key].ID == id {
		delete(w.comments, key)
	}
}

// writtenKey is how a comment is remembered.
func (t *turn) writtenKey(body string) string {
	marker, _ := report.FindMarker(body)
	return t.key() + " " + marker
}

// doubtFound notes that a comment which was found may not be the only one. Beside
// an old one, all others are in the list, too.
func (t *turn) doubtFound(found github.Comment, others int) {
	if others > 0 {
		t.rh.Status.LookForDoubles = &metav1.Time{Time: t.now}
	} else if t.theirTime().Sub(found.CreatedAt) < doubtTime {
		t.doubt()
	}
}

// double is a comment of ours, and the others that say the same and have to go.
type double struct {
	keep github.Comment
	drop []github.Comment
}

// doubles finds comments of ours that have the same marker. The oldest stays, unless
// people have answered to another one, or inUse says that a report will be written to
// it. None of those ever goes.
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

// answeredTo says that people have reacted to a comment, or linked to it.
func answeredTo(c github.Comment, all []github.Comment) bool {
	link := fmt.Sprintf("#issuecomment-%d", c.ID)
	return c.Reactions > 0 || slices.ContainsFunc(all, func(other github.Comment) bool {
		_, after, linked := strings.Cut(other.Body, link)
		return linked && other.ID != c.ID && (after == "" || after[0] < '0' || after[0] > '9')
	})
}

// removeDoubles removes the comments that are there twice, when that is due.
func (t *turn) removeDoubles(ctx context.Context) error {
	due := t.rh.Status.LookForDoubles
	switch {
	case due == nil, t.elsewhere, t.settings.DryRun:
		return nil
	case due.After(t.now):
		return &waiting{after: due.Sub(t.now), reason: "a comment may have been written twice"}
	}
	self, err := t.GitHub.Self(ctx)
	if err != nil {
		return err
	}
	p := t.rh.Spec.Pull
	comments, err := t.GitHub.Comments(ctx, p.Org, p.Repo, p.Number)
	if err != nil && !impossible(err) {
		return err
	}
	inUse := func(id int64) bool {
		return slices.ContainsFunc(t.activeRuns(), func(r *v1alpha1.RunStatus) bool { return r.Comment == id })
	}
	var errs []error
	for _, d := range doubles(comments, self, inUse) {
		for _, young := range d.drop {
			errs = append(errs, t.merge(ctx, d.keep, young))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	t.rh.Status.LookForDoubles = nil
	return nil
}

// merge removes a comment after another one has taken its place, and status has been
// stored that knows the other one. What GitHub does not let us remove stays.
func (t *turn) merge(ctx context.Context, keep, drop github.Comment) error {
	p := t.rh.Spec.Pull
	if t.knows(drop.ID) {
		if keep.Body != drop.Body {
			if _, err := t.GitHub.EditComment(ctx, p.Org, p.Repo, keep.ID, drop.Body); err != nil {
				return unlessImpossible(err)
			}
		}
		t.moveComment(drop.ID, keep.ID)
		return &waiting{after: time.Second, reason: fmt.Sprintf("comment %d takes the place of %d", keep.ID, drop.ID)}
	}
	logging.FromContext(ctx).Infow("Removing a comment that was written twice", "comment", drop.ID, "kept", keep.ID)
	return unlessImpossible(t.GitHub.DeleteComment(ctx, p.Org, p.Repo, drop.ID))
}

func unlessImpossible(err error) error {
	if impossible(err) {
		return nil
	}
	return err
}

// knows says that status refers to a comment.
func (t *turn) knows(id int64) bool {
	for _, c := range t.rh.Status.Comments {
		if c.ID == id {
			return true
		}
	}
	return slices.ContainsFunc(t.rh.Status.Runs, func(r v1alpha1.RunStatus) bool { return r.Comment == id })
}

// moveComment has status refer to a comment in place of another one.
func (t *turn) moveComment(from, to int64) {
	for name, c := range t.rh.Status.Comments {
		if c.ID == from {
			c.ID = to
			t.rh.Status.Comments[name] = c
		}
	}
	for i := range t.rh.Status.Runs {
		if r := &t.rh.Status.Runs[i]; r.Comment == from {
			r.Comment = to
		}
	}
}
