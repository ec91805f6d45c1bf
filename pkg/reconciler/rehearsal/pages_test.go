package rehearsal

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"github.com/rehearsal-dev/rehearsal/pkg/pages"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// pagesOf serves the pages of a world, as anybody can request them.
func pagesOf(w *world) func(path string) *httptest.ResponseRecorder {
	handler := pages.Handler(w.kube.CoreV1().ConfigMaps("rehearsals"), w.kube.CoreV1().Secrets("rehearsals"))
	return func(path string) *httptest.ResponseRecorder {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
		return answer
	}
}

// links returns the paths of the pages that the comments of a world link to.
func links(w *world) map[string]string {
	out := map[string]string{}
	for _, c := range w.hub.comments {
		for _, m := range regexp.MustCompile(`\(https://pages\.example(/(pulls|runs)/[^)]+)\)`).FindAllStringSubmatch(c.Body, -1) {
			out[m[2]] = m[1]
		}
	}
	return out
}

func TestPagesAreForThoseWhoHaveTheLink(t *testing.T) {
	w := newWorld(t, runCommand())
	unreported(w)
	get, links := pagesOf(w), links(w)
	if len(links) != 2 {
		t.Fatalf("the comments lead to %v", links)
	}
	missing := get("/pulls/acme-config-8/" + strings.Repeat("0", 32))
	if missing.Code != http.StatusNotFound {
		t.Errorf("a page that is not there: %d", missing.Code)
	}
	for kind, link := range links {
		answer := get(link)
		if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), "pull-e2e") {
			t.Errorf("%s: %d, %.80s", kind, answer.Code, answer.Body)
		}
		for header, want := range map[string]string{
			"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex",
			"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
		} {
			if got := answer.Header().Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", kind, header, got, want)
			}
		}
		token := link[strings.LastIndexByte(link, '/')+1:]
		page := strings.TrimSuffix(link, "/"+token)
		for _, path := range []string{
			page, page + "/", page + "/" + token[:31], page + "/" + strings.ToUpper(token), page + "/" + token + "0",
			page + "/" + strings.Repeat("0", 32), page + "?t=" + token, "/pulls/acme-config-8/" + token, "/",
		} {
			if got := get(path); got.Code != http.StatusNotFound || got.Body.String() != missing.Body.String() {
				t.Errorf("%s: %d %s", path, got.Code, got.Body)
			}
		}
	}
	if run, plan := links["runs"], links["pulls"]; run[len(run)-32:] == plan[len(plan)-32:] {
		t.Error("two pages have the same token")
	}
}

// TestLinksStay writes pages again with a restarted controller.
func TestLinksStay(t *testing.T) {
	w := newWorld(t)
	w.reconcile()
	before := links(w)
	w.push()
	if after := links(w); before["pulls"] == "" || after["pulls"] != before["pulls"] {
		t.Errorf("the link was %v and is %v", before, after)
	}
}

// TestNoPageWithoutAKey has the key deleted, damaged and unreadable.
func TestNoPageWithoutAKey(t *testing.T) {
	w := newWorld(t)
	w.reconcile()
	get, link := pagesOf(w), links(w)["pulls"]
	key := linkKey()
	key.Data = map[string][]byte{"key": []byte("damaged")}
	secrets := w.kube.CoreV1().Secrets("rehearsals")
	if _, err := secrets.Update(context.Background(), key, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	empty := pages.LinkKey(nil).Token("acme-config-7")
	for _, path := range []string{link, "/pulls/acme-config-7/" + empty} {
		if got := get(path); got.Code != http.StatusNotFound {
			t.Errorf("without a key, %s: %d", path, got.Code)
		}
	}
	if made, err := pages.EnsureLinkKey(t.Context(), secrets); err != nil || len(made) != 32 {
		t.Errorf("in place of a damaged key: %d bytes, %v", len(made), err)
	}
	w.kube.PrependReactor("get", "secrets", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, errors.New("no API server")
	})
	if got := get(link); got.Code != http.StatusServiceUnavailable || strings.Contains(got.Body.String(), report.PlanMarker()) {
		t.Errorf("while the API server is away: %d %s", got.Code, got.Body)
	}
}
