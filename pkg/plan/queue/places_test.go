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
		"nobody": {want: "nothing"},
		"the first to come": {
			tickets: []*ticket{waiting("r", "ann"), waiting("r", "bob")}, want: "0 quick",
		},
		"one place for each author": {
			tickets: []*ticket{with(waiting("r", "ann"), quick, false, false), waiting("r", "ann"), waiting("r", "bob")}, want: "2 quick",
		},
		"also where nobody else waits": {
			tickets: []*ticket{with(waiting("r", "ann"), quick, false, false), waiting("q", "ann")}, want: "nothing",
		},
		"all places are taken": {
			tickets: []*ticket{with(waiting("r", "ann"), quick, false, false), with(waiting("r", "bob"), quick, false, false), waiting("r", "cat")}, want: "nothing",
		},
		"repositories in turn": {
			tickets: []*ticket{waiting("r", "ann"), waiting("q", "bob")}, served: map[string]int{"r": 2, "q": 1}, want: "1 quick",
		},
		"and authors in them": {
			tickets: []*ticket{waiting("r", "ann"), waiting("r", "bob")}, served: map[string]int{"r": 2, key.Of("r", "ann"): 2, key.Of("r", "bob"): 1}, want: "1 quick",
		},
		"whose plans took long comes last": {
			tickets: []*ticket{waiting("r", "ann"), waiting("q", "bob")}, served: map[string]int{"q": 1}, slow: "ann", want: "1 quick",
		},
		"but comes": {
			tickets: []*ticket{waiting("r", "ann")}, slow: "ann", want: "0 quick",
		},
		"what takes long goes on in a long place": {
			tickets: []*ticket{with(waiting("r", "ann"), quick, true, false)}, want: "0 long",
		},
		"and leaves where there is none and others wait": {
			tickets: []*ticket{
				with(waiting("r", "ann"), quick, true, false), with(waiting("r", "bob"), quick, false, false),
				with(waiting("r", "cat"), long, true, false), waiting("r", "dan"),
			}, want: "0 leaving",
		},
		"one after the other": {
			tickets: []*ticket{
				with(waiting("r", "ann"), leaving, true, false), with(waiting("r", "bob"), quick, true, false),
				with(waiting("r", "cat"), long, true, false), waiting("r", "dan"),
			}, want: "nothing",
		},
		"it may stay where nobody waits": {
			tickets: []*ticket{with(waiting("r", "ann"), quick, true, false), with(waiting("r", "cat"), long, true, false)}, want: "nothing",
		},
		"also where those who wait could not have it": {
			tickets: []*ticket{
				with(waiting("r", "ann"), quick, true, false), with(waiting("r", "bob"), quick, true, false),
				with(waiting("r", "cat"), long, true, false), waiting("q", "bob"),
			}, want: "nothing",
		},
		"its author may have one long place": {
			tickets: []*ticket{with(waiting("r", "ann"), long, true, false), with(waiting("r", "ann"), waits, true, false)}, want: "nothing",
		},
		"which goes to another": {
			tickets: []*ticket{
				with(waiting("r", "ann"), waits, true, false), with(waiting("r", "bob"), waits, true, false),
			}, served: map[string]int{"r": 3, key.Of("r", "ann"): 3, key.Of("r", "bob"): 2}, want: "1 long",
		},
		"base branches come first": {
			tickets: []*ticket{with(waiting("q", "bob"), waits, true, false), with(waiting("r", "ann"), waits, true, true)},
			served:  map[string]int{"r": 9}, slow: "ann", want: "1 long",
		},
		"others wait for a base branch that takes long": {
			tickets: []*ticket{with(waiting("r", "ann"), long, true, true), waiting("r", "bob"), waiting("q", "cat")}, want: "2 quick",
		},
		"and so does who read it as well": {
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
