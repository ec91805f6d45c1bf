package logbook_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	at      = metav1.NewTime(time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC))
	pull    = v1alpha1.Pull{Org: "openshift", Repo: "release", Number: 1234}
	created = &v1alpha1.Observed{Event: "created", At: at}
)

// client has the calls that only the tests need.
type client interface {
	logbook.Rehearsals
	Get(context.Context, string, metav1.GetOptions) (*v1alpha1.Rehearsal, error)
}

func commands(ids ...string) []v1alpha1.Command {
	var list []v1alpha1.Command
	for _, id := range ids {
		list = append(list, v1alpha1.Command{ID: id, Text: "/pj-rehearse", By: "bob", At: at})
	}
	return list
}

func entries(ids ...string) *event.Entries {
	return &event.Entries{Pull: pull, Observed: created, Commands: commands(ids...)}
}

func appendAll(t *testing.T, c client, all ...*event.Entries) {
	t.Helper()
	for _, h := range all {
		if err := logbook.Append(t.Context(), c, h); err != nil {
			t.Fatal(err)
		}
	}
}

func stored(t *testing.T, c client) *v1alpha1.Rehearsal {
	t.Helper()
	r, err := c.Get(t.Context(), event.Name(pull), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func ids(r *v1alpha1.Rehearsal) string {
	var list []string
	for _, c := range r.Spec.Commands {
		list = append(list, c.ID)
	}
	return strings.Join(list, " ")
}

func TestAppendToStore(t *testing.T) {
	testAppend(t, func(*testing.T) client { return &logbooktest.Store{} })
}

// testAppend is for the store in memory and for the real API server.
func testAppend(t *testing.T, fresh func(*testing.T) client) {
	noCommand := &event.Entries{Pull: pull, Observed: &v1alpha1.Observed{Event: "opened", Head: strings.Repeat("a", 40), At: at}}
	tests := []struct {
		name string
		in   []*event.Entries
		want string
	}{
		{"nothing but an event", []*event.Entries{noCommand}, ""},
		{"first words create", []*event.Entries{entries("comment-1-0")}, "comment-1-0"},
		{"the first command of a log without any", []*event.Entries{noCommand, entries("comment-1-0")}, "comment-1-0"},
		{"several commands at once", []*event.Entries{noCommand, entries("comment-1-0", "comment-1-1"), entries("comment-2-0", "comment-2-1")}, "comment-1-0 comment-1-1 comment-2-0 comment-2-1"},
		{"known", []*event.Entries{entries("comment-1-0"), entries("comment-1-0")}, "comment-1-0"},
		{"known, and the first of its text", []*event.Entries{entries("comment-1-0"), entries("comment-1-0", "comment-1-1", "comment-1-2")}, "comment-1-0 comment-1-1 comment-1-2"},
		{"known, and the last of its text", []*event.Entries{entries("comment-1-1"), entries("comment-1-0", "comment-1-1")}, "comment-1-1 comment-1-0"},
		{"the same event again", []*event.Entries{entries("comment-1-0"), noCommand, noCommand}, "comment-1-0"},
		{"nothing at all, for a known pull request", []*event.Entries{noCommand, {Pull: pull}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := fresh(t)
			appendAll(t, c, tt.in...)
			if got := ids(stored(t, c)); got != tt.want {
				t.Errorf("commands are %q, want %q", got, tt.want)
			}
		})
	}
	t.Run("whoever pushed stays", func(t *testing.T) {
		c := fresh(t)
		push := func(key, what, head string) *event.Entries {
			h := &event.Entries{Pull: pull, Pushes: map[string]v1alpha1.Push{key: {Event: what, By: key, ID: 7, Head: strings.Repeat(head, 40), At: at}}}
			h.Observed = &v1alpha1.Observed{Event: what, Head: strings.Repeat(head, 40), At: at}
			return h
		}
		withCommand := push("alice", "opened", "a")
		withCommand.Commands = commands("body-1-0")
		appendAll(t, c, withCommand, push("bob", "synchronize", "b"), entries("comment-1-0"), push("renovate[bot]", "synchronize", "c"),
			push("alice", "synchronize", "d"), push("bob/reopened", "reopened", "d"), withCommand)
		spec := stored(t, c).Spec
		if got, want := ids(stored(t, c)), "body-1-0 comment-1-0"; got != want {
			t.Errorf("commands are %q, want %q", got, want)
		}
		var got []string
		for _, key := range slices.Sorted(maps.Keys(spec.Pushes)) {
			got = append(got, key+" "+spec.Pushes[key].Event+" "+spec.Pushes[key].Head[:1])
		}
		if want := "alice opened a, bob synchronize b, bob/reopened reopened d, renovate[bot] synchronize c"; strings.Join(got, ", ") != want {
			t.Errorf("pushes are %q, want %q", got, want)
		}
	})
	t.Run("more pushers than there is room for", func(t *testing.T) {
		c := fresh(t)
		for n := range v1alpha1.MaxPushers + 2 {
			login := fmt.Sprintf("sock-%d", n)
			head := fmt.Sprintf("%040d", n)
			appendAll(t, c, &event.Entries{Pull: pull, Observed: &v1alpha1.Observed{Event: "synchronize", Head: head, At: at},
				Pushes: map[string]v1alpha1.Push{login: {Event: "synchronize", By: login, Head: head, At: at}}})
		}
		spec := stored(t, c).Spec
		if want := fmt.Sprintf("%040d", v1alpha1.MaxPushers+1); len(spec.Pushes) != v1alpha1.MaxPushers || spec.Observed.Head != want {
			t.Errorf("%d pushers, and the latest event is of %s", len(spec.Pushes), spec.Observed.Head)
		}
	})
	t.Run("the latest event stays", func(t *testing.T) {
		c := fresh(t)
		appendAll(t, c, entries("comment-1-0"), noCommand)
		if got := stored(t, c).Spec.Observed.Event; got != "opened" {
			t.Errorf("observed %q, want opened", got)
		}
	})
	t.Run("a known command changes nothing", func(t *testing.T) {
		c := fresh(t)
		appendAll(t, c, entries("comment-1-0"), noCommand)
		before := stored(t, c)
		appendAll(t, c, entries("comment-1-0"), noCommand)
		if after := stored(t, c); after.ResourceVersion != before.ResourceVersion || after.Spec.Observed.Event != "opened" {
			t.Errorf("resourceVersion went from %s to %s, observed %s", before.ResourceVersion, after.ResourceVersion, after.Spec.Observed.Event)
		}
	})
	t.Run("one that is not valid does not stand in the way", func(t *testing.T) {
		c := fresh(t)
		appendAll(t, c, entries("comment-1-0"))
		bad := entries("comment-2-0", "comment-3-0", "comment-4-0")
		bad.Commands[1].By = ""
		if err := logbook.Append(t.Context(), c, bad); err == nil {
			t.Error("a command of nobody is stored")
		}
		if got, want := ids(stored(t, c)), "comment-1-0 comment-2-0 comment-4-0"; got != want {
			t.Errorf("commands are %q, want %q", got, want)
		}
	})
	t.Run("full", func(t *testing.T) { testFull(t, fresh(t)) })
	t.Run("full of one", func(t *testing.T) { testFullOfOne(t, fresh(t)) })
	t.Run("parallel, different", func(t *testing.T) { testParallel(t, fresh(t), noCommand, 60, 60) })
	t.Run("parallel, different, first of all", func(t *testing.T) { testParallel(t, fresh(t), nil, 60, 60) })
	t.Run("parallel, the same", func(t *testing.T) { testParallel(t, fresh(t), nil, 40, 1) })
}

// many returns a comment of fifty lines.
func many(by string, comment int) *event.Entries {
	var ids []string
	for i := range 50 {
		ids = append(ids, fmt.Sprintf("comment-%d-%d", comment, i))
	}
	h := entries(ids...)
	for i := range h.Commands {
		h.Commands[i].By = by
	}
	return h
}

func testFull(t *testing.T, c client) {
	for i := range logbooktest.MaxCommands / 50 {
		appendAll(t, c, many(fmt.Sprint("user", i%5), i+1))
	}
	err := logbook.Append(t.Context(), c, entries("comment-5000-0"))
	var full *logbook.FullError
	if !errors.As(err, &full) {
		t.Errorf("appending to a full log gives %v, want a FullError", err)
	}
	by := entries("comment-5000-0").Commands[0].By
	if refused := stored(t, c).Spec.Refused; len(refused) != 1 || refused[strings.ToLower(by)].By != by {
		t.Errorf("noted as refused are %v, want %s", refused, by)
	}
	if err := logbook.Append(t.Context(), c, many("user1", 7)); err != nil {
		t.Errorf("appending what a full log has gives %v", err)
	}
}

// testFullOfOne checks that the commands of one person do not keep others from writing.
func testFullOfOne(t *testing.T, c client) {
	for i := range logbooktest.MaxOfOne / 50 {
		appendAll(t, c, many("eve", i+1))
	}
	one := entries("comment-100-0")
	one.Commands[0].By = "eve"
	var full *logbook.FullError
	if err := logbook.Append(t.Context(), c, one); !errors.As(err, &full) {
		t.Errorf("appending too much of one gives %v, want a FullError", err)
	}
	appendAll(t, c, entries("comment-101-0"), many("eve", 2), &event.Entries{Pull: pull, Observed: created})
}

// testParallel appends n times at once and counts the different commands.
func testParallel(t *testing.T, c client, first *event.Entries, n, differ int) {
	if first != nil {
		appendAll(t, c, first)
	}
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			errs[i] = logbook.Append(t.Context(), c, entries(fmt.Sprintf("comment-%d-0", 1+i%differ)))
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if got := len(stored(t, c).Spec.Commands); got != differ {
		t.Errorf("%d commands are stored, want %d", got, differ)
	}
}

// deleting returns a log that is being deleted.
func deleting(ids ...string) *v1alpha1.Rehearsal {
	now := metav1.Now()
	return &v1alpha1.Rehearsal{
		ObjectMeta: metav1.ObjectMeta{Name: event.Name(pull), Finalizers: []string{"rehearsal.dev/test"}, DeletionTimestamp: &now},
		Spec:       v1alpha1.RehearsalSpec{Pull: pull, Commands: commands(ids...)},
	}
}

func TestADeletedLogTakesNothing(t *testing.T) {
	for _, known := range [][]string{nil, {"comment-1-0"}} {
		store := &logbooktest.Store{}
		if _, err := store.Create(t.Context(), deleting(known...), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		wantNothingAppended(t, store, strings.Join(known, " "))
	}
}

// wantNothingAppended appends all kinds of entries to a log that is being deleted, twice,
// as a caller does after an error.
func wantNothingAppended(t *testing.T, c client, has string) {
	t.Helper()
	pushed := &event.Entries{Pull: pull, Observed: created, Pushes: map[string]v1alpha1.Push{"bob": {Event: "synchronize", By: "bob", Head: strings.Repeat("a", 40), At: at}}}
	for what, h := range map[string]*event.Entries{
		"an event": {Pull: pull, Observed: created}, "a command": entries("comment-2-0"), "commands": entries("comment-3-0", "comment-3-1"), "a push": pushed,
	} {
		for range 2 {
			if err := logbook.Append(t.Context(), c, h); err == nil {
				t.Errorf("%s counts as stored, and goes with the log", what)
			}
		}
	}
	if got := ids(stored(t, c)); got != has {
		t.Errorf("it has %q now, want %q", got, has)
	}
}
