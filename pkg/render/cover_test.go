package render

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// newTestJob returns an offered presubmit that is affected by changes in files.
func newTestJob(name, repo, branch, cluster string, files ...string) Job {
	j := Job{Argument: name, Branch: branch, Job: affected.Job{
		Ref:       affected.Ref{Type: prowapi.PresubmitJob, Repo: repo, Name: name},
		Effective: affected.Effective{Presubmit: &config.Presubmit{JobBase: config.JobBase{Name: name, Cluster: cluster}}},
		Rehearse:  true,
	}}
	for _, file := range files {
		j.Reasons = append(j.Reasons, affected.Reason{Source: affected.SourceJobConfig, File: file, Path: "spec"})
	}
	return j
}

func pointers(jobs []Job) []*Job {
	var out []*Job
	for i := range jobs {
		out = append(out, &jobs[i])
	}
	return out
}

func randomJobs(r *rand.Rand, n int) []Job {
	jobs := make([]Job, n)
	for i := range jobs {
		var files []string
		for range r.IntN(4) {
			files = append(files, fmt.Sprint("f", r.IntN(5)))
		}
		jobs[i] = newTestJob(fmt.Sprint("job-", i), fmt.Sprint("acme/", r.IntN(4)), fmt.Sprint("b", r.IntN(3)), fmt.Sprint("c", r.IntN(2)), files...)
	}
	return jobs
}

// values returns the values that jobs cover, without using the tested code.
func values(jobs ...Job) map[string]bool {
	out := map[string]bool{}
	for _, j := range jobs {
		out["repo "+j.Repo], out["branch "+j.Branch], out["cluster "+j.Presubmit.Cluster] = true, true, true
		for _, r := range j.Reasons {
			out["file "+r.File] = true
		}
	}
	return out
}

// TestSampleCovers compares each choice with all others of the same size.
func TestSampleCovers(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 0))
		jobs := randomJobs(r, 1+r.IntN(9))
		best := make([]int, len(jobs)+1)
		for set := range 1 << len(jobs) {
			var chosen []Job
			for i := range jobs {
				if set>>i&1 == 1 {
					chosen = append(chosen, jobs[i])
				}
			}
			n := bits.OnesCount(uint(set))
			best[n] = max(best[n], len(values(chosen...)))
		}
		for limit := 1; limit <= len(jobs); limit++ {
			got := Select(jobs, Request{Limit: limit, Seed: "seed"})
			covered := len(values(got.Jobs...))
			if len(got.Jobs) != limit || limit == 1 && covered != best[1] || float64(covered) < (1-1/math.E)*float64(best[limit]) {
				t.Errorf("seed %d: %d of %d jobs cover %d, the best choice %d", seed, len(got.Jobs), len(jobs), covered, best[limit])
			}
		}
	}
}

func TestSampleIsStableAndGrows(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		jobs := randomJobs(r, 30)
		var smaller []string
		for limit := range 31 {
			req := Request{Selection: event.More, Limit: limit, Seed: "seed"}
			got := labels(Select(jobs, req).Jobs)
			shuffled := append([]Job{}, jobs...)
			r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			if diff := cmp.Diff(got, labels(Select(shuffled, req).Jobs)); diff != "" {
				t.Fatalf("seed %d, limit %d: the order of the jobs matters (-first +second):\n%s", seed, limit, diff)
			}
			has := strings.Join(got, ",") + ","
			for _, label := range smaller {
				if !strings.Contains(has, label+",") {
					t.Fatalf("seed %d: %s is among %d, but not among %d", seed, label, limit-1, limit)
				}
			}
			smaller = got
		}
	}
}

func TestSeedsDiffer(t *testing.T) {
	var jobs []Job
	for i := range 50 {
		jobs = append(jobs, newTestJob(fmt.Sprint("job-", i), "acme/widget", "main", "default", "f"))
	}
	chosen := map[string]bool{}
	for seed := range 20 {
		chosen[labels(Select(jobs, Request{Limit: 1, Seed: fmt.Sprint(seed)}).Jobs)[0]] = true
	}
	if len(chosen) < 5 {
		t.Errorf("20 seeds chose %d of 50 equal jobs", len(chosen))
	}
}

