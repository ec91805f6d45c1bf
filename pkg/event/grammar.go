package event

import (
	"slices"
	"strings"
)

// Verb is what a command line asks for.
type Verb string

// The verbs.
const (
	// Run runs affected jobs, see Selection.
	Run Verb = "run"
	// List shows the affected jobs.
	List Verb = "list"
	// Explain tells everything about one job.
	Explain Verb = "explain"
	// Ack vouches for the pull request as it is. Skip does the same, and says
	// that it was done without a rehearsal.
	Ack  Verb = "ack"
	Skip Verb = "skip"
	// Reject takes an acknowledgement back.
	Reject Verb = "reject"
	// Abort ends what is running, or the jobs of it that are named.
	Abort Verb = "abort"
	// AllowNetwork lets rehearsals use the network.
	AllowNetwork Verb = "network-access-allowed"
	// Approve lets a head run whose author is not trusted.
	Approve Verb = "approve"
	// AllowPrivileges lets jobs run with what they ask for beyond what base grants
	// them.
	AllowPrivileges Verb = "privileges-allowed"
	// Help shows the grammar.
	Help Verb = "help"
	// Unknown is everything that we do not understand.
	Unknown Verb = "unknown"
)

// Selection says which of the affected jobs a Run takes.
type Selection string

// The selections.
const (
	// Sample, More and Max are stable choices of three sizes, which the settings
	// set.
	Sample Selection = "sample"
	More   Selection = "more"
	Max    Selection = "max"
	// All is every job that is offered.
	All Selection = "all"
	// Failed is what did not pass in the latest run.
	Failed Selection = "failed"
	// Named is what Command.Jobs names.
	Named Selection = "named"
)

// Command is what a command line says.
type Command struct {
	Verb Verb
	// Selection is set for Run.
	Selection Selection
	// AutoAck says that the Run vouches for the pull request when it passes.
	AutoAck bool
	// Jobs are the names that were written, each once, in order: name,
	// name@branch, or either with asterisks. For Run, Abort, Explain and
	// AllowPrivileges.
	Jobs []string
	// Reason says what is not understood of an Unknown command: half a sentence
	// without a full stop.
	Reason string
}

// Entry is a line of the grammar as it is shown to people.
type Entry struct {
	// Usage is what to write after the prefix; empty for the bare prefix.
	Usage string
	// Does is a sentence without a full stop. A limit that the settings set is
	// not in it, see Limit.
	Does string
	// Limit is the selection whose size the entry depends on; mostly none.
	Limit Selection
}

// Line is what to write, with one of the prefixes.
func (e Entry) Line(prefix string) string {
	return strings.TrimSpace(prefix + " " + e.Usage)
}

// arguments says what may follow a word of the grammar.
type arguments int

const (
	nothing arguments = iota
	// oneJob is one name without asterisks.
	oneJob
	// anyJobs is any number of names, also none.
	anyJobs
	// wholeNames is the same without asterisks.
	wholeNames
	// selection is what may follow the bare prefix to choose jobs.
	selection
)

// verb is an entry of the grammar with the word that selects it. The entry
// without a word stands for names of jobs.
type verb struct {
	word  string
	takes arguments
	Command
	Entry
}

// verbs is the grammar. The first entry is the bare prefix.
var verbs = []verb{
	{"", nothing, Command{Verb: Run, Selection: Sample}, Entry{"", "Run some of the affected jobs: the same ones each time, as different from one another as can be", Sample}},
	{"more", nothing, Command{Verb: Run, Selection: More}, Entry{"more", "Run more of them", More}},
	{"max", nothing, Command{Verb: Run, Selection: Max}, Entry{"max", "Run as many of them as one command may choose", Max}},
	{"all", nothing, Command{Verb: Run, Selection: All}, Entry{"all", "Run all affected jobs that are offered", All}},
	{"", anyJobs, Command{Verb: Run, Selection: Named}, Entry{"{job} {job} …", "Run these affected jobs. `{job}@{branch}` is one of several with the same name, and `*` stands for any part of a name: `*-e2e-*`", ""}},
	{"failed", nothing, Command{Verb: Run, Selection: Failed}, Entry{"failed", "Run again what did not pass in the latest run, and what it never started", ""}},
	{"auto-ack", selection, Command{Verb: Run, Selection: Sample, AutoAck: true}, Entry{"auto-ack", "Run, and acknowledge the pull request if all jobs pass. Any selection may follow: `auto-ack more`, `auto-ack {job}`", ""}},
	{"list", nothing, Command{Verb: List}, Entry{"list", "Show the affected jobs as of now", ""}},
	{"explain", oneJob, Command{Verb: Explain}, Entry{"explain {job}", "Tell all about one job: whether it is affected, by what, and what its rehearsal would be", ""}},
	{"ack", nothing, Command{Verb: Ack}, Entry{"ack", "Acknowledge the pull request as it is, so that it may be merged", ""}},
	{"skip", nothing, Command{Verb: Skip}, Entry{"skip", "Acknowledge it without a rehearsal", ""}},
	{"reject", nothing, Command{Verb: Reject}, Entry{"reject", "Take the acknowledgement back", ""}},
	{"abort", anyJobs, Command{Verb: Abort}, Entry{"abort", "Abort everything that is running for this pull request; `abort {job} …` only these jobs", ""}},
	{"approve", nothing, Command{Verb: Approve}, Entry{"approve", "Let the commit be run that the pull request is at now, although its author is not trusted, and its new jobs; not for the author. The next push ends that", ""}},
	{"privileges-allowed", wholeNames, Command{Verb: AllowPrivileges}, Entry{"privileges-allowed", "Let jobs run with the privileges that they ask for beyond today's, where the list of affected jobs shows all of them; `privileges-allowed {job} …` only these jobs, as it names them; not for the author. The next push ends that", ""}},
	{"network-access-allowed", nothing, Command{Verb: AllowNetwork}, Entry{"network-access-allowed", "Set the label that allows network access; not for the author of the pull request", ""}},
	{"help", nothing, Command{Verb: Help}, Entry{"help", "Show these commands", ""}},
}

