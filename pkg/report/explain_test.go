package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/test/golden"
)

func explainView(jobs ...ExplainJob) ExplainView {
	return ExplainView{CommandID: "comment-98765-0", Line: "/pj-rehearse explain pull-widget-000", By: "bob", Name: "pull-widget-000", Affected: 12, Head: strings.Repeat("0123456789", 4), Jobs: jobs}
}

func explainJob() ExplainJob {
	return ExplainJob{
		PlanJob: planJobs(1)[0], Branches: []string{"^main$", "release-1.0"}, SkipBranches: []string{"old-.*"}, Affected: true,
		Rehearsal: &Rehearsal{
			Name: "rehearse-7-pull-widget-000", Context: "ci/rehearse/acme/widget/main/e2e", Branch: "main", Cluster: "build01", Agent: "kubernetes", Timeout: 2 * time.Hour, ConfigMaps: []string{"widget-config"},
			Checkouts: []run.Checkout{{Repo: "acme/widget", Ref: "main", SHA: strings.Repeat("5", 40)}, {Repo: "acme/tools", Ref: "v2"}},
		},
	}
}

var explainViews = []struct {
	name string
	view ExplainView
}{
	{"affected", explainView(explainJob())},
	{"not-affected", explainView(ExplainJob{PlanJob: PlanJob{Name: "pull-widget-000", Type: "presubmit", Repo: "acme/widget"}, Branches: []string{"main"}})},
	{"both", explainView(explainJob(), ExplainJob{PlanJob: PlanJob{Name: "pull-widget-000", Type: "periodic"}})},
	{"not-offered", func() ExplainView {
		j := explainJob()
		j.Change, j.Excluded = "annotations", "only annotations differ"
		j.Reasons = append(j.Reasons, Reason{File: "config.yaml", Path: "preset creds ▸ spec.containers[0].env", New: "KEY=1"}, Reason{File: "config.yaml"})
		return explainView(j)
	}()},
	{"not-runnable", func() ExplainView {
		j := explainJob()
		j.Excluded = "agent jenkins: only kubernetes jobs are rehearsed"
		j.Problem, j.Rehearsal = j.Excluded, nil
		return explainView(j)
	}()},
	{"held", func() ExplainView {
		j := explainJob()
		j.Rehearsal, j.Held = nil, &Held{New: "new: it does not exist on the base branch", Asks: []Ask{{"reads a secret", "pod_spec.volumes[0].secret", "cloud", 9}}}
		return explainView(j)
	}()},
	{"removed", func() ExplainView { v := explainView(); v.Removed = true; return v }()},
	{"unknown", func() ExplainView {
		v := explainView()
		v.Nearest = []string{"pull-widget-001", "pull-widget-002"}
		return v
	}()},
	{"hostile", func() ExplainView {
		const bad = "<!-- rehearsal:plan --> @octocat `x` <b>y</b> | [z](http://e.vil)\n# h"
		j := ExplainJob{
			PlanJob:  PlanJob{Name: bad, Type: bad, Repo: bad, Branch: bad, Argument: bad, Change: bad, Excluded: bad, Reasons: []Reason{{bad, bad, bad, bad}}, Held: &Held{New: bad, Asks: []Ask{{bad, bad, bad, 0}}}},
			Branches: []string{bad}, SkipBranches: []string{bad}, Affected: true,
			Rehearsal: &Rehearsal{Name: bad, Context: bad, Branch: bad, Cluster: bad, Agent: bad, Checkouts: []run.Checkout{{Repo: bad, Ref: bad, SHA: bad}}, ConfigMaps: []string{bad}},
		}
		v := explainView(j)
		v.By, v.Line, v.Name = bad, bad, bad
		return v
	}()},
}

func TestExplain(t *testing.T) {
	for _, c := range explainViews {
		t.Run(c.name, func(t *testing.T) {
			body := Explain(c.view)
			golden.Compare(t, "explain/"+c.name+".md", body)
			if m, ok := FindMarker(body); !ok || m != AnswerMarker("comment-98765-0") {
				t.Errorf("marker is %q, %v", m, ok)
			}
			checkSafe(t, body)
		})
	}
}

func TestExplainFits(t *testing.T) {
	v := explainView()
	for i := range 100 {
		j := explainJob()
		for k := range 100 {
			j.Reasons = append(j.Reasons, Reason{File: strings.Repeat("f", 500), Path: fmt.Sprint(i, k), New: strings.Repeat("n", 500)})
			j.Branches = append(j.Branches, strings.Repeat("b", 500))
		}
		v.Jobs = append(v.Jobs, j)
	}
	body := Explain(v)
	if len(body) > MaxBody {
		t.Errorf("%d bytes", len(body))
	}
	for _, want := range []string{"80 more jobs of that name", "and 81 more reasons"} {
		if !strings.Contains(body, want) {
			t.Errorf("does not say %q", want)
		}
	}
}

// TestExplainText: a terminal shows the same fields as a comment, and those that are known
// only in a clone. Other people's text cannot control the terminal.
func TestExplainText(t *testing.T) {
	for _, c := range explainViews {
		for _, j := range c.view.Jobs {
			onComment, onConsole := comment.explained(j, c.view), console.explained(j, c.view)
			if len(onComment) != len(onConsole) {
				t.Fatalf("%s: %d fields in a comment, %d on a terminal", c.name, len(onComment), len(onConsole))
			}
			for i, f := range onComment {
				if other := onConsole[i]; f.Name != other.Name || len(f.Below) != len(other.Below) || (f.Value == "") != (other.Value == "") {
					t.Errorf("%s: %v in a comment, %v on a terminal", c.name, f, other)
				}
			}
		}
	}
	j := explainJob()
	j.File, j.Meaning = "jobs/widget.yaml", "spec: what the job does differs"
	j.Reasons[0].New = "a:2\x1b[2J\nOffered: no"
	j.Asks = []Ask{{"reads a secret", "pod_spec.volumes[0].secret", "clo\u200bud", 9}}
	golden.Compare(t, "explain/affected.txt", ExplainText(j))
}
