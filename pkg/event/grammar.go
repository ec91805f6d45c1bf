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
	// Explain shows everything about one job.
	Explain Verb = "explain"
	// Ack acknowledges the pull request as it is. Skip does the same, and records that
	// nothing was rehearsed.
	Ack  Verb = "ack"
	Skip Verb = "skip"
	// Reject withdraws an acknowledgement.
	Reject Verb = "reject"
	// Abort aborts what is running, or only the named jobs.
	Abort Verb = "abort"
	// AllowNetwork lets rehearsals use the network.
	AllowNetwork Verb = "network-access-allowed"
	// Approve lets a head run whose author is not trusted.
	Approve Verb = "approve"
	// AllowPrivileges lets jobs run with what they request beyond what the base branch
	// grants.
	AllowPrivileges Verb = "privileges-allowed"
	// Help shows the grammar.
	Help Verb = "help"
	// Unknown is everything else.
	Unknown Verb = "unknown"
)

// Selection says which of the affected jobs a Run takes.
type Selection string

// The selections.
const (
	// Sample, More and Max are stable choices of three sizes. The settings set the sizes.
	Sample Selection = "sample"
	More   Selection = "more"
	Max    Selection = "max"
	// All is every job that is offered.
	All Selection = "all"
	// Failed is every job that did not pass in the latest run.
	Failed Selection = "failed"
	// Named is what Command.Jobs names.
	Named Selection = "named"
)

// Command is a parsed command line.
type Command struct {
	Verb Verb
	// Selection is set for Run.
	Selection Selection
	// AutoAck says that the pull request is acknowledged when the run passes.
	AutoAck bool
	// SHA is the start of the commit's SHA, in lower case; usually empty. For verbs that
	// take one.
	SHA string
	// Jobs are the names that were written, each once, in order: name,
	// name@branch, or either with asterisks. For Run, Abort, Explain and
	// AllowPrivileges.
	Jobs []string
	// Reason says why a command is Unknown: a clause without a full stop.
	Reason string
}

// Entry is a line of the grammar as people see it.
type Entry struct {
	// Usage is what to write after the prefix; empty for the bare prefix.
	Usage string
	// Does is a sentence without a full stop. It does not contain limits from the
	// settings; see Limit.
	Does string
	// Limit is the selection whose size the entry depends on; usually empty.
	Limit Selection
}

// Line is what to write, with one of the prefixes.
func (e Entry) Line(prefix string) string {
	return strings.TrimSpace(prefix + " " + e.Usage)
}

// aliases are the words of other rehearsal plugins for our commands.
var aliases = map[string]string{"?": "list"}

// Grammar lists the commands in display order.
func Grammar() []Row {
	var rows []Row
	for _, r := range table {
		if r.Place != NotWritten {
			rows = append(rows, r)
		}
	}
	return rows
}

// Parse reads a command line, as CommandLines returns it. Prefixes and verbs are
// case-insensitive, names of jobs are not.
func Parse(line string, prefixes []string) Command {
	rest, ok := cutPrefix(line, prefixes)
	if !ok {
		return unknown("it is not a command")
	}
	words := strings.Fields(rest)
	if len(words) == 0 {
		return table[0].Command
	}
	if v, ok := find(words[0]); ok {
		return v.read(words[1:])
	}
	return parseJobs(Command{Verb: Run, Selection: Named}, words)
}

// ParseStored parses a command line of the log. Its first word was a prefix when it
// was stored, even if the settings have changed since.
func ParseStored(line string, prefixes []string) Command {
	first, _, _ := strings.Cut(line, " ")
	if _, known := cutPrefix(line, prefixes); !known && len(first) > 1 && first[0] == '/' {
		prefixes = []string{first}
	}
	return Parse(line, prefixes)
}

func unknown(reason string) Command { return Command{Verb: Unknown, Reason: reason} }

// find returns the row that a word selects.
func find(word string) (Row, bool) {
	word = strings.ToLower(word)
	if alias, ok := aliases[word]; ok {
		word = alias
	}
	i := slices.IndexFunc(table, func(r Row) bool { return r.Word == word && word != "" })
	if i < 0 {
		return Row{}, false
	}
	return table[i], true
}

// read reads what follows the word of a row.
func (r Row) read(words []string) Command {
	switch {
	case len(words) == 0 && r.Takes == OneJob:
		return unknown("`" + r.Word + "` needs the name of a job")
	case len(words) == 0:
		return r.Command
	case r.Takes == OneJob && len(words) > 1:
		return unknown("only one name may follow `" + r.Word + "`")
	case r.Takes == OneJob && strings.Contains(words[0], "*"):
		return unknown("`" + r.Word + "` needs the full name of a job")
	case r.Takes == ASelection:
		return r.readSelection(words)
	case r.Takes == ACommit:
		return r.readCommit(words)
	case r.Takes == ACommitAndJobs:
		return r.readCommitAndJobs(words)
	case r.Takes == OneJob, r.Takes == AnyJobs:
		return parseJobs(r.Command, words)
	}
	return unknown("nothing may follow `" + r.Word + "`")
}

// readCommit reads the beginning of a SHA.
func (r Row) readCommit(words []string) Command {
	sha := strings.ToLower(words[0])
	switch {
	case len(words) > 1:
		return unknown("only a commit SHA may follow `" + r.Word + "`")
	case !isAbbreviation(sha):
		return unknown("only a commit SHA may follow `" + r.Word + "`, with at least seven digits")
	}
	c := r.Command
	c.SHA = sha
	return c
}

// readCommitAndJobs reads the beginning of a SHA, or none, and names of jobs.
func (r Row) readCommitAndJobs(words []string) Command {
	c := r.Command
	if sha := strings.ToLower(words[0]); isAbbreviation(sha) {
		c.SHA, words = sha, words[1:]
	}
	if slices.ContainsFunc(words, func(s string) bool { return strings.Contains(s, "*") }) {
		return unknown("`" + r.Word + "` needs the full name of a job")
	}
	if len(words) == 0 {
		return c
	}
	return parseJobs(c, words)
}

// isAbbreviation reports whether a string is a SHA or an abbreviation that Git accepts.
func isAbbreviation(s string) bool {
	const least, most = 7, 64
	return len(s) >= least && len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'f') })
}

// readSelection reads a selection, as after the bare prefix.
func (r Row) readSelection(words []string) Command {
	other, ok := find(words[0])
	if !ok {
		c := r.Command
		c.Selection = Named
		return parseJobs(c, words)
	}
	if other.Verb != Run || other.AutoAck {
		return unknown("`" + other.Word + "` cannot follow `" + r.Word + "`")
	}
	c := other.read(words[1:])
	c.AutoAck = r.AutoAck && c.Verb == Run
	return c
}

func parseJobs(c Command, words []string) Command {
	if words[len(words)-1] == strings.TrimSpace(more) {
		return unknown("it is too long: split it into several lines or comments")
	}
	for _, word := range words {
		if !isJob(word) {
			return unknown("it has words that cannot be job names")
		}
		if !slices.Contains(c.Jobs, word) {
			c.Jobs = append(c.Jobs, word)
		}
	}
	return c
}

// isJob reports whether a word is a name that Prow allows for jobs, or job@branch, either
// with asterisks.
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
