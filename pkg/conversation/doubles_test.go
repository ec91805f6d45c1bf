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
		"no duplicates":                                 {[]github.Comment{ours(1, plan), ours(2, a), ours(3, b)}, 0, ""},
		"two with the same marker":                      {[]github.Comment{ours(2, plan), ours(1, plan)}, 0, "1:2"},
		"three with the same marker":                    {[]github.Comment{ours(1, plan), ours(5, plan), ours(3, plan)}, 0, "1:3,5"},
		"two markers twice":                             {[]github.Comment{ours(1, a), ours(2, b), ours(3, b), ours(4, a)}, 0, "1:4 2:3"},
		"same marker by somebody else":                  {[]github.Comment{ours(1, plan), theirs(2, "x\n"+plan)}, 0, ""},
		"marker not at the end":                         {[]github.Comment{ours(1, plan), ours(2, plan+"\nx")}, 0, ""},
		"reaction to the younger":                       {[]github.Comment{ours(1, plan), reacted(ours(2, plan))}, 0, "2:1"},
		"reaction to the older":                         {[]github.Comment{reacted(ours(1, plan)), ours(2, plan)}, 0, "1:2"},
		"reactions to both":                             {[]github.Comment{reacted(ours(1, plan)), reacted(ours(2, plan))}, 0, ""},
		"link to the younger":                           {[]github.Comment{ours(1, plan), ours(2, plan), theirs(3, "see https://github.com/a/b/pull/7#issuecomment-2.")}, 0, "2:1"},
		"link to another comment":                       {[]github.Comment{ours(1, plan), ours(2, plan), theirs(3, "see #issuecomment-21")}, 0, "1:2"},
		"report due in the younger":                     {[]github.Comment{ours(1, a), ours(2, a)}, 2, "2:1"},
		"reaction to the oldest, report due in another": {[]github.Comment{reacted(ours(1, a)), ours(2, a), ours(3, a)}, 2, "1:3"},
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
