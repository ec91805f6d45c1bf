// Package program has what a program shows to its caller: its name and its exit status.
package program

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

const (
	// ownName is the name of the program in our texts.
	ownName = "rehearse"
	// pluginName is the name of the kubectl plugin, called as kubectl rehearse.
	pluginName = "kubectl-rehearse"
	// completerName is the program that kubectl calls to complete the arguments of the
	// plugin. It must print what cobra's hidden completion command prints.
	completerName = "kubectl_complete-rehearse"
)

// Prepare adapts a command line to the way it was called: path and arguments.
func Prepare(root *cobra.Command, called []string) {
	args := called[1:]
	switch strings.TrimSuffix(filepath.Base(called[0]), ".exe") {
	case completerName:
		args = append([]string{cobra.ShellCompRequestCmd}, args...)
	case pluginName:
		root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl " + ownName}
		// kubectl itself completes its plugins.
		root.CompletionOptions.DisableDefaultCmd = true
		for _, cmd := range append(root.Commands(), root) {
			cmd.Example, cmd.Long = Speak(cmd, cmd.Example), Speak(cmd, cmd.Long)
		}
	}
	root.SetArgs(args)
}

// Speak replaces the program's name in a text with the name that it was called by. It
// replaces only names before a command or flag of ours, because there is also
// /pj-rehearse and the verb "rehearse".
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

// startsWord reports whether a word can start after a text.
func startsWord(before string) bool {
	return before == "" || !isNamePart(rune(before[len(before)-1])) && before[len(before)-1] != '/'
}

// startsCommand reports whether a text starts with a command or a flag.
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
