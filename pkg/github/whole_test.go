package github_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	standin "github.com/rehearsal-dev/rehearsal/test/github"
)

// asked are calls that expect a result.
var asked = map[string]func(t *testing.T, c *github.Client) error{
	"pull": func(t *testing.T, c *github.Client) error {
		_, err := c.Pull(t.Context(), "org", "config", 1)
		return err
	},
	"open pulls": func(t *testing.T, c *github.Client) error {
		_, err := c.OpenPulls(t.Context(), "org", "config")
		return err
	},
	"comment": func(t *testing.T, c *github.Client) error {
		_, err := c.Comment(t.Context(), "org", "config", 1)
		return err
	},
	"comments": func(t *testing.T, c *github.Client) error {
		_, err := c.Comments(t.Context(), "org", "config", 1)
		return err
	},
	"comments since": func(t *testing.T, c *github.Client) error {
		_, err := c.CommentsSince(t.Context(), "org", "config", time.Now())
		return err
	},
	"timeline": func(t *testing.T, c *github.Client) error {
		_, err := c.Pushes(t.Context(), "org", "config", 1)
		return err
	},
	"files": func(t *testing.T, c *github.Client) error {
		_, err := c.ChangedFiles(t.Context(), "org", "config", 1)
		return err
	},
	"permission": func(t *testing.T, c *github.Client) error {
		_, err := c.Permission(t.Context(), "org", "config", "bob")
		return err
	},
	"team": func(t *testing.T, c *github.Client) error {
		_, err := c.TeamMember(t.Context(), "org", "team", "bob")
		return err
	},
	"branch": func(t *testing.T, c *github.Client) error {
		_, err := c.BranchTip(t.Context(), "org", "config", "main")
		return err
	},
	"default branch": func(t *testing.T, c *github.Client) error {
		_, err := c.DefaultBranch(t.Context(), "org", "config")
		return err
	},
	"content": func(t *testing.T, c *github.Client) error {
		_, err := c.Content(t.Context(), "org", "config", "OWNERS", "main")
		return err
	},
	"self": func(t *testing.T, c *github.Client) error {
		_, err := c.Self(t.Context())
		return err
	},
	"new comment": func(t *testing.T, c *github.Client) error {
		_, err := c.CreateComment(t.Context(), "org", "config", 1, "text")
		return err
	},
	"edit": func(t *testing.T, c *github.Client) error {
		_, err := c.EditComment(t.Context(), "org", "config", 1, "text")
		return err
	},
}

// TestAnAnswerWithoutContentIsNone checks that a successful response without content is
// not taken for a closed pull request, or for a comment without an author.
func TestAnAnswerWithoutContentIsNone(t *testing.T) {
	for _, body := range []string{"", "null", "{}", `{"url":"x"}`, "[null]", "[{}]", `{"number":1,"state":"op`} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { write(t, w, body) }))
		client := newClient(t, server.URL, github.Options{})
		for what, ask := range asked {
			if what == "content" && body == `{"url":"x"}` || strings.HasPrefix(body, "[") && what == "content" {
				continue // a directory, or nothing that can be read
			}
			if err := ask(t, client); err == nil {
				t.Errorf("%s: the answer %q is believed", what, body)
			}
		}
		server.Close()
	}
}

// TestADamagedAnswerIsNotKept checks that a damaged response is not cached, and not
// reused when GitHub says that nothing has changed.
func TestADamagedAnswerIsNotKept(t *testing.T) {
	f := start(t)
	pull := f.open(t)
	got, err := f.client.Pull(t.Context(), "org", "config", pull.Number)
	ok(t, err)
	for _, body := range []string{"", "null", "{}"} {
		_, err := f.AddFault(t.Context(), standin.Fault{Method: "GET", Path: "/repos/*/*/pulls/*", Times: 1, Status: 200, Empty: body == "", Body: body,
			Header: map[string]string{"ETag": `W/"new"`}})
		ok(t, err)
		if damaged, err := f.client.Pull(t.Context(), "org", "config", pull.Number); err == nil {
			t.Errorf("%q is taken for %+v", body, damaged)
		}
		again, err := f.client.Pull(t.Context(), "org", "config", pull.Number)
		ok(t, err)
		if again.Head != got.Head || !again.Open {
			t.Errorf("after %q: %+v", body, again)
		}
	}
}

// TestWhatIsKeptIsSmall sweeps three repositories, each with a thousand open pull
// requests of realistic size. Further sweeps must cost no calls.
func TestWhatIsKeptIsSmall(t *testing.T) {
	const repositories, pulls, perPage = 3, 1000, 100
	padding := strings.Repeat("https://api.github.com/repos/org/config/", 500) // what else GitHub tells of a pull request
	var paid int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page := max(1, number(r.URL.Query().Get("page")))
		etag := fmt.Sprintf(`W/"%s-%d"`, r.URL.Path, page)
		w.Header().Set("ETag", etag)
		if page*perPage < pulls {
			w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?page=%d>; rel="next"`, r.Host, r.URL.Path, page+1))
		}
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		paid++
		var all []string
		for n := (page-1)*perPage + 1; n <= page*perPage; n++ {
			all = append(all, fmt.Sprintf(`{"number":%d,"state":"open","title":"t","body":%q,"head":{"sha":"%040x","ref":"r"},"base":{"sha":"%040x","ref":"main","repo":{"id":1,"description":%q}}}`,
				n, strings.Repeat("words ", 300), n, 1, padding))
		}
		write(t, w, "["+strings.Join(all, ",")+"]")
	}))
	defer server.Close()
	client := newClient(t, server.URL, github.Options{})
	for round, want := range []int{repositories * pulls / perPage, 0, 0} {
		paid = 0
		for i := range repositories {
			list, err := client.OpenPulls(t.Context(), "org", fmt.Sprintf("config-%d", i))
			ok(t, err)
			if len(list) != pulls || list[0].RepoID != 1 || !list[0].Open || list[0].Head == "" {
				t.Fatalf("%d pull requests: %+v", len(list), list[0])
			}
		}
		if paid != want {
			t.Errorf("look %d costs %d calls, want %d", round, paid, want)
		}
	}
}

func number(s string) (n int) {
	_, _ = fmt.Sscan(s, &n)
	return n
}
