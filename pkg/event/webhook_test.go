package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
)

var (
	opensAt  = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	pushedAt = opensAt.Add(time.Hour)
	now      = opensAt.Add(2 * time.Hour)
	head     = strings.Repeat("0123456789", 4)
	thePull  = v1alpha1.Pull{Org: "openshift", Repo: "release", Number: 1234}
)

// object is a piece of JSON.
type object = map[string]any

func pullRequestEvent(action, body string) object {
	return object{
		"action": action, "number": 1234,
		"pull_request": object{
			"number": 1234, "body": body, "state": "open", "user": object{"login": "alice", "type": "User"},
			"head": object{"sha": head, "ref": "fix"}, "base": object{"ref": "main", "sha": strings.Repeat("f", 40)},
			"created_at": opensAt.Format(time.RFC3339), "updated_at": pushedAt.Format(time.RFC3339),
		},
		"repository": object{"name": "release", "full_name": "openshift/release", "owner": object{"login": "openshift", "type": "Organization"}},
		"sender":     object{"login": "Alice", "id": 583231, "type": "User"},
	}
}

func commentEvent(action, by, byType, body string) object {
	return object{
		"action":  action,
		"issue":   object{"number": 1234, "pull_request": object{"url": "https://api.github.com/repos/openshift/release/pulls/1234"}},
		"comment": object{"id": 98765, "body": body, "user": object{"login": by, "type": byType}, "created_at": pushedAt.Format(time.RFC3339), "updated_at": pushedAt.Format(time.RFC3339)},
		"repository": object{
			"name": "release", "full_name": "openshift/release", "owner": object{"login": "openshift", "type": "Organization"},
		},
		"sender": object{"login": by, "type": byType},
	}
}

// without returns the event with one field gone; path is dotted.
func without(event object, path string) object {
	parts := strings.Split(path, ".")
	at := event
	for _, p := range parts[:len(parts)-1] {
		at = at[p].(object)
	}
	delete(at, parts[len(parts)-1])
	return event
}

