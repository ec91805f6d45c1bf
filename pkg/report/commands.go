package report

import (
	"fmt"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// Commands is how one installation is commanded.
type Commands struct {
	// Prefixes start a command; the first is the one to show.
	Prefixes []string
	// Limits are how many jobs a selection runs at most; a selection that is
	// missing has none that is known.
	Limits map[event.Selection]int
	// AckLabel and NetworkLabel are the labels that commands set; they are not
	// spoken of when empty.
	AckLabel, NetworkLabel string
	// Policy says who may do what.
	Policy policy.Config
}

// CommandsOf is how an installation is commanded where these options hold.
func CommandsOf(prefixes []string, o settings.Options) Commands {
	return Commands{
		Prefixes: prefixes,
		Limits: map[event.Selection]int{
			event.Sample: o.Limits.Sample, event.More: o.Limits.More, event.Max: o.Limits.Max, event.All: o.Limits.All,
		},
		AckLabel:     o.Labels.Ack,
		NetworkLabel: o.Labels.Network,
		Policy:       o.Policy,
	}
}

// Line is one command and what it does, both plain text in which `…` marks code.
type Line struct {
	// Usage is what to write.
	Usage string
	// Does is a sentence.
	Does string
	// For is the row of the policy that says who may.
	For policy.Command
}

// Lines is the grammar as people see it: in comments, in Prow's command help and
// in the documentation.
func (c Commands) Lines() []Line {
	rows := event.Grammar()
	lines := make([]Line, len(rows))
	for i, e := range rows {
		does := e.Does
		if n := c.Limits[e.Limit]; e.Limit != "" && n > 0 {
			does += " (up to " + count(n) + ")"
		}
		lines[i] = Line{Usage: e.Line(c.prefixes()[0]), Does: does + ".", For: policy.CommandOf(e.Command)}
	}
	return lines
}

// line is a command as it is written.
func (c Commands) line(words string) string {
	return strings.TrimSpace(c.prefixes()[0] + " " + words)
}

// For is the line that gives a command for one commit. It is never at the start of a
// line of ours: other bots read those.
func (c Commands) For(word, sha string) string { return c.line(word + " " + sha) }

func (c Commands) prefixes() []string {
	if len(c.Prefixes) == 0 {
		return event.DefaultPrefixes()
	}
	return c.Prefixes
}

// usage is the list of commands, as Markdown.
func (c Commands) usage() string {
	var b strings.Builder
	for _, l := range c.Lines() {
		b.WriteString("- " + code(l.Usage) + ": " + text(l.Does) + "\n")
	}
	b.WriteString("\nWrite each command on a line of its own in a new comment.")
	prefixes := c.prefixes()
	for _, p := range prefixes[1:] {
		b.WriteString(" " + code(p) + " means the same as " + code(prefixes[0]) + ".")
	}
	if c.AckLabel != "" {
		fmt.Fprintf(&b, " An acknowledgement sets the label %s", said(c.AckLabel))
		if c.NetworkLabel != "" {
			b.WriteString("; allowing network access sets " + said(c.NetworkLabel))
		}
		b.WriteString(".")
	}
	return b.String()
}

// Help answers a command that asks for the commands.
func (c Commands) Help(commandID, line, by string) string {
	return "💬 " + code(by) + ": " + said(legible.Clip(line, maxName)) + "\n\n" + c.usage() + "\n\n" + AnswerMarker(commandID) + "\n"
}

// UnknownToo is said of a line that is not understood either, where that was answered
// with what is. It is part of a comment, see Answers.
func UnknownToo(line, reason string) string {
	return "❓ " + code(legible.Clip(line, maxName)) + " was not understood either: " + text(legible.Clip(reason, maxDetail)) + "."
}

// Unknown answers a line that is not understood with what is. Reason is half a
// sentence of plain text, and may be empty.
func (c Commands) Unknown(commandID, line, by, reason string) string {
	if reason == "" {
		reason = "it is not a command"
	}
	return "❓ " + code(by) + ": " + said(legible.Clip(line, maxName)) + " was not understood: " + text(legible.Clip(reason, maxDetail)) +
		". These commands are:\n\n" + c.usage() + "\n\n" + AnswerMarker(commandID) + "\n"
}
