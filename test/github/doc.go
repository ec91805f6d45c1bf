// Package github is a stand-in for GitHub in tests and in the demo.
//
// A Server is an http.Handler that keeps users, repositories, pull requests, comments,
// labels and statuses in memory. It provides all interfaces of GitHub that the product
// uses: the REST API (under / and under /api/v3, like GitHub Enterprise), the search for
// pull requests of the GraphQL API (/graphql and /api/graphql), git over smart HTTP, signed
// webhooks, and a plain page per pull request for people. What people do on GitHub (open a
// pull request, push, comment) are methods of Control, which a Server provides in its
// process and a Client in other processes through /_control.
//
// It can be made to misbehave: see Fault. It counts its calls: see Calls. The package's
// tests validate its answers against GitHub's OpenAPI description.
//
// It is not a forge: nothing is kept after Close, everybody who reaches the pages or
// /_control may act as anyone, and it has only the calls, fields and rules that a rehearsal
// meets. It listens on loopback or on addresses of a test cluster, never on a public one.
package github
