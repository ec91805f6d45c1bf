package cluster

import (
	"strings"
	"testing"
	"time"

	"github.com/clipperhouse/displaywidth"
	"github.com/google/go-cmp/cmp"
	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/screen"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/rehearsal/resources"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// seen returns a run with a job in each state.
func seen() runView {
	rh := pull("acme", "release", 7)
	command(rh, "cli-1-0", "alice", "/try max")
	pr := running(rh, "cli-1-0", "pull-widget-unit", "pull-widget-integration-with-a-long-name", "periodic-widget-benchmark", "pull-widget-e2e", "pull-widget-lint")
	s := snapshot{pipelineRuns: []*pipelinev1.PipelineRun{pr}}
	s.keep([]*prowapi.ProwJob{
		prowJob(rh, "pull-widget-unit", prowapi.SuccessState, "Job succeeded."),
		prowJob(rh, "pull-widget-integration-with-a-long-name", prowapi.AbortedState, "Pod running timeout."),
		prowJob(rh, "periodic-widget-benchmark", prowapi.PendingState, ""),
		prowJob(rh, "pull-widget-e2e", prowapi.TriggeredState, ""),
	})
	return s.viewRun(rh, rh.Status.Runs[0])
}

func shown(f *screen.Frame) string {
	var b strings.Builder
	for _, l := range f.Lines {
		b.WriteString(l.Text + "\n")
	}
	return b.String()
}

const wide = `acme/release#7 at 0123456789, run cli-1-0 of alice: /try max
Running: 1 of 5 passed, 1 failed, 1 running, 1 queued, 1 not started (4m0s)

JOB                                       STATE        TIME   LOG
pull-widget-unit                          passed       1m30s  https://prow.example.com/view/s3/logs/pr-logs/pull/acme_release/7/rehearse-7-pull-widget-unit/1857000000000000000
pull-widget-integration-with-a-long-name  timed out    1m30s  https://prow.example.com/view/s3/logs/pr-logs/pull/acme_release/7/rehearse-7-pull-widget-integration-with-a-long-name/1857000000000000000
  its pod ran for longer than Prow allows
periodic-widget-benchmark                 running       2m0s  https://prow.example.com/view/s3/logs/pr-logs/pull/acme_release/7/rehearse-7-periodic-widget-benchmark/1857000000000000000
pull-widget-e2e                           queued           -
pull-widget-lint                          not started      -
`

const narrow = `acme/release#7 at 0123456789, run cli-1-0 of ali…
Running: 1 of 5 passed, 1 failed, 1 running, 1 queued, 1 not started (4m0s)

JOB                            STATE        TIME
pull-widget-unit               passed       1m30s
  https://prow.example.com/view/s3/logs/pr-logs/pull/acme_release/7/rehearse-7-pull-widget-unit/1857000000000000000
pull-widget-in…th-a-long-name  timed out    1m30s
  its pod ran for longer than Prow allows
  https://prow.example.com/view/s3/logs/pr-logs/pull/acme_release/7/rehearse-7-pull-widget-integration-with-a-long-name/1857000000000000000
periodic-widget-benchmark      running       2m0s
  https://prow.example.com/view/s3/logs/pr-logs/pull/acme_release/7/rehearse-7-periodic-widget-benchmark/1857000000000000000
pull-widget-e2e                queued           -
pull-widget-lint               not started      -
`

func TestRunFrame(t *testing.T) {
	for _, c := range []struct {
		name          string
		width, height int
		want          string
	}{
		{"not a terminal", 0, 0, wide},
		{"wide terminal", 220, 50, wide},
		{"narrow terminal", 49, 50, narrow},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, shown(runFrame([]runView{seen()}, "", c.width, c.height, noon))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRunFrameFits checks that the least important rows are left out, and no more than
// needed.
func TestRunFrameFits(t *testing.T) {
	for _, width := range []int{20, 49, 80, 220} {
		before := 0
		for height := 1; height <= 40; height++ {
			f := runFrame([]runView{seen()}, blindTo("jobs"), width, height, noon)
			if rows := f.Rows(); rows > height && len(f.Lines) > 2 {
				t.Errorf("%d × %d: it takes %d rows:\n%s", width, height, rows, shown(f))
			}
			if len(f.Lines) < before {
				t.Errorf("%d × %d: shows less than with less room", width, height)
			}
			before = len(f.Lines)
		}
	}
	low := shown(runFrame([]runView{seen()}, "", 80, 8, noon))
	if !strings.Contains(low, "timed out") || !strings.Contains(low, "… and 1 that passed") || strings.Contains(low, "pull-widget-unit") || strings.Contains(low, "https:") {
		t.Errorf("with 8 rows it shows:\n%s", low)
	}
}

func TestRunFrameOfTheBlind(t *testing.T) {
	rh := pull("acme", "release", 7)
	pr := running(rh, "cli-1-0", "pull-widget-unit")
	rh.Status.Runs[0].Passed = 1
	s := snapshot{pipelineRuns: []*pipelinev1.PipelineRun{pr}, blind: blindTo("jobs")}
	text := shown(runFrame([]runView{s.viewRun(rh, rh.Status.Runs[0])}, s.blind, 0, 0, noon))
	for _, want := range []string{"1 of 1 passed", "pull-widget-unit  ?", "you may not watch ProwJobs in namespace jobs", "rehearsal-viewer"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestRunFrameAfterProwForgot: Prow deletes its ProwJobs after two days.
func TestRunFrameAfterProwForgot(t *testing.T) {
	rh := pull("acme", "release", 7)
	pr := running(rh, "cli-1-0", "one", "two")
	r := &rh.Status.Runs[0]
	done := metav1.NewTime(noon)
	r.State, r.Passed, r.Failed, r.DoneAt = v1alpha1.RunFailed, 1, 1, &done
	s := snapshot{pipelineRuns: []*pipelinev1.PipelineRun{pr}}
	text := shown(runFrame([]runView{s.viewRun(rh, *r)}, "", 0, 0, noon.Add(time.Hour)))
	if !strings.Contains(text, "Failed: 1 of 2 passed, 1 failed (4m0s)") || strings.Contains(text, "not started") {
		t.Errorf("it shows:\n%s", text)
	}
}

func TestHostileNames(t *testing.T) {
	v := seen()
	v.By, v.command, v.AbortReason = "mallory\x1b[2J", "/try \x1b]0;owned\x07", "because\r\nnot"
	v.jobs[1].Detail, v.jobs[1].URL = "\x1b[31m", "https://example.com/\x1b[2J"
	for _, width := range []int{0, 60} {
		text := shown(runFrame([]runView{v}, "", width, 0, noon))
		if strings.ContainsAny(text, "\x1b\x07\r") {
			t.Errorf("it shows %q", text)
		}
	}
}

func TestJobsOfContinuedRuns(t *testing.T) {
	rh := pull("acme", "release", 7)
	first := running(rh, "cli-1-0", "one", "two")
	other := running(rh, "cli-2-0", "three")
	name := resources.RunName(rh, "cli-1-0")
	m := run.Manifest{Name: name, Jobs: []run.Job{{DisplayName: "two", Task: "two", ConfigMap: name, ProwJob: "pj-two"}}}
	second := resources.PipelineRun(rh, m, m.Jobs, 2, 42, time.Hour)
	second.CreationTimestamp = metav1.NewTime(noon)
	var got []string
	for _, job := range jobsOf([]*pipelinev1.PipelineRun{second, other, first}, name) {
		got = append(got, job.DisplayName+" "+job.ProwJob+" "+job.ConfigMap)
	}
	if diff := cmp.Diff([]string{"one pj-one " + name, "two pj-two " + name}, got); diff != "" {
		t.Error(diff)
	}
}

func TestListFrame(t *testing.T) {
	rh, idle := pull("acme", "release", 7), pull("acme", "release", 8)
	running(rh, "cli-1-0", "one", "two")
	const want = `PULL            HEAD        BY     TIME  STATE
acme/release#7  0123456789  alice  4m0s  Running: 0 of 2 passed
`
	if diff := cmp.Diff(want, shown(listFrame(active([]*v1alpha1.Rehearsal{rh, idle}), 0, noon))); diff != "" {
		t.Error(diff)
	}
	const all = want + "acme/release#8  0123456789  -      -     nothing run yet\n"
	if diff := cmp.Diff(all, shown(listFrame(latest([]v1alpha1.Rehearsal{*rh, *idle}), 0, noon))); diff != "" {
		t.Error(diff)
	}
	if got := shown(listFrame(nil, 40, noon)); got != "No rehearsals are running.\n" {
		t.Errorf("nothing is %q", got)
	}
}

// TestWideNamesLineUp checks that the states line up, however wide the characters of the
// names are, and that no row is wider than the terminal.
func TestWideNamesLineUp(t *testing.T) {
	rh := pull("acme", "release", 7)
	pr := running(rh, "cli-1-0", "unit", "単体テスト-統合-エンドツーエンド", "🧪-e2e", "caf\u0065\u0301-lint")
	s := snapshot{pipelineRuns: []*pipelinev1.PipelineRun{pr}}
	v := s.viewRun(rh, rh.Status.Runs[0])
	for _, width := range []int{0, 80, 45, 36} {
		f := runFrame([]runView{v}, "", width, 0, noon)
		column := -1
		for _, l := range f.Lines[3:] {
			before, _, found := strings.Cut(l.Text, "not started")
			if !found {
				before, _, found = strings.Cut(l.Text, "STATE")
			}
			cells := displaywidth.String(before)
			if column < 0 {
				column = cells
			}
			if !found || cells != column || width > 0 && displaywidth.String(l.Text) > width {
				t.Errorf("%d: the state stands in cell %d, not %d, of %q", width, cells, column, l.Text)
			}
		}
	}
	rh.Status.Runs[0].By = "山田"
	list := shown(listFrame(active([]*v1alpha1.Rehearsal{rh}), 0, noon))
	lines := strings.Split(list, "\n")
	head, _, _ := strings.Cut(lines[0], "TIME")
	row, _, _ := strings.Cut(lines[1], "4m0s")
	if displaywidth.String(head) != displaywidth.String(row) {
		t.Errorf("the columns do not line up:\n%s", list)
	}
}
