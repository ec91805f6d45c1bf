package receiver

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
)

// TestHooks checks that only signed deliveries make a webhook familiar.
func TestHooks(t *testing.T) {
	from := func(hook string, req *http.Request) *http.Request {
		req.Header.Set("X-GitHub-Hook-ID", hook)
		return req
	}
	forged := func(event, body string) *http.Request {
		req := delivery(event, body)
		req.Header.Set("X-Hub-Signature-256", sign("other", []byte(body)))
		return req
	}
	tests := []struct {
		name string
		sent *http.Request
		then string
		want standing
	}{
		{"an event that is used", from("1", delivery("issue_comment", comment)), "1", familiar},
		{"an event that is not used", from("1", delivery("push", "{}")), "1", familiar},
		{"forged delivery", from("1", forged("issue_comment", comment)), "1", stranger},
		{"forged delivery of an event that is not used", from("1", forged("push", "{}")), "1", stranger},
		{"another webhook", from("1", delivery("issue_comment", comment)), "2", stranger},
		{"no webhook ID", delivery("issue_comment", comment), "", stranger},
		{"webhook ID that is too long", from(strings.Repeat("1", 100), delivery("ping", "{}")), strings.Repeat("1", 100), stranger},
	}
	for _, tt := range tests {
		r := fixture(&logbooktest.Store{}, io.Discard)
		post(r, tt.sent)
		if got := r.hooks.standingOf(from(tt.then, delivery("ping", "{}"))); got != tt.want {
			t.Errorf("%s: the standing is %d, want %d", tt.name, got, tt.want)
		}
	}
}

// TestHooksAreNotForgottenForOthers lets the owner of one key invent webhooks.
func TestHooksAreNotForgottenForOthers(t *testing.T) {
	h := hooks{seen: map[string][]string{}}
	named := func(id string) http.Header { return http.Header{"X-Github-Hook-Id": {id}} }
	h.signed(named("7"), []string{"openshift"})
	for i := range 10_000 {
		h.signed(named(fmt.Sprint(1000+i)), []string{"elsewhere"})
	}
	if got := h.standingOf(&http.Request{Header: named("7")}); got != familiar {
		t.Error("the webhook of another organisation was forgotten")
	}
	if n := len(h.seen["elsewhere"]); n > hooksOfScope {
		t.Errorf("%d are remembered", n)
	}
}
