package conversation

import (
	"fmt"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

func TestDoubles(t *testing.T) {
	ours := func(id int64, marker string) github.Comment {
		return github.Comment{ID: id, Author: "Rehearsal-Bot", Body: fmt.Sprintf("says %d\n%s", id, marker)}
	}
	theirs := func(id int64, body string) github.Comment {
		return github.Comment{ID: id, Author: "alice", Body: body}
	}
	reacted := func(c github.Comment) github.Comment { c.Reactions = 1; return c }
	plan, a, b := report.PlanMarker(), report.RunMarker("comment-1-0"), report.RunMarker("comment-2-0")
	for name, tc := range map[string]struct {
		comments []github.Comment
		inUse    int64
		want     string
	}{
		"none":                         {[]github.Comment{ours(1, plan), ours(2, a), ours(3, b)}, 0, ""},
		"the younger goes":             {[]github.Comment{ours(2, plan), ours(1, plan)}, 0, "1:2"},
		"of three":                     {[]github.Comment{ours(1, plan), ours(5, plan), ours(3, plan)}, 0, "1:3,5"},
		"of each kind":                 {[]github.Comment{ours(1, a), ours(2, b), ours(3, b), ours(4, a)}, 0, "1:4 2:3"},
		"somebody else's":              {[]github.Comment{ours(1, plan), theirs(2, "x\n"+plan)}, 0, ""},
		"a marker in the middle":       {[]github.Comment{ours(1, plan), ours(2, plan+"\nx")}, 0, ""},
		"a reaction to the younger":    {[]github.Comment{ours(1, plan), reacted(ours(2, plan))}, 0, "2:1"},
		"a reaction to the older":      {[]github.Comment{reacted(ours(1, plan)), ours(2, plan)}, 0, "1:2"},
		"reactions to both":            {[]github.Comment{reacted(ours(1, plan)), reacted(ours(2, plan))}, 0, ""},
		"a link to the younger":        {[]github.Comment{ours(1, plan), ours(2, plan), theirs(3, "see https://github.com/a/b/pull/7#issuecomment-2.")}, 0, "2:1"},
		"a link to another":            {[]github.Comment{ours(1, plan), ours(2, plan), theirs(3, "see #issuecomment-21")}, 0, "1:2"},
		"one waits for its report":     {[]github.Comment{ours(1, a), ours(2, a)}, 2, "2:1"},
		"a reaction, and a report due": {[]github.Comment{reacted(ours(1, a)), ours(2, a), ours(3, a)}, 2, "1:3"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			for _, d := range doubles(tc.comments, "rehearsal-bot", func(id int64) bool { return id == tc.inUse }) {
				if got != "" {
					got += " "
				}
				got += fmt.Sprint(d.keep.ID)
				for i, c := range d.drop {
					got += string(":,"[min(i, 1)]) + fmt.Sprint(c.ID)
				}
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
