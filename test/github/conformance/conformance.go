// Package conformance checks the GitHub stand-in against GitHub's own descriptions:
// requests and responses of its REST API against the OpenAPI document, and its webhooks
// against the published schemas and examples.
//
// The descriptions come from a cache that test/github/fetch-data.sh fills. If they are
// absent, tests that need them are skipped, or fail if REHEARSAL_REQUIRE_GITHUB_DATA is
// set.
package conformance

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/rehearsal-dev/rehearsal/test/github"
	"github.com/rehearsal-dev/rehearsal/test/github/internal/data"
)

// REST validates exchanges of the REST API. It implements github.Validator.
type REST struct {
	doc *openapi3.T
}

// load parses the document once per test binary, because it takes seconds.
var load = sync.OnceValues(func() (*openapi3.T, error) {
	raw, err := data.Read(data.OpenAPI)
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		return nil, fmt.Errorf("parse GitHub's OpenAPI description: %w", err)
	}
	return doc, amend(doc)
})

// amend adds what the document only says in words: "You can also pass an array of labels
// directly", as go-github does. It also adds the former name of a call, which Prow still
// uses.
func amend(doc *openapi3.T) error {
	ref, refs := doc.Paths.Value("/repos/{owner}/{repo}/git/ref/{ref}"), doc.Paths.Value("/repos/{owner}/{repo}/git/refs/{ref}")
	if ref == nil || refs == nil {
		return errors.New("GitHub's OpenAPI description has no call that gets or updates a reference")
	}
	refs.Get = ref.Get
	path := doc.Paths.Value("/repos/{owner}/{repo}/issues/{issue_number}/labels")
	if path == nil || path.Post == nil {
		return errors.New("GitHub's OpenAPI description has no call that adds labels")
	}
	labels := path.Post.RequestBody.Value.Content.Get("application/json").Schema.Value
	names := openapi3.NewArraySchema().WithItems(openapi3.NewStringSchema())
	labels.OneOf = append(labels.OneOf, openapi3.NewSchemaRef("", names))
	return nil
}

// NewREST returns the validator for github.WithValidator.
func NewREST(tb testing.TB) *REST {
	tb.Helper()
	doc, err := load()
	data.Need(tb, err)
	return &REST{doc: doc}
}

// Validate implements github.Validator. The request must be described by GitHub, unless the
// response refuses it. The response must be described too, including all of its fields.
func (v *REST) Validate(e github.Exchange) error {
	route, err := v.route(e.Request)
	if err != nil {
		return err
	}
	input := &openapi3filter.RequestValidationInput{
		Request:    withBody(e.Request, e.RequestBody),
		PathParams: pathParams(e.Request),
		Route:      route,
		Options:    &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}
	input.Options.WithCustomSchemaErrorFunc(briefly)
	var problems []error
	if e.Status < http.StatusBadRequest {
		if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil {
			problems = append(problems, fmt.Errorf("request: %w", err))
		}
	}
	if err := v.answer(input, e); err != nil {
		problems = append(problems, fmt.Errorf("answer %d: %w", e.Status, err))
	}
	return errors.Join(problems...)
}

// briefly leaves out the schema and the value, because they fill pages.
func briefly(err *openapi3.SchemaError) string {
	return fmt.Sprintf("/%s: %s", strings.Join(err.JSONPointer(), "/"), err.Reason)
}

// route finds the operation: the stand-in's patterns equal GitHub's paths.
func (v *REST) route(r *http.Request) (*routers.Route, error) {
	method, path, _ := strings.Cut(strings.ReplaceAll(r.Pattern, "...}", "}"), " ")
	item := v.doc.Paths.Value(path)
	if item == nil || item.GetOperation(method) == nil {
		return nil, fmt.Errorf("GitHub has no %s", r.Pattern)
	}
	return &routers.Route{Spec: v.doc, Path: path, PathItem: item, Method: method, Operation: item.GetOperation(method)}, nil
}

func pathParams(r *http.Request) map[string]string {
	params := map[string]string{}
	for element := range strings.SplitSeq(r.Pattern, "/") {
		if strings.HasPrefix(element, "{") {
			name := strings.TrimSuffix(strings.Trim(element, "{}"), "...")
			params[name] = cmp.Or(r.PathValue(name), "/") // the root of a repository
		}
	}
	return params
}

func withBody(r *http.Request, body []byte) *http.Request {
	r = r.Clone(context.Background())
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r
}

func (v *REST) answer(input *openapi3filter.RequestValidationInput, e github.Exchange) error {
	schema, err := v.schema(input.Route.Operation, e.Status)
	if err != nil || schema == nil {
		if err == nil && len(e.Body) > 0 {
			err = errors.New("has a body, and GitHub's has none")
		}
		return err
	}
	var body any
	if err := unmarshal(e.Body, &body); err != nil {
		return err
	}
	if err := schema.Value.VisitJSON(body, openapi3.MultiErrors(), openapi3.VisitAsResponse(),
		openapi3.SetSchemaErrorMessageCustomizer(briefly)); err != nil {
		return err
	}
	if e.Status >= http.StatusBadRequest {
		return nil // GitHub's errors have undescribed fields
	}
	return undescribed("", body, []*openapi3.Schema{schema.Value})
}

// schema returns the schema of a response's body; nil for none. GitHub does not describe
// each error of each operation, but has one form for all.
func (v *REST) schema(op *openapi3.Operation, status int) (*openapi3.SchemaRef, error) {
	if status == http.StatusNotModified {
		return nil, nil
	}
	described := op.Responses.Status(status)
	switch {
	case described != nil && described.Value.Content.Get("application/json") != nil:
		return described.Value.Content.Get("application/json").Schema, nil
	case described != nil && status < http.StatusBadRequest:
		return nil, nil
	case status == http.StatusUnprocessableEntity:
		return v.doc.Components.Schemas["validation-error"], nil
	case status >= http.StatusBadRequest:
		return v.doc.Components.Schemas["basic-error"], nil
	}
	return nil, errors.New("GitHub does not answer that")
}
