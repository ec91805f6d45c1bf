package report

import (
	"fmt"
	"sort"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
)

// Commands is how one installation is commanded.
type Commands struct {
	// Prefixes start a command; the first is the one to show.
	Prefixes []string
	// Limit is how many jobs the bare prefix runs; zero when that is not known.
	Limit int
}

// line is a command as it is written.
func (c Commands) line(words string) string {
	return strings.TrimSpace(c.prefixes()[0] + " " + words)
}

func (c Commands) prefixes() []string {
	if len(c.Prefixes) == 0 {
		return event.DefaultPrefixes()
	}
	return c.Prefixes
}

// usage is the list of commands, as Markdown.
func (c Commands) usage() string {
	var b strings.Builder
	for _, e := range event.Grammar() {
		does := e.Does
		if e.Usage == "" && c.Limit > 0 {
			does = fmt.Sprintf("Run up to %d of the affected jobs: the same ones each time", c.Limit)
		}
		b.WriteString("- " + code(c.line(e.Usage)) + ": " + text(does) + ".\n")
	}
	b.WriteString("\nA command is a line of its own in a new comment.")
	prefixes := c.prefixes()
	for _, p := range prefixes[1:] {
		b.WriteString(" " + code(p) + " means the same as " + code(prefixes[0]) + ".")
	}
	return b.String()
}

// Denied tells somebody, once, that they may not command, and who may.
func (c Commands) Denied(login, org, repo string) string {
	return "🔒 **Only people with write access to " + code(org+"/"+repo) + " may command rehearsals**, and " + code(login) +
		" has none, so nothing was run.\n\n" +
		"Rehearsals run the pull request's own code on real clusters. Somebody with write access can look at the change and write " +
		code(c.line("")) + " instead. This is said once: further commands stay without an answer until the access changes.\n\n" +
		DeniedMarker(login) + "\n"
}

// Unknown answers a line that is not understood with what is. Reason is half a
// sentence of plain text, and may be empty.
func (c Commands) Unknown(commandID, line, by, reason string) string {
	if reason == "" {
		reason = "it is not a command"
	}
	return "❓ " + code(by) + ": " + code(clip(line, maxName)) + " was not understood: " + text(clip(reason, maxDetail)) +
		". What is:\n\n" + c.usage() + "\n\n" + AnswerMarker(commandID) + "\n"
}

// Answer answers a command in sentences of plain text, in which `…` marks code.
func Answer(commandID, line, by string, sentences ...string) string {
	var b strings.Builder
	b.WriteString("💬 " + code(by) + ": " + code(clip(line, maxName)) + "\n")
	for i, s := range sentences {
		if i == maxNotes {
			fmt.Fprintf(&b, "\n… and %s.\n", plural(len(sentences)-i, "more remark"))
			break
		}
		b.WriteString("\n" + text(clip(s, maxDetail)) + "\n")
	}
	return b.String() + "\n" + AnswerMarker(commandID) + "\n"
}

// The sentences below are plain text, for Answer and for a manifest's notes.

// NothingToAbort is said when `abort` finds nothing to do.
func NothingToAbort() string { return "Nothing is running for this pull request." }

// NothingAffected is said when there is no job to run.
func NothingAffected() string { return "This pull request affects no job that could be rehearsed." }

// PushBetween is said when the head moved after the command was written.
func PushBetween(head string) string {
	return fmt.Sprintf("A push came between this command and our reading of it, so it was not applied to code that its author may not have seen. Write it again to run %s.", quote(head))
}

// Closed is said when the pull request is no longer open.
func Closed() string { return "This pull request is closed; nothing is run for it." }

// Expired is said of commands that are found too late.
func Expired() string { return "This command is too old to be acted upon. Write it again." }

// NotAffected is said of a name that is none of the affected jobs'.
func NotAffected(name string, affected []string) string {
	s := fmt.Sprintf("%s is not affected by this pull request, so it was not run.", quote(name))
	near := Nearest(name, affected)
	if len(near) == 0 {
		return s
	}
	for i := range near {
		near[i] = quote(near[i])
	}
	return s + " Did you mean " + strings.Join(near, " or ") + "?"
}

// Excluded is said of an affected job that a rule keeps from running.
func Excluded(name, rule string) string {
	return fmt.Sprintf("%s was not run: %s.", quote(name), strings.TrimRight(rule, "."))
}

// quote marks code in a sentence.
func quote(s string) string {
	return "`" + strings.ReplaceAll(oneLine(clip(s, maxName)), "`", "'") + "`"
}

const maxNearest = 3

// Nearest returns the few names most like name, the most alike first, and none
// that is too far from it.
func Nearest(name string, names []string) []string {
	type near struct {
		name     string
		distance int
	}
	var found []near
	seen := map[string]bool{}
	for _, n := range names {
		if seen[n] || len(name) > maxName || len(n) > maxName {
			continue
		}
		seen[n] = true
		d := distance(name, n)
		if len(name) >= 3 && strings.Contains(n, name) {
			d = min(d, 1)
		}
		if d <= max(2, len(name)/4) {
			found = append(found, near{n, d})
		}
	}
	sort.Slice(found, func(i, j int) bool {
		if found[i].distance != found[j].distance {
			return found[i].distance < found[j].distance
		}
		return found[i].name < found[j].name
	})
	var out []string
	for i := 0; i < len(found) && i < maxNearest; i++ {
		out = append(out, found[i].name)
	}
	return out
}

// distance is the number of single-byte edits between two names.
func distance(a, b string) int {
	previous := make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current := make([]int, len(b)+1)
		current[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			current[j] = min(previous[j]+1, current[j-1]+1, previous[j-1]+cost)
		}
		previous = current
	}
	return previous[len(b)]
}
