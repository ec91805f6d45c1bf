package github

import (
	"context"
	"strings"
)

// graphqlPull is a pull request as the GraphQL API shows it.
type graphqlPull struct {
	Number                      int32
	Title, Body, HeadRefName    string
	HeadRefOid                  graphqlScalar
	BaseRef                     *graphqlRef
	Repository                  graphqlRepository
	CanBeRebased                bool
	Mergeable, MergeStateStatus string
	ReviewDecision              *string           // nil: no reviews are required
	Milestone                   *graphqlMilestone // there are none

	graphqlText
	labels  []*graphqlLabel
	commits []*graphqlPullCommit
}

type (
	graphqlLabel     struct{ Name string }
	graphqlMilestone struct{ Title string }
	graphqlRef       struct{ Name, Prefix string }

	graphqlRepository struct {
		Name, NameWithOwner string
		Owner               *graphqlOwner
	}
	graphqlPullCommit struct{ Commit graphqlCommit }
	graphqlCommit     struct {
		Oid       graphqlScalar
		Committer *graphqlGitActor

		authors []*graphqlGitActor
		// Both are nil for commits without statuses.
		Status            *graphqlStatus
		StatusCheckRollup *graphqlRollup
	}
	graphqlStatus  struct{ Contexts []*graphqlContext }
	graphqlContext struct {
		Context, State string
		Description    *string
	}
	graphqlRollup   struct{ checks []*graphqlCheck }
	graphqlCheckRun struct {
		Name, Status string
		Conclusion   *string
	}
	// graphqlCheck is an item of a rollup. There are no check runs.
	graphqlCheck struct{ context *graphqlContext }
)

func (s *Server) graphqlPull(ctx context.Context, p *pull) (*graphqlPull, error) {
	st, err := p.computed(ctx)
	if err != nil {
		return nil, err
	}
	g := &graphqlPull{
		Number: int32(p.number), Title: p.title, Body: p.body, HeadRefName: p.headRef,
		HeadRefOid: graphqlScalar(p.headSHA), graphqlText: textOf(nodeID("PullRequest", p.id), p.author, p.createdAt, p.updatedAt, p.edits),
		BaseRef:    &graphqlRef{Name: p.baseRef, Prefix: "refs/heads/"},
		Repository: graphqlRepository{Name: p.repo.name, NameWithOwner: p.repo.fullName(), Owner: &graphqlOwner{Login: p.repo.org.login}},
		Mergeable:  "CONFLICTING", MergeStateStatus: "DIRTY",
	}
	if st.mergeable {
		g.Mergeable, g.CanBeRebased, g.MergeStateStatus = "MERGEABLE", true, "CLEAN"
		if latest := p.repo.latestStatuses(p.headSHA); len(latest) > 0 && combine(latest) != "success" {
			g.MergeStateStatus = "UNSTABLE"
		}
	}
	for _, l := range p.labels {
		g.labels = append(g.labels, &graphqlLabel{Name: l.name})
	}
	for _, c := range st.commits {
		g.commits = append(g.commits, &graphqlPullCommit{s.graphqlCommitOf(p.repo, c)})
	}
	return g, nil
}

func (s *Server) graphqlCommitOf(r *repository, c gitCommit) graphqlCommit {
	var contexts []*graphqlContext
	var checks []*graphqlCheck
	for _, st := range r.latestStatuses(c.sha) {
		c := &graphqlContext{Context: st.context, State: strings.ToUpper(st.state)}
		if st.description != "" {
			c.Description = &st.description
		}
		contexts, checks = append(contexts, c), append(checks, &graphqlCheck{c})
	}
	commit := graphqlCommit{Oid: graphqlScalar(c.sha), Committer: s.graphqlGitActor(c.committer), authors: s.graphqlAuthors(c)}
	if len(contexts) > 0 {
		commit.Status, commit.StatusCheckRollup = &graphqlStatus{contexts}, &graphqlRollup{checks}
	}
	return commit
}

// graphqlRange requests the first or the last items of a list.
type graphqlRange struct{ First, Last *int32 }

// graphqlList is a connection: a part of a list, and the length of the list.
type graphqlList[T any] struct {
	Nodes      *[]*T
	TotalCount int32
	PageInfo   graphqlPage
}

func within[T any](list []*T, r graphqlRange) *graphqlList[T] {
	part := list
	if r.First != nil {
		part = part[:min(len(part), int(max(0, *r.First)))]
	}
	if r.Last != nil {
		part = part[max(0, len(part)-int(max(0, *r.Last))):]
	}
	return &graphqlList[T]{Nodes: &part, TotalCount: int32(len(list))}
}

// Labels is a resolver.
func (g *graphqlPull) Labels(r graphqlRange) *graphqlList[graphqlLabel] { return within(g.labels, r) }

// maxListedCommits is the maximum number of commits that GitHub lists for a pull request.
const maxListedCommits = 250

// Commits is a resolver.
func (g *graphqlPull) Commits(in struct {
	After       *string
	First, Last *int32
}) (*graphqlList[graphqlPullCommit], error) {
	start, err := afterCursor(in.After)
	if err != nil {
		return nil, err
	}
	all := g.commits[:min(len(g.commits), maxListedCommits)]
	rest := all[min(start, len(all)):]
	list := within(rest, graphqlRange{in.First, in.Last})
	list.TotalCount = int32(len(g.commits))
	if end := start + len(*list.Nodes); len(*list.Nodes) > 0 {
		cursor := cursorAt(end)
		list.PageInfo = graphqlPage{EndCursor: &cursor, HasNextPage: in.Last == nil && end < len(all)}
	}
	return list, nil
}

// Contexts is a resolver.
func (g *graphqlRollup) Contexts(r graphqlRange) *graphqlList[graphqlCheck] {
	return within(g.checks, r)
}

// ToStatusContext is a resolver.
func (c *graphqlCheck) ToStatusContext() (*graphqlContext, bool) { return c.context, true }

// ToCheckRun is a resolver.
func (c *graphqlCheck) ToCheckRun() (*graphqlCheckRun, bool) { return nil, false }

// graphqlActor is a person or a bot. Bots have no "[bot]" in this API.
type graphqlActor struct{ user *user }

type (
	graphqlUser struct {
		DatabaseID *int32
		Login      string
	}
	graphqlBot   struct{ Login string }
	graphqlOwner struct{ Login string }
)

// Login is a resolver.
func (a *graphqlActor) Login() string { return strings.TrimSuffix(a.user.login, "[bot]") }

// ToUser is a resolver.
func (a *graphqlActor) ToUser() (*graphqlUser, bool) {
	return graphqlUserOf(a.user), a.user.kind == "User"
}

// ToBot is a resolver.
func (a *graphqlActor) ToBot() (*graphqlBot, bool) {
	return &graphqlBot{a.Login()}, a.user.kind == "Bot"
}

// ToOrganization is a resolver: all repositories belong to organisations.
func (o *graphqlOwner) ToOrganization() (*graphqlOwner, bool) { return o, true }
