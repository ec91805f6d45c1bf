package github

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	defaultPage = 30
	maxPage     = 100
)

// page returns one page of a list, with a Link header to the others.
func page[T any](r *restRequest, list []T, show func(T) object) (answer, error) {
	query := r.URL.Query()
	size := clamp(query.Get("per_page"), defaultPage, maxPage)
	number := clamp(query.Get("page"), 1, 1<<20)
	start := min((number-1)*size, len(list))
	body := []object{}
	for _, item := range list[start:min(start+size, len(list))] {
		body = append(body, show(item))
	}
	a := answer{status: http.StatusOK, body: body}
	if link := links(r, number, (len(list)+size-1)/size); link != "" {
		a.header = http.Header{"Link": {link}}
	}
	return a, nil
}

func clamp(text string, fallback, limit int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return fallback
	}
	return min(n, limit)
}

func links(r *restRequest, number, last int) string {
	var out []string
	add := func(rel string, n int) {
		query := r.URL.Query()
		query.Set("page", strconv.Itoa(n))
		out = append(out, fmt.Sprintf(`<%s?%s>; rel="%s"`, r.s.rest(strings.TrimPrefix(r.URL.EscapedPath(), "/")), query.Encode(), rel))
	}
	if number > 1 {
		add("prev", number-1)
	}
	if number < last {
		add("next", number+1)
		add("last", last)
	}
	if number > 1 {
		add("first", 1)
	}
	return strings.Join(out, ", ")
}

// since parses the parameter of that name; the zero time if it is absent.
func (r *restRequest) since() (time.Time, error) {
	text := r.URL.Query().Get("since")
	if text == "" {
		return zeroTime, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return zeroTime, invalid("IssueComment", "since", "since is not a valid ISO 8601 time")
	}
	return t, nil
}

func escapePath(path string) string {
	parts := strings.Split(path, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}
