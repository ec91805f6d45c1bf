package receiver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/prow/pkg/pluginhelp"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	secret  = "It's a Secret to Everybody"
	comment = `{"action":"created","issue":{"number":7,"pull_request":{"url":"x"}},
		"comment":{"id":98765,"body":"/pj-rehearse","user":{"login":"bob","type":"User"},"created_at":"2026-11-20T10:00:00Z"},
		"repository":{"name":"release","owner":{"login":"openshift"}}}`
)

var get metav1.GetOptions

var now = time.Date(2026, 11, 20, 11, 0, 0, 0, time.UTC)

// fixture is a receiver for openshift/release that stores entries in memory.
func fixture(rehearsals logbook.Rehearsals, log io.Writer) *Receiver {
	keys, err := ParseKeys([]byte(secret))
	if err != nil {
		panic(err)
	}
	chosen := settings.Defaults()
	chosen.Repositories = []settings.Repository{{Name: "openshift/release"}}
	return New(Options{
		Rehearsals: rehearsals,
		Keys:       func() *Keys { return keys },
		Settings:   func() *settings.Settings { return chosen },
		Log:        slog.New(slog.NewJSONHandler(log, nil)),
		Now:        func() time.Time { return now },
	})
}

// delivery is a webhook as GitHub sends it.
func delivery(event, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", event)
	r.Header.Set("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
	r.Header.Set("X-Hub-Signature-256", sign(secret, []byte(body)))
	return r
}

func post(r *Receiver, req *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r.Handler().ServeHTTP(w, req)
	return w
}

func TestWebhook(t *testing.T) {
	tests := []struct {
		name   string
		req    func() *http.Request
		status int
		answer string
		stored int
	}{
		{"comment", func() *http.Request { return delivery("issue_comment", comment) }, 200, "stored: openshift/release#7, commands: 1", 1},
		{"at the root", at("/"), 200, "stored: openshift/release#7, commands: 1", 1},
		{"elsewhere", at("/elsewhere"), 404, "404 page not found", 0},
		{"content type with charset", with("Content-Type", "application/json; charset=utf-8"), 200, "stored", 1},
		{"without delivery id", with("X-GitHub-Delivery", ""), 200, "stored", 1},
		{"nothing to do", func() *http.Request {
			return delivery("issue_comment", strings.Replace(comment, "/pj-rehearse", "hi", 1))
		}, 200, "nothing to do", 0},
		{"ping", func() *http.Request { return delivery("ping", "{}") }, 200, "nothing to do", 0},
		{"another repository", func() *http.Request {
			return delivery("issue_comment", strings.Replace(comment, "release", "origin", 1))
		}, 200,
			"nothing to do: openshift/origin#7 is not on a config repository that is served here", 0},
		{"GET", func() *http.Request { return httptest.NewRequest(http.MethodGet, "/hook", nil) }, 405, "use POST", 0},
		{"form", with("Content-Type", "application/x-www-form-urlencoded"), 415, "set the webhook's content type to application/json", 0},
		{"no event", with("X-GitHub-Event", ""), 400, "there is no X-GitHub-Event header", 0},
		{"no signature", with("X-Hub-Signature-256", ""), 403, "there is no X-Hub-Signature-256 header: give the webhook a secret", 0},
		{"another secret", with("X-Hub-Signature-256", sign("other", []byte(comment))), 403, "the signature was made with another secret", 0},
		{"SHA-1", with("X-Hub-Signature-256", "sha1=7d38cdd689735b008b3c702edd92eea23791c5f6"), 403, "X-Hub-Signature-256 is not a valid signature", 0},
		{"malformed, and signed", func() *http.Request { return delivery("issue_comment", "{") }, 400, "malformed issue_comment event: unexpected end of JSON input", 0},
		{"malformed, and not signed", func() *http.Request {
			r := delivery("issue_comment", "{")
			r.Header.Set("X-Hub-Signature-256", sign("other", []byte("{")))
			return r
		}, 403, "the signature was made with another secret", 0},
		{"cut off", func() *http.Request {
			r := delivery("issue_comment", comment)
			r.ContentLength += 10
			return r
		}, 400, "the payload is not complete", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var store logbooktest.Store
			w := post(fixture(&store, io.Discard), tt.req())
			if w.Code != tt.status || !strings.HasPrefix(w.Body.String(), tt.answer) {
				t.Errorf("answer is %d %q, want %d %q", w.Code, w.Body, tt.status, tt.answer)
			}
			if store.Len() != tt.stored {
				t.Errorf("%d Rehearsals are stored, want %d", store.Len(), tt.stored)
			}
		})
	}
}

