package main

import (
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

// invoked returns the arguments for cobra, and makes us what we were called as.
func (r *root) invoked(args []string) []string {
	switch strings.TrimSuffix(filepath.Base(args[0]), ".exe") {
	case completerName:
		return append([]string{cobra.ShellCompRequestCmd}, args[1:]...)
	case pluginName:
		r.plugin = true
		r.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl rehearse"}
		// kubectl completes its plugins itself.
		r.CompletionOptions.DisableDefaultCmd = true
		r.each(func(cmd *cobra.Command) {
			cmd.Example, cmd.Long = r.speak(cmd.Example), r.speak(cmd.Long)
		})
	}
	return args[1:]
}

func (r *root) each(do func(*cobra.Command)) {
	do(r.Command)
	for _, cmd := range r.Commands() {
		do(cmd)
	}
}

// ourName is our name where it starts a command.
var ourName = regexp.MustCompile("(^|[`\\n|] *|: +|there is +|as +)rehearse( |:)")

// speak says what we are called in what we say.
func (r *root) speak(text string) string {
	if !r.plugin {
		return text
	}
	return ourName.ReplaceAllString(text, "${1}kubectl rehearse${2}")
}
