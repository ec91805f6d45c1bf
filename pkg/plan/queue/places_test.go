package queue

import (
	"fmt"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/key"
)

func TestPlaces(t *testing.T) {
	waiting := func(repo, author string) *ticket { return &ticket{repo: repo, author: author, base: true} }
	with := func(t *ticket, lane lane, tooLong, base bool) *ticket {
		t.lane, t.tooLong, t.base = lane, tooLong, base
		return t
	}
	for name, tc := range map[string]struct {
		tickets []*ticket
		served  map[string]int
		slow    string
		want    string
	}{
		"no tickets": {want: "nothing"},
		"first come, first served": {
			tickets: []*ticket{waiting("r", "ann"), waiting("r", "bob")}, want: "0 quick",
		},
		"one quick slot for each author": {
			tickets: []*ticket{with(waiting("r", "ann"), quick, false, false), waiting("r", "ann"), waiting("r", "bob")}, want: "2 quick",
		},
		"one quick slot for each author, even if nobody else waits": {
			tickets: []*ticket{with(waiting("r", "ann"), quick, false, false), waiting("q", "ann")}, want: "nothing",
		},
		"all slots are taken": {
			tickets: []*ticket{with(waiting("r", "ann"), quick, false, false), with(waiting("r", "bob"), quick, false, false), waiting("r", "cat")}, want: "nothing",
		},
		"repositories take turns": {
			tickets: []*ticket{waiting("r", "ann"), waiting("q", "bob")}, served: map[string]int{"r": 2, "q": 1}, want: "1 quick",
		},
		"authors of a repository take turns": {
			tickets: []*ticket{waiting("r", "ann"), waiting("r", "bob")}, served: map[string]int{"r": 2, key.Of("r", "ann"): 2, key.Of("r", "bob"): 1}, want: "1 quick",
		},
		"an author whose plans took long comes last": {
			tickets: []*ticket{waiting("r", "ann"), waiting("q", "bob")}, served: map[string]int{"q": 1}, slow: "ann", want: "1 quick",
		},
		"an author whose plans took long gets a slot when nobody else waits": {
			tickets: []*ticket{waiting("r", "ann")}, slow: "ann", want: "0 quick",
		},
		"a plan that takes long continues in a long slot": {
			tickets: []*ticket{with(waiting("r", "ann"), quick, true, false)}, want: "0 long",
		},
		"a plan that takes long leaves when no long slot is free and others wait": {
			tickets: []*ticket{
				with(waiting("r", "ann"), quick, true, false), with(waiting("r", "bob"), quick, false, false),
				with(waiting("r", "cat"), long, true, false), waiting("r", "dan"),
			}, want: "0 leaving",
		},
		"only one plan leaves at a time": {
			tickets: []*ticket{
				with(waiting("r", "ann"), leaving, true, false), with(waiting("r", "bob"), quick, true, false),
				with(waiting("r", "cat"), long, true, false), waiting("r", "dan"),
			}, want: "nothing",
		},
		"a plan that takes long stays while nobody waits": {
			tickets: []*ticket{with(waiting("r", "ann"), quick, true, false), with(waiting("r", "cat"), long, true, false)}, want: "nothing",
		},
		"a plan that takes long stays while those who wait cannot use its slot": {
			tickets: []*ticket{
				with(waiting("r", "ann"), quick, true, false), with(waiting("r", "bob"), quick, true, false),
				with(waiting("r", "cat"), long, true, false), waiting("q", "bob"),
			}, want: "nothing",
		},
		"one long slot for each author": {
			tickets: []*ticket{with(waiting("r", "ann"), long, true, false), with(waiting("r", "ann"), waits, true, false)}, want: "nothing",
		},
		"authors take turns for a long slot": {
			tickets: []*ticket{
				with(waiting("r", "ann"), waits, true, false), with(waiting("r", "bob"), waits, true, false),
			}, served: map[string]int{"r": 3, key.Of("r", "ann"): 3, key.Of("r", "bob"): 2}, want: "1 long",
		},
		"base branches that take long come first": {
			tickets: []*ticket{with(waiting("q", "bob"), waits, true, false), with(waiting("r", "ann"), waits, true, true)},
			served:  map[string]int{"r": 9}, slow: "ann", want: "1 long",
		},
		"tickets of a repository wait while its base branch is read": {
			tickets: []*ticket{with(waiting("r", "ann"), long, true, true), waiting("r", "bob"), waiting("q", "cat")}, want: "2 quick",
		},
		"a base branch has one long slot": {
			tickets: []*ticket{with(waiting("r", "ann"), long, true, true), with(waiting("r", "bob"), waits, true, true)}, want: "nothing",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := schedule{quick: 2, long: 1, tickets: tc.tickets, served: tc.served, slow: func(author string) bool { return tc.slow == author }}
			got := "nothing"
			if m, ok := r.next(); ok {
				for i, at := range tc.tickets {
					if at == m.ticket {
						got = fmt.Sprintf("%d %s", i, map[lane]string{quick: "quick", long: "long", leaving: "leaving"}[m.to])
					}
				}
			}
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
