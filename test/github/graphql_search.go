package github

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

type graphqlSearch struct {
	After *string
	First *int32
	Query string
	Type  string
}

type graphqlFound struct {
	IssueCount int32
	Nodes      *[]*graphqlItem
	PageInfo   graphqlPage
}

type graphqlPage struct {
	EndCursor   *string
	HasNextPage bool
}

type graphqlItem struct{ pull *graphqlPull }

// ToPullRequest is a resolver.
func (i *graphqlItem) ToPullRequest() (*graphqlPull, bool) { return i.pull, true }

// Search finds one page of pull requests.
func (graphqlRoot) Search(ctx context.Context, in graphqlSearch) (*graphqlFound, error) {
	r := ctx.Value(graphqlCaller{}).(*restRequest)
	if in.Type != "ISSUE" {
		return nil, fmt.Errorf("the stand-in does not search for %s", in.Type)
	}
	if in.First == nil || *in.First < 1 || *in.First > maxPage {
		return nil, fmt.Errorf("`first` must be from 1 to %d", maxPage)
	}
	all, err := r.search(in.Query)
	if err != nil {
		return nil, err
	}
	start, err := afterCursor(in.After)
	if err != nil {
		return nil, err
	}
	start = min(start, len(all))
	end := min(start+int(*in.First), len(all))
	items := []*graphqlItem{}
	for _, p := range all[start:end] {
		node, err := r.s.graphqlPull(ctx, p)
		if err != nil {
			return nil, err
		}
		items = append(items, &graphqlItem{pull: node})
	}
	found := &graphqlFound{IssueCount: int32(len(all)), Nodes: &items, PageInfo: graphqlPage{HasNextPage: end < len(all)}}
	if end > start {
		cursor := cursorAt(end)
		found.PageInfo.EndCursor = &cursor
	}
	return found, nil
}

func cursorAt(n int) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "cursor:%d", n))
}

// afterCursor returns the number of results before a cursor.
func afterCursor(cursor *string) (int, error) {
	if cursor == nil {
		return 0, nil
	}
	text, err := base64.StdEncoding.DecodeString(*cursor)
	if err == nil {
		var n int
		if n, err = strconv.Atoi(strings.TrimPrefix(string(text), "cursor:")); err == nil {
			return n, nil
		}
	}
	return 0, fmt.Errorf("`%s` does not appear to be a valid cursor", *cursor)
}

// search returns the pull requests that the caller may see, the newest first unless the
// query has another order.
func (r *restRequest) search(query string) ([]*pull, error) {
	q, err := parseSearch(query)
	if err != nil {
		return nil, err
	}
	var all []*pull
	for _, name := range slices.Sorted(maps.Keys(r.s.repos)) {
		if repo := r.s.repos[name]; r.allows(repo, "read") {
			all = append(all, sortedPulls(repo)...)
		}
	}
	all = slices.DeleteFunc(all, func(p *pull) bool { return !q.matches(p) })
	slices.SortStableFunc(all, func(a, b *pull) int {
		if q.oldestFirst {
			return a.updatedAt.Compare(b.updatedAt)
		}
		return cmp.Compare(b.id, a.id)
	})
	return all, nil
}

// searchQuery is a query in GitHub's search syntax. All conditions must hold, except that
// one of the places (org, repo) and one of the bases is enough.
type searchQuery struct {
	places, bases []condition
	others        []condition
	oldestFirst   bool
}

type condition func(*pull) bool

func (q *searchQuery) matches(p *pull) bool {
	holds := func(c condition) bool { return c(p) }
	return (len(q.places) == 0 || slices.ContainsFunc(q.places, holds)) &&
		(len(q.bases) == 0 || slices.ContainsFunc(q.bases, holds)) &&
		!slices.ContainsFunc(q.others, func(c condition) bool { return !c(p) })
}

// searchTerm matches a qualifier and its values. Values with spaces are quoted, such as
// -label:"a b",c.
var searchTerm = regexp.MustCompile(`(-?)([a-z]+):((?:"[^"]*"|[^\s"])+)`)

func parseSearch(text string) (*searchQuery, error) {
	q := &searchQuery{}
	if rest := strings.TrimSpace(searchTerm.ReplaceAllString(text, "")); rest != "" {
		return nil, fmt.Errorf("the stand-in does not search for words: %s", rest)
	}
	for _, term := range searchTerm.FindAllStringSubmatch(text, -1) {
		not, qualifier := term[1] != "", term[2]
		values := strings.Split(strings.ReplaceAll(term[3], `"`, ""), ",")
		c, err := q.condition(qualifier, values)
		switch {
		case err != nil:
			return nil, err
		case c == nil:
		case not:
			q.others = append(q.others, func(p *pull) bool { return !c(p) })
		case qualifier == "org" || qualifier == "repo":
			q.places = append(q.places, c)
		case qualifier == "base":
			q.bases = append(q.bases, c)
		default:
			q.others = append(q.others, c)
		}
	}
	return q, nil
}

// condition returns the condition of one term; nil without an error if it is always true.
func (q *searchQuery) condition(qualifier string, values []string) (condition, error) {
	value := values[0]
	switch qualifier + ":" + value {
	case "is:pr", "archived:false":
		return nil, nil
	case "is:issue", "archived:true", "review:approved":
		return func(*pull) bool { return false }, nil // there are none in the stand-in
	case "sort:updated-asc":
		q.oldestFirst = true
		return nil, nil
	}
	switch qualifier {
	case "state", "is":
		if value == "open" || value == "closed" {
			return func(p *pull) bool { return p.state() == value }, nil
		}
	case "org":
		return func(p *pull) bool { return strings.EqualFold(p.repo.org.login, value) }, nil
	case "repo":
		return func(p *pull) bool { return strings.EqualFold(p.repo.fullName(), value) }, nil
	case "base":
		return func(p *pull) bool { return p.baseRef == value }, nil
	case "author":
		return func(p *pull) bool { return strings.EqualFold(p.author.login, value) }, nil
	case "label":
		return func(p *pull) bool { return slices.ContainsFunc(values, p.hasLabel) }, nil
	case "updated":
		return updatedWithin(value)
	}
	return nil, fmt.Errorf("the stand-in does not know how to search for %s:%s", qualifier, value)
}

// updatedWithin parses FROM..TO, in which an asterisk means no limit.
func updatedWithin(value string) (condition, error) {
	var limits [2]time.Time
	from, to, _ := strings.Cut(value, "..")
	for i, text := range []string{from, to} {
		if text == "*" {
			continue
		}
		var err error
		if limits[i], err = time.Parse(time.RFC3339, text); err != nil {
			return nil, fmt.Errorf("updated:%s is no range of times: %w", value, err)
		}
	}
	return func(p *pull) bool {
		return !p.updatedAt.Before(limits[0]) && (limits[1].IsZero() || !p.updatedAt.After(limits[1]))
	}, nil
}
