package github

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

type user struct {
	id        int64
	login     string
	kind      string // User or Bot
	createdAt time.Time
}

type org struct {
	id        int64
	login     string
	members   map[string]bool              // by lower-case login; true if public
	teams     map[string]map[string]string // by slug and lower-case login: active or pending
	createdAt time.Time
}

type repository struct {
	id            int64
	org           *org
	name          string
	description   string
	defaultBranch string
	private       bool
	createdAt     time.Time
	pushedAt      time.Time
	git           gitDir
	lastNumber    int
	pulls         map[int]*pull
	comments      map[int64]*comment
	labels        map[string]*label    // by lower-case name
	statuses      map[string][]*status // by SHA, oldest first
	roles         map[string]string    // by lower-case login
}

type pull struct {
	id          int64
	issueID     int64
	repo        *repository
	number      int
	author      *user
	title, body string
	draft       bool
	locked      bool
	lockReason  string
	fork        bool // the head is in a fork by the author
	headRef     string
	headSHA     string
	baseRef     string
	// baseSHA is, as on GitHub, the tip of the base branch at the last push or retargeting,
	// not its current tip.
	baseSHA     string
	labels      []*label
	reactions   []*reaction // to the description
	edits       []edit      // of the description, the oldest first
	timeline    []*event
	createdAt   time.Time
	updatedAt   time.Time
	closedAt    time.Time // zero while open
	closedBy    *user
	merged      bool
	mergeCommit string
	stats       stats
}

type label struct {
	id          int64
	name, color string
}

type comment struct {
	id        int64
	pull      *pull
	author    *user
	body      string
	createdAt time.Time
	updatedAt time.Time
	edits     []edit // the oldest first
	reactions []*reaction
}

// edit is a revision of a text. As on GitHub, an unedited text has none, and the first edit
// makes two: the first one is the original.
type edit struct {
	by *user
	at time.Time
}

// edited adds a revision to a text.
func edited(edits []edit, author *user, created time.Time, by *user, at time.Time) []edit {
	if len(edits) == 0 {
		edits = []edit{{author, created}}
	}
	return append(edits, edit{by, at})
}

type reaction struct {
	id      int64
	user    *user
	content string
	at      time.Time
}

type status struct {
	id          int64
	sha         string
	state       string
	context     string
	description string
	targetURL   string
	creator     *user
	at          time.Time
}

// event is an entry in the timeline of a pull request; kind is GitHub's name for it.
type event struct {
	id       int64
	kind     string
	actor    *user
	at       time.Time
	commit   string // committed, head_ref_force_pushed, merged, closed
	comment  *comment
	label    *label
	from, to string // renamed
	reason   string // locked
}

func (r *repository) fullName() string { return r.org.login + "/" + r.name }

func (p *pull) open() bool { return p.closedAt.IsZero() }

func (p *pull) state() string {
	if p.open() {
		return "open"
	}
	return "closed"
}

// headOwner returns the owner of the head's repository.
func (p *pull) headOwner() string {
	if p.fork {
		return p.author.login
	}
	return p.repo.org.login
}

func (p *pull) comments() []*comment {
	var all []*comment
	for _, e := range p.timeline {
		if e.comment != nil {
			all = append(all, e.comment)
		}
	}
	return all
}

func (p *pull) hasLabel(name string) bool {
	return slices.ContainsFunc(p.labels, func(l *label) bool { return strings.EqualFold(l.name, name) })
}

func (s *Server) ensureUser(login string) *user {
	key := strings.ToLower(login)
	if u := s.users[key]; u != nil {
		return u
	}
	kind := "User"
	if strings.HasSuffix(key, "[bot]") {
		kind = "Bot"
	}
	u := &user{id: s.id(), login: login, kind: kind, createdAt: s.now()}
	s.users[key] = u
	return u
}

func (s *Server) ensureOrg(login string) *org {
	key := strings.ToLower(login)
	if o := s.orgs[key]; o != nil {
		return o
	}
	o := &org{id: s.id(), login: login, members: map[string]bool{}, teams: map[string]map[string]string{}, createdAt: s.now()}
	s.orgs[key] = o
	return o
}

func (s *Server) findRepo(org, name string) (*repository, error) {
	r := s.repos[strings.ToLower(org+"/"+name)]
	if r == nil {
		return nil, fmt.Errorf("repository %s/%s: %w", org, name, errNotFound)
	}
	return r, nil
}

func (s *Server) findPull(id PullID) (*pull, error) {
	r, err := s.findRepo(id.Org, id.Repo)
	if err != nil {
		return nil, err
	}
	p := r.pulls[id.Number]
	if p == nil {
		return nil, fmt.Errorf("pull request %s: %w", id.Name(), errNotFound)
	}
	return p, nil
}

// findComment finds a comment in a repository by its id.
func (s *Server) findComment(org, repo string, id int64) (*comment, error) {
	r, err := s.findRepo(org, repo)
	if err != nil {
		return nil, err
	}
	c := r.comments[id]
	if c == nil {
		return nil, fmt.Errorf("comment %d of %s/%s: %w", id, org, repo, errNotFound)
	}
	return c, nil
}

// has reports whether a login, in lower case, is a member.
func (o *org) has(login string) bool {
	_, member := o.members[login]
	return member
}

// role returns the role of a login in the repository. Everyone can read a public one;
// members of the organisation can read a private one.
func (r *repository) role(login string) string {
	key := strings.ToLower(login)
	if role := r.roles[key]; role != "" {
		return role
	}
	if !r.private || r.org.has(key) {
		return "read"
	}
	return "none"
}

// roles are GitHub's roles, from the least to the most powerful.
var roles = []string{"none", "read", "triage", "write", "maintain", "admin"}

func (r *repository) allows(login, role string) bool {
	return slices.Index(roles, r.role(login)) >= slices.Index(roles, role)
}

// legacyPermission returns the coarse level that GitHub reports besides the role.
func legacyPermission(role string) string {
	switch role {
	case "maintain":
		return "write"
	case "triage":
		return "read"
	}
	return role
}
