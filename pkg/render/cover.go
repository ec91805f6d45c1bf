package render

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/key"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// aspect is a property in which the jobs of a selection should differ.
type aspect struct {
	what string
	of   func(*Job) []string
}

var aspects = []aspect{
	{"cause", causes},
	{"repository", func(j *Job) []string { return nonEmpty(j.Repo) }},
	{"branch", func(j *Job) []string { return nonEmpty(j.Branch) }},
	{"cluster", func(j *Job) []string { return nonEmpty(j.Base().Cluster) }},
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// causes returns what affects a job: the edited file, and the part of it that the job
// uses, unless that is the job itself.
func causes(j *Job) []string {
	var out []string
	for _, r := range j.Reasons {
		out = append(out, strings.TrimSpace(chain(r)+" "+r.File))
	}
	return unique(out)
}

// chain returns the path from the cause to the field of the job that differs.
func chain(r affected.Reason) string {
	if r.OwnText() {
		return ""
	}
	if i := strings.LastIndex(r.Path, " ▸ "); i >= 0 {
		return r.Path[:i]
	}
	return r.Path
}

// candidate is a job that can be chosen, and the numbers of the values that it covers.
type candidate struct {
	*Job
	covers []int
	// most is how many of them were not covered at the last count. It is an upper bound,
	// because the number can only have decreased since.
	most int
	// draw is the random number for this job, from the seed.
	draw   uint64
	chosen bool
}

// mostDiverse chooses jobs one by one. Each is the one that adds most causes,
// repositories, branches and clusters to those covered already. If none adds any,
// covering starts again from nothing. So a smaller limit gives the first jobs of a larger
// one, and each prefix covers at least 1-1/e of what the best choice of the same size
// covers.
func mostDiverse(jobs []*Job, limit int, req Request) []*Job {
	candidates, values := newCandidates(jobs, req)
	var out []*Job
	covered := make([]bool, values)
	for fresh := true; len(out) < min(limit, len(jobs)); {
		best, gain := mostGain(candidates, covered)
		if gain == 0 && !fresh {
			clear(covered)
			for i := range candidates {
				candidates[i].most = len(candidates[i].covers)
			}
			fresh = true
			continue
		}
		fresh = false
		c := &candidates[best]
		c.chosen = true
		for _, value := range c.covers {
			covered[value] = true
		}
		out = append(out, c.Job)
	}
	return out
}

// mostGain finds the first of the candidates that add most; -1 if there are none.
func mostGain(candidates []candidate, covered []bool) (best, gain int) {
	best = -1
	for i := range candidates {
		c := &candidates[i]
		if c.chosen || best >= 0 && c.most <= gain {
			continue
		}
		c.most = 0
		for _, value := range c.covers {
			if !covered[value] {
				c.most++
			}
		}
		if best < 0 || c.most > gain {
			best, gain = i, c.most
		}
	}
	return best, gain
}

// newCandidates numbers all values that the jobs cover, and orders the candidates by the
// seed, which decides between equals. The durations of jobs do not matter: they become
// known with each run, and the choice must stay the same.
func newCandidates(jobs []*Job, req Request) (candidates []candidate, values int) {
	numbers := make([]map[string]int, len(aspects))
	for i := range numbers {
		numbers[i] = map[string]int{}
	}
	candidates = make([]candidate, 0, len(jobs))
	for _, j := range jobs {
		c := candidate{Job: j, draw: draw(req.Seed, j.Key())}
		for i, a := range aspects {
			for _, value := range a.of(j) {
				number, ok := numbers[i][value]
				if !ok {
					number = values
					numbers[i][value] = number
					values++
				}
				c.covers = append(c.covers, number)
			}
		}
		c.most = len(c.covers)
		candidates = append(candidates, c)
	}
	slices.SortFunc(candidates, func(a, b candidate) int { return cmp.Compare(a.draw, b.draw) })
	return candidates, values
}

func draw(seed, job string) uint64 {
	sum := sha256.Sum256([]byte(key.Of(seed, job)))
	return binary.BigEndian.Uint64(sum[:])
}

// maxExamples is how many of the values that a choice leaves out are named.
const maxExamples = 2

// coverage returns what a choice of jobs covers; nil if it is empty or complete.
func coverage(chosen, all []*Job) *run.Coverage {
	if len(chosen) == 0 || len(chosen) == len(all) {
		return nil
	}
	c := &run.Coverage{}
	for _, a := range aspects {
		total, missing := a.compare(chosen, all)
		if total < 2 {
			continue
		}
		c.Of = append(c.Of, run.Aspect{
			What: a.what, Total: total, Missing: len(missing), Examples: missing[:min(len(missing), maxExamples)],
		})
	}
	return c
}

// compare counts the values of all jobs in this aspect, and lists those that the chosen
// jobs lack.
func (a aspect) compare(chosen, all []*Job) (total int, missing []string) {
	has := map[string]bool{}
	for _, j := range chosen {
		for _, value := range a.of(j) {
			has[value] = true
		}
	}
	total = len(has)
	for _, j := range all {
		for _, value := range a.of(j) {
			if !has[value] {
				has[value] = true
				missing = append(missing, value)
			}
		}
	}
	slices.Sort(missing)
	return total + len(missing), missing
}
