package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

const (
	// pluginName is what kubectl looks for, to have it called as kubectl rehearse.
	pluginName = "kubectl-rehearse"
	// completerName is what kubectl calls for the completion of a plugin's
	// arguments. It expects what cobra's hidden command prints.
	completerName = "kubectl_complete-rehearse"
)

// caller is the name by which we were called.
type caller string

func callerOf(program string) caller {
	return caller(strings.TrimSuffix(filepath.Base(program), ".exe"))
}

// self is how people call us.
var self = callerOf(os.Args[0])

// arguments are those for cobra.
func (c caller) arguments(args []string) []string {
	if c == completerName {
		return append([]string{cobra.ShellCompRequestCmd}, args...)
	}
	return args
}

// dress makes commands look like what we were called as.
func (c caller) dress(root *cobra.Command) {
	if c != pluginName {
		return
	}
	root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: c.display()}
	// kubectl completes its plugins itself.
	root.CompletionOptions.DisableDefaultCmd = true
	for _, cmd := range append(root.Commands(), root) {
		cmd.Example, cmd.Long = c.speak(cmd.Example), c.speak(cmd.Long)
	}
}

// display is what people write to call us.
func (c caller) display() string {
	if c == pluginName {
		return "kubectl rehearse"
	}
	return "rehearse"
}

// commandLine is our name before the name of a command or a flag, but not as a
// part of /pj-rehearse.
var commandLine = regexp.MustCompile(`(^|[^-/\w])rehearse (affected|render|run|watch|describe|list|abort|ack|approve|privileges-allowed|--help)`)

// speak puts the right name for us into what we say.
func (c caller) speak(text string) string {
	if c != pluginName {
		return text
	}
	return commandLine.ReplaceAllString(text, "${1}kubectl rehearse ${2}")
}
