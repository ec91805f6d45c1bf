package render

import (
	"slices"
	"strings"
)

// Selection is what a request comes to.
type Selection struct {
	// Jobs will be run, in the order of the plan.
	Jobs []Job
	// Unknown are the names that no affected job has.
	Unknown []string
	// NotRunnable are jobs that were asked for by name and cannot be run.
	NotRunnable []NotRunnable
	// Offered counts the jobs that a request without names chose from.
	Offered int
}

// NotRunnable is a job that cannot be run, and why.
type NotRunnable struct{ Name, Why string }

// Select chooses the jobs of a run. With names it takes every affected job that
// has one of them, `name@branch` only those of that branch, however many they
// are. Without names it takes up to limit of those that are offered: always the
// same for the same seed and jobs, and of as many target repositories as it can.
func Select(jobs []Job, names []string, limit int, seed string) Selection {
	offered := 0
	for _, j := range jobs {
		if j.Offered() {
			offered++
		}
	}
	s := Selection{Offered: offered}
	chosen := map[string]bool{}
	if len(names) == 0 {
		chosen = sample(jobs, limit, seed)
	}
	seen := map[string]bool{}
	for _, name := range names {
		if !seen[name] {
			seen[name] = true
			s.named(jobs, name, chosen)
		}
	}
	for _, j := range jobs {
		if chosen[j.Key()] {
			s.Jobs = append(s.Jobs, j)
		}
	}
	return s
}

// named adds the jobs that are meant by one name.
func (s *Selection) named(jobs []Job, name string, chosen map[string]bool) {
	found := false
	for _, j := range jobs {
		if !j.matches(name) {
			continue
		}
		found = true
		if j.Problem == "" {
			chosen[j.Key()] = true
			continue
		}
		n := NotRunnable{Name: name, Why: j.Problem}
		if !slices.Contains(s.NotRunnable, n) {
			s.NotRunnable = append(s.NotRunnable, n)
		}
	}
	if !found {
		s.Unknown = append(s.Unknown, name)
	}
}

func (j Job) matches(name string) bool {
	if j.Name == name {
		return true
	}
	name, branch, ok := strings.Cut(name, "@")
	return ok && j.Name == name && branch != "" && (j.Branch == branch || slices.Contains(j.Branches, branch))
}

// sample returns the keys of up to limit offered jobs. Targets take turns, in
// an order that only depends on the seed.
func sample(jobs []Job, limit int, seed string) map[string]bool {
	queues := map[string][]string{}
	for _, j := range jobs {
		if j.Offered() {
			queues[j.Repo] = append(queues[j.Repo], j.Key())
		}
	}
	var targets []string
	for target, keys := range queues {
		targets = append(targets, target)
		shuffle(keys, seed)
	}
	shuffle(targets, seed)

	chosen := map[string]bool{}
	for round := 0; len(chosen) < limit; round++ {
		before := len(chosen)
		for _, target := range targets {
			if round < len(queues[target]) && len(chosen) < limit {
				chosen[queues[target][round]] = true
			}
		}
		if len(chosen) == before {
			break
		}
	}
	return chosen
}

// shuffle orders distinct strings by their hash with the seed.
func shuffle(list []string, seed string) {
	slices.SortFunc(list, func(a, b string) int {
		return strings.Compare(longHash(seed+"\x00"+a), longHash(seed+"\x00"+b))
	})
}
