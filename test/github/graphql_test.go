package github_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearsal-dev/rehearsal/test/github"
)

// tideQuery has all fields that Prow's tide requests.
const tideQuery = `query($query:String!$searchCursor:String){
rateLimit{cost,remaining},
search(type: ISSUE, first: 2, after: $searchCursor, query: $query){pageInfo{hasNextPage,endCursor},nodes{... on PullRequest{
number,author{login},authorMetadata:author{__typename},baseRef{name,prefix},headRefName,headRefOid,mergeable,mergeStateStatus,canBeRebased,
repository{name,nameWithOwner,owner{login}},reviewDecision,
commits(last: 4){nodes{commit{status{contexts{context,description,state}},oid,statusCheckRollup{contexts(last: 100){nodes{... on CheckRun{name,conclusion,status}}}}}}},
labels(first: 100){nodes{name}},milestone{title},body,title,updatedAt}}}}`

type found struct {
	Message string
	Errors  []struct{ Message string }
	Data    struct {
		RateLimit struct{ Cost, Remaining int }
		Search    struct {
			PageInfo struct {
				HasNextPage bool
				EndCursor   string
			}
			Nodes []map[string]any
		}
	}
}

func query(t *testing.T, srv *github.Server, token, text string, variables map[string]any) (int, found) {
	t.Helper()
	body := must(json.Marshal(map[string]any{"query": text, "variables": variables}))(t)
	req := must(http.NewRequestWithContext(t.Context(), http.MethodPost, srv.GraphQLURL(), bytes.NewReader(body)))(t)
	req.Header.Set("Authorization", "Bearer "+token)
	resp := must(http.DefaultTransport.RoundTrip(req))(t)
	raw := must(io.ReadAll(resp.Body))(t)
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	var out found
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return resp.StatusCode, out
}

func TestGraphQLPullRequest(t *testing.T) {
	srv, ctx := start(t), t.Context()
	pull := must(srv.OpenPull(ctx, github.NewPull{Org: "org", Repo: "config", Author: "renovate[bot]", Title: "T", Body: "B",
		Labels: []string{"lgtm", "approved"}, Change: github.Change{Files: map[string]string{"jobs/a.yaml": "a: 2\n"}}}))(t)
	client := goGitHub(t, srv, botToken)
	for _, s := range [][]string{{"pending", "ci/a", ""}, {"failure", "ci/a", "went wrong"}, {"success", "ci/b", ""}} {
		if _, _, err := client.Repositories.CreateStatus(ctx, "org", "config", pull.HeadSHA, statusOf(s[0], s[1], s[2])); err != nil {
			t.Fatal(err)
		}
	}
	_, got := query(t, srv, botToken, tideQuery, map[string]any{"query": `is:pr state:open repo:"org/config"`})
	if len(got.Errors) > 0 || len(got.Data.Search.Nodes) != 1 || got.Data.RateLimit.Cost != 1 || got.Data.RateLimit.Remaining < 1 {
		t.Fatalf("found %+v", got)
	}
	node := got.Data.Search.Nodes[0]
	if _, err := time.Parse(time.RFC3339, node["updatedAt"].(string)); err != nil {
		t.Error(err)
	}
	delete(node, "updatedAt")
	want := map[string]any{
		"number": 1.0, "title": "T", "body": "B", "headRefName": pull.HeadRef, "headRefOid": pull.HeadSHA,
		"author": map[string]any{"login": "renovate"}, "authorMetadata": map[string]any{"__typename": "Bot"},
		"baseRef":   map[string]any{"name": "main", "prefix": "refs/heads/"},
		"mergeable": "MERGEABLE", "mergeStateStatus": "UNSTABLE", "canBeRebased": true,
		"repository":     map[string]any{"name": "config", "nameWithOwner": "org/config", "owner": map[string]any{"login": "org"}},
		"reviewDecision": nil, "milestone": nil,
		"labels": map[string]any{"nodes": []any{map[string]any{"name": "lgtm"}, map[string]any{"name": "approved"}}},
		"commits": map[string]any{"nodes": []any{map[string]any{"commit": map[string]any{
			"oid": pull.HeadSHA,
			"status": map[string]any{"contexts": []any{
				map[string]any{"context": "ci/a", "state": "FAILURE", "description": "went wrong"},
				map[string]any{"context": "ci/b", "state": "SUCCESS", "description": nil},
			}},
			"statusCheckRollup": map[string]any{"contexts": map[string]any{"nodes": []any{map[string]any{}, map[string]any{}}}},
		}}}},
	}
	if diff := cmp.Diff(want, node); diff != "" {
		t.Errorf("the pull request differs (-want +got):\n%s", diff)
	}
}

// searched creates the pull requests to search in: number, labels and what is unusual about
// them.
func searched(t *testing.T) *github.Server {
	t.Helper()
	srv, ctx := start(t), t.Context()
	for repo, private := range map[string]bool{"other": false, "hidden": true} {
		must(srv.CreateRepo(ctx, github.NewRepo{Org: "org", Repo: repo, Private: private, Files: map[string]string{"a": "1\n"}}))(t)
	}
	must(srv.CreateCommit(ctx, github.NewCommit{Org: "org", Repo: "config", Branch: "release"}))(t)
	open := func(repo, author, base string, labels ...string) github.Pull {
		return must(srv.OpenPull(ctx, github.NewPull{Org: "org", Repo: repo, Author: author, Base: base, Labels: labels,
			Change: github.Change{Files: map[string]string{"b": author + "\n"}}}))(t)
	}
	open("config", "alice", "main", "lgtm", "approved")
	open("config", "alice", "main", "lgtm", "do not merge")
	open("config", "bob", "release", "approved", "LGTM")
	open("other", "carol", "main", "lgtm", "approved")
	open("hidden", "carol", "main", "lgtm")
	closed := open("config", "bob", "main", "lgtm")
	must(srv.ClosePull(ctx, github.PullAction{PullID: closed.PullID}))(t)
	return srv
}

