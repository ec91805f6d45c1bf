package github

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
)

// CreateRepo implements Control.
func (s *Server) CreateRepo(ctx context.Context, in NewRepo) (Repo, error) {
	if in.Org == "" || in.Repo == "" || strings.Contains(in.Org+in.Repo, "/") {
		return Repo{}, invalid("Repository", "name", "org and repo are needed")
	}
	if in.DefaultBranch == "" {
		in.DefaultBranch = "main"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.findRepo(in.Org, in.Repo); err == nil {
		return Repo{}, invalid("Repository", "name", "name already exists on this account")
	}
	git, err := s.makeGit(ctx, in)
	if err != nil {
		return Repo{}, fmt.Errorf("create repository %s/%s: %w", in.Org, in.Repo, err)
	}
	r := &repository{
		id: s.id(), org: s.ensureOrg(in.Org), name: in.Repo, description: in.Description,
		defaultBranch: in.DefaultBranch, private: in.Private, git: git,
		createdAt: s.now(), pushedAt: s.now(),
		pulls: map[int]*pull{}, comments: map[int64]*comment{}, labels: map[string]*label{},
		statuses: map[string][]*status{}, roles: map[string]string{},
	}
	for login, role := range in.Roles {
		r.roles[strings.ToLower(s.ensureUser(login).login)] = role
	}
	s.repos[strings.ToLower(r.fullName())] = r
	delete(s.renamed, strings.ToLower(r.fullName()))
	return s.describeRepo(ctx, r)
}

// RenameRepo implements Control.
func (s *Server) RenameRepo(ctx context.Context, in RepoRename) (Repo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.findRepo(in.Org, in.Repo)
	if err != nil {
		return Repo{}, err
	}
	if in.To == "" || strings.Contains(in.To, "/") {
		return Repo{}, invalid("Repository", "name", "a name is needed")
	}
	if _, err := s.findRepo(in.Org, in.To); err == nil {
		return Repo{}, invalid("Repository", "name", "name already exists on this account")
	}
	old := strings.ToLower(r.fullName())
	delete(s.repos, old)
	r.name = in.To
	s.repos[strings.ToLower(r.fullName())], s.renamed[old] = r, r
	return s.describeRepo(ctx, r)
}

func (s *Server) makeGit(ctx context.Context, in NewRepo) (gitDir, error) {
	// Another repository may have had this name.
	dir := filepath.Join(s.dir, strings.ToLower(in.Org), fmt.Sprintf("%s-%d.git", strings.ToLower(in.Repo), s.id()))
	git, err := initGit(ctx, dir, in.DefaultBranch)
	if err != nil {
		return "", err
	}
	if in.From != "" {
		return git, git.importRefs(ctx, in.From)
	}
	_, err = git.commit(ctx, "refs/heads/"+in.DefaultBranch, commitSpec{
		author: s.ensureUser(in.Org).login, at: s.now(), message: "Initial commit", change: Change{Files: in.Files},
	})
	return git, err
}

// GetRepo implements Control.
func (s *Server) GetRepo(ctx context.Context, in RepoID) (Repo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.findRepo(in.Org, in.Repo)
	if err != nil {
		return Repo{}, err
	}
	return s.describeRepo(ctx, r)
}

func (s *Server) describeRepo(ctx context.Context, r *repository) (Repo, error) {
	refs, err := r.git.refs(ctx, "refs/heads/")
	if err != nil {
		return Repo{}, err
	}
	branches := map[string]string{}
	for _, ref := range refs {
		branches[strings.TrimPrefix(ref.name, "refs/heads/")] = ref.sha
	}
	return Repo{
		Org: r.org.login, Repo: r.name, ID: r.id, DefaultBranch: r.defaultBranch,
		HTMLURL: s.html(r.fullName()), CloneURL: s.html(r.fullName() + ".git"), Branches: branches,
	}, nil
}

// CreateCommit implements Control. Pull requests with the branch as head are updated, and a
// push event is sent.
func (s *Server) CreateCommit(ctx context.Context, in NewCommit) (Commit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.findRepo(in.Org, in.Repo)
	if err != nil {
		return Commit{}, err
	}
	if in.Branch == "" {
		in.Branch = r.defaultBranch
	}
	if in.By == "" {
		in.By = r.org.login
	}
	if in.Message == "" {
		in.Message = "Update " + in.Branch
	}
	parent, err := r.git.resolve(ctx, "refs/heads/"+in.Branch)
	if err != nil {
		parent, err = r.git.resolve(ctx, "refs/heads/"+r.defaultBranch)
	}
	if err != nil {
		return Commit{}, err
	}
	by := s.ensureUser(in.By)
	sha, err := r.git.commit(ctx, "refs/heads/"+in.Branch, commitSpec{
		parent: parent, author: by.login, at: s.now(), message: in.Message, change: in.Change,
	})
	if err != nil {
		return Commit{}, fmt.Errorf("commit to %s of %s: %w", in.Branch, r.fullName(), err)
	}
	return Commit{SHA: sha}, s.syncBranches(ctx, r, by)
}

// syncBranches updates the open pull requests whose head branch has moved.
func (s *Server) syncBranches(ctx context.Context, r *repository, by *user) error {
	r.pushedAt = s.now()
	for _, p := range sortedPulls(r) {
		if !p.open() || p.fork {
			continue
		}
		tip, err := r.git.resolve(ctx, "refs/heads/"+p.headRef)
		if err != nil {
			continue // the branch was deleted: the pull request keeps its head
		}
		if tip != p.headSHA {
			if err := s.moveHead(ctx, p, tip, by); err != nil {
				return err
			}
		}
	}
	return nil
}
