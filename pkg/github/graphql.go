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

// graphql queries the GraphQL API with the credentials that the REST API uses for a
// repository. Any problem with the response or a part of it is an error, but never a
// *NotFoundError: something that a token may not see here can still exist.
func (c *graph) graphql(ctx context.Context, op, org, repo, query string, variables map[string]any, data any) error {
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

// graphqlPath derives the path of the GraphQL API from that of the REST API: next to
// it on github.com, and next to its directory on GitHub Enterprise.
func (c *graph) graphqlPath() string {
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

// graphqlErrors turns the errors of a response into one error.
func (c *graph) graphqlErrors(ctx context.Context, op string, resp *gogithub.Response, found []graphqlError) error {
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

// aboutKey is the context key for the REST path that a call is about.
type aboutKey struct{}

// graphqlSuffix marks the accounts for GraphQL points, which GitHub counts separately
// from REST calls.
const graphqlSuffix = "-graphql"

// resetKept is the header in which the limiter preserves the end of a rate limit from
// go-github, which must not see it.
const resetKept = "X-Rehearsal-Reset"

// graphqlWindow returns when the GraphQL points of an account are reset.
func (l *limiter) graphqlWindow(h http.Header) time.Time {
	if reset, ok := number(h, resetKept); ok {
		return l.clock.ours(reset)
	}
	return l.now().Add(secondaryPause)
}
