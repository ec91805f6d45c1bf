package event

import (
	"slices"
	"strings"
)

// Verb is what a command line asks for.
type Verb string

// The verbs.
const (
	// RunSample runs a stable choice of the affected jobs.
	RunSample Verb = "run-sample"
	// RunJobs runs the jobs that are named.
	RunJobs Verb = "run-jobs"
	// List shows the affected jobs.
	List Verb = "list"
	// Abort ends what is running.
	Abort Verb = "abort"
	// Unknown is everything that we do not understand, or not yet.
	Unknown Verb = "unknown"
)

// Command is what a command line says.
type Command struct {
	Verb Verb
	// Jobs are the names that follow RunJobs, each once, in order.
	Jobs []string
	// Reason says what is not understood of an Unknown command: half a sentence
	// without a full stop.
	Reason string
}

// Entry is a line of the grammar as it is shown to people.
type Entry struct {
	// Usage is what to write after the prefix; empty for the bare prefix.
	Usage string
	// Does is a sentence without a full stop.
	Does string
}

// Line is what to write, with one of the prefixes.
func (e Entry) Line(prefix string) string {
	return strings.TrimSpace(prefix + " " + e.Usage)
}

// verb is an entry of the grammar with the word that selects it; no word
// selects RunSample, and any word that selects nothing else RunJobs.
type verb struct {
	word string
	verb Verb
	Entry
}

var verbs = []verb{
	{"", RunSample, Entry{"", "Run some of the affected jobs: the same ones each time"}},
	{"", RunJobs, Entry{"{job} {job} …", "Run these affected jobs"}},
	{"list", List, Entry{"list", "Show the affected jobs"}},
	{"abort", Abort, Entry{"abort", "Abort everything that is running for this pull request"}},
}

// reserved are words that other rehearsal plugins know, or that we may come to
// know. They are never names of jobs.
var reserved = []string{
	"?", "ack", "all", "auto-ack", "explain", "failed", "help", "max", "more",
	"network-access-allowed", "reject", "skip",
}

// Grammar lists what is understood, in the order in which to show it.
func Grammar() []Entry {
	entries := make([]Entry, len(verbs))
	for i, v := range verbs {
		entries[i] = v.Entry
	}
	return entries
}

// Parse reads a command line, as CommandLines returns it. Prefixes and verbs
// are understood in any case, names of jobs only as they are written.
func Parse(line string, prefixes []string) Command {
	rest, ok := cutPrefix(line, prefixes)
	if !ok {
		return Command{Verb: Unknown, Reason: "it is not a command"}
	}
	words := strings.Fields(rest)
	if len(words) == 0 {
		return Command{Verb: RunSample}
	}
	first := strings.ToLower(words[0])
	if slices.Contains(reserved, first) {
		return Command{Verb: Unknown, Reason: "`" + first + "` is not supported"}
	}
	for _, v := range verbs {
		if v.word == "" || v.word != first {
			continue
		}
		if len(words) > 1 {
			return Command{Verb: Unknown, Reason: "nothing may follow `" + v.word + "`"}
		}
		return Command{Verb: v.verb}
	}
	return parseJobs(words)
}

func parseJobs(words []string) Command {
	var jobs []string
	for _, word := range words {
		if !isJob(word) {
			return Command{Verb: Unknown, Reason: "it has words that cannot be the name of a job"}
		}
		if !slices.Contains(jobs, word) {
			jobs = append(jobs, word)
		}
	}
	return Command{Verb: RunJobs, Jobs: jobs}
}

// isJob holds for what Prow allows as the name of a job, and for job@branch.
func isJob(word string) bool {
	name, branch, at := strings.Cut(word, "@")
	if name == "" || at && branch == "" {
		return false
	}
	bad := func(also string) func(rune) bool {
		return func(r rune) bool { return !isAlphanumeric(r) && !strings.ContainsRune(also, r) }
	}
	return !strings.ContainsFunc(name, bad("-._")) && !strings.ContainsFunc(branch, bad("-._/"))
}