func at(path string) func() *http.Request {
	return func() *http.Request {
		r := delivery("issue_comment", comment)
		r.URL.Path = path
		return r
	}
}

func with(header, value string) func() *http.Request {
	return func() *http.Request {
		r := delivery("issue_comment", comment)
		r.Header.Del(header)
		if value != "" {
			r.Header.Set(header, value)
		}
		return r
	}
}

func TestKeyOfAnotherRepository(t *testing.T) {
	var store logbooktest.Store
	r := fixture(&store, io.Discard)
	keys, err := ParseKeys([]byte(`{"openshift/release": [{value: ours}], "*": [{value: "` + secret + `"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	r.opts.Keys = func() *Keys { return keys }
	w := post(r, delivery("issue_comment", comment))
	if w.Code != 403 || store.Len() != 0 {
		t.Errorf("answer is %d %q, %d stored", w.Code, w.Body, store.Len())
	}
}

// TestNotStored checks that 2xx means stored, also when it is not known whether an entry
// was stored.
func TestNotStored(t *testing.T) {
	unavailable := apierrors.NewServiceUnavailable("etcdserver: request timed out")
	always := func(err error) func(string, string) error { return func(string, string) error { return err } }
	tests := []struct {
		name  string
		store *logbooktest.Store
	}{
		{"API server gone", &logbooktest.Store{Fail: always(errors.New("dial tcp 127.0.0.1:6443: connect: connection refused"))}},
		{"API server not ready", &logbooktest.Store{Fail: always(unavailable)}},
		{"stored, but the answer was lost", &logbooktest.Store{Lose: always(unavailable)}},
		{"forbidden", &logbooktest.Store{Fail: always(apierrors.NewForbidden(v1alpha1.Resource("rehearsals"), "x", errors.New("no")))}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := fixture(tt.store, io.Discard)
			if w := post(r, delivery("issue_comment", comment)); w.Code != 503 {
				t.Errorf("answer is %d %q", w.Code, w.Body)
			}
			tt.store.Fail, tt.store.Lose = nil, nil
			if w := post(r, delivery("issue_comment", comment)); w.Code != 200 {
				t.Errorf("delivered again, the answer is %d %q", w.Code, w.Body)
			}
			if n := len(read7(t, tt.store).Spec.Commands); n != 1 {
				t.Errorf("%d commands are stored", n)
			}
		})
	}
}

// TestAFullLogIsSaid checks that entries that do not fit are not stored, and that the
// response and the log say so.
func TestAFullLogIsSaid(t *testing.T) {
	store := &logbooktest.Store{}
	r := fixture(store, io.Discard)
	author := read7Author(t, r, store)
	var most []v1alpha1.Command
	for i := range logbooktest.MaxOfOne - 1 {
		most = append(most, v1alpha1.Command{ID: fmt.Sprintf("comment-%d-0", i+1), Text: "/pj-rehearse", By: author, At: metav1.Now()})
	}
	if err := logbook.Append(t.Context(), store, &event.Entries{Pull: read7(t, store).Spec.Pull, Commands: most}); err != nil {
		t.Fatal(err)
	}
	w := post(r, delivery("issue_comment", strings.Replace(comment, "98765", "98766", 1)))
	if w.Code != http.StatusInsufficientStorage || !strings.Contains(w.Body.String(), "openshift/release#7 is not stored: its log is full") {
		t.Errorf("answer is %d %q", w.Code, w.Body)
	}
	rh := read7(t, store)
	if len(rh.Spec.Commands) != logbooktest.MaxOfOne || rh.Spec.Refused[strings.ToLower(author)].By != author {
		t.Errorf("%d commands are stored, refused are %v", len(rh.Spec.Commands), rh.Spec.Refused)
	}
}

// read7Author stores a comment, and returns its author.
func read7Author(t *testing.T, r *Receiver, store *logbooktest.Store) string {
	t.Helper()
	if w := post(r, delivery("issue_comment", comment)); w.Code != 200 {
		t.Fatalf("answer is %d %q", w.Code, w.Body)
	}
	return read7(t, store).Spec.Commands[0].By
}

func read7(t *testing.T, store interface {
	Get(context.Context, string, metav1.GetOptions) (*v1alpha1.Rehearsal, error)
}) *v1alpha1.Rehearsal {
	t.Helper()
	rehearsal, err := store.Get(t.Context(), "openshift-release-7", get)
	if err != nil {
		t.Fatal(err)
	}
	return rehearsal
}

func TestNothingSecretInTheLog(t *testing.T) {
	var log bytes.Buffer
	store := &logbooktest.Store{}
	r := fixture(store, &log)
	post(r, delivery("issue_comment", comment))
	post(r, with("X-Hub-Signature-256", sign("other", []byte(comment)))())
	store.Fail = func(string, string) error { return errors.New("gone") }
	post(r, delivery("issue_comment", comment))
	for _, word := range []string{"Secret", "sha256", "pj-rehearse"} {
		if strings.Contains(log.String(), word) {
			t.Errorf("the log has %q:\n%s", word, &log)
		}
	}
	for _, want := range []string{`"pull":"openshift/release#7"`, `"delivery":"72d3162e`, `"status":403`, `"level":"ERROR"`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, &log)
		}
	}
}

