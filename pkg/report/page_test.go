package report

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/joblog"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/test/golden"
)

var (
	tag  = regexp.MustCompile(`<[^>]*>`)
	href = regexp.MustCompile(`^<a href="https://[^"<>]*" rel="nofollow noreferrer">$`)
	// plainTag matches a tag of ours without an address.
	plainTag = regexp.MustCompile(`^</?(?:html|head|title|style|body|h[123]|p|ul|li|code|pre|table|thead|tbody|tr|th|td|details|summary|strong|br|a)` +
		`(?: (?:lang="en"|class="(?:faint|names|short)"|data-name="(?:Time|Not offered)"|open))*>$`)
)

// checkPage fails if a page has a tag that the templates do not have, or a link that is not
// an https URL.
func checkPage(t *testing.T, page []byte) {
	t.Helper()
	if len(page) > 8<<20 {
		t.Errorf("%d bytes", len(page))
	}
	for _, s := range tag.FindAllString(string(page), -1) {
		if !plainTag.MatchString(s) && !href.MatchString(s) && !strings.HasPrefix(s, "<meta ") && s != "<!DOCTYPE html>" {
			t.Errorf("%s in\n%s", s, page)
		}
	}
}

func TestPages(t *testing.T) {
	for _, c := range planViews {
		t.Run("plan "+c.name, func(t *testing.T) {
			page := PlanPage(c.view())
			checkPage(t, page)
			golden.Compare(t, "page/plan-"+c.name+".html", string(page))
		})
	}
	for _, c := range runViews {
		t.Run("run "+c.name, func(t *testing.T) {
			page := RunPage(c.view())
			checkPage(t, page)
			golden.Compare(t, "page/run-"+c.name+".html", string(page))
		})
	}
}

func TestPlanPageOfEverything(t *testing.T) {
	const all = 77_000
	cases := []struct {
		name string
		jobs []PlanJob
		cut  bool
	}{
		{name: "one cause", jobs: decoration(all)},
		{name: "as many causes", cut: true, jobs: func() []PlanJob {
			jobs := decoration(all)
			for i := range jobs {
				jobs[i].Reasons[0].New = fmt.Sprint(i)
			}
			return jobs
		}()},
		{name: "not offered", jobs: func() []PlanJob {
			jobs := decoration(all)
			for i := range jobs {
				jobs[i].Excluded = "&&&& only annotations differ"
			}
			return jobs
		}()},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v := planView()
			v.Jobs = c.jobs
			page := PlanPage(v)
			if len(page) >= 8<<20 {
				t.Errorf("%d bytes", len(page))
			}
			if bytes.Contains(page, []byte("not shown here")) != c.cut || !bytes.HasSuffix(page, []byte("</body>\n</html>\n")) {
				t.Errorf("the page ends with %q", page[len(page)-200:])
			}
		})
	}
}

func TestRunPageOfEverything(t *testing.T) {
	var outcomes []run.Outcome
	for i := range 500 {
		o := at(fmt.Sprintf("pull-%d", i), run.Failed, i)
		o.Detail = different(i)
		for range joblog.MaxLines {
			o.Excerpt = append(o.Excerpt, strings.Repeat("&", joblog.MaxLine))
		}
		outcomes = append(outcomes, o)
	}
	v := view(outcomes...)
	page := RunPage(v)
	if len(page) >= 8<<20 || !bytes.Contains(page, []byte("not shown here")) {
		t.Errorf("%d bytes, ending with %q", len(page), page[len(page)-200:])
	}
}

func BenchmarkPlanPage(b *testing.B) {
	v := planView()
	v.Jobs = decoration(77_000)
	for b.Loop() {
		PlanPage(v)
	}
}
