// Package github stands in for GitHub in tests and in the demo.
//
// A Server is an http.Handler that keeps users, repositories, pull requests,
// comments, labels and statuses in memory and speaks what the product speaks
// to GitHub: the REST API (under / and under /api/v3, like GitHub Enterprise),
// the search for pull requests of the GraphQL API (/graphql and /api/graphql),
// git over smart HTTP, signed webhooks, and a plain page per pull request for
// people. What people do on GitHub (open a pull request, push, comment) are
// methods of Control, which a Server offers in-process and a Client offers to
// another process through /_control.
//
// It can be told to misbehave: see Fault. It counts what it is asked: see
// Calls. Its answers are held against GitHub's OpenAPI description by the
// package's tests.
//
// It is not a forge: nothing is kept after Close, everybody who reaches the
// page or /_control may act as anyone, and only the calls, fields and rules
// that a rehearsal meets are there. It listens on loopback or on addresses of
// a test cluster, never on a public one.
package github
