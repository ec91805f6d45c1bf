package render

import (
	"slices"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

// Request says which of the affected jobs a run is to have.
type Request struct {
	Selection event.Selection
	// Names are what a Named selection takes.
	Names []string
	// Limit is how many jobs Sample, More and Max choose. Cap is how many any
	// other selection may have; zero for no cap.
	Limit, Cap int
	// Seed decides between jobs that are equally good choices.
	Seed string
	// NotPassed are the arguments of the jobs that a Failed selection takes.
	NotPassed []string
	// Durations are how long jobs took in the past, by their names. It may lack
	// any of them.
	Durations map[string]time.Duration
}

// Selection is what a request comes to.
type Selection struct {
	// Jobs will be run: the shorter first, those of unknown duration last, in
	// the order of a plan.
	Jobs []Job
	// Unknown are the names that no affected job has, and the patterns that no
	// offered job matches.
	Unknown []string
	// NotRunnable are jobs that were asked for by name and cannot be run.
	NotRunnable []NotRunnable
	// Gone are jobs that did not pass and are no longer affected.
	Gone []string
	// Offered counts the jobs that a request without names chooses from.
	Offered int
	// Capped counts the jobs that were asked for and left out because of the cap.
	Capped int
	// Covers says, in sentences of plain text in which `…` marks code, what the
	// choice covers and what it leaves out; empty when nothing was chosen.
	Covers string
}

// NotRunnable is a job that cannot be run, and why.
type NotRunnable struct{ Name, Why string }

// Select chooses the jobs of a run. The answer depends on the set of jobs and
// the request alone, and a larger limit only adds to what a smaller one takes.
func Select(jobs []Job, req Request) Selection {
	var offered []Job
	for _, j := range jobs {
		if j.Offered() {
			offered = append(offered, j)
		}
	}
	s := Selection{Offered: len(offered)}
	switch req.Selection {
	case event.Named:
		s.named(jobs, req.Names)
	case event.Failed:
		s.failed(jobs, req.NotPassed)
	case event.All:
		s.Jobs = offered
	default:
		s.Jobs = mostDiverse(offered, req.Limit, req)
		s.Covers = covers(s.Jobs, offered)
	}
	if req.Cap > 0 && len(s.Jobs) > req.Cap {
		all := s.Jobs
		s.Jobs, s.Capped = mostDiverse(all, req.Cap, req), len(all)-req.Cap
		s.Covers = covers(s.Jobs, all)
	}
	slices.SortFunc(s.Jobs, func(a, b Job) int {
		if c := req.compareDurations(a, b); c != 0 {
			return c
		}
		return a.Compare(b.Ref)
	})
	return s
}

// compareDurations puts the shorter first, and what is not known last.
func (r Request) compareDurations(a, b Job) int {
	x, knownX := r.Durations[a.Name]
	y, knownY := r.Durations[b.Name]
	switch {
	case knownX && knownY && x != y:
		return int(max(min(x-y, 1), -1))
	case knownX && !knownY:
		return -1
	case knownY && !knownX:
		return 1
	}
	return 0
}

// named takes the jobs that names mean. A pattern chooses among the jobs that
// are offered; the whole name is enough for any that can be run.
func (s *Selection) named(jobs []Job, names []string) {
	taken := map[string]bool{}
	for _, name := range unique(names) {
		found := false
		for _, j := range jobs {
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
}

// failed takes the jobs with one of the arguments. What is called `name` now may
// be `name@branch` once another job of that name is affected.
func (s *Selection) failed(jobs []Job, notPassed []string) {
	taken := map[string]bool{}
	for _, argument := range unique(notPassed) {
		same := func(j Job) bool { return j.Argument == argument }
		if !slices.ContainsFunc(jobs, same) {
			same = func(j Job) bool { return j.Matches(argument) }
		}
		found := false
		for _, j := range jobs {
			switch {
			case !same(j):
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
}

// take adds a job that was asked for under some name, once.
func (s *Selection) take(j Job, name string, taken map[string]bool) {
	switch {
	case j.Problem != "":
		s.refuse(name, j.Problem)
	case !taken[j.Key()]:
		taken[j.Key()] = true
		s.Jobs = append(s.Jobs, j)
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
