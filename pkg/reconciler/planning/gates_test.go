package planning

import (
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
)

func asking(value string) gate.Finding {
	return gate.Finding{Asks: []gate.Ask{{Rule: "secret", Path: "pod_spec.volumes[0].secret", Use: gate.Use{Name: value}}}}
}

// TestAskingJobs checks that a name can be used only if all jobs with it are shown in full.
func TestAskingJobs(t *testing.T) {
	job := func(name, repo string) render.Job {
		j := render.Job{Argument: name, Hold: render.Hold{Asks: asking(name).Asks}}
		j.Name, j.Repo = name, repo
		return j
	}
	jobs := []render.Job{job("a", "acme/x"), job("a", "acme/y"), job("b", "acme/x"), job("c", "acme/x")}
	shown := map[string]bool{jobs[0].Key(): true, jobs[1].Key(): false, jobs[2].Key(): true}
	findings := map[string]gate.Finding{jobs[2].Key(): asking("b")}
	got := AskingJobs(jobs, findings, shown)
	if len(got) != 1 || got[0].Job != "b" || got[0].Asks != AsksOf(jobs[2].Key(), asking("b")) {
		t.Errorf("got %+v", got)
	}
}
