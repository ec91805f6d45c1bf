package report

import (
	"fmt"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
)

// FileProblem is a file that could not be used.
type FileProblem struct {
	File    string
	Line    int
	Message string
}

// Problem is why a pull request cannot be planned. One of Conflicts, Missing,
// Unfetched, Refused, Stopped and Delayed is set.
type Problem struct {
	// Conflicts are the files that do not merge.
	Conflicts []string
	// Missing is a path that does not exist, and Setting the setting that names it.
	Missing, Setting string
	// Unfetched is why the commits of the pull request were not fetched.
	Unfetched string
	// Refused is Prow's error about the configuration, and where it is.
	Refused *FileProblem
	// Stopped says what went wrong in planning itself, as the end of a sentence about it.
	Stopped string
	// Delayed is why there is no plan yet, in sentences.
	Delayed string
	// TooLarge says that Prow did not refuse the configuration: it is too large to plan.
	TooLarge bool
	// BaseBroken says that base is refused as well, or that planning stopped at base.
	BaseBroken bool
}

const maxProblem = 4000

// place returns the file, and the line if it is known.
func (f FileProblem) place() string {
	if f.Line > 0 && f.File != "" {
		return fmt.Sprintf("%s:%d", legible.Clip(f.File, maxName), f.Line)
	}
	return legible.Clip(f.File, maxName)
}

// problemHeadline says in plain text why there is no plan, and who has to act.
func problemHeadline(v PlanView) (icon, verdict, rest string) {
	p := v.Problem
	in := ""
	if p.Refused != nil && p.Refused.place() != "" {
		in = ", in " + quote(p.Refused.place())
	}
	switch {
	case len(p.Conflicts) > 0:
		return "⚠️", "This pull request does not merge into " + quote(v.BaseRef), ", so there is nothing to rehearse yet. Resolve the conflicts in:"
	case p.Missing != "":
		return "⚙️", "The rehearsal settings do not match this repository",
			": the setting " + quote(p.Setting) + " names " + quote(p.Missing) + ", which does not exist. An operator of this installation has to correct it."
	case p.Stopped != "" && p.BaseBroken:
		return "⚙️", "The configuration of " + quote(v.BaseRef) + " cannot be read",
			": reading it " + legible.Clip(p.Stopped, maxDetail) + ". This pull request is not to blame. An operator of this installation has to look into it."
	case p.Stopped != "":
		return "🚫", "The jobs that this commit affects cannot be determined",
			": planning " + legible.Clip(p.Stopped, maxDetail) + ". This is not retried until the next push."
	case p.Delayed != "":
		return "⏳", "The jobs that this commit affects are not known yet", ": " + legible.Clip(p.Delayed, maxDetail) + " This is retried automatically."
	case p.Unfetched != "":
		return "🚫", "This pull request is not rehearsed", ": " + legible.Clip(p.Unfetched, maxProblem) + ". It is read again after the next push."
	case p.Refused != nil && p.TooLarge && p.BaseBroken:
		return "⚙️", "The configuration of " + quote(v.BaseRef) + " is too large to be read", in + ". This pull request is not to blame. An operator of this installation has to look into it:"
	case p.Refused != nil && p.TooLarge:
		return "🚫", "This pull request is too large, so the jobs that it affects are not determined", in + ":"
	case p.Refused != nil && p.BaseBroken:
		return "🚫", "Prow refuses the configuration of " + quote(v.BaseRef) + " even without this change",
			in + ". This pull request is not to blame, but cannot be rehearsed until that is fixed:"
	}
	return "🚫", "Prow would refuse this configuration", in + ":"
}

// problemHead returns the same with the files, or Prow's error.
func problemHead(v PlanView) string {
	p := v.Problem
	var b strings.Builder
	icon, verdict, rest := problemHeadline(v)
	b.WriteString(icon + " **" + text(verdict) + "**" + text(rest) + "\n")
	files := make([]string, len(p.Conflicts))
	for i, f := range p.Conflicts {
		files[i] = code(legible.Clip(f, maxName))
	}
	b.WriteString(list("", "file", files))
	if p.Refused != nil {
		b.WriteString("\n" + block(strings.Split(legible.Clip(legible.Text(strings.TrimSpace(p.Refused.Message)), maxProblem), "\n")))
	}
	if len(v.Jobs) > 0 {
		b.WriteString("\nThis is what could be read. None of it can run until the problem is fixed.\n")
	}
	return b.String()
}
