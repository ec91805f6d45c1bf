package render

import (
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

func TestDigest(t *testing.T) {
	jobs := Jobs(loadJobs(t), testInput)
	all := func() []Job { return append([]Job{}, jobs...) }
	index := func(name string) int {
		for i := range jobs {
			if jobs[i].Argument == name {
				return i
			}
		}
		t.Fatalf("no job %s", name)
		return 0
	}
	reader := index("pull-widget-reader")
	withConfigMap := func(change func(*ConfigMap)) Input { return inputsFor(change, jobs[reader]) }
	none := func(*ConfigMap) {}
	outlined := all()
	outlined[reader].Outline = true
	changed := func(i int, change func(*Job)) []Job {
		out := all()
		presubmit := *out[i].Presubmit
		out[i].Presubmit = &presubmit
		change(&out[i])
		return out
	}
	reading := changed(reader, func(j *Job) {
		j.Reasons = []affected.Reason{{Source: affected.SourceConfigMap, File: "run.sh", Path: "ConfigMap scripts"}}
	})
	pushed := testInput
	pushed.Head, pushed.Base, pushed.Title = "3333333333333333333333333333333333333333", "6666666666666666666666666666666666666666", "Change more"
	tips := testInput
	tips.Tips = map[string]string{TipKey("acme/widget", "main"): tip}
	push := func(in Input) Input {
		in.Head = pushed.Head
		return in
	}
	onlyOfOthers := withConfigMap(func(cm *ConfigMap) { cm.Jobs = []string{"other"} })

	type plan struct {
		jobs []Job
		in   Input
	}
	before := plan{jobs, testInput}
	for name, tc := range map[string]struct {
		a, b plan
		same bool
	}{
		"the same":            {before, plan{all(), testInput}, true},
		"pushed":              {before, plan{jobs, pushed}, true},
		"other tips":          {before, plan{jobs, tips}, true},
		"one job less":        {before, plan{jobs[1:], testInput}, false},
		"not offered changed": {before, plan{changed(index("pull-widget-hidden"), func(j *Job) { j.Presubmit.Cluster = "other" }), testInput}, true},
		"cluster":             {before, plan{changed(reader, func(j *Job) { j.Presubmit.Cluster = "other" }), testInput}, false},
		"labels":              {before, plan{changed(reader, func(j *Job) { j.Presubmit.Labels = map[string]string{"a": "b"} }), testInput}, false},
		"other branch":        {before, plan{changed(reader, func(j *Job) { j.Branch = "other" }), testInput}, false},
		"outline":             {plan{outlined, testInput}, plan{outlined, testInput}, true},
		"outline, pushed":     {plan{outlined, testInput}, plan{outlined, pushed}, false},
		"ConfigMap":           {before, plan{jobs, withConfigMap(none)}, false},
		"ConfigMap, same":     {plan{jobs, withConfigMap(none)}, plan{jobs, withConfigMap(none)}, true},
		"ConfigMap of others": {before, plan{jobs, onlyOfOthers}, true},
		"ConfigMap, pushed":   {plan{reading, withConfigMap(none)}, plan{reading, push(withConfigMap(none))}, true},
		"unknown content":     {plan{reading, testInput}, plan{reading, pushed}, false},
		"content with a problem": {plan{reading, withConfigMap(func(cm *ConfigMap) { cm.Problem = "large" })},
			plan{reading, push(withConfigMap(func(cm *ConfigMap) { cm.Problem = "large" }))}, false},
		"its content": {plan{jobs, withConfigMap(none)}, plan{jobs, withConfigMap(func(cm *ConfigMap) { cm.Data["run.sh"] = "false" })}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if same := Digest(tc.a.jobs, tc.a.in) == Digest(tc.b.jobs, tc.b.in); same != tc.same {
				t.Errorf("the digests are the same: %t", same)
			}
		})
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
		Digest(jobs, testInput)
	}
}
