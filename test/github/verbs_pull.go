package github

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
)

// OpenPull implements Control.
func (s *Server) OpenPull(ctx context.Context, in NewPull) (Pull, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.findRepo(in.Org, in.Repo)
	if err != nil {
		return Pull{}, err
	}
	if in.Author == "" {
		return Pull{}, invalid("PullRequest", "author", "an author is needed")
	}
	p := &pull{
		id: s.id(), issueID: s.id(), repo: r, number: r.lastNumber + 1, author: s.ensureUser(in.Author),
		title: cmp.Or(in.Title, "Change of "+in.Author), body: in.Body, draft: in.Draft,
		baseRef: cmp.Or(in.Base, r.defaultBranch), createdAt: s.now(), updatedAt: s.now(),
	}
	for _, name := range in.Labels {
		p.labels = append(p.labels, s.ensureLabel(r, name))
	}
	if p.baseSHA, err = r.git.resolve(ctx, "refs/heads/"+p.baseRef); err != nil {
		return Pull{}, err
	}
	if err := s.makeHead(ctx, p, in); err != nil {
		return Pull{}, fmt.Errorf("open a pull request in %s: %w", r.fullName(), err)
	}
	r.lastNumber, r.pulls[p.number] = p.number, p
	if err := s.recordCommits(ctx, p, p.baseSHA, p.author); err != nil {
		return Pull{}, err
	}
	s.emitPull(ctx, p, "opened", p.author, nil)
	return s.describePull(p), nil
}

// makeHead finds or creates the commit that the pull request proposes.
func (s *Server) makeHead(ctx context.Context, p *pull, in NewPull) error {
	git, ref := p.repo.git, fmt.Sprintf("refs/pull/%d/head", p.number)
	var err error
	switch {
	case in.SHA != "":
		p.fork, p.headRef = true, fmt.Sprintf("patch-%d", p.number)
		p.headSHA, err = git.resolve(ctx, in.SHA)
	case in.Head != "":
		p.headRef = in.Head
		p.headSHA, err = git.resolve(ctx, "refs/heads/"+in.Head)
	default:
		p.fork, p.headRef = true, fmt.Sprintf("patch-%d", p.number)
		p.headSHA, err = git.commit(ctx, ref, commitSpec{
			parent: p.baseSHA, author: cmp.Or(in.CommitBy, p.author.login), committer: in.Committer, at: s.now(), message: p.title, change: in.Change,
		})
	}
	if err != nil {
		return err
	}
	return git.setRef(ctx, ref, p.headSHA)
}

// GetPull implements Control.
func (s *Server) GetPull(_ context.Context, in PullID) (Pull, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.findPull(in)
	if err != nil {
		return Pull{}, err
	}
	return s.describePull(p), nil
}

// ListPulls implements Control; the newest comes last.
func (s *Server) ListPulls(_ context.Context, in RepoID) ([]Pull, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.findRepo(in.Org, in.Repo)
	if err != nil {
		return nil, err
	}
	list := []Pull{}
	for _, p := range sortedPulls(r) {
		list = append(list, s.describePull(p))
	}
	return list, nil
}

func sortedPulls(r *repository) []*pull {
	return slices.SortedFunc(maps.Values(r.pulls), func(a, b *pull) int { return cmp.Compare(a.number, b.number) })
}

func (s *Server) describePull(p *pull) Pull {
	labels := []string{}
	for _, l := range p.labels {
		labels = append(labels, l.name)
	}
	slices.Sort(labels)
	return Pull{
		PullID: PullID{Org: p.repo.org.login, Repo: p.repo.name, Number: p.number},
		Title:  p.title, Body: p.body, Author: p.author.login,
		State: p.state(), Merged: p.merged, Locked: p.locked, Draft: p.draft,
		HeadRef: p.headRef, HeadSHA: p.headSHA, BaseRef: p.baseRef, BaseSHA: p.baseSHA,
		Labels: labels, HTMLURL: s.html(p.repo.fullName(), "pull", p.number),
		Reactions: describeReactions(p.reactions),
	}
}

// changePull finds the pull request and the person who acts, the author if by is empty,
// calls change, and returns the result.
func (s *Server) changePull(id PullID, by string, change func(*pull, *user) error) (Pull, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.findPull(id)
	if err != nil {
		return Pull{}, err
	}
	actor := p.author
	if by != "" {
		actor = s.ensureUser(by)
	}
	if err := change(p, actor); err != nil {
		return Pull{}, fmt.Errorf("pull request %s: %w", id.Name(), err)
	}
	return s.describePull(p), nil
}

