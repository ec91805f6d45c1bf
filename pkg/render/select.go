package render

import (
	"cmp"
	"maps"
	"slices"
	"time"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// Request says which of the affected jobs a run selects.
type Request struct {
	Selection event.Selection
	// Names are for a Named selection.
	Names []string
	// Limit is how many jobs Sample, More and Max choose. Cap is the maximum for all other
	// selections; zero means no cap.
	Limit, Cap int
	// Seed decides between jobs that are equally good choices.
	Seed string
	// NotPassed are the arguments of the jobs for a Failed selection.
	NotPassed []string
	// Durations are the past durations of jobs, by name. Any of them may be missing.
	Durations map[string]time.Duration
}

// Selection is the result of a request.
type Selection struct {
	// Jobs are the jobs to run: the shorter ones first, those of unknown duration last,
	// otherwise in the order of a plan.
	Jobs []Job
	// Unknown are the names that no affected job has, and the patterns that no offered job
	// matches.
	Unknown []string
	// NotRunnable are jobs that were named and cannot run.
	NotRunnable []NotRunnable
	// Gone are jobs that did not pass and are no longer affected.
	Gone []string
	// Offered counts the offered jobs.
	Offered int
	// Held counts the jobs that would be offered if they were not held.
	Held int
	// Capped counts the requested jobs that the cap leaves out.
	Capped int
	// Coverage is what the choice covers and what it leaves out; nil if it is empty or
	// complete.
	Coverage *run.Coverage
}

// NotRunnable is a job that cannot run, and why.
type NotRunnable struct{ Name, Why string }

// Select chooses the jobs of a run. The result depends only on the set of jobs and the
// request, and a larger limit only adds to the choice of a smaller one.
func Select(jobs []Job, req Request) Selection {
	var offered []*Job
	held := 0
	for i := range jobs {
		switch {
		case jobs[i].Offered():
			offered = append(offered, &jobs[i])
		case jobs[i].due():
			held++
		}
	}
	s := Selection{Offered: len(offered), Held: held}
	asked, sampled := offered, false
	switch req.Selection {
	case event.Named:
		asked = s.named(jobs, req.Names)
	case event.Failed:
		asked = s.failed(jobs, req.NotPassed)
	case event.All:
	default:
		sampled = true
	}
	chosen := asked
	switch {
	case sampled:
		chosen = mostDiverse(asked, req.Limit, req)
	case req.Cap > 0 && len(asked) > req.Cap:
		chosen = mostDiverse(asked, req.Cap, req)
		s.Capped = len(asked) - req.Cap
	}
	s.Coverage = coverage(chosen, asked)
	s.Jobs = inOrder(chosen, req)
	return s
}

// inOrder copies the jobs, the shorter ones first, otherwise in the order of a plan.
func inOrder(chosen []*Job, req Request) []Job {
	sorted := slices.SortedFunc(slices.Values(chosen), func(a, b *Job) int {
		return cmp.Or(req.compareDurations(a, b), a.Compare(b.Ref))
	})
	var out []Job
	for _, j := range sorted {
		out = append(out, *j)
	}
	return out
}

// compareDurations orders the shorter first, and unknown durations last.
func (r Request) compareDurations(a, b *Job) int {
	if len(r.Durations) == 0 {
		return 0
	}
	x, knownX := r.Durations[a.Name]
	y, knownY := r.Durations[b.Name]
	switch {
	case knownX && !knownY:
		return -1
	case knownY && !knownX:
		return 1
	}
	return cmp.Compare(x, y)
}

// named returns the jobs that names mean, in no order. A pattern selects only offered
// jobs; a full name selects any job that can run.
func (s *Selection) named(jobs []Job, names []string) []*Job {
	taken := map[*Job]bool{}
	for _, name := range unique(names) {
		found := false
		for i := range jobs {
			j := &jobs[i]
			if !j.Matches(name) || IsPattern(name) && !j.Offered() {
				continue
			}
			found = true
			s.take(j, name, taken)
		}
		if !found {
			s.Unknown = append(s.Unknown, name)
		}
	}
	return slices.Collect(maps.Keys(taken))
}

// failed returns the jobs with the given arguments, in no order. An earlier `name` may be
// `name@branch` now, because another job of that name is affected since.
func (s *Selection) failed(jobs []Job, notPassed []string) []*Job {
	taken := map[*Job]bool{}
	for _, argument := range unique(notPassed) {
		same := func(j Job) bool { return j.Argument == argument }
		if !slices.ContainsFunc(jobs, same) {
			same = func(j Job) bool { return j.Matches(argument) }
		}
		found := false
		for i := range jobs {
			j := &jobs[i]
			switch {
			case !same(*j):
				continue
			case j.Type == prowapi.PostsubmitJob:
				s.refuse(argument, "postsubmits run only when they are named")
			default:
				s.take(j, argument, taken)
			}
			found = true
		}
		if !found {
			s.Gone = append(s.Gone, argument)
		}
	}
	return slices.Collect(maps.Keys(taken))
}

// take selects a job that was requested by a name, or records why it cannot run.
func (s *Selection) take(j *Job, name string, taken map[*Job]bool) {
	switch {
	case j.Problem != "":
		s.refuse(name, j.Problem)
	case !j.Hold.Zero():
		s.refuse(name, j.Hold.Sentence())
	default:
		taken[j] = true
	}
}

func (s *Selection) refuse(name, why string) {
	if n := (NotRunnable{Name: name, Why: why}); !slices.Contains(s.NotRunnable, n) {
		s.NotRunnable = append(s.NotRunnable, n)
	}
}

// unique returns the strings without repetitions, in order.
func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
