// Package program is what a program is to whoever calls it: the name that it goes
// by, and the status that it ends with.
package program

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

const (
	// ownName is how our texts name us.
	ownName = "rehearse"
	// pluginName is what kubectl looks for, to have it called as kubectl rehearse.
	pluginName = "kubectl-rehearse"
	// completerName is what kubectl calls for the completion of a plugin's
	// arguments. It expects what cobra's hidden command prints.
	completerName = "kubectl_complete-rehearse"
)

// Prepare makes a command line fit what the program was called as: its path and its
// arguments.
func Prepare(root *cobra.Command, called []string) {
	args := called[1:]
	switch strings.TrimSuffix(filepath.Base(called[0]), ".exe") {
	case completerName:
		args = append([]string{cobra.ShellCompRequestCmd}, args...)
	case pluginName:
		root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl " + ownName}
		// kubectl completes its plugins itself.
		root.CompletionOptions.DisableDefaultCmd = true
		for _, cmd := range append(root.Commands(), root) {
			cmd.Example, cmd.Long = Speak(cmd, cmd.Example), Speak(cmd, cmd.Long)
		}
	}
	root.SetArgs(args)
}

// Speak gives us the name in a text of ours that we were called by. In front of our
// commands and flags, that is: there is also /pj-rehearse, and people rehearse jobs.
func Speak(cmd *cobra.Command, text string) string {
	root := cmd.Root()
	name := root.DisplayName()
	if name == ownName {
		return text
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, ownName+" ")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		if startsWord(before) && !strings.HasSuffix(before, "kubectl ") && startsCommand(root, after) {
			b.WriteString(name + " ")
		} else {
			b.WriteString(ownName + " ")
		}
		text = after
	}
}

// startsWord reports whether what follows a text is no part of another word.
func startsWord(before string) bool {
	return before == "" || !isNamePart(rune(before[len(before)-1])) && before[len(before)-1] != '/'
}

// startsCommand reports whether a text goes on with a command or a flag.
func startsCommand(root *cobra.Command, text string) bool {
	word := text
	if end := strings.IndexFunc(text, func(r rune) bool { return !isNamePart(r) }); end >= 0 {
		word = text[:end]
	}
	return strings.HasPrefix(word, "--") || slices.ContainsFunc(root.Commands(), func(c *cobra.Command) bool { return c.Name() == word })
}

func isNamePart(r rune) bool {
	return r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}
