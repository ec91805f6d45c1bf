package github

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxCommits is how many commits GitHub lists of a pull request, see
	// https://docs.github.com/rest/pulls/pulls#list-commits-on-a-pull-request.
	maxCommits = 250
	// maxContributors limits the people of one pull request.
	maxContributors = 100
)

// Person is an account. After a rename a login can belong to somebody else; an id
// cannot.
type Person struct {
	Login string
	// ID is 0 if GitHub does not give it.
	ID int64
}

// Contributors are the people named in the commits of a pull request: authors, people in
// "Co-authored-by" lines, and committers.
type Contributors struct {
	// Head is the SHA of the last of the commits.
	Head string
	// People are sorted by login. GitHub itself, which commits changes made on its
	// pages, is not included.
	People []Person
	// Unmapped is a commit whose e-mail address belongs to no account; empty if there is
	// none.
	Unmapped string
	// Because is a clause that says why these are not all contributors; empty if they
	// are.
	Because string
}

const contributorsQuery = `query($id: ID!, $after: String) {
  node(id: $id) {
    ... on PullRequest {
      headRefOid
      commits(first: 50, after: $after) {
        totalCount
        pageInfo { hasNextPage endCursor }
        nodes {
          commit {
            oid
            authors(first: 50) { totalCount nodes { email user { login databaseId } } }
            committer { email user { login databaseId } }
          }
        }
      }
    }
  }
}`

type (
	graphqlCommits struct {
		HeadRefOid string `json:"headRefOid"`
		Commits    *struct {
			TotalCount int `json:"totalCount"`
			PageInfo   struct {
				HasNextPage bool   `json:"hasNextPage"`
				EndCursor   string `json:"endCursor"`
			} `json:"pageInfo"`
			Nodes []*struct {
				Commit graphqlCommit `json:"commit"`
			} `json:"nodes"`
		} `json:"commits"`
	}
	graphqlCommit struct {
		Oid     string `json:"oid"`
		Authors struct {
			TotalCount int                `json:"totalCount"`
			Nodes      []*graphqlGitActor `json:"nodes"`
		} `json:"authors"`
		Committer *graphqlGitActor `json:"committer"`
	}
	graphqlGitActor struct {
		Email string `json:"email"`
		User  *struct {
			Login      string `json:"login"`
			DatabaseID int64  `json:"databaseId"`
		} `json:"user"`
	}
)

// Contributors returns the people named in the commits of a pull request, given its node
// id.
func (c *graph) Contributors(ctx context.Context, org, repo, node string) (*Contributors, error) {
	if err := checkRepository(org, repo); err != nil {
		return nil, err
	}
	op := fmt.Sprintf("reading who wrote the commits of a pull request of %s/%s", org, repo)
	if node == "" {
		return nil, fmt.Errorf("%s: GitHub gives no node id", op)
	}
	var all contributors
	variables := map[string]any{"id": node, "after": nil}
	for pages := 1; ; pages++ {
		var data struct {
			Node *graphqlCommits `json:"node"`
		}
		if err := c.graphql(ctx, op, org, repo, contributorsQuery, variables, &data); err != nil {
			return nil, err
		}
		if data.Node == nil || data.Node.Commits == nil || data.Node.HeadRefOid == "" {
			return nil, fmt.Errorf("%s: GitHub's GraphQL API does not show it", op)
		}
		page := data.Node.Commits
		if all.Head != "" && all.Head != data.Node.HeadRefOid {
			return nil, fmt.Errorf("%s: it was pushed to meanwhile", op)
		}
		all.Head = data.Node.HeadRefOid
		for _, n := range page.Nodes {
			if n != nil {
				all.add(n.Commit)
			}
		}
		if !page.PageInfo.HasNextPage || all.commits >= maxCommits || len(page.Nodes) == 0 || pages >= maxCommits {
			return all.result(page.TotalCount), nil
		}
		variables["after"] = page.PageInfo.EndCursor
	}
}

// contributors collects people.
type contributors struct {
	Contributors
	commits int
}

func (c *contributors) add(commit graphqlCommit) {
	c.commits++
	if commit.Authors.TotalCount != len(commit.Authors.Nodes) || len(commit.Authors.Nodes) == 0 {
		c.Because = fmt.Sprintf("GitHub does not list all authors of commit %.12s", commit.Oid)
	}
	for _, a := range commit.Authors.Nodes {
		// GitHub itself writes no commits: somebody else has used its name.
		if p, ok := a.person(); ok && !a.isGitHub() {
			c.include(p)
		} else {
			c.Unmapped = commit.Oid
		}
	}
	p, ok := commit.Committer.person()
	switch {
	case commit.Committer.isGitHub():
	case ok:
		c.include(p)
	default:
		c.Unmapped = commit.Oid
	}
}

func (c *contributors) include(p Person) {
	if !slices.ContainsFunc(c.People, func(known Person) bool { return strings.EqualFold(known.Login, p.Login) }) {
		c.People = append(c.People, p)
	}
}

func (c *contributors) result(total int) *Contributors {
	switch {
	case c.commits >= maxCommits:
		c.Because = fmt.Sprintf("GitHub lists no more than %d commits of a pull request", maxCommits)
	case c.commits != total || c.commits == 0:
		c.Because = "GitHub does not list all of its commits"
	case len(c.People) > maxContributors:
		c.Because = fmt.Sprintf("more than %d people wrote its commits", maxContributors)
	}
	slices.SortFunc(c.People, func(a, b Person) int { return strings.Compare(strings.ToLower(a.Login), strings.ToLower(b.Login)) })
	c.People = c.People[:min(len(c.People), maxContributors)]
	return &c.Contributors
}

// botAddress is the e-mail address under which bots commit; the GraphQL API does not
// map it to a user.
var botAddress = regexp.MustCompile(`^(?:([0-9]+)\+)?([A-Za-z0-9-]+\[bot\])@users\.noreply\.`)

// person returns the account, or false if none is known.
func (a *graphqlGitActor) person() (Person, bool) {
	if a == nil {
		return Person{}, false
	}
	if a.User != nil && a.User.Login != "" {
		return Person{Login: a.User.Login, ID: a.User.DatabaseID}, true
	}
	if parts := botAddress.FindStringSubmatch(a.Email); parts != nil {
		id, _ := strconv.ParseInt(parts[1], 10, 64) // 0 where the address has none
		return Person{Login: parts[2], ID: id}, true
	}
	return Person{}, false
}

// isGitHub reports whether GitHub committed it for somebody who used its pages.
func (a *graphqlGitActor) isGitHub() bool {
	const login, address = "web-flow", "noreply@github.com"
	return a != nil && (a.User != nil && a.User.Login == login || a.User == nil && a.Email == address)
}