func TestHelp(t *testing.T) {
	r := fixture(&logbooktest.Store{}, io.Discard)
	// This is what hook sends: config.OrgRepo has no JSON names.
	body := `[{"Org":"openshift","Repo":"release"},{"Org":"openshift","Repo":"origin"}]`
	w := post(r, httptest.NewRequest(http.MethodPost, "/help", strings.NewReader(body)))
	var help pluginhelp.PluginHelp
	if err := json.Unmarshal(w.Body.Bytes(), &help); err != nil || w.Code != 200 {
		t.Fatalf("%d: %v", w.Code, err)
	}
	if len(help.Config) != 1 || help.Config["openshift/release"] == "" {
		t.Errorf("configuration is %v", help.Config)
	}
	want := report.CommandsOf(r.opts.Settings().Prefixes, r.opts.Settings().Defaults).Lines()
	if len(help.Commands) != len(want) {
		t.Fatalf("%d commands, want %d", len(help.Commands), len(want))
	}
	for i, c := range help.Commands {
		// Deck shows the texts as HTML.
		got := report.Line{Usage: html.UnescapeString(c.Usage), Does: html.UnescapeString(c.Description), For: want[i].For}
		who := r.opts.Settings().Defaults.Policy.Who(want[i].For, "{org}", "{repo}")
		if got != want[i] || html.UnescapeString(c.WhoCanUse) != who || who == "nobody" || strings.ContainsAny(c.Usage+c.Description, "<>") {
			t.Errorf("command is %v, want %v", got, want[i])
		}
	}
	if !strings.Contains(help.Commands[0].Description, "(up to 10)") {
		t.Errorf("no limit in %q", help.Commands[0].Description)
	}
	if w := post(r, httptest.NewRequest(http.MethodGet, "/help", nil)); w.Code != 405 {
		t.Errorf("GET is answered with %d", w.Code)
	}
	if w := post(r, httptest.NewRequest(http.MethodPost, "/help", strings.NewReader("["+strings.Repeat("{},", largeBody/3)+"{}]"))); w.Code != 413 {
		t.Errorf("a list without end is answered with %d", w.Code)
	}
	if w := post(r, httptest.NewRequest(http.MethodPost, "/help", strings.NewReader("{"))); w.Code != 400 {
		t.Errorf("half an object is answered with %d", w.Code)
	}
}
