package github

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	// branchTime is how long a default branch is believed: they hardly ever change.
	branchTime = time.Hour
	// refusalTime is how long it is believed that a repository is none of ours to
	// read. One plan may need those of a thousand repositories.
	refusalTime = 5 * time.Minute
)

// memory keeps answers that do not change while we run, or hardly ever.
type memory struct {
	mu       sync.Mutex
	self     string
	branches map[string]branchAnswer
}

// branchAnswer is a branch, or the error that says why there is none.
type branchAnswer struct {
	branch string
	err    error
	until  time.Time
}

// Self returns the login that we act as.
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
	c.memory.mu.Lock()
	defer c.memory.mu.Unlock()
	c.memory.self = self
	return self, nil
}

// askSelf gives the login of an App's comments, which no call tells.
func (c *Client) askSelf(ctx context.Context) (string, error) {
	if c.app == nil {
		user, _, err := c.github.Users.Get(ctx, "")
		return user.GetLogin(), err
	}
	app, _, err := c.app.client.Apps.Get(ctx, "")
	if err != nil {
		return "", err
	}
	return app.GetSlug() + "[bot]", nil
}

// DefaultBranch returns the default branch of a repository. A *NotFoundError or
// *RefusedError may be some minutes old.
func (c *Client) DefaultBranch(ctx context.Context, org, repo string) (string, error) {
	name := strings.ToLower(org + "/" + repo)
	c.memory.mu.Lock()
	known, ok := c.memory.branches[name]
	c.memory.mu.Unlock()
	if ok && c.now().Before(known.until) {
		return known.branch, known.err
	}
	// Where the target of a job is now does not matter: git follows as well.
	repository, _, err := c.github.Repositories.Get(context.WithValue(ctx, moveKey{}, true), org, repo)
	if err != nil {
		err = translate(fmt.Sprintf("reading the default branch of %s/%s", org, repo), err)
		if !lasting(err) {
			return "", err
		}
		return "", c.remember(name, branchAnswer{err: err, until: c.now().Add(refusalTime)}).err
	}
	return c.remember(name, branchAnswer{branch: repository.GetDefaultBranch(), until: c.now().Add(branchTime)}).branch, nil
}

func (c *Client) remember(name string, answer branchAnswer) branchAnswer {
	c.memory.mu.Lock()
	defer c.memory.mu.Unlock()
	if c.memory.branches == nil {
		c.memory.branches = map[string]branchAnswer{}
	}
	c.memory.branches[name] = answer
	return answer
}

// lasting says that GitHub will give the same answer until somebody changes
// something.
func lasting(err error) bool {
	var notFound *NotFoundError
	var refused *RefusedError
	return errors.As(err, &notFound) || errors.As(err, &refused)
}
