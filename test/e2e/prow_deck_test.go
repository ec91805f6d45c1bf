//go:build e2e

package e2e

import (
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// deckClient uses Deck like a browser.
type deckClient struct{ s *story }

// get reads a page, by its path below Deck or its URL.
func (d deckClient) get(page string) string {
	d.s.t.Helper()
	return d.do(http.MethodGet, page)
}

// rerun presses the button Rerun.
func (d deckClient) rerun(prowJob string) {
	d.s.t.Helper()
	d.do(http.MethodPost, "/rerun?prowjob="+url.QueryEscape(prowJob))
}

func (d deckClient) do(method, page string) string {
	d.s.t.Helper()
	base, err := d.s.Cluster.DeckURL(d.s.ctx)
	d.s.must(err)
	root, err := url.Parse(base)
	d.s.must(err)
	at, err := root.Parse(page)
	d.s.must(err)
	req, err := http.NewRequestWithContext(d.s.ctx, method, at.String(), nil)
	d.s.must(err)
	resp, err := http.DefaultClient.Do(req)
	d.s.must(err)
	body, err := io.ReadAll(resp.Body)
	d.s.must(err)
	d.s.must(resp.Body.Close())
	if resp.StatusCode != http.StatusOK {
		d.s.t.Fatalf("%s %s: %s\n%s", method, at, resp.Status, body)
	}
	return string(body)
}

// These are the variables of a job's page for its script (cmd/deck/template/spyglass.html).
var (
	spyglassSource    = regexp.MustCompile(`var src = (".*");`)
	spyglassArtifacts = regexp.MustCompile(`var lensArtifacts = ({.*});`)
	lensName          = regexp.MustCompile(`data-lens-index="(\d+)" data-lens-name="(\w+)"`)
	rawLog            = regexp.MustCompile(`href="([^"]+)"[^>]*>Raw build-log\.txt`)
)

// expectLog expects that the page behind the link of a job shows its log, and links to the
// whole log.
func (d deckClient) expectLog(link string, words ...string) {
	t := d.s.t
	t.Helper()
	page := d.get(link)
	lens := d.get(d.lens(page, "buildlog"))
	raw := rawLog.FindStringSubmatch(lens)
	if raw == nil {
		t.Fatalf("no link to the whole log in:\n%s", lens)
	}
	shown, whole := html.UnescapeString(lens), d.get(html.UnescapeString(raw[1]))
	for _, w := range words {
		if !strings.Contains(shown, w) || !strings.Contains(whole, w) {
			t.Errorf("%q is not in the log that Deck shows:\n%s", w, whole)
		}
	}
	for _, script := range []string{"/static/spyglass_bundle.min.js", "/static/spyglass_lens_bundle.min.js", "/spyglass/static/buildlog/script_bundle.min.js"} {
		if d.get(script) == "" {
			t.Errorf("%s is empty", script)
		}
	}
}

// lens returns the URL from which the script of a job's page loads one of its views.
func (d deckClient) lens(page, name string) string {
	t := d.s.t
	t.Helper()
	source, artifacts := spyglassSource.FindStringSubmatch(page), spyglassArtifacts.FindStringSubmatch(page)
	if source == nil || artifacts == nil {
		t.Fatalf("this is no page of a job:\n%s", page)
	}
	var src string
	d.s.must(json.Unmarshal([]byte(source[1]), &src))
	of := map[string][]string{}
	d.s.must(json.Unmarshal([]byte(artifacts[1]), &of))
	for _, match := range lensName.FindAllStringSubmatch(page, -1) {
		if match[2] != name {
			continue
		}
		req, err := json.Marshal(map[string]any{"artifacts": of[match[1]], "index": json.Number(match[1]), "src": src})
		d.s.must(err)
		return "/spyglass/lens/" + name + "/iframe?req=" + url.QueryEscape(string(req))
	}
	t.Fatalf("the page does not show %s", name)
	return ""
}

// expectStored expects a file of the job in the object store, by the end of its name.
func (d deckClient) expectStored(link, name, content string) {
	d.s.t.Helper()
	_, path, _ := strings.Cut(link, "/view/s3/")
	service, err := d.s.Cluster.StorageURL(d.s.ctx)
	d.s.must(err)
	if got := d.get(service + path + "/" + name); !strings.Contains(got, content) {
		d.s.t.Errorf("%s of the job is %q, want one with %q", name, got, content)
	}
}
