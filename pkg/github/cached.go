package github

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// branchTime is how long a default branch is believed: they hardly ever change.
const branchTime = time.Hour

// memory keeps answers that do not change while we run, or hardly ever.
type memory struct {
	mu       sync.Mutex
	self     string
	branches map[string]branchAnswer
}

type branchAnswer struct {
	branch string
	until  time.Time
}

// Self returns the login that the token belongs to.
func (c *Client) Self(ctx context.Context) (string, error) {
	c.memory.mu.Lock()
	self := c.memory.self
	c.memory.mu.Unlock()
	if self != "" {
		return self, nil
	}
	user, _, err := c.github.Users.Get(ctx, "")
	if err != nil {
		return "", translate("asking GitHub who we are", err)
	}
	c.memory.mu.Lock()
	defer c.memory.mu.Unlock()
	c.memory.self = user.GetLogin()
	return c.memory.self, nil
}

// DefaultBranch returns the default branch of a repository.
func (c *Client) DefaultBranch(ctx context.Context, org, repo string) (string, error) {
	name := strings.ToLower(org + "/" + repo)
	c.memory.mu.Lock()
	known, ok := c.memory.branches[name]
	c.memory.mu.Unlock()
	if ok && time.Now().Before(known.until) {
		return known.branch, nil
	}
	repository, _, err := c.github.Repositories.Get(ctx, org, repo)
	if err != nil {
		return "", translate(fmt.Sprintf("reading the default branch of %s/%s", org, repo), err)
	}
	answer := branchAnswer{repository.GetDefaultBranch(), time.Now().Add(branchTime)}
	c.memory.mu.Lock()
	defer c.memory.mu.Unlock()
	if c.memory.branches == nil {
		c.memory.branches = map[string]branchAnswer{}
	}
	c.memory.branches[name] = answer
	return answer.branch, nil
}