func encode(t testing.TB, event object) []byte {
	t.Helper()
	body, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func said(id, text, by string, at time.Time) v1alpha1.Command {
	return v1alpha1.Command{ID: id, Text: text, By: by, At: metav1.NewTime(at)}
}

func observed(event, head string, at time.Time) *v1alpha1.Observed {
	return &v1alpha1.Observed{Event: event, Head: head, At: metav1.NewTime(at)}
}

func pushBy(event, key, login string) map[string]v1alpha1.Push {
	return map[string]v1alpha1.Push{key: {Event: event, By: login, ID: 583231, Head: head, At: metav1.NewTime(pushedAt)}}
}

func TestTranslate(t *testing.T) {
	// The ids of descriptions must not change: they are in stored logs.
	const bodyID = "body-b5864f8eb89184bc"
	ofComment := func(commands ...v1alpha1.Command) *Entries {
		return &Entries{Pull: thePull, Commands: commands}
	}
	pushes := map[string]map[string]v1alpha1.Push{
		"opened":      pushBy("opened", "alice/583231", "Alice"),
		"synchronize": pushBy("synchronize", "alice/583231", "Alice"),
		"reopened":    pushBy("reopened", "alice/583231/reopened/"+head, "Alice"),
	}
	ofPull := func(action string, commands ...v1alpha1.Command) *Entries {
		return &Entries{Pull: thePull, Observed: observed(action, head, pushedAt), Pushes: pushes[action], Commands: commands}
	}
	tests := []struct {
		name  string
		event string
		body  object
		want  *Entries
	}{
		{"opened", "pull_request", pullRequestEvent("opened", "It is fine."), ofPull("opened")},
		{"opened without a body", "pull_request", without(pullRequestEvent("opened", ""), "pull_request.body"), ofPull("opened")},
		{"opened with commands", "pull_request", pullRequestEvent("opened", "Hi\r\n/pj-rehearse\r\n/rehearse a"),
			ofPull("opened", said(bodyID+"-0", "/pj-rehearse", "alice", opensAt), said(bodyID+"-1", "/rehearse a", "alice", opensAt))},
		{"synchronize", "pull_request", pullRequestEvent("synchronize", "/pj-rehearse"), ofPull("synchronize")},
		{"edited", "pull_request", pullRequestEvent("edited", "/pj-rehearse"), ofPull("edited")},
		{"reopened", "pull_request", pullRequestEvent("reopened", "/pj-rehearse"), ofPull("reopened")},
		{"closed", "pull_request", pullRequestEvent("closed", "/pj-rehearse"), ofPull("closed")},
		{"labeled", "pull_request", pullRequestEvent("labeled", "/pj-rehearse"), nil},
		{"comment", "issue_comment", commentEvent("created", "bob", "User", "/pj-rehearse a"), ofComment(said("comment-98765-0", "/pj-rehearse a", "bob", pushedAt))},
		{"comment with two commands", "issue_comment", commentEvent("created", "bob", "User", "/pj-rehearse a\n\n/rehearse abort"),
			ofComment(said("comment-98765-0", "/pj-rehearse a", "bob", pushedAt), said("comment-98765-1", "/rehearse abort", "bob", pushedAt))},
		{"comment without a command", "issue_comment", commentEvent("created", "bob", "User", "LGTM"), nil},
		{"a command in a review", "pull_request_review", pullRequestEvent("submitted", "/pj-rehearse"), nil},
		{"a command on a line of a file", "pull_request_review_comment", commentEvent("created", "bob", "User", "/pj-rehearse"), nil},
		{"comment edited", "issue_comment", commentEvent("edited", "bob", "User", "/pj-rehearse"), nil},
		{"comment deleted", "issue_comment", commentEvent("deleted", "bob", "User", "/pj-rehearse"), nil},
		{"comment of a bot", "issue_comment", commentEvent("created", "bob", "Bot", "/pj-rehearse"), nil},
		{"comment of a bot, known by its name", "issue_comment", commentEvent("created", "dependabot[bot]", "User", "/pj-rehearse"), nil},
		{"comment of ours", "issue_comment", commentEvent("created", "ci-robot", "User", "/pj-rehearse\n<!-- rehearsal:plan -->"), nil},
		{"comment of a deleted account", "issue_comment", without(commentEvent("created", "", "", "/pj-rehearse"), "comment.user"), nil},
		{"comment on an issue", "issue_comment", without(commentEvent("created", "bob", "User", "/pj-rehearse"), "issue.pull_request"), nil},
		{"another event", "push", object{"ref": "refs/heads/main"}, nil},
		{"ping", "ping", object{"zen": "Anything added dilutes everything else."}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Translate(tt.event, encode(t, tt.body), Options{Now: now})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTranslateMalformed(t *testing.T) {
	pullRequest := func() object { return pullRequestEvent("opened", "/pj-rehearse") }
	comment := func() object { return commentEvent("created", "bob", "User", "/pj-rehearse") }
	tests := []struct {
		name  string
		event string
		body  []byte
	}{
		{"empty body", "pull_request", nil},
		{"not JSON", "issue_comment", []byte("payload=%7B%7D")},
		{"truncated JSON", "issue_comment", encode(t, comment())[:100]},
		{"JSON array", "pull_request", []byte("[]")},
		{"nested too deeply", "pull_request", []byte(strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000))},
		{"wrong types", "pull_request", []byte(`{"action":"opened","number":"one"}`)},
		{"no pull_request", "pull_request", encode(t, without(pullRequest(), "pull_request"))},
		{"no number", "pull_request", encode(t, without(pullRequest(), "number"))},
		{"no head", "pull_request", encode(t, without(pullRequest(), "pull_request.head"))},
		{"no time", "pull_request", encode(t, without(pullRequest(), "pull_request.updated_at"))},
		{"no repository", "pull_request", encode(t, without(pullRequest(), "repository"))},
		{"no owner", "pull_request", encode(t, without(pullRequest(), "repository.owner"))},
		{"no issue", "issue_comment", encode(t, without(comment(), "issue"))},
		{"no comment", "issue_comment", encode(t, without(comment(), "comment"))},
		{"no comment id", "issue_comment", encode(t, without(comment(), "comment.id"))},
		{"no comment time", "issue_comment", encode(t, without(comment(), "comment.created_at"))},
		{"invalid repository name", "issue_comment", []byte(strings.ReplaceAll(string(encode(t, comment())), `"name":"release"`, `"name":"../x"`))},
		{"login that is too long", "issue_comment", encode(t, commentEvent("created", strings.Repeat("b", 101), "User", "/pj-rehearse"))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Translate(tt.event, tt.body, Options{Now: now})
			var malformed *MalformedError
			if !errors.As(err, &malformed) || got != nil {
				t.Fatalf("got %v and error %v", got, err)
			}
		})
	}
}

func TestReplayIsNotHeard(t *testing.T) {
	late := Options{Now: pushedAt.Add(MaxAge + time.Second)}
	if entries, err := Translate("issue_comment", encode(t, commentEvent("created", "bob", "User", "/pj-rehearse")), late); entries != nil || err != nil {
		t.Errorf("a comment of last week gives %v, %v", entries, err)
	}
	entries, err := Translate("pull_request", encode(t, pullRequestEvent("opened", "/pj-rehearse")), late)
	if err != nil || entries == nil || len(entries.Commands) > 0 {
		t.Errorf("a pull request of last week gives %v, %v", entries, err)
	}
}

// TestSweepHearsTheSame checks that a webhook and a sweep give the same entries, so that
// receiving a command both ways is harmless.
func TestSweepHearsTheSame(t *testing.T) {
	opts := Options{Now: now}
	delivered, err := Translate("issue_comment", encode(t, commentEvent("created", "bob", "User", "/pj-rehearse a\n/rehearse")), opts)
	if err != nil {
		t.Fatal(err)
	}
	comment := Comment{ID: 98765, Number: 1234, Author: "bob", AuthorType: "User", Body: "/pj-rehearse a\n/rehearse", CreatedAt: pushedAt, UpdatedAt: pushedAt}
	if diff := cmp.Diff(delivered, FromComment(thePull, comment, opts)); diff != "" {
		t.Errorf("comment: %s", diff)
	}
	delivered, err = Translate("pull_request", encode(t, pullRequestEvent("opened", "x\r\n/pj-rehearse\r\n")), opts)
	if err != nil {
		t.Fatal(err)
	}
	pull := Pull{Author: "alice", AuthorType: "User", Body: "y\n/pj-rehearse\n", Head: head, CreatedAt: opensAt, UpdatedAt: pushedAt}
	if diff := cmp.Diff(delivered.Commands, FromPull(thePull, pull, true, opts).Commands); diff != "" {
		t.Errorf("body: %s", diff)
	}
}

func TestSweep(t *testing.T) {
	opts := Options{Now: now}
	comment := Comment{ID: 1, Author: "bob", AuthorType: "User", Body: "/pj-rehearse", CreatedAt: opensAt, UpdatedAt: pushedAt}
	if entries := FromComment(thePull, comment, opts); entries != nil {
		t.Errorf("an edited comment commands %v", entries.Commands)
	}
	pull := Pull{Author: "alice", AuthorType: "User", Body: "/pj-rehearse", Head: head, CreatedAt: opensAt, UpdatedAt: pushedAt}
	want := &Entries{Pull: thePull, Observed: observed("sweep", head, pushedAt)}
	if diff := cmp.Diff(want, FromPull(thePull, pull, false, opts)); diff != "" {
		t.Errorf("a pull request seen before: %s", diff)
	}
}

func TestLimits(t *testing.T) {
	long := "/pj-rehearse " + strings.Repeat("a-job ", 1000)
	body := long + strings.Repeat("\n/pj-rehearse", 2*maxCommands)
	entries, err := Translate("issue_comment", encode(t, commentEvent("created", "bob", "User", body)), Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if len(entries.Commands) != maxCommands {
		t.Errorf("one text gives %d commands, want %d", len(entries.Commands), maxCommands)
	}
	text := entries.Commands[0].Text
	if n := len(text); n > maxText || !strings.HasSuffix(text, " a-job …") {
		t.Errorf("a long line is cut to %d bytes ending in %q", n, text[len(text)-20:])
	}
	if got := Parse(text, DefaultPrefixes()); got.Verb != Unknown {
		t.Errorf("what is left of a long line is read as %+v", got.Verb)
	}
	last := entries.Commands[maxCommands-1].Text
	if got := Parse(last, DefaultPrefixes()); !strings.Contains(got.Reason, "too long") {
		t.Errorf("the last line of too many is %q, and read as %+v", last, got)
	}
	for _, word := range []string{"x", "é", "🎭", "<", "\x01", "\xff", "< ", "\\"} {
		got := shorten(strings.Repeat(word, maxText), maxText)
		raw, err := json.Marshal(got)
		if err != nil || len(raw)-2 > maxText || !utf8.ValidString(got) {
			t.Errorf("a long word of %q is cut to %d bytes, %v", word, len(raw)-2, err)
		}
	}
}

func TestJSONSize(t *testing.T) {
	for r := range rune(0x10000) {
		text := string(r)
		raw, err := json.Marshal(text)
		if err != nil || jsonSize(text) < len(raw)-2 {
			t.Fatalf("%q has %d bytes, and %d are counted, %v", r, len(raw)-2, jsonSize(text), err)
		}
	}
}

// One text must not fill the log, whatever it consists of.
func TestOneTextIsBounded(t *testing.T) {
	for _, word := range []string{"x", "<", "< ", "&x "} {
		body := strings.Repeat("/rehearse "+strings.Repeat(word, 1290/len(word))+"\n", maxCommands)
		comment := Comment{ID: 1, Author: "bob", AuthorType: "User", Body: body, CreatedAt: opensAt, UpdatedAt: opensAt}
		commands := FromComment(thePull, comment, Options{Now: now}).Commands
		size := 0
		for _, c := range commands {
			raw, err := json.Marshal(c.Text)
			if err != nil {
				t.Fatal(err)
			}
			size += len(raw)
		}
		if size > maxTexts+100*maxCommands {
			t.Errorf("a text of %q makes %d bytes", word, size)
		}
		if got := Parse(commands[len(commands)-1].Text, DefaultPrefixes()); got.Verb != Unknown {
			t.Errorf("the end of a text of %q is not said to be missing: %+v", word, got)
		}
	}
}

func TestTextThatGitHubWouldNotTake(t *testing.T) {
	endless := strings.Repeat("/pj-rehearse\n", maxBody/10)
	entries, err := Translate("issue_comment", encode(t, commentEvent("created", "bob", "User", endless)), Options{Now: now})
	if entries != nil || err != nil {
		t.Errorf("a comment without end gives %v, %v", entries, err)
	}
	entries, err = Translate("pull_request", encode(t, pullRequestEvent("opened", endless)), Options{Now: now})
	if err != nil || entries == nil || len(entries.Commands) > 0 {
		t.Errorf("a body without end gives %v, %v", entries, err)
	}
}

func FuzzTranslate(f *testing.F) {
	for _, action := range []string{"opened", "synchronize", "closed", "created"} {
		f.Add("pull_request", encode(f, pullRequestEvent(action, "x\r\n/pj-rehearse a\r\n")))
		f.Add("issue_comment", encode(f, commentEvent(action, "bob", "User", "/rehearse list")))
	}
	f.Add("ping", []byte(`{"zen":"x"}`))
	f.Add("pull_request", []byte(`{"action":"opened","pull_request":null}`))
	f.Fuzz(func(t *testing.T, eventType string, body []byte) {
		entries, err := Translate(eventType, body, Options{Now: now})
		if entries == nil {
			return
		}
		if err != nil {
			t.Fatalf("both %v and %v", entries, err)
		}
		if err := fits(entries); err != nil {
			t.Error(err)
		}
	})
}

// TestNothingTakesThePlaceOfAPush checks that a later push does not overwrite that of
// another account, even under the same login, nor any head with which the pull request
// was opened again.
func TestNothingTakesThePlaceOfAPush(t *testing.T) {
	other := strings.Repeat("c", 40)
	for name, tc := range map[string]struct {
		action, login, head string
		id                  int64
		beside              bool
	}{
		"the same person pushes again":         {"synchronize", "alice", other, 583231, false},
		"the same login in another case":       {"synchronize", "ALICE", other, 583231, false},
		"another account with that login":      {"synchronize", "Alice", head, 7, true},
		"the same account, renamed":            {"synchronize", "bob", head, 583231, true},
		"reopened":                             {"reopened", "Alice", head, 583231, true},
		"reopened with another head":           {"reopened", "Alice", other, 583231, true},
		"pushed by an account without an ID":   {"synchronize", "Alice", head, 0, true},
		"reopened by an account without an ID": {"reopened", "Alice", head, 0, true},
		"a login that looks like a number":     {"synchronize", "alice-583231", head, 1, true},
	} {
		kept := pushesOf(t, "synchronize", "Alice", head, 583231)
		for _, before := range []string{head, other} {
			for key, p := range pushesOf(t, "reopened", "mallory", before, 9) {
				kept[key] = p
			}
		}
		n := len(kept)
		for key, p := range pushesOf(t, tc.action, tc.login, tc.head, tc.id) {
			kept[key] = p
		}
		if got := len(kept) > n; got != tc.beside || n != 3 {
			t.Errorf("%s: %d became %d", name, n, len(kept))
		}
	}
}

// pushesOf returns the pushes that a webhook reports.
func pushesOf(t *testing.T, action, login, sha string, id int64) map[string]v1alpha1.Push {
	t.Helper()
	p := &payload{Action: action, Sender: user{ID: id, Login: login}, PullRequest: &pullRequest{}}
	p.PullRequest.Head.SHA = sha
	return p.pushes()
}

// fits checks entries against the schema of Rehearsal.
func fits(h *Entries) error {
	if !isName(h.Pull.Org) || !isName(h.Pull.Repo) || h.Pull.Number < 1 || len(Name(h.Pull)) > maxName {
		return fmt.Errorf("pull %v", h.Pull)
	}
	if h.Observed == nil && len(h.Commands) == 0 {
		return errors.New("nothing was heard")
	}
	if h.Observed != nil && (len(h.Observed.Event) > 40 || len(h.Observed.Head) > 64 || h.Observed.At.IsZero()) {
		return fmt.Errorf("observed %v", h.Observed)
	}
	for _, p := range h.Pushes {
		if len(p.Event) > 40 || p.By == "" || len(p.By) > maxLogin || len(p.Head) > 64 || p.At.IsZero() {
			return fmt.Errorf("push %+v", p)
		}
	}
	for _, c := range h.Commands {
		if len(c.ID) > 80 || len([]rune(c.Text)) > maxText || c.By == "" || len(c.By) > maxLogin || c.At.IsZero() {
			return fmt.Errorf("command %+v", c)
		}
	}
	return nil
}
