// Package program is what a program is to whoever calls it: the name that it goes
// by, and the status that it ends with.
package program

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

const (
	// PluginName is what kubectl looks for, to have it called as kubectl rehearse.
	PluginName = "kubectl-rehearse"
	// completerName is what kubectl calls for the completion of a plugin's
	// arguments. It expects what cobra's hidden command prints.
	completerName = "kubectl_complete-rehearse"
)

// Caller is the name by which we were called.
type Caller string

// CallerOf takes the name from the first argument of a process.
func CallerOf(program string) Caller {
	return Caller(strings.TrimSuffix(filepath.Base(program), ".exe"))
}

// Self is how people call us.
var Self = CallerOf(os.Args[0])

// Arguments are those for cobra.
func (c Caller) Arguments(args []string) []string {
	if c == completerName {
		return append([]string{cobra.ShellCompRequestCmd}, args...)
	}
	return args
}

// Dress makes commands look like what we were called as.
func (c Caller) Dress(root *cobra.Command) {
	if c != PluginName {
		return
	}
	root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: c.Display()}
	// kubectl completes its plugins itself.
	root.CompletionOptions.DisableDefaultCmd = true
	for _, cmd := range append(root.Commands(), root) {
		cmd.Example, cmd.Long = c.Speak(cmd.Example), c.Speak(cmd.Long)
	}
}

// Display is what people write to call us.
func (c Caller) Display() string {
	if c == PluginName {
		return "kubectl rehearse"
	}
	return "rehearse"
}

// commandLine is our name before the name of a command or a flag, but not as a
// part of /pj-rehearse.
var commandLine = regexp.MustCompile(`(^|[^-/\w])rehearse (affected|render|run|watch|describe|list|abort|ack|approve|privileges-allowed|--help)`)

// Speak puts the right name for us into what we say.
func (c Caller) Speak(text string) string {
	if c != PluginName {
		return text
	}
	return commandLine.ReplaceAllString(text, "${1}kubectl rehearse ${2}")
}
