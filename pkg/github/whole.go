package github

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// maxAnswer limits the size of one response. A page of a hundred pull requests has some
// megabytes.
const maxAnswer = 64 << 20

// fields are those of a JSON object that we read, by their names. Those of a field
// without any of its own are all kept.
type fields map[string]fields

// form is what the response to a call has to look like. It detects empty and damaged
// responses, for which go-github returns a zero value.
type form struct {
	method string
	// path is below the endpoint; an element that is * matches any, a last ** all
	// that follow.
	path string
	// list says that it is a list. needs and keeps are then about its elements.
	list bool
	// needs are the fields that must be present, neither null nor empty, as paths with
	// dots.
	needs []string
	// keeps are the fields that are read, nil for all. Other fields are dropped before
	// the response is cached.
	keeps fields
}

var (
	person      = fields{"login": nil, "id": nil, "type": nil}
	pullFields  = fields{"id": nil, "node_id": nil, "number": nil, "title": nil, "body": nil, "state": nil, "user": person, "labels": {"name": nil}, "head": {"sha": nil, "ref": nil}, "base": {"sha": nil, "ref": nil, "repo": {"id": nil}}, "created_at": nil, "updated_at": nil, "html_url": nil}
	pullNeeds   = []string{"number", "state", "head.sha", "base.sha", "base.ref", "base.repo.id"}
	saidFields  = fields{"id": nil, "node_id": nil, "user": person, "body": nil, "html_url": nil, "issue_url": nil, "created_at": nil, "updated_at": nil, "reactions": {"total_count": nil}}
	saidNeeds   = []string{"id", "issue_url", "created_at", "updated_at"}
	eventFields = fields{"event": nil, "sha": nil, "commit_id": nil, "created_at": nil}
	fileFields  = fields{"filename": nil, "previous_filename": nil}
)

// forms are those of the calls that we make, the most specific first. See
// https://docs.github.com/rest for what GitHub says is required.
var forms = []form{
	{method: http.MethodGet, path: "repos/*/*/pulls", list: true, needs: pullNeeds, keeps: pullFields},
	{method: http.MethodGet, path: "repos/*/*/pulls/*", needs: pullNeeds, keeps: pullFields},
	{method: http.MethodGet, path: "repos/*/*/pulls/*/files", list: true, needs: []string{"filename"}, keeps: fileFields},
	{method: http.MethodGet, path: "repos/*/*/issues/comments", list: true, needs: saidNeeds, keeps: saidFields},
	{method: http.MethodGet, path: "repos/*/*/issues/*/comments", list: true, needs: saidNeeds, keeps: saidFields},
	{method: http.MethodGet, path: "repos/*/*/issues/comments/*", needs: saidNeeds, keeps: saidFields},
	{method: http.MethodGet, path: "repos/*/*/issues/*/timeline", list: true, keeps: eventFields},
	{method: http.MethodGet, path: "repos/*/*/git/ref/**", needs: []string{"ref", "object.sha"}},
	{method: http.MethodGet, path: "repos/*/*/collaborators/*/permission", needs: []string{"permission"}},
	{method: http.MethodGet, path: "repos/*/*/installation", needs: []string{"id"}},
	{method: http.MethodGet, path: "repos/*/*", needs: []string{"default_branch"}},
	{method: http.MethodGet, path: "repositories/*", needs: []string{"default_branch"}},
	{method: http.MethodGet, path: "orgs/*/teams/*/memberships/*", needs: []string{"state"}},
	{method: http.MethodGet, path: "orgs/*/installation", needs: []string{"id"}},
	{method: http.MethodGet, path: "users/*/installation", needs: []string{"id"}},
	{method: http.MethodGet, path: "user", needs: []string{"login"}},
	{method: http.MethodGet, path: "app", needs: []string{"id", "slug"}},
	{method: http.MethodPost, path: "repos/*/*/issues/*/comments", needs: []string{"id"}},
	{method: http.MethodPatch, path: "repos/*/*/issues/comments/*", needs: []string{"id"}},
	{method: http.MethodPost, path: "app/installations/*/access_tokens", needs: []string{"token", "expires_at"}},
}

// whole turns a successful response that is empty, null, truncated or without
// required fields into an error, which is not cached. From other responses it removes
// unused fields, to keep the cache small.
type whole struct {
	next http.RoundTripper
	root string // the path that the REST API is under, with a slash at its end
}

// RoundTrip implements http.RoundTripper.
func (w *whole) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated {
		return resp, err
	}
	f, known := formOf(r.Method, strings.TrimPrefix(r.URL.EscapedPath(), w.root))
	if !known {
		return resp, nil
	}
	body, err := readAnswer(resp)
	if err == nil {
		body, err = f.distil(body)
	}
	if err != nil {
		return nil, fmt.Errorf("GitHub's response cannot be used: %w", err)
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return resp, nil
}

func readAnswer(resp *http.Response) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("it is larger than %d MiB", maxAnswer>>20)
	}
	return body, nil
}

// formOf returns the form of the response to a call. For a GET that is not listed, any
// content is accepted.
func formOf(method, path string) (form, bool) {
	for _, f := range forms {
		if f.method == method && matches(f.path, path) {
			return f, true
		}
	}
	return form{}, method == http.MethodGet
}

func matches(pattern, path string) bool {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	for i, w := range want {
		if w == "**" {
			return i < len(have)
		}
		if i >= len(have) || w != "*" && w != have[i] || have[i] == "" {
			return false
		}
	}
	return len(want) == len(have)
}

// distil checks a response, and removes the fields that are not in keeps.
func (f form) distil(body []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var answer any
	if err := dec.Decode(&answer); err != nil {
		return nil, fmt.Errorf("it is not JSON: %w", err)
	}
	elements, isList := answer.([]any)
	switch {
	case f.path == "" && (isList || isObject(answer)):
		return body, nil
	case f.list != isList:
		return nil, errors.New("it is a list where an object is expected, or the other way round")
	case !isList:
		elements = []any{answer}
	}
	for i, e := range elements {
		object, _ := e.(map[string]any)
		if len(object) == 0 {
			return nil, errors.New("it is empty")
		}
		for _, path := range f.needs {
			if !has(object, path) {
				return nil, fmt.Errorf("it does not have %s", path)
			}
		}
		elements[i] = f.keeps.of(object)
	}
	if f.keeps == nil {
		return body, nil
	}
	if isList {
		return json.Marshal(elements)
	}
	return json.Marshal(elements[0])
}

func isObject(v any) bool {
	object, _ := v.(map[string]any)
	return len(object) > 0
}

// has reports whether an object has something at a path with dots.
func has(object map[string]any, path string) bool {
	name, rest, deeper := strings.Cut(path, ".")
	if deeper {
		inner, _ := object[name].(map[string]any)
		return has(inner, rest)
	}
	switch v := object[name].(type) {
	case nil:
		return false
	case string:
		return v != ""
	case json.Number:
		return v.String() != "0"
	}
	return true
}

// of returns a value without fields that are not among these.
func (f fields) of(value any) any {
	if f == nil {
		return value
	}
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = f.of(v[i])
		}
	case map[string]any:
		for name, inner := range v {
			if keeps, kept := f[name]; kept {
				v[name] = keeps.of(inner)
			} else {
				delete(v, name)
			}
		}
	}
	return value
}
