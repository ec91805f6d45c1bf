package report

import (
	"fmt"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// Commands says how commands are written in one installation, and what they do.
type Commands struct {
	// Prefixes start a command; the first is the one to show.
	Prefixes []string
	// Limits are the maximum numbers of jobs by selection; a missing one means that the
	// limit is unknown.
	Limits map[event.Selection]int
	// AckLabel and NetworkLabel are the labels that commands set; if empty, they are not
	// mentioned.
	AckLabel, NetworkLabel string
	// Policy says who may do what.
	Policy policy.Config
}

// CommandsOf returns the commands of an installation with these options.
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

// Line is one command and its effect, both plain text in which `…` marks code.
type Line struct {
	// Usage is the text to write.
	Usage string
	// Does is a sentence.
	Does string
	// For is the row of the policy that says who may use it.
	For policy.Command
}

// Lines returns the grammar as shown in comments, in Prow's command help and in the
// documentation.
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

// line returns a command line.
func (c Commands) line(words string) string {
	return strings.TrimSpace(c.prefixes()[0] + " " + words)
}

// For returns a command line for one commit. It must never start a line of a comment,
// because other bots read such lines.
func (c Commands) For(word, sha string) string { return c.line(word + " " + sha) }

func (c Commands) prefixes() []string {
	if len(c.Prefixes) == 0 {
		return event.DefaultPrefixes()
	}
	return c.Prefixes
}

// usage returns the list of commands as Markdown.
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

// Help answers the command `help`.
func (c Commands) Help(commandID, line, by string) string {
	return "💬 " + code(by) + ": " + said(legible.Clip(line, maxName)) + "\n\n" + c.usage() + "\n\n" + AnswerMarker(commandID) + "\n"
}

// UnknownToo returns an answer to another unknown line, after the list of commands was
// already given. It is part of a comment, see Answers.
func UnknownToo(line, reason string) string {
	return "❓ " + code(legible.Clip(line, maxName)) + " was not understood either: " + text(legible.Clip(reason, maxDetail)) + "."
}

// Unknown answers an unknown line with the list of commands. Reason is half a sentence of
// plain text, and may be empty.
func (c Commands) Unknown(commandID, line, by, reason string) string {
	if reason == "" {
		reason = "it is not a command"
	}
	return "❓ " + code(by) + ": " + said(legible.Clip(line, maxName)) + " was not understood: " + text(legible.Clip(reason, maxDetail)) +
		". These are the commands:\n\n" + c.usage() + "\n\n" + AnswerMarker(commandID) + "\n"
}
