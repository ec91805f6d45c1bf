// Package github is our client for GitHub: the few calls that we need, in plain
// values, with errors that say what to do next. It is the only importer of go-github.
// It never sleeps, never retries and decides nothing; its callers requeue.
package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	gogithub "github.com/google/go-github/v60/github"
	lru "github.com/hashicorp/golang-lru/v2"
)

// DefaultEndpoint is the base of github.com's REST API.
const DefaultEndpoint = "https://api.github.com"

// Options configure a Client.
type Options struct {
	// Endpoint is the base of the REST API; empty means DefaultEndpoint. GitHub
	// Enterprise has it at https://host/api/v3.
	Endpoint string
	// Token authenticates as a user, App as a GitHub App; calls are anonymous if both
	// are nil.
	Token TokenSource
	App   *App
	// Windows stores rate limits across restarts; nil means that they are not stored.
	Windows Windows
	// Writes limits the writes with an account; nil means no limit.
	Writes Permits
	// Most is that limit; the zero value means 70 a minute and 450 an hour.
	Most Pace
	// Limited is called when an account is rate-limited until some time; it may be nil.
	// The context is that of a call.
	Limited func(ctx context.Context, account string, until time.Time)
	// UserAgent names us to GitHub.
	UserAgent string
	// Transport makes the calls; nil means http.DefaultTransport.
	Transport http.RoundTripper
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Client talks to one GitHub as one user or App.
type Client struct {
	*connection
	writer
	people
	graph
}

// writer has the calls that write.
type writer struct{ *connection }

// people has the calls about the rights of people, and of the App.
type people struct{ *connection }

// graph has the calls of the GraphQL API.
type graph struct{ *connection }

// connection is the connection to GitHub.
type connection struct {
	github *gogithub.Client
	// public makes calls without credentials: it sees only public data.
	public      *gogithub.Client
	now         func() time.Time
	memory      memory
	source      source
	limits      *limiter
	conditional *conditional
	app         *appSource // nil for a person
	clock       *timed
	root        string
}

// New returns a client. It makes no calls.
func New(opts Options) (*Client, error) {
	endpoint := opts.Endpoint
	if endpoint == "" {
		endpoint = DefaultEndpoint
	}
	base, err := url.Parse(strings.TrimRight(endpoint, "/") + "/")
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("the GitHub endpoint %q is not an http or https URL", endpoint)
	}
	c := &connection{now: opts.Now, root: base.EscapedPath(), source: nobody{}}
	if c.now == nil {
		c.now = time.Now
	}
	transport := opts.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	// From the inside out: read GitHub's clock, check the response, cache it, time out,
	// respect rate limits.
	c.clock = &timed{next: transport, now: c.now, host: base.Host}
	c.conditional = newConditional(&whole{next: c.clock, root: c.root})
	c.limits = &limiter{
		next: &bounded{next: c.conditional}, now: c.now, clock: c.clock,
		windows: opts.Windows, permits: opts.Writes, most: opts.Most, limited: opts.Limited, accounts: map[string]*account{},
	}
	connect := func(transport http.RoundTripper) *gogithub.Client {
		client := gogithub.NewClient(&http.Client{Transport: transport, CheckRedirect: c.redirected})
		client.BaseURL, client.UploadURL, client.UserAgent = base, base, opts.UserAgent
		return client
	}
	switch {
	case opts.App != nil:
		key := &appKey{id: opts.App.ID, read: opts.App.Key, now: c.clock.theirs}
		c.app = &appSource{
			App: opts.App, key: key, client: connect(&asApp{next: c.limits, key: key}), now: c.clock.theirs,
			tokens: map[scope]*installationToken{}, live: map[string]time.Time{},
		}
		c.source = c.app
	case opts.Token != nil:
		c.source = opts.Token
	}
	c.github = connect(&authenticator{next: c.limits, scheme: base.Scheme, host: base.Host, root: c.root, source: c.source})
	c.public = connect(&stranger{next: c.limits})
	// The only error is about a size that is not positive.
	c.memory.branches, _ = lru.New[string, branchAnswer](keptBranches)
	return &Client{c, writer{c}, people{c}, graph{c}}, nil
}

// KeptBytes returns the size of the cached responses.
func (c *Client) KeptBytes() int64 { return c.conditional.answers.Cost() }

// Token returns a token that git can fetch a repository with; empty without
// credentials.
func (c *Client) Token(ctx context.Context, org, repo string) (string, error) {
	if err := checkRepository(org, repo); err != nil {
		return "", err
	}
	found, err := c.source.credentialsFor(ctx, repoPath(org, repo))
	return found.token, err
}

// Secrets returns the values that must never be shown.
func (c *Client) Secrets() []string {
	if c.app != nil {
		return c.app.secrets()
	}
	if token, ok := c.source.(TokenSource); ok {
		return token.Secrets()
	}
	return nil
}

// Budget returns what is left of the hourly calls about a repository, as of the latest
// response; the zero value if that is not known.
func (c *Client) Budget(ctx context.Context, org, repo string) (Budget, error) {
	if err := checkRepository(org, repo); err != nil {
		return Budget{}, err
	}
	found, err := c.source.credentialsFor(ctx, repoPath(org, repo))
	if err != nil {
		return Budget{}, translate(fmt.Sprintf("finding out who calls about %s/%s", org, repo), err)
	}
	return c.limits.budget(found.account), nil
}

// maxRedirects is how many redirects one call follows, as in net/http.
const maxRedirects = 10

// redirected refuses redirects from a repository that was renamed or moved: somebody
// else can take its old name. It is the CheckRedirect of http.Client.
func (c *connection) redirected(next *http.Request, before []*http.Request) error {
	if len(before) >= maxRedirects {
		return fmt.Errorf("GitHub redirects more than %d times", maxRedirects)
	}
	moved := next.Response != nil && isMove(next.Response.StatusCode)
	if moved && strings.HasPrefix(before[0].URL.EscapedPath(), c.root+"repos/") && next.Context().Value(moveKey{}) == nil {
		return http.ErrUseLastResponse
	}
	return nil
}

// isMove reports whether a status is the redirect with which GitHub answers for renamed
// resources, see
// https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects.
func isMove(status int) bool {
	return status == http.StatusMovedPermanently || status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect
}

// moveKey marks calls that may follow a repository to its new place.
type moveKey struct{}

func repoPath(org, repo string) string { return "repos/" + org + "/" + repo }
