// Package github is how we talk to GitHub: the few calls that we need, in plain
// values, with errors that say what to do next. It is the only importer of
// go-github. It never sleeps, never repeats a call and decides nothing; who
// calls it re-queues.
package github

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	gogithub "github.com/google/go-github/v60/github"
)

// DefaultEndpoint is the base of github.com's REST API.
const DefaultEndpoint = "https://api.github.com"

// Options are how to reach GitHub.
type Options struct {
	// Endpoint is the base of the REST API; empty means DefaultEndpoint. GitHub
	// Enterprise has it at https://host/api/v3.
	Endpoint string
	// Token authenticates; nil means nobody does.
	Token TokenSource
	// UserAgent names us to GitHub.
	UserAgent string
	// Transport makes the calls; nil means http.DefaultTransport.
	Transport http.RoundTripper
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Client talks to one GitHub as one user.
type Client struct {
	github *gogithub.Client
	now    func() time.Time
	memory memory
}

// New makes a client. It makes no call.
func New(opts Options) (*Client, error) {
	endpoint := opts.Endpoint
	if endpoint == "" {
		endpoint = DefaultEndpoint
	}
	base, err := url.Parse(strings.TrimRight(endpoint, "/") + "/")
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("the GitHub endpoint %q is not an http or https URL", endpoint)
	}
	transport := opts.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	if opts.Token != nil {
		transport = &authenticator{next: transport, scheme: base.Scheme, host: base.Host, token: opts.Token}
	}
	now := opts.Now
	if now == nil {
		now = time.Now
	}
	client := gogithub.NewClient(&http.Client{Transport: &limiter{next: &bounded{next: transport}, now: now}})
	client.BaseURL = base
	client.UserAgent = opts.UserAgent
	return &Client{github: client, now: now}, nil
}
