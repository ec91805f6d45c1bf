package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	gogithub "github.com/google/go-github/v60/github"
)

// graphqlError is an error in an answer of the GraphQL API, which comes with
// status 200.
type graphqlError struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

// graphql asks the GraphQL API as whoever asks the REST API about a repository.
// Whatever is wrong with the answer, or with a part of it, is an error, and never
// a *NotFoundError: what a token may not see by this way may be there.
func (c *Client) graphql(ctx context.Context, op, org, repo, query string, variables map[string]any, data any) error {
	ctx = context.WithValue(ctx, aboutKey{}, repoPath(org, repo))
	call := map[string]any{"query": query, "variables": variables}
	req, err := c.github.NewRequest(http.MethodPost, c.graphqlPath(), call)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	var answer struct {
		Data   json.RawMessage `json:"data"`
		Errors []graphqlError  `json:"errors"`
	}
	resp, err := c.github.Do(ctx, req, &answer)
	if err != nil {
		return notFoundIsNoAnswer(op, translate(op, err))
	}
	if err := c.graphqlErrors(ctx, op, resp, answer.Errors); err != nil {
		return err
	}
	if len(answer.Data) == 0 {
		return fmt.Errorf("%s: GitHub's GraphQL API sends no response", op)
	}
	if err := json.Unmarshal(answer.Data, data); err != nil {
		return fmt.Errorf("%s: reading the answer of GitHub's GraphQL API: %w", op, err)
	}
	return nil
}

// graphqlPath is where the GraphQL API is, from the REST API: beside it on
// github.com, and beside its directory on GitHub Enterprise.
func (c *Client) graphqlPath() string {
	if strings.HasSuffix(c.root, "/v3/") {
		return "../graphql"
	}
	return "graphql"
}

func notFoundIsNoAnswer(op string, err error) error {
	var gone *NotFoundError
	if errors.As(err, &gone) {
		return fmt.Errorf("%s: GitHub has no GraphQL API there, or does not show it to us", op)
	}
	return err
}

// graphqlErrors is what the errors of an answer come to.
func (c *Client) graphqlErrors(ctx context.Context, op string, resp *gogithub.Response, found []graphqlError) error {
	var reasons []string
	for _, e := range found {
		if e.Type == "RATE_LIMITED" {
			until := c.limits.graphqlWindow(resp.Header)
			c.limits.extend(ctx, accountOf(resp.Request.Context()), until)
			return fmt.Errorf("%s: %w", op, &RateLimitedError{Until: until})
		}
		reasons = append(reasons, e.Message)
	}
	if len(reasons) == 0 {
		return nil
	}
	return fmt.Errorf("%s: GitHub's GraphQL API answers: %s", op, strings.Join(reasons, "; "))
}

// aboutKey is the key of the path of the REST API that a call is about.
type aboutKey struct{}

// graphqlSuffix is of the accounts by which GitHub counts the points of the
// GraphQL API: they are others than the calls of the REST API.
const graphqlSuffix = "-graphql"

// resetKept is where the limiter leaves what a response says of the end of a
// window, which go-github must not see.
const resetKept = "X-Rehearsal-Reset"

// graphqlWindow is when the points of an account are there again.
func (l *limiter) graphqlWindow(h http.Header) time.Time {
	if reset, ok := number(h, resetKept); ok {
		return l.clock.ours(reset)
	}
	return l.now().Add(secondaryPause)
}