func TestSampleSpreadsOverTargets(t *testing.T) {
	var jobs []Job
	for i := range 50 {
		repo := "acme/big"
		if i%10 == 0 {
			repo = fmt.Sprintf("acme/small-%d", i)
		}
		jobs = append(jobs, newTestJob(fmt.Sprint("job-", i), repo, "main", "default", "f"))
	}
	targets := map[string]int{}
	s := Select(jobs, Request{Limit: 7, Seed: "seed"})
	for _, j := range s.Jobs {
		targets[j.Repo]++
	}
	if len(targets) != 6 {
		t.Errorf("targets = %v, want all 6", targets)
	}
	if s.Offered != 50 {
		t.Errorf("offered = %d, want 50", s.Offered)
	}
}

func TestCoverage(t *testing.T) {
	reason := func(source, file, path string) affected.Reason {
		return affected.Reason{Source: source, File: file, Path: path}
	}
	preset := newTestJob("preset", "acme/a", "main", "default")
	preset.Reasons = []affected.Reason{
		reason("preset", "presets.yaml", "preset cloud ▸ env[CLOUD].value"),
		reason("preset", "presets.yaml", "preset cloud ▸ env[ZONE].value"),
	}
	other := newTestJob("other", "acme/b", "next", "default")
	other.Reasons = []affected.Reason{reason("preset", "presets.yaml", "preset disk ▸ volumes[0]")}
	read := newTestJob("read", "acme/c", "`main`", "default")
	read.Reasons = []affected.Reason{reason("configmap", "files/a", "ConfigMap scripts")}
	own := newTestJob("own", "acme/d", "old", "default", "jobs.yaml")
	same := newTestJob("same", "acme/d", "old", "default", "jobs.yaml")
	for name, tc := range map[string]struct {
		chosen, all []Job
		want        *run.Coverage
	}{
		"all jobs chosen":        {[]Job{own}, []Job{own}, nil},
		"no job chosen":          {nil, []Job{own}, nil},
		"the other job is alike": {[]Job{own}, []Job{own, same}, &run.Coverage{}},
		"every value covered": {[]Job{own, other}, []Job{own, other, same},
			&run.Coverage{Of: []run.Aspect{{What: "cause", Total: 2}, {What: "repository", Total: 2}, {What: "branch", Total: 2}}}},
		"one cause left out": {[]Job{own}, []Job{own, preset}, &run.Coverage{Of: []run.Aspect{
			{What: "cause", Total: 2, Missing: 1, Examples: []string{"preset cloud presets.yaml"}},
			{What: "repository", Total: 2, Missing: 1, Examples: []string{"acme/a"}}, {What: "branch", Total: 2, Missing: 1, Examples: []string{"main"}},
		}}},
		"several causes left out": {[]Job{own}, []Job{own, same, preset, other, read}, &run.Coverage{Of: []run.Aspect{
			{What: "cause", Total: 4, Missing: 3, Examples: []string{"ConfigMap scripts files/a", "preset cloud presets.yaml"}},
			{What: "repository", Total: 4, Missing: 3, Examples: []string{"acme/a", "acme/b"}}, {What: "branch", Total: 4, Missing: 3, Examples: []string{"`main`", "main"}},
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, coverage(pointers(tc.chosen), pointers(tc.all))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func BenchmarkSelect(b *testing.B) {
	var jobs []Job
	for i := range 70_000 {
		jobs = append(jobs, newTestJob(fmt.Sprint("job-", i), fmt.Sprint("acme/", i/30), fmt.Sprint("b", i%30), "default", "config.yaml"))
	}
	for name, req := range map[string]Request{
		"35":  {Limit: 35, Seed: "seed"},
		"500": {Selection: event.All, Cap: 500, Seed: "seed"},
	} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				Select(jobs, req)
			}
		})
	}
}
