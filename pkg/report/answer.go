package report

import (
	"fmt"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/nearest"
)

// Answer renders the answer to a command, from sentences of plain text in which `…` marks
// code.
func Answer(commandID, line, by string, sentences ...string) string {
	var b strings.Builder
	b.WriteString("💬 " + code(by) + ": " + said(legible.Clip(line, maxName)) + "\n")
	for i, s := range sentences {
		if i == maxNotes || b.Len() > MaxBody/2 {
			fmt.Fprintf(&b, "\n… and %s.\n", plural(len(sentences)-i, "more note"))
			break
		}
		b.WriteString("\n" + text(legible.Clip(s, maxDetail)) + "\n")
	}
	return b.String() + "\n" + AnswerMarker(commandID) + "\n"
}

// The functions below return plain text for Answer and for the notes of a manifest.

// NothingToAbort is the answer to `abort` if no job is running.
func NothingToAbort() string { return "Nothing is running for this pull request." }

// NothingAffected is the answer to a run command if there is no job to run.
func NothingAffected() string { return "This pull request affects no jobs that can be rehearsed." }

// PushBetween is the answer if the head moved after the command was written.
func PushBetween(head string) string {
	return fmt.Sprintf("A push arrived before this command was read, so it was not applied: its author may not have seen the new code. Write it again for %s.", quote(head))
}

// HeadUnknown is the answer if it is unknown whether the head was already there when the
// command was written. Line is the same command with the head's SHA; empty if the command
// takes no SHA.
func HeadUnknown(head, line string) string {
	if line == "" {
		return fmt.Sprintf("It is not known whether %s was already the head when you wrote this. Write it again once the comment with the affected jobs names that commit.", quote(short(head)))
	}
	return fmt.Sprintf("It is not known whether %s was already the head when you wrote this. Write %s.", quote(short(head)), quote(line))
}

// OtherCommit is the answer to a command that names another commit than the head.
func OtherCommit(named, head, line string) string {
	return fmt.Sprintf("%s is not the head of this pull request: the head is %s. Review it, and write %s.", quote(named), quote(short(head)), quote(line))
}

// short returns as much of a SHA as people usually copy.
func short(sha string) string { return fmt.Sprintf("%.12s", sha) }

// Edited is the answer to a command in a text that was edited before it was read.
func Edited() string {
	return "This was edited before it was read, and GitHub does not say by whom, or what it said before. Write the command in a new comment."
}

// OtherPrefix is the answer to a command with a prefix that was removed from the settings.
func (c Commands) OtherPrefix() string {
	return fmt.Sprintf("This prefix no longer starts a command. Write it with %s.", quote(c.Prefixes[0]))
}

// Closed is the answer if the pull request is no longer open.
func Closed() string { return "This pull request is closed, so nothing is run for it." }

// Expired is the answer to commands that are found too late.
func Expired() string { return "This command is too old to be carried out. Write it again." }

// NeedsOkToTest is the answer while the pull request has a label that forbids runs.
func NeedsOkToTest(label string) string {
	return fmt.Sprintf("Nothing runs while this pull request has the label %s. Somebody who may trust its author has to review it and remove the label first.", quote(label))
}

// OtherBase is the answer on a pull request into a branch that the settings do not list.
func OtherBase(branch, repo string) string {
	return fmt.Sprintf("Nothing runs for pull requests into the branch %s: the jobs and permissions on a branch count only if the settings list it. An operator of this installation can add it to the branches of %s.", quote(branch), quote(repo))
}

// TooManyRuns is the answer to a request for more runs than a pull request may have at a
// time.
func TooManyRuns(most int) string {
	return fmt.Sprintf("%d runs of this pull request have not ended, and more are not allowed. Wait for some of them, or abort them. One command can name many jobs.", most)
}

// NothingFailed is the answer to `failed` if every job passed.
func NothingFailed() string {
	return "Every job of the latest run passed, so there is nothing to rerun."
}

// NoRunYet is the answer to `failed` if there was no run.
func NoRunYet() string {
	return "Nothing has been run for this head yet, so nothing has failed."
}

// StillRunning is the answer to `failed` before the latest run has ended.
func StillRunning() string {
	return "The latest run has not ended yet. Write this again when it has."
}

// Capped is the note on a command that requests more jobs than one run may have.
func Capped(asked, limit int) string {
	return fmt.Sprintf("%s jobs were requested, but a run has at most %s, so %s of them are not in this run.", count(asked), count(limit), count(asked-limit))
}

// NotPinned is the note that the heads of some branches of other repositories were not
// looked up.
func NotPinned(branches int) string {
	what := count(branches) + " branches of other repositories were"
	if branches == 1 {
		what = "One branch of another repository was"
	}
	return what + " not looked up, so each job clones whatever it finds there."
}

// NothingMatches is the note on a pattern that matches no affected job.
func NothingMatches(pattern string) string {
	return fmt.Sprintf("No offered job matches %s.", quote(pattern))
}

// NoLongerAffected is the note on a job that did not pass in the latest run, but that
// `failed` cannot run again.
func NoLongerAffected(name string) string {
	return fmt.Sprintf("%s did not pass in the latest run, but this pull request no longer affects it, so it was not run.", quote(name))
}

// NotRunning is the note on a name for which `abort` finds no running job.
func NotRunning(name string, running []string) string {
	return fmt.Sprintf("No running job of this pull request is called %s.", quote(name)) + didYouMean(nearest.Names(name, running))
}

// NotAffected is the note on a name that no affected job has.
func NotAffected(name string, affected []string) string {
	return fmt.Sprintf("%s is not affected by this pull request, so it was not run.", quote(name)) + didYouMean(nearest.Names(name, affected))
}

// NotAJob is the note on a name that no job has, affected or not.
func NotAJob(name string, affected []string) string {
	return fmt.Sprintf("There is no job called %s, so it was not run.", quote(name)) + didYouMean(nearest.Names(name, affected))
}

// didYouMean returns a sentence that suggests names; empty without any.
func didYouMean(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = quote(name)
	}
	if len(quoted) == 0 {
		return ""
	}
	return " Did you mean " + strings.Join(quoted, " or ") + "?"
}

// Excluded is the note on an affected job that a rule excludes.
func Excluded(name, rule string) string {
	return fmt.Sprintf("%s was not run: %s.", quote(name), strings.TrimRight(rule, "."))
}

// quote marks code in a sentence.
func quote(s string) string {
	return "`" + strings.ReplaceAll(legible.Name(legible.Clip(strings.TrimSpace(s), maxName), ours), "`", "'") + "`"
}