func TestGraphQLSearch(t *testing.T) {
	srv := searched(t)
	for name, tc := range map[string]struct{ query, want string }{
		"all open pull requests":  {`is:pr state:open archived:false org:"org"`, "config#1 config#2 config#3 other#1"},
		"closed":                  {`is:pr state:closed repo:"org/config"`, "config#4"},
		"labels":                  {`is:pr state:open label:"lgtm" label:"approved"`, "config#1 config#3 other#1"},
		"one label or another":    {`is:pr state:open label:"do not merge","none"`, "config#2"},
		"label is missing":        {`is:pr state:open label:"lgtm" -label:"do not merge" repo:"org/config"`, "config#1 config#3"},
		"places":                  {`is:pr state:open repo:"org/other" repo:"org/hidden"`, "other#1"},
		"all but one place":       {`is:pr state:open org:"org" -repo:"org/config"`, "other#1"},
		"bases":                   {`is:pr state:open base:"release" base:"none"`, "config#3"},
		"all but one base":        {`is:pr state:open -base:"main"`, "config#3"},
		"author":                  {`is:pr state:open author:"Bob"`, "config#3"},
		"updated":                 {`is:pr state:open updated:2007-10-19T00:00:00Z..*`, "config#1 config#2 config#3 other#1"},
		"no update before a date": {`is:pr state:open updated:*..2007-10-19T00:00:00Z`, ""},
		"issues":                  {`is:issue state:open org:"org"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(search(t, srv, tc.query), " "); got != tc.want {
				t.Errorf("%s finds %q, want %q", tc.query, got, tc.want)
			}
		})
	}
}

// search returns all results of a search, sorted.
func search(t *testing.T, srv *github.Server, text string) []string {
	t.Helper()
	var names []string
	variables := map[string]any{"query": text, "searchCursor": nil}
	for {
		_, got := query(t, srv, botToken, tideQuery, variables)
		if len(got.Errors) > 0 {
			t.Fatalf("%s: %s", text, got.Errors[0].Message)
		}
		for _, node := range got.Data.Search.Nodes {
			names = append(names, fmt.Sprintf("%s#%v", node["repository"].(map[string]any)["name"], node["number"]))
		}
		if !got.Data.Search.PageInfo.HasNextPage {
			slices.Sort(names)
			return names
		}
		variables["searchCursor"] = got.Data.Search.PageInfo.EndCursor
	}
}

func TestGraphQLSearchOldestFirst(t *testing.T) {
	srv, ctx := searched(t), t.Context()
	must(srv.AdvanceClock(ctx, github.Duration(time.Minute)))(t)
	must(srv.AddLabels(ctx, github.PullLabels{PullID: github.PullID{Org: "org", Repo: "config", Number: 1}, Labels: []string{"new"}}))(t)
	_, got := query(t, srv, botToken, strings.Replace(tideQuery, "first: 2", "first: 9", 1),
		map[string]any{"query": `is:pr state:open sort:updated-asc repo:"org/config"`})
	nodes := got.Data.Search.Nodes
	if len(nodes) != 3 || nodes[2]["number"] != 1.0 {
		t.Errorf("the last of %d is not the one that was updated last: %v", len(nodes), nodes)
	}
}

func TestGraphQLRefuses(t *testing.T) {
	srv := start(t)
	for name, tc := range map[string]struct {
		token, query, search string
		status               int
		want                 string
	}{
		"unknown token":     {"nobody", tideQuery, "is:pr", http.StatusUnauthorized, "Bad credentials"},
		"no token":          {"", tideQuery, "is:pr", http.StatusUnauthorized, "Requires authentication"},
		"unknown field":     {botToken, "{viewer{login}}", "", http.StatusOK, "viewer"},
		"unknown qualifier": {botToken, tideQuery, "is:pr language:go", http.StatusOK, "language:go"},
		"words":             {botToken, tideQuery, "is:pr gophers", http.StatusOK, "gophers"},
		"page too large":    {botToken, strings.Replace(tideQuery, "first: 2", "first: 101", 1), "is:pr", http.StatusOK, "from 1 to 100"},
	} {
		t.Run(name, func(t *testing.T) {
			status, got := query(t, srv, tc.token, tc.query, map[string]any{"query": tc.search})
			said := got.Message
			for _, e := range got.Errors {
				said += e.Message
			}
			if status != tc.status || !strings.Contains(said, tc.want) {
				t.Errorf("got %d: %q, want %d and %q", status, said, tc.status, tc.want)
			}
		})
	}
}

func TestMergeByREST(t *testing.T) {
	srv, ctx := start(t), t.Context()
	client, pull := goGitHub(t, srv, botToken), openPull(t, srv)
	result, _, err := client.PullRequests.Merge(ctx, "org", "config", pull.Number, "", nil)
	if err != nil || !result.GetMerged() {
		t.Fatalf("merged: %v, %v", result, err)
	}
	now := must(srv.GetPull(ctx, pull.PullID))(t)
	repo := must(srv.GetRepo(ctx, github.RepoID{Org: "org", Repo: "config"}))(t)
	if !now.Merged || now.State != "closed" || repo.Branches["main"] != result.GetSHA() {
		t.Errorf("the pull request is %+v, main is at %s and the merge is %s", now, repo.Branches["main"], result.GetSHA())
	}
	content, _, _, err := client.Repositories.GetContents(ctx, "org", "config", "jobs/a.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if text := must(content.GetContent())(t); text != "a: 2\n" {
		t.Errorf("the base branch has %q", text)
	}
}
