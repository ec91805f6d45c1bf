package github

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// ClosePull implements Control.
func (s *Server) ClosePull(ctx context.Context, in PullAction) (Pull, error) {
	return s.changePull(in.PullID, in.By, func(p *pull, by *user) error {
		if p.open() {
			s.close(ctx, p, by)
		}
		return nil
	})
}

func (s *Server) close(ctx context.Context, p *pull, by *user) {
	p.closedAt, p.closedBy = s.now(), by
	s.record(p, &event{kind: "closed", actor: by, commit: p.mergeCommit})
	s.emitPull(ctx, p, "closed", by, nil)
}

// ReopenPull implements Control.
func (s *Server) ReopenPull(ctx context.Context, in PullAction) (Pull, error) {
	return s.changePull(in.PullID, in.By, func(p *pull, by *user) error {
		return s.reopen(ctx, p, by)
	})
}

func (s *Server) reopen(ctx context.Context, p *pull, by *user) error {
	if p.merged {
		return invalid("PullRequest", "state", "state cannot be changed. The pull request was merged.")
	}
	if p.open() {
		return nil
	}
	p.closedAt, p.closedBy = zeroTime, nil
	s.record(p, &event{kind: "reopened", actor: by})
	s.emitPull(ctx, p, "reopened", by, nil)
	return nil
}

// MergePull implements Control: the base branch gets a merge commit.
func (s *Server) MergePull(ctx context.Context, in PullAction) (Pull, error) {
	return s.changePull(in.PullID, in.By, func(p *pull, by *user) error {
		if !p.open() {
			return invalid("PullRequest", "state", "the pull request is closed")
		}
		return s.merge(ctx, p, by, p.mergeTitle()+"\n\n"+p.title)
	})
}

func (p *pull) mergeTitle() string {
	return fmt.Sprintf("Merge pull request #%d from %s/%s", p.number, p.headOwner(), p.headRef)
}

// merge merges an open pull request, and thereby closes it.
func (s *Server) merge(ctx context.Context, p *pull, by *user, message string) error {
	git, ref := p.repo.git, "refs/heads/"+p.baseRef
	base, err := git.resolve(ctx, ref)
	if err != nil {
		return err
	}
	sha, ok, err := git.merge(ctx, base, p.headSHA, commitSpec{author: by.login, at: s.now(), message: message})
	switch {
	case err != nil:
		return err
	case !ok:
		return &apiError{Status: http.StatusMethodNotAllowed, Message: "Pull Request is not mergeable"}
	}
	if err := git.setRef(ctx, ref, sha); err != nil {
		return err
	}
	p.merged, p.mergeCommit = true, sha
	s.record(p, &event{kind: "merged", actor: by, commit: sha})
	s.close(ctx, p, by)
	return s.syncBranches(ctx, p.repo, by)
}

// LockPull implements Control: afterwards, people without write access can neither comment
// nor edit comments.
func (s *Server) LockPull(ctx context.Context, in PullAction) (Pull, error) {
	return s.setLocked(ctx, in, true, "locked")
}

// UnlockPull implements Control.
func (s *Server) UnlockPull(ctx context.Context, in PullAction) (Pull, error) {
	return s.setLocked(ctx, in, false, "unlocked")
}

func (s *Server) setLocked(ctx context.Context, in PullAction, locked bool, action string) (Pull, error) {
	return s.changePull(in.PullID, in.By, func(p *pull, by *user) error {
		if p.locked != locked {
			p.locked = locked
			s.record(p, &event{kind: action, actor: by, reason: p.lockReason})
			s.emitPull(ctx, p, action, by, nil)
		}
		return nil
	})
}

// AddLabels implements Control.
func (s *Server) AddLabels(ctx context.Context, in PullLabels) (Pull, error) {
	return s.changePull(in.PullID, in.By, func(p *pull, by *user) error {
		s.addLabels(ctx, p, by, in.Labels)
		return nil
	})
}

// RemoveLabels implements Control.
func (s *Server) RemoveLabels(ctx context.Context, in PullLabels) (Pull, error) {
	return s.changePull(in.PullID, in.By, func(p *pull, by *user) error {
		for _, name := range in.Labels {
			s.removeLabel(ctx, p, by, name)
		}
		return nil
	})
}

func (s *Server) addLabels(ctx context.Context, p *pull, by *user, names []string) {
	for _, name := range names {
		if p.hasLabel(name) {
			continue
		}
		l := s.ensureLabel(p.repo, name)
		p.labels = append(p.labels, l)
		s.record(p, &event{kind: "labeled", actor: by, label: l})
		s.emitPull(ctx, p, "labeled", by, object{"label": s.labelObject(p.repo, l)})
	}
}

// removeLabel reports whether the label was there.
func (s *Server) removeLabel(ctx context.Context, p *pull, by *user, name string) bool {
	i := slices.IndexFunc(p.labels, func(l *label) bool { return strings.EqualFold(l.name, name) })
	if i < 0 {
		return false
	}
	l := p.labels[i]
	p.labels = slices.Delete(p.labels, i, i+1)
	s.record(p, &event{kind: "unlabeled", actor: by, label: l})
	s.emitPull(ctx, p, "unlabeled", by, object{"label": s.labelObject(p.repo, l)})
	return true
}

// ensureLabel finds the label in the repository or creates it, grey like GitHub's.
func (s *Server) ensureLabel(r *repository, name string) *label {
	key := strings.ToLower(name)
	if r.labels[key] == nil {
		r.labels[key] = &label{id: s.id(), name: name, color: "ededed"}
	}
	return r.labels[key]
}