// aliases are words that other rehearsal plugins have for ours.
var aliases = map[string]string{"?": "list"}

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
		return unknown("it is not a command")
	}
	words := strings.Fields(rest)
	if len(words) == 0 {
		return verbs[0].Command
	}
	if v, ok := find(words[0]); ok {
		return v.read(words[1:])
	}
	return parseJobs(Command{Verb: Run, Selection: Named}, words)
}

// ParseStored reads a command line of the log. What it begins with was a prefix
// when it was written there, whatever has become of the prefixes since.
func ParseStored(line string, prefixes []string) Command {
	first, _, _ := strings.Cut(line, " ")
	if _, known := cutPrefix(line, prefixes); !known && len(first) > 1 && first[0] == '/' {
		prefixes = []string{first}
	}
	return Parse(line, prefixes)
}

func unknown(reason string) Command { return Command{Verb: Unknown, Reason: reason} }

// find returns the entry that a word selects.
func find(word string) (verb, bool) {
	word = strings.ToLower(word)
	if alias, ok := aliases[word]; ok {
		word = alias
	}
	i := slices.IndexFunc(verbs, func(v verb) bool { return v.word == word && word != "" })
	if i < 0 {
		return verb{}, false
	}
	return verbs[i], true
}

// read reads what follows the word of an entry.
func (v verb) read(words []string) Command {
	switch {
	case len(words) == 0 && v.takes == oneJob:
		return unknown("`" + v.word + "` needs the name of a job")
	case len(words) == 0:
		return v.Command
	case v.takes == nothing:
		return unknown("nothing may follow `" + v.word + "`")
	case v.takes == oneJob && len(words) > 1:
		return unknown("only one name may follow `" + v.word + "`")
	case (v.takes == oneJob || v.takes == wholeNames) && slices.ContainsFunc(words, func(s string) bool { return strings.Contains(s, "*") }):
		return unknown("`" + v.word + "` needs the whole name of a job")
	case v.takes == selection:
		return v.readSelection(words)
	}
	return parseJobs(v.Command, words)
}

// readSelection reads what the bare prefix would take, too.
func (v verb) readSelection(words []string) Command {
	other, ok := find(words[0])
	if !ok {
		c := v.Command
		c.Selection = Named
		return parseJobs(c, words)
	}
	if other.Verb != Run || other.AutoAck {
		return unknown("`" + other.word + "` cannot follow `" + v.word + "`")
	}
	c := other.read(words[1:])
	c.AutoAck = v.AutoAck && c.Verb == Run
	return c
}

func parseJobs(c Command, words []string) Command {
	if words[len(words)-1] == strings.TrimSpace(more) {
		return unknown("it goes on for longer than we read: write it as several lines, or comments")
	}
	for _, word := range words {
		if !isJob(word) {
			return unknown("it has words that cannot be the name of a job")
		}
		if !slices.Contains(c.Jobs, word) {
			c.Jobs = append(c.Jobs, word)
		}
	}
	return c
}

// isJob holds for what Prow allows as the name of a job, for job@branch, and for
// both with asterisks.
func isJob(word string) bool {
	name, branch, at := strings.Cut(word, "@")
	if name == "" || at && branch == "" {
		return false
	}
	bad := func(also string) func(rune) bool {
		return func(r rune) bool { return !isAlphanumeric(r) && !strings.ContainsRune(also, r) }
	}
	return !strings.ContainsFunc(name, bad("-._*")) && !strings.ContainsFunc(branch, bad("-._/*"))
}
