// Package hook_test runs the plugins of Prow's hook on what we write, because they read the
// comments of bots like those of people.
package hook_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"
	"sigs.k8s.io/prow/pkg/config"
	"sigs.k8s.io/prow/pkg/github"
	"sigs.k8s.io/prow/pkg/github/fakegithub"
	"sigs.k8s.io/prow/pkg/plugins"
	// These packages register themselves.
	_ "sigs.k8s.io/prow/pkg/plugins/approve"
	_ "sigs.k8s.io/prow/pkg/plugins/assign"
	_ "sigs.k8s.io/prow/pkg/plugins/blunderbuss"
	_ "sigs.k8s.io/prow/pkg/plugins/dog"
	_ "sigs.k8s.io/prow/pkg/plugins/help"
	_ "sigs.k8s.io/prow/pkg/plugins/hold"
	_ "sigs.k8s.io/prow/pkg/plugins/label"
	_ "sigs.k8s.io/prow/pkg/plugins/lgtm"
	_ "sigs.k8s.io/prow/pkg/plugins/lifecycle"
	_ "sigs.k8s.io/prow/pkg/plugins/milestone"
	_ "sigs.k8s.io/prow/pkg/plugins/milestonestatus"
	_ "sigs.k8s.io/prow/pkg/plugins/override"
	_ "sigs.k8s.io/prow/pkg/plugins/retitle"
	_ "sigs.k8s.io/prow/pkg/plugins/shrug"
	_ "sigs.k8s.io/prow/pkg/plugins/sigmention"
	_ "sigs.k8s.io/prow/pkg/plugins/skip"
	_ "sigs.k8s.io/prow/pkg/plugins/stage"
	_ "sigs.k8s.io/prow/pkg/plugins/transfer-issue"
	_ "sigs.k8s.io/prow/pkg/plugins/trigger"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/test/texts"
)

// commands has a command for each plugin that acts on comments, by the plugin's name.
var commands = map[string]string{
	"lgtm": "/lgtm", "approve": "/approve", "hold": "/hold", "label": "/label tide/merge-method-squash", "lifecycle": "/lifecycle frozen",
	"skip": "/skip", "trigger": "/ok-to-test", "override": "/override ci/prow/unit", "assign": "/assign @mallory", "retitle": "/retitle pwned",
	"milestone": "/milestone v1", "milestonestatus": "/status approved-for-milestone", "help": "/help", "stage": "/stage alpha", "shrug": "/shrug",
	"transfer-issue": "/transfer-issue", "blunderbuss": "/auto-cc", "dog": "/woof", "sigmention": "@kubernetes/sig-node-bugs",
}

// forms are ways to hide a command in a job, a name or an error.
var forms = []string{
	"%s", "x\n%s\ny", "x\r\n%s\r\ny", "x\r%s\ry", "x\n   %s\ny", "```\n%s\n```", "<!-- x -->%s", "<!--\n-->%s", "x\u2028%s\u2028y", "\u200b%s", "\x1b[0m\n%s", "\x00\n%s\n", "```\n```%s\n```\n%[1]s",
}

// hub is a GitHub with most calls that plugins need. Other calls make a plugin panic, which
// counts as doing something.
type hub struct {
	*fakegithub.FakeClient
	rest
}

type rest struct{ plugins.PluginGitHubClient }

func (hub) IsCollaborator(string, string, string) (bool, error) { return true, nil }
func (hub) IsMember(string, string) (bool, error)               { return true, nil }

// Query is for calls that the fake does not support.
func (hub) Query(context.Context, any, map[string]any) error { return errors.New("not asked in tests") }

// does returns what a plugin does about a comment of a bot.
func does(t *testing.T, plugin string, handle plugins.GenericCommentHandler, body string) (done string) {
	t.Helper()
	fake := fakegithub.NewFakeClient()
	fake.PullRequests = map[int]*github.PullRequest{7: {
		Number: 7, User: github.User{Login: "alice"}, Head: github.PullRequestBranch{SHA: "sha"}, Title: "A change", State: "open",
	}}
	fake.Issues = map[int]*github.Issue{7: {Number: 7, User: github.User{Login: "alice"}, State: "open"}}
	fake.RepoLabelsExisting = []string{"lgtm", "do-not-merge/hold", "tide/merge-method-squash", "lifecycle/frozen", "help wanted", "stage/alpha", "¯\\_(ツ)_/¯", "sig/node", "kind/bug"}
	fake.CombinedStatuses = map[string]*github.CombinedStatus{"sha": {Statuses: []github.Status{{Context: "ci/prow/unit", State: "failure"}}}}
	fake.MilestoneMap = map[string]int{"v1": 1}
	before := fmt.Sprintf("%+v %+v", *fake.Issues[7], *fake.PullRequests[7])
	agent := plugins.Agent{
		GitHubClient: hub{fake, rest{}}, Config: prowConfig(t), PluginConfig: pluginConfig(t), Logger: silent(),
	}
	agent.InitializeCommentPruner("acme", "release", 7)
	defer func() {
		if r := recover(); r != nil {
			done = fmt.Sprintf("calls what nobody expects: %.80v", r)
			return
		}
		done += fmt.Sprint(fake.IssueLabelsAdded, fake.IssueLabelsRemoved, fake.IssueCommentsAdded, fake.IssueCommentsDeleted, fake.AssigneesAdded, fake.CreatedStatuses, fake.Milestone)
		if after := fmt.Sprintf("%+v %+v", *fake.Issues[7], *fake.PullRequests[7]); after != before {
			done += after
		}
	}()
	err := handle(agent, github.GenericCommentEvent{
		IsPR: !onIssues[plugin], Action: github.GenericCommentActionCreated, Body: body, Number: 7, IssueState: "open",
		Repo: github.Repo{Owner: github.User{Login: "acme"}, Name: "release"}, User: github.User{Login: "rehearsals"}, IssueAuthor: github.User{Login: "alice"},
		HTMLURL: "https://github.example.com/acme/release/pull/7#issuecomment-1",
	})
	return fmt.Sprint(err)
}

