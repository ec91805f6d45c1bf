package program

import (
	"testing"

	"github.com/spf13/cobra"
)

func TestSpeak(t *testing.T) {
	root := &cobra.Command{Use: "rehearse"}
	watch := &cobra.Command{Use: "watch [PULL]"}
	root.AddCommand(watch, &cobra.Command{Use: "run PULL"}, &cobra.Command{Use: "check-config"})
	plugin := &cobra.Command{Use: "rehearse"}
	plugin.AddCommand(&cobra.Command{Use: "watch [PULL]"}, &cobra.Command{Use: "run PULL"}, &cobra.Command{Use: "check-config"})
	Prepare(plugin, []string{"/usr/local/bin/kubectl-rehearse.exe"})
	for text, want := range map[string]string{
		"rehearse run 1": "kubectl rehearse run 1",
		"see `rehearse watch`, or rehearse check-config":   "see `kubectl rehearse watch`, or kubectl rehearse check-config",
		"see `rehearse --help`":                            "see `kubectl rehearse --help`",
		"unknown command for \"kubectl rehearse watch\"":   "unknown command for \"kubectl rehearse watch\"",
		"accepted: /pj-rehearse run, /rehearse run":        "accepted: /pj-rehearse run, /rehearse run",
		"to rehearse a sample, and rehearse running jobs":  "to rehearse a sample, and rehearse running jobs",
		"prehearse run, rehearse_run, rehearse run-always": "prehearse run, rehearse_run, rehearse run-always",
		"":          "",
		"rehearse ": "rehearse ",
	} {
		if got := Speak(plugin.Commands()[0], text); got != want {
			t.Errorf("%q becomes %q", text, got)
		}
		if got := Speak(watch, text); got != text {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}