// Push implements Control. As on GitHub, the head of a closed pull request does not change.
func (s *Server) Push(ctx context.Context, in NewPush) (Pull, error) {
	return s.changePull(in.PullID, in.By, func(p *pull, by *user) error {
		if !p.open() {
			return invalid("PullRequest", "state", "the pull request is closed")
		}
		sha, err := s.pushed(ctx, p, by, in)
		if err != nil {
			return err
		}
		if !p.fork {
			if err := p.repo.git.setRef(ctx, "refs/heads/"+p.headRef, sha); err != nil {
				return err
			}
		}
		return s.moveHead(ctx, p, sha, by)
	})
}

// pushed finds or creates the commit that is pushed.
func (s *Server) pushed(ctx context.Context, p *pull, by *user, in NewPush) (string, error) {
	git := p.repo.git
	if in.SHA != "" {
		return git.resolve(ctx, in.SHA)
	}
	parent := p.headSHA
	if in.Force {
		var err error
		if parent, err = git.resolve(ctx, "refs/heads/"+p.baseRef); err != nil {
			return "", err
		}
	}
	at := s.now()
	if in.Date != nil {
		at = *in.Date
	}
	ref := fmt.Sprintf("refs/pull/%d/head", p.number)
	return git.commit(ctx, ref, commitSpec{
		parent: parent, author: cmp.Or(in.CommitBy, by.login), committer: in.Committer, at: at,
		message: cmp.Or(in.Message, "Update "+p.title), change: in.Change,
	})
}

// moveHead makes sha the head and sends the events.
func (s *Server) moveHead(ctx context.Context, p *pull, sha string, by *user) error {
	git, before := p.repo.git, p.headSHA
	if err := git.setRef(ctx, fmt.Sprintf("refs/pull/%d/head", p.number), sha); err != nil {
		return err
	}
	base, err := git.resolve(ctx, "refs/heads/"+p.baseRef)
	if err != nil {
		return err
	}
	_, code, err := git.exitCode(ctx, nil, "merge-base", "--is-ancestor", before, sha)
	if err != nil {
		return err
	}
	p.headSHA, p.baseSHA = sha, base
	since := before
	if forced := code != 0; forced {
		// GitHub's timeline lists only the commits of the current head.
		p.timeline = slices.DeleteFunc(p.timeline, func(e *event) bool { return e.kind == "committed" })
		s.record(p, &event{kind: "head_ref_force_pushed", actor: by, commit: sha})
		since = base
	}
	if err := s.recordCommits(ctx, p, since, by); err != nil {
		return err
	}
	s.emitPull(ctx, p, "synchronize", by, object{"before": before, "after": sha})
	return nil
}

// recordCommits adds the commits between since and the head to the timeline.
func (s *Server) recordCommits(ctx context.Context, p *pull, since string, by *user) error {
	commits, err := p.repo.git.log(ctx, since+".."+p.headSHA)
	if err != nil {
		return err
	}
	for _, c := range commits {
		s.record(p, &event{kind: "committed", actor: by, commit: c.sha})
	}
	return nil
}

// record appends an event to the timeline with the current time.
func (s *Server) record(p *pull, e *event) {
	e.id, e.at = s.id(), s.now()
	p.timeline = append(p.timeline, e)
	p.updatedAt = e.at
}

// EditPull implements Control.
func (s *Server) EditPull(ctx context.Context, in PullEdit) (Pull, error) {
	return s.changePull(in.PullID, in.By, func(p *pull, by *user) error {
		changes := object{}
		if in.Title != nil && *in.Title != p.title {
			changes["title"] = object{"from": p.title}
			s.record(p, &event{kind: "renamed", actor: by, from: p.title, to: *in.Title})
			p.title = *in.Title
		}
		if in.Body != nil && *in.Body != p.body {
			changes["body"] = object{"from": p.body}
			p.body = *in.Body
			p.edits = edited(p.edits, p.author, p.createdAt, by, s.now())
		}
		if in.Base != nil && *in.Base != p.baseRef {
			tip, err := p.repo.git.resolve(ctx, "refs/heads/"+*in.Base)
			if err != nil {
				return err
			}
			changes["base"] = object{"ref": object{"from": p.baseRef}, "sha": object{"from": p.baseSHA}}
			s.record(p, &event{kind: "base_ref_changed", actor: by})
			p.baseRef, p.baseSHA = *in.Base, tip
		}
		if len(changes) > 0 {
			p.updatedAt = s.now()
			s.emitPull(ctx, p, "edited", by, object{"changes": changes})
		}
		return nil
	})
}
