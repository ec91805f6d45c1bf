package github_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
)

// noNames are invalid as any kind of name.
var noNames = []string{
	"", ".", "..", "../../user", "a/../../b", "/", "//", "a//b", "a\x00b", "a\nb", "a\r\nHost: b", "a\tb", "\x7f", "\xff", strings.Repeat("x", 5000),
}

// filesOnly are valid only as names of files.
var filesOnly = []string{"a b", "a?b=c", "a\\..\\b", "a:b", "a*", "a~1", "a^", "a[b"}

// TestNamesThatAreNone passes invalid names to every method of the client: none may make
// a call.
func TestNamesThatAreNone(t *testing.T) {
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(server.Close)
	client := reflect.ValueOf(newClient(t, server.URL, github.Options{}))
	asked := func(method string, names ...string) (made int32, err error) {
		before := calls.Load()
		m := client.MethodByName(method)
		args := []reflect.Value{reflect.ValueOf(t.Context())}
		for i := 1; i < m.Type().NumIn(); i++ {
			switch in := m.Type().In(i); {
			case in.Kind() == reflect.String && len(names) > 0:
				args, names = append(args, reflect.ValueOf(names[0]).Convert(in)), names[1:]
			case in.Kind() == reflect.String:
				args = append(args, reflect.ValueOf("x").Convert(in))
			case in.Kind() == reflect.Int, in.Kind() == reflect.Int64:
				args = append(args, reflect.ValueOf(7).Convert(in))
			default:
				args = append(args, reflect.Zero(in))
			}
		}
		out := m.Call(args)
		err, _ = out[len(out)-1].Interface().(error)
		return calls.Load() - before, err
	}
	// The parameters after the repository that are names: the others are texts.
	after := map[string][]string{
		"BranchTip": {"main"}, "SetStatus": {strings.Repeat("12", 20)}, "Content": {"OWNERS", "main"}, "Permission": {"bob"},
		"Collaborator": {"bob"}, "TeamMember": {"bob"}, "PublicBranchTip": {"main"},
	}
	// Budget and Token make no calls by themselves.
	quiet := map[string]bool{"Budget": true, "Token": true}
	methods := 0
	for i := range client.NumMethod() {
		method := client.Type().Method(i)
		in := method.Type
		if in.NumIn() < 4 || in.In(1) != reflect.TypeFor[context.Context]() || in.In(2).Kind() != reflect.String || in.In(3).Kind() != reflect.String {
			continue
		}
		methods++
		good := append([]string{"org", "config"}, after[method.Name]...)
		if n, _ := asked(method.Name, good...); n == 0 && !quiet[method.Name] {
			t.Errorf("%s%q makes no call", method.Name, good)
		}
		for place := range good {
			bads := noNames
			if method.Name != "Content" || place != 2 {
				bads = slices.Concat(noNames, filesOnly)
			}
			for _, bad := range bads {
				names := append([]string{}, good...)
				names[place] = bad
				if n, _ := asked(method.Name, names...); n > 0 {
					t.Errorf("%s%q makes a call", method.Name, names)
				}
			}
		}
	}
	if methods < 22 {
		t.Errorf("%d methods are about a repository", methods)
	}
}

// TestNamesOfEachKind checks names that are valid for one kind of thing and not for
// another.
func TestNamesOfEachKind(t *testing.T) {
	calls := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls[r.Method+" "+r.URL.EscapedPath()] = true
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(server.Close)
	client := newClient(t, server.URL, github.Options{})
	for kind, names := range map[string]map[string]string{
		"owner": {
			"acme": "/repos/acme/x", "a-b": "/repos/a-b/x", "octo_shortcode": "/repos/octo_shortcode/x", strings.Repeat("x", 39): "/repos/" + strings.Repeat("x", 39) + "/x",
			strings.Repeat("x", 40): "", "a.b": "", "-a": "", "%2e%2e": "", "a%2fb": "", "ä": "", "a#b": "", ".github": "",
		},
		"repository": {
			"x": "/repos/org/x", ".github": "/repos/org/.github", "a.b_c-d": "/repos/org/a.b_c-d", "...": "/repos/org/...", strings.Repeat("x", 100): "/repos/org/" + strings.Repeat("x", 100),
			strings.Repeat("x", 101): "", "x.git": "", "x.Wiki": "", "%2e%2e": "", "ä": "", "a#b": "", "a/b": "",
		},
		"branch": {
			"main": "/repos/org/x/git/ref/heads/main", "release/4.2": "/repos/org/x/git/ref/heads/release/4.2", "a%2fb": "/repos/org/x/git/ref/heads/a%252fb", "ä#b": "/repos/org/x/git/ref/heads/%C3%A4%23b",
			"a/./b": "", "a/.b": "", "a.lock": "", "a.lock/b": "", "@": "", "a@{1}": "", "a.": "", "-a": "", "a/": "", "/a": "", "+pull/1/head": "/repos/org/x/git/ref/heads/+pull/1/head",
		},
		"file": {
			"OWNERS": "/repos/org/x/contents/OWNERS", "a b/ä?c#d": "/repos/org/x/contents/a%20b/%C3%A4%3Fc%23d", "a..b": "/repos/org/x/contents/a..b", "%2e%2e/x": "/repos/org/x/contents/%252e%252e/x",
			"a/../b": "", "./a": "", "a/..": "",
		},
	} {
		for name, path := range names {
			clear(calls)
			switch kind {
			case "owner":
				_, _ = client.DefaultBranch(t.Context(), name, "x")
			case "repository":
				_, _ = client.DefaultBranch(t.Context(), "org", name)
			case "branch":
				_, _ = client.BranchTip(t.Context(), "org", "x", name)
			case "file":
				_, _ = client.Content(t.Context(), "org", "x", name, "main")
			}
			if path == "" && len(calls) > 0 || path != "" && !calls["GET "+path] {
				t.Errorf("%s %q: calls are %v, want %q", kind, name, calls, path)
			}
		}
	}
}
