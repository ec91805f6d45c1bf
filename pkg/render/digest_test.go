package render

import (
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/gate"
)

func TestDigest(t *testing.T) {
	jobs := Jobs(loadJobs(t), testInput)
	changed := func(change func(*Job)) []Job {
		out := append([]Job{}, jobs...)
		change(&out[0])
		return out
	}
	moved := testInput
	moved.Head, moved.Base, moved.Title = "3333333333333333333333333333333333333333", "6666666666666666666666666666666666666666", "Change more"
	moved.Tips = map[string]string{TipKey("acme/widget", "main"): tip}
	asked := func(g Gates) Input {
		in := testInput
		g.Findings = map[string]gate.Finding{jobs[0].Key(): {Asks: []gate.Ask{{Rule: "secret", Path: "p", Use: gate.Use{Name: "v"}}}}}
		in.Gates = &g
		return in
	}
	want := Digest(jobs, testInput, "f")
	for name, tc := range map[string]struct {
		jobs        []Job
		in          Input
		fingerprint string
		same        bool
	}{
		"equal jobs":                  {append([]Job{}, jobs...), testInput, "f", true},
		"another head":                {jobs, moved, "f", true},
		"another fingerprint":         {jobs, testInput, "g", false},
		"one job fewer":               {jobs[1:], testInput, "f", false},
		"another branch of a job":     {changed(func(j *Job) { j.Branch = "other" }), testInput, "f", false},
		"another problem of a job":    {changed(func(j *Job) { j.Problem = "hidden" }), testInput, "f", false},
		"another name of a rehearsal": {changed(func(j *Job) { j.rehearsal = "other" }), testInput, "f", false},
		"a request of a job":          {jobs, asked(Gates{}), "f", false},
	} {
		t.Run(name, func(t *testing.T) {
			if same := Digest(tc.jobs, tc.in, tc.fingerprint) == want; same != tc.same {
				t.Errorf("the digests are the same: %t", same)
			}
		})
	}
	if Digest(jobs, asked(Gates{}), "f") != Digest(jobs, asked(Gates{AllowedBy: map[string]string{jobs[0].Key(): "bob"}, HeadApproved: true}), "f") {
		t.Error("what was allowed counts")
	}
	if got := Digest(jobs, testInput, ""); got != "" {
		t.Errorf("without a fingerprint it is %q", got)
	}
}

func BenchmarkDigest(b *testing.B) {
	job := newTestJob("job", "acme/widget", "main", "default", "f")
	job.Presubmit.Spec = somePod()
	jobs := make([]Job, 2000)
	for i := range jobs {
		jobs[i] = job
	}
	for range b.N {
		Digest(jobs, testInput, "f")
	}
}
