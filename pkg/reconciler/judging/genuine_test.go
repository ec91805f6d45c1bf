package judging

import (
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
)

// TestCommentDoubt checks which commands a comment by bob proves.
func TestCommentDoubt(t *testing.T) {
	pull := v1alpha1.Pull{Org: "acme", Repo: "config", Number: 7}
	written := func(change func(*github.Comment)) *github.Comment {
		c := &github.Comment{
			ID: 5, Number: 7, Author: "bob", AuthorType: "User", CreatedAt: noon, UpdatedAt: noon,
			Body: "Fine with me.\n/rehearse help\n/rehearse approve\n\n> /rehearse skip\n\n/test all\n",
		}
		change(c)
		return c
	}
	as := func(change func(*v1alpha1.Command)) v1alpha1.Command {
		c := by("bob", "comment-5-1", "/rehearse approve")
		c.At.Time = noon
		change(&c)
		return c
	}
	same := func(*v1alpha1.Command) {}
	for name, tc := range map[string]struct {
		command v1alpha1.Command
		comment func(*github.Comment)
		want    string
	}{
		"as written":                         {as(same), func(*github.Comment) {}, ""},
		"time off by a fraction of a second": {as(func(c *v1alpha1.Command) { c.At.Time = noon.Add(time.Millisecond) }), func(*github.Comment) {}, ""},
		"command by somebody else":           {as(func(c *v1alpha1.Command) { c.By = "carol" }), func(*github.Comment) {}, "Forged"},
		"comment by somebody else":           {as(same), func(c *github.Comment) { c.Author = "mallory" }, "Forged"},
		"comment of a deleted account":       {as(same), func(c *github.Comment) { c.Author = "" }, "Forged"},
		"comment on another pull request":    {as(same), func(c *github.Comment) { c.Number = 8 }, "Forged"},
		"comment on no pull request":         {as(same), func(c *github.Comment) { c.Number = 0 }, "Forged"},
		"command with another time":          {as(func(c *v1alpha1.Command) { c.At.Time = noon.Add(time.Second) }), func(*github.Comment) {}, "Forged"},
		"command with another text":          {as(func(c *v1alpha1.Command) { c.Text = "/rehearse skip" }), func(*github.Comment) {}, "Forged"},
		"command at the place of another":    {as(func(c *v1alpha1.Command) { c.ID = "comment-5-0" }), func(*github.Comment) {}, "Forged"},
		"command at a place without one":     {as(func(c *v1alpha1.Command) { c.ID = "comment-5-2" }), func(*github.Comment) {}, "Forged"},
		"id with a leading zero":             {as(func(c *v1alpha1.Command) { c.ID = "comment-05-1" }), func(*github.Comment) {}, "Forged"},
		"quoted command":                     {as(func(c *v1alpha1.Command) { c.ID, c.Text = "comment-5-2", "/rehearse skip" }), func(*github.Comment) {}, "Forged"},
		"command for another bot":            {as(func(c *v1alpha1.Command) { c.ID, c.Text = "comment-5-2", "/test all" }), func(*github.Comment) {}, "OtherPrefix"},
		"text that is no command":            {as(func(c *v1alpha1.Command) { c.ID, c.Text = "comment-5-0", "Fine with me." }), func(*github.Comment) {}, "Forged"},
		"comment by a bot":                   {as(same), func(c *github.Comment) { c.AuthorType = "Bot" }, "Forged"},
		"comment by ourselves":               {as(same), func(c *github.Comment) { c.Body += event.Marker + "plan -->" }, "Forged"},
		"comment edited":                     {as(same), func(c *github.Comment) { c.UpdatedAt = noon.Add(time.Second) }, "Edited"},
		"comment edited to have no command":  {as(same), func(c *github.Comment) { c.UpdatedAt, c.Body = noon.Add(time.Hour), "Never mind." }, "Edited"},
		"comment by somebody else, edited":   {as(same), func(c *github.Comment) { c.UpdatedAt, c.Author = noon.Add(time.Hour), "mallory" }, "Forged"},
	} {
		t.Run(name, func(t *testing.T) {
			d := CommentDoubt(tc.command, pull, written(tc.comment), event.DefaultPrefixes())
			if d.Reason != tc.want || (d.Reason == "") != (d.Because == "") {
				t.Errorf("the doubt is %+v, want %q", d, tc.want)
			}
		})
	}
}

// TestBodyDoubt checks which commands the description of a pull request proves.
func TestBodyDoubt(t *testing.T) {
	pull := v1alpha1.Pull{Org: "acme", Repo: "config", Number: 7}
	found := github.Pull{Author: "alice", AuthorType: "User", Body: "Please.\n\n/rehearse ack\n", Head: head, CreatedAt: noon, UpdatedAt: noon.Add(time.Hour)}
	genuine := event.FromPull(pull, event.Pull{Author: "alice", Body: found.Body, Head: head, CreatedAt: noon}, true, event.Options{Now: noon}).Commands[0]
	for name, tc := range map[string]struct {
		change func(*v1alpha1.Command, *github.Pull)
		want   string
	}{
		"as written":                         {func(*v1alpha1.Command, *github.Pull) {}, ""},
		"other text beside the command":      {func(_ *v1alpha1.Command, p *github.Pull) { p.Body = "Please!\n/rehearse ack" }, ""},
		"description with another command":   {func(_ *v1alpha1.Command, p *github.Pull) { p.Body = "/rehearse skip" }, "Edited"},
		"empty description":                  {func(_ *v1alpha1.Command, p *github.Pull) { p.Body = "" }, "Edited"},
		"command with another text":          {func(c *v1alpha1.Command, _ *github.Pull) { c.Text = "/rehearse skip" }, "Edited"},
		"command by somebody else":           {func(c *v1alpha1.Command, _ *github.Pull) { c.By = "bob" }, "Forged"},
		"command with another time":          {func(c *v1alpha1.Command, _ *github.Pull) { c.At.Time = noon.Add(time.Hour) }, "Forged"},
		"command with an unknown kind of id": {func(c *v1alpha1.Command, _ *github.Pull) { c.ID = "review-7-0" }, "Forged"},
	} {
		t.Run(name, func(t *testing.T) {
			c, p := genuine, found
			tc.change(&c, &p)
			if d := BodyDoubt(c, pull, &p, event.DefaultPrefixes()); d.Reason != tc.want {
				t.Errorf("the doubt is %+v, want %q", d, tc.want)
			}
		})
	}
}

// by returns a command by this person.
func by(login, id, text string) v1alpha1.Command {
	c := command(id, text, -1)
	c.By = login
	return c
}