// onIssues are plugins that do nothing on pull requests.
var onIssues = map[string]bool{"help": true, "transfer-issue": true}

// prowConfig returns a configuration with a job that may be skipped.
func prowConfig(t *testing.T) *config.Config {
	t.Helper()
	jobs := []config.Presubmit{{JobBase: config.JobBase{Name: "unit"}, Optional: true, Reporter: config.Reporter{Context: "ci/prow/unit"}, Trigger: `(?m)^/test unit`, RerunCommand: "/test unit"}}
	if err := config.SetPresubmitRegexes(jobs); err != nil {
		t.Fatal(err)
	}
	return &config.Config{JobConfig: config.JobConfig{PresubmitsStatic: map[string][]config.Presubmit{"acme/release": jobs}}}
}

func silent() *logrus.Entry {
	l := logrus.New()
	l.SetOutput(io.Discard)
	return logrus.NewEntry(l)
}

// pluginConfig returns Prow's plugin configuration with all defaults.
func pluginConfig(t *testing.T) *plugins.Configuration {
	t.Helper()
	c := &plugins.Configuration{Label: plugins.Label{AdditionalLabels: []string{"tide/merge-method-squash"}}, SigMention: plugins.SigMention{Regexp: `(?m)@kubernetes/sig-([\w-]*)-(misc|test-failures|bugs|feature-requests|proposals|pr-reviews|api-reviews)`}}
	c.SigMention.Re = regexp.MustCompile(c.SigMention.Regexp)
	return c
}

func handlers(t *testing.T) map[string]plugins.GenericCommentHandler {
	t.Helper()
	var names []string
	for name := range commands {
		names = append(names, name)
	}
	agent := plugins.NewFakeConfigAgent()
	agent.Set(&plugins.Configuration{Plugins: plugins.Plugins{"acme/release": {Plugins: names}}})
	return agent.GenericCommentHandlers("acme", "release")
}

// TestPluginsDoNothing: no plugin of Prow's hook does anything about what we write,
// whatever it quotes. Each plugin does something about a comment with its command.
func TestPluginsDoNothing(t *testing.T) {
	all := handlers(t)
	for name, command := range commands {
		handle := all[name]
		if handle == nil {
			t.Errorf("Prow has no plugin %s that reads comments", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			nothing := does(t, name, handle, "Thank you.")
			if strings.Contains(nothing, "nobody expects") {
				t.Fatalf("whatever is written, it %s", nothing)
			}
			if did := does(t, name, handle, "A job said:\n"+command+"\n"); did == nothing {
				t.Errorf("it does not obey: %s", did)
			}
			for _, form := range forms {
				text := fmt.Sprintf(form, command)
				if did := does(t, name, handle, legible.Mute(text)); did != nothing {
					t.Errorf("%q, muted: it does %s", text, did)
				}
				for where, body := range texts.Bodies(text) {
					if did := does(t, name, handle, legible.Mute(body)); did != nothing {
						t.Errorf("%q in %s: it does %s", text, where, did)
					}
				}
			}
		})
	}
}

// TestNoRegularExpressionMatches: the expressions that Prow's plugins and external plugins
// use for starts of lines do not match either. All of them are read from Prow's source.
func TestNoRegularExpressionMatches(t *testing.T) {
	expressions := slashExpressions(t)
	if len(expressions) < 60 {
		t.Fatalf("only %d expressions were found", len(expressions))
	}
	probes := []string{"/lgtm", "/hold cancel", "/test all", "/cherrypick release-1", "/label x", "/transfer x", "/approve", "/retest", "/refresh", "/remove-lifecycle stale"}
	obeyed := 0
	for _, e := range expressions {
		for _, probe := range probes {
			if e.MatchString("x\n" + probe + "\ny") {
				obeyed++
				break
			}
		}
	}
	if obeyed < 10 {
		t.Fatalf("only %d of %d expressions match a command", obeyed, len(expressions))
	}
	for _, probe := range probes {
		for _, form := range forms {
			for where, body := range texts.Bodies(fmt.Sprintf(form, probe)) {
				for _, e := range expressions {
					if found := e.FindString(body); found != "" {
						t.Errorf("%s finds %q in %s", e, found, where)
					}
				}
			}
		}
	}
}

// slashExpressions returns Prow's regular expressions for lines that begin with a slash.
func slashExpressions(t *testing.T) []*regexp.Regexp {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/prow").Output()
	if err != nil {
		t.Fatal(err)
	}
	var found []*regexp.Regexp
	for _, dir := range []string{"pkg/plugins", "cmd/external-plugins", "pkg/pjutil"} {
		err := filepath.WalkDir(filepath.Join(strings.TrimSpace(string(out)), dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return true
				}
				s, err := strconv.Unquote(lit.Value)
				if err != nil || !strings.HasPrefix(s, "(?") || !strings.Contains(s, "^") || !strings.Contains(s, "/") {
					return true
				}
				if e, err := regexp.Compile(s); err == nil {
					found = append(found, e)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}
