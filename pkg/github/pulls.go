package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sort"
	"strings"
	"time"

	gogithub "github.com/google/go-github/v60/github"
)

// pageSize is the largest page that GitHub returns; maxPages limits the pages of one
// list.
const (
	pageSize = 100
	maxPages = 1000
)

// Pull is a pull request.
type Pull struct {
	Org, Repo string
	// RepoID is GitHub's ID of the repository, which survives renames.
	RepoID int64
	Number int
	// NodeID is the id in the GraphQL API.
	NodeID     string
	Title      string
	Body       string
	Author     string
	AuthorID   int64
	AuthorType string
	// Head is a SHA.
	Head    string
	HeadRef string
	// Base is the head of the base branch at the time of the last push, not now.
	Base    string
	BaseRef string
	Open    bool
	// Labels are sorted.
	Labels    []string
	CreatedAt time.Time
	UpdatedAt time.Time
	URL       string
}

// Pull reads a pull request.
func (c *Client) Pull(ctx context.Context, org, repo string, number int) (*Pull, error) {
	if err := checkRepository(org, repo); err != nil {
		return nil, err
	}
	pr, _, err := c.github.PullRequests.Get(ctx, org, repo, number)
	if err != nil {
		return nil, translate("reading "+pullName(org, repo, number), err)
	}
	pull := newPull(org, repo, pr)
	if pull.Number != number || !isSHA(pull.Head) || pull.BaseRef == "" || pr.GetState() == "" {
		return nil, fmt.Errorf("reading %s: GitHub sends no response", pullName(org, repo, number))
	}
	return &pull, nil
}

// OpenPulls lists the open pull requests of a repository, by number.
func (c *Client) OpenPulls(ctx context.Context, org, repo string) ([]Pull, error) {
	if err := checkRepository(org, repo); err != nil {
		return nil, err
	}
	op := fmt.Sprintf("listing the open pull requests of %s/%s", org, repo)
	var pulls []Pull
	opts := &gogithub.PullRequestListOptions{
		// In order of creation, a pull request that is opened or closed between two pages
		// does not hide another one for good: the next sweep finds it.
		State: "open", Sort: "created", Direction: "asc",
		ListOptions: gogithub.ListOptions{PerPage: pageSize},
	}
	for range maxPages {
		list, resp, err := c.github.PullRequests.List(ctx, org, repo, opts)
		if err != nil {
			return nil, translate(op, err)
		}
		for _, pr := range list {
			pulls = append(pulls, newPull(org, repo, pr))
		}
		if resp.NextPage == 0 {
			sort.Slice(pulls, func(i, j int) bool { return pulls[i].Number < pulls[j].Number })
			return pulls, nil
		}
		opts.Page = resp.NextPage
	}
	return nil, fmt.Errorf("%s: there are more than %d", op, maxPages*pageSize)
}

// BranchTip returns the current head of a branch.
func (c *Client) BranchTip(ctx context.Context, org, repo, branch string) (string, error) {
	if err := checkRepository(org, repo); err != nil {
		return "", err
	}
	if !isRef(branch) {
		return "", noName("branch", branch)
	}
	return branchTip(ctx, c.github, org, repo, branch)
}

func branchTip(ctx context.Context, by *gogithub.Client, org, repo, branch string) (string, error) {
	op := fmt.Sprintf("reading branch %s of %s/%s", branch, org, repo)
	ref, _, err := by.Git.GetRef(ctx, org, repo, "heads/"+branch)
	var answer *gogithub.ErrorResponse
	if errors.As(err, &answer) && answer.Response != nil && answer.Response.StatusCode == http.StatusConflict {
		return "", &NotFoundError{Op: op} // the repository is empty
	}
	if err != nil {
		return "", translate(op, err)
	}
	if sha := ref.GetObject().GetSHA(); sha != "" {
		return sha, nil
	}
	return "", fmt.Errorf("%s: GitHub gives no SHA", op)
}

func newPull(org, repo string, pr *gogithub.PullRequest) Pull {
	var labels []string
	for _, l := range pr.Labels {
		labels = append(labels, l.GetName())
	}
	sort.Strings(labels)
	return Pull{
		Org: org, Repo: repo, RepoID: pr.GetBase().GetRepo().GetID(), Number: pr.GetNumber(), NodeID: pr.GetNodeID(),
		Title: pr.GetTitle(), Body: pr.GetBody(),
		Author: pr.GetUser().GetLogin(), AuthorID: pr.GetUser().GetID(), AuthorType: pr.GetUser().GetType(),
		Head: pr.GetHead().GetSHA(), HeadRef: pr.GetHead().GetRef(),
		Base: pr.GetBase().GetSHA(), BaseRef: pr.GetBase().GetRef(),
		Open: pr.GetState() == "open", Labels: labels,
		CreatedAt: pr.GetCreatedAt().Time, UpdatedAt: pr.GetUpdatedAt().Time,
		URL: pr.GetHTMLURL(),
	}
}

func pullName(org, repo string, number int) string {
	return fmt.Sprintf("pull request %s/%s#%d", org, repo, number)
}

// numberFrom takes the number off the end of an issue's URL.
func numberFrom(url string) int {
	var number int
	if _, err := fmt.Sscanf(url[strings.LastIndex(url, "/")+1:], "%d", &number); err != nil {
		return 0
	}
	return number
}
