package github

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// router finds handlers by patterns in the syntax of http.ServeMux. Unlike http.ServeMux,
// it accepts overlapping patterns, because GitHub's overlap
// (/issues/{issue_number}/comments and /issues/comments/{comment_id}): the one with a
// literal at the first difference wins.
type router struct {
	routes []route
	other  http.Handler // for requests that match no route
}

type route struct {
	pattern  string // "GET /repos/{owner}/{repo}"
	method   string
	elements []string
	handler  http.Handler
}

func (m *router) handle(pattern string, h http.Handler) {
	method, path, _ := strings.Cut(pattern, " ")
	m.routes = append(m.routes, route{pattern: pattern, method: method, elements: strings.Split(path, "/"), handler: h})
	slices.SortStableFunc(m.routes, func(a, b route) int {
		for i := range min(len(a.elements), len(b.elements)) {
			if c := cmp.Compare(width(a.elements[i]), width(b.elements[i])); c != 0 {
				return c
			}
		}
		return cmp.Compare(len(b.elements), len(a.elements))
	})
}

// width orders the elements of patterns from specific to general.
func width(element string) int {
	switch {
	case strings.HasSuffix(element, "...}"):
		return 2
	case strings.HasPrefix(element, "{"):
		return 1
	}
	return 0
}

// find returns the route of a request and sets its path values; nil if there is none.
func (m *router) find(r *http.Request) *route {
	got, method := strings.Split(r.URL.EscapedPath(), "/"), r.Method
	if method == http.MethodHead {
		method = http.MethodGet // net/http leaves out the body
	}
	for i := range m.routes {
		if to := &m.routes[i]; to.method == method && to.matches(got) {
			to.setValues(r, got)
			return to
		}
	}
	return nil
}

func (to *route) matches(got []string) bool {
	for i, want := range to.elements {
		switch {
		case width(want) == 2:
			return true
		case i >= len(got), width(want) == 0 && want != got[i], width(want) == 1 && got[i] == "":
			return false
		}
	}
	return len(got) == len(to.elements)
}

func (to *route) setValues(r *http.Request, got []string) {
	r.Pattern = to.pattern
	for i, want := range to.elements {
		value := ""
		switch width(want) {
		case 0:
			continue
		case 1:
			value = got[i]
		case 2:
			value = strings.Join(got[min(i, len(got)):], "/")
		}
		if plain, err := url.PathUnescape(value); err == nil {
			value = plain
		}
		r.SetPathValue(strings.TrimSuffix(strings.Trim(want, "{}"), "..."), value)
	}
}

// ServeHTTP implements http.Handler.
func (m *router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if to := m.find(r); to != nil {
		to.handler.ServeHTTP(w, r)
		return
	}
	m.other.ServeHTTP(w, r)
}
