package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/cli/program"
)

func call(t *testing.T, args ...string) (status int, out, errOut string) {
	t.Helper()
	t.Setenv("KUBECONFIG", t.TempDir()+"/none")
	t.Setenv("HOME", t.TempDir())
	var stdout, stderr bytes.Buffer
	status = Execute(t.Context(), args, &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

func TestPlugin(t *testing.T) {
	_, help, _ := call(t, "/usr/local/bin/kubectl-rehearse", "run", "--help")
	for _, want := range []string{"Usage:\n  kubectl rehearse run PULL [JOB...] [flags]", "\n  kubectl rehearse run acme/release#1234 --watch\n"} {
		if !strings.Contains(help, want) {
			t.Errorf("no %q in\n%s", want, help)
		}
	}
	if _, help, _ := call(t, "kubectl-rehearse", "--help"); strings.Contains(strings.ReplaceAll(help, "kubectl rehearse", ""), "  rehearse ") {
		t.Errorf("it has two names:\n%s", help)
	}
	if _, help, _ := call(t, "rehearse", "--help"); strings.Contains(help, "kubectl rehearse") {
		t.Errorf("it has two names:\n%s", help)
	}
	if _, _, errOut := call(t, "kubectl-rehearse.exe", "affected", "--nope"); errOut != "kubectl rehearse: unknown flag: --nope; see `kubectl rehearse affected --help`\n" {
		t.Errorf("it says %q", errOut)
	}
}

// TestPluginSpeaksOfAllCommands checks that every command has the plugin's name exactly
// once, in our texts and in cobra's.
func TestPluginSpeaksOfAllCommands(t *testing.T) {
	root := newRoot()
	program.Prepare(root, []string{"kubectl-rehearse"})
	root.InitDefaultHelpCmd()
	for _, cmd := range root.Commands() {
		if got, want := program.Speak(cmd, "see `rehearse "+cmd.Name()+"`"), "see `kubectl rehearse "+cmd.Name()+"`"; got != want {
			t.Errorf("it says %q, not %q", got, want)
		}
	}
	for _, args := range [][]string{{"watch", "a", "b"}, {"affected", "one"}, {"check-config"}} {
		_, _, errOut := call(t, append([]string{"kubectl-rehearse"}, args...)...)
		if text := strings.TrimPrefix(errOut, "kubectl rehearse: "); strings.Count(text, "kubectl rehearse ") == 0 || strings.Count(text, "kubectl") != strings.Count(text, "rehearse") {
			t.Errorf("%v: it says %q", args, errOut)
		}
	}
}

func TestPluginCompletion(t *testing.T) {
	if _, out, _ := call(t, "kubectl_complete-rehearse", "run", "--selection", "m"); !strings.HasPrefix(out, "max\nmore\n:") {
		t.Errorf("kubectl is told %q", out)
	}
	if _, out, _ := call(t, "kubectl_complete-rehearse", "wat"); !strings.HasPrefix(out, "watch\t") {
		t.Errorf("kubectl is told %q", out)
	}
}

func TestCompletionScripts(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if status, out, _ := call(t, "rehearse", "completion", shell); status != program.ExitDone || !strings.Contains(out, "__complete") {
			t.Errorf("%s: %d", shell, status)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"run"}, "name a pull request"},
		{[]string{"run", "nonsense"}, "no cluster is configured"},
		{[]string{"run", "a/b#1", "one", "--selection", "max"}, "do not name any"},
		{[]string{"run", "a/b#1", "--wait", "--watch"}, "none of the others can be"},
		{[]string{"watch", "a/b#1", "c/d#2"}, "rehearse watch takes one pull request or run, not 2"},
		{[]string{"describe", "a/b#1", "c/d#2"}, "only one pull request"},
		{[]string{"describe", "a/b#1", "-o", "xml"}, "must be json or yaml"},
		{[]string{"ack", "a/b#1", "c"}, "only a pull request can follow ack"},
		{[]string{"list", "a/b#1"}, "takes no arguments"},
		{[]string{"list"}, "no cluster is configured: name a kubeconfig"},
		{[]string{"list", "--kubeconfig", "/nowhere"}, "no such file"},
	} {
		if status, _, errOut := call(t, append([]string{"rehearse"}, c.args...)...); status != program.ExitUsage || !strings.Contains(errOut, c.says) {
			t.Errorf("%v: %d, %s", c.args, status, errOut)
		}
	}
}

// TestDocsNameTheCommands checks that the docs name all commands, and no others.
func TestDocsNameTheCommands(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, page := range pages {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(content)
	}
	root, names := newRoot(), map[string]bool{"completion": true}
	for _, cmd := range root.Commands() {
		names[cmd.Name()] = true
		if !regexp.MustCompile("(rehearse |`)" + cmd.Name() + "[` ]").MatchString(text.String()) {
			t.Errorf("no page names the command %s", cmd.Name())
		}
	}
	for _, found := range regexp.MustCompile("`rehearse ([a-z][a-z-]*)").FindAllStringSubmatch(text.String(), -1) {
		if !names[found[1]] {
			t.Errorf("there is no command %s, which a page names", found[1])
		}
	}
}
