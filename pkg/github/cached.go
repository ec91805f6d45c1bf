package github

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	gogithub "github.com/google/go-github/v60/github"
	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// branchTime is how long a default branch is cached: they hardly ever change.
	branchTime = time.Hour
	// refusalTime is how long it is cached that we cannot read a repository. One plan
	// may need a thousand repositories.
	refusalTime = 5 * time.Minute
)

// keptBranches limits the number of cached default branches.
const keptBranches = 10_000

// memory caches values that hardly ever change.
type memory struct {
	mu       sync.Mutex
	self     string
	branches *lru.Cache[string, branchAnswer]
}

// branchAnswer is a branch, or the error that says why there is none.
type branchAnswer struct {
	branch string
	err    error
	until  time.Time
}

// Self returns our own login.
func (c *Client) Self(ctx context.Context) (string, error) {
	c.memory.mu.Lock()
	self := c.memory.self
	c.memory.mu.Unlock()
	if self != "" {
		return self, nil
	}
	self, err := c.askSelf(ctx)
	if err != nil {
		return "", translate("asking GitHub who we are", err)
	}
	if self == "" {
		return "", errors.New("asking GitHub who we are: GitHub sends no response")
	}
	c.memory.mu.Lock()
	defer c.memory.mu.Unlock()
	c.memory.self = self
	return self, nil
}

// askSelf derives the login of an App's comments, which no call returns.
func (c *Client) askSelf(ctx context.Context) (string, error) {
	if c.app == nil {
		user, _, err := c.github.Users.Get(ctx, "")
		return user.GetLogin(), err
	}
	app, _, err := c.app.client.Apps.Get(ctx, "")
	if err != nil {
		return "", err
	}
	if app.GetSlug() == "" {
		return "", nil
	}
	return app.GetSlug() + "[bot]", nil
}

// DefaultBranch returns the default branch of a repository. A *NotFoundError or
// *RefusedError may be some minutes old.
func (c *Client) DefaultBranch(ctx context.Context, org, repo string) (string, error) {
	if err := checkRepository(org, repo); err != nil {
		return "", err
	}
	return c.defaultBranch(ctx, c.github, org, repo)
}

// defaultBranch uses one of our clients; each has its own cache.
func (c *Client) defaultBranch(ctx context.Context, by *gogithub.Client, org, repo string) (string, error) {
	name := strings.ToLower(org + "/" + repo)
	if by == c.public {
		name = accountAnonymous + " " + name
	}
	if known, ok := c.memory.branches.Get(name); ok && c.now().Before(known.until) {
		return known.branch, known.err
	}
	// A job's target repository may have moved: git follows redirects as well.
	repository, _, err := by.Repositories.Get(context.WithValue(ctx, moveKey{}, true), org, repo)
	op := fmt.Sprintf("reading the default branch of %s/%s", org, repo)
	answer := branchAnswer{branch: repository.GetDefaultBranch(), until: c.now().Add(branchTime)}
	switch {
	case err != nil:
		answer = branchAnswer{err: translate(op, err), until: c.now().Add(refusalTime)}
	case answer.branch == "":
		answer.err = fmt.Errorf("%s: GitHub sends no response", op)
	}
	if answer.err == nil || lasting(answer.err) {
		c.memory.branches.Add(name, answer)
	}
	return answer.branch, answer.err
}

// lasting says that the error is permanent until somebody changes something.
func lasting(err error) bool {
	var notFound *NotFoundError
	var refused *RefusedError
	return errors.As(err, &notFound) || errors.As(err, &refused)
}
