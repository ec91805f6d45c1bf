package check_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/check"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

func served(change ...func(*settings.Repository)) *settings.Settings {
	s := settings.Defaults()
	r := settings.Repository{Name: "acme/config", Layout: layout.Layout{ProwConfig: "config.yaml"}}
	for _, c := range change {
		c(&r)
	}
	s.Repositories = []settings.Repository{r}
	return s
}

// wants checks which findings are not fine: each string is part of the text of one.
func wants(t *testing.T, got []check.Finding, want ...string) {
	t.Helper()
	var bad []string
	for _, f := range got {
		if f.State == check.Fine {
			continue
		}
		bad = append(bad, f.Text)
		if f.Do == "" || f.Text == "" || strings.Contains(f.Text+f.Do, "%!") {
			t.Errorf("nobody knows what to do about %+v", f)
		}
	}
	if len(bad) != len(want) {
		t.Fatalf("got %q, want %q", bad, want)
	}
	for _, w := range want {
		if !slices.ContainsFunc(bad, func(text string) bool { return strings.Contains(text, w) }) {
			t.Errorf("got %q, want one with %q", bad, w)
		}
	}
	if check.AllFine(got) != (len(want) == 0) {
		t.Errorf("all is fine: %t", check.AllFine(got))
	}
}

// hub is a GitHub with given answers.
type hub struct {
	selfErr, accessErr, memberErr error
	app, repository               *github.Access
}

func (h *hub) Self(context.Context) (string, error) { return "bot", h.selfErr }

func (h *hub) AppAccess(context.Context) (*github.Access, error) { return h.app, nil }

func (h *hub) RepositoryAccess(context.Context, string, string) (*github.Access, error) {
	return h.repository, h.accessErr
}

func (h *hub) Member(context.Context, string, string) (bool, error) { return true, h.memberErr }

func complete() *github.Access {
	a := &github.Access{App: "rehearsal", Permissions: map[string]string{}, Events: github.AppEvents()}
	for _, p := range github.AppPermissions() {
		a.Permissions[p.Name] = p.Level
	}
	return a
}

func without(permission, event string) *github.Access {
	a := complete()
	delete(a.Permissions, permission)
	a.Events = slices.DeleteFunc(a.Events, func(e string) bool { return e == event })
	return a
}

func TestGitHub(t *testing.T) {
	withStatus := served(func(r *settings.Repository) { r.StatusContext = "ci/rehearsals" })
	person := &github.Access{Push: true, HasScopes: true, Scopes: []string{"repo", "read:org"}}
	for name, tc := range map[string]struct {
		hub       hub
		settings  *settings.Settings
		forwarded bool
		want      []string
	}{
		"App":                         {hub: hub{app: complete(), repository: complete()}},
		"admin is more than write":    {hub: hub{app: complete(), repository: func() *github.Access { a := complete(); a.Permissions["issues"] = "admin"; return a }()}},
		"bad credentials":             {hub: hub{selfErr: errors.New("401")}, want: []string{"does not accept our credentials"}},
		"not installed":               {hub: hub{app: complete(), accessErr: &github.NotInstalledError{Repository: "acme/config"}}, want: []string{"not installed in acme/config"}},
		"not there":                   {hub: hub{accessErr: &github.NotFoundError{Op: "reading"}}, want: []string{"GitHub has no acme/config"}},
		"not readable":                {hub: hub{accessErr: errors.New("502")}, want: []string{"acme/config cannot be read"}},
		"permission not granted":      {hub: hub{app: complete(), repository: without("issues", "")}, want: []string{"has not been granted Issues: write"}},
		"permission not asked for":    {hub: hub{app: without("contents", ""), repository: without("contents", "")}, want: []string{"does not ask for Contents: read"}},
		"status that nobody wants":    {hub: hub{app: complete(), repository: without("statuses", "")}},
		"status that somebody wants":  {hub: hub{app: complete(), repository: without("statuses", "")}, settings: withStatus, want: []string{"Commit statuses"}},
		"event":                       {hub: hub{app: complete(), repository: without("", "issue_comment")}, want: []string{"No webhooks for issue_comment arrive"}},
		"event that hook forwards":    {hub: hub{app: complete(), repository: without("", "issue_comment")}, forwarded: true},
		"person":                      {hub: hub{repository: person}},
		"person with fine token":      {hub: hub{repository: &github.Access{Push: true}}},
		"person who may not push":     {hub: hub{repository: &github.Access{HasScopes: true, Scopes: []string{"repo"}}}, want: []string{"bot has no write access to acme/config"}},
		"person without the scope":    {hub: hub{repository: &github.Access{Push: true, HasScopes: true, Scopes: []string{"gist"}}}, want: []string{"has the scopes gist"}},
		"public scope, private":       {hub: hub{repository: &github.Access{Push: true, Private: true, HasScopes: true, Scopes: []string{"public_repo"}}}, want: []string{"needs repo"}},
		"public scope, public":        {hub: hub{repository: &github.Access{Push: true, HasScopes: true, Scopes: []string{"public_repo"}}}},
		"person outside of the org":   {hub: hub{repository: person, memberErr: errors.New("302")}, want: []string{"Who is a member of acme cannot be read"}},
		"person, several things lack": {hub: hub{repository: &github.Access{HasScopes: true}}, want: []string{"write access", "scopes (none)"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := tc.settings
			if s == nil {
				s = served()
			}
			wants(t, check.GitHub(t.Context(), &tc.hub, s, func(string) bool { return tc.forwarded }), tc.want...)
		})
	}
}

const prowConfig = `
prowjob_namespace: prow
pod_namespace: test-pods
github_reporter: {no_comment_repos: [acme/config]}
tide:
  queries: [{repos: [acme/config]}]
  context_options:
    orgs: {acme: {repos: {config: {optional-regex-contexts: ["^ci/rehearse/"], required-contexts: [ci/rehearsals]}}}}
`

func TestProw(t *testing.T) {
	withStatus := served(func(r *settings.Repository) { r.StatusContext = "ci/rehearsals" })
	for name, tc := range map[string]struct {
		config   string
		settings *settings.Settings
		err      error
		want     []string
	}{
		"all":                       {config: prowConfig, settings: withStatus},
		"whole organisation":        {config: strings.ReplaceAll(strings.ReplaceAll(prowConfig, "no_comment_repos: [acme/config]", "no_comment_repos: [acme]"), "repos: [acme/config]}]", "orgs: [acme]}]")},
		"not readable":              {err: errors.New("forbidden"), want: []string{"config.yaml cannot be read: forbidden"}},
		"no YAML":                   {config: "a: [", want: []string{"cannot be read"}},
		"namespaces":                {config: strings.ReplaceAll(strings.ReplaceAll(prowConfig, ": prow\n", ": ci\n"), "pod_namespace: test-pods\n", ""), want: []string{"prowjob_namespace is ci", "pod_namespace is default"}},
		"crier":                     {config: strings.ReplaceAll(prowConfig, "no_comment_repos: [acme/config]", "no_comment_repos: [acme/other]"), want: []string{"crier comments"}},
		"Tide":                      {config: strings.ReplaceAll(prowConfig, "ci/rehearse/", "ci/else/"), want: []string{"as required"}},
		"Tide skips":                {config: strings.ReplaceAll(prowConfig, `optional-regex-contexts: ["^ci/rehearse/"]`, "skip-unknown-contexts: true")},
		"Tide does not merge there": {config: strings.ReplaceAll(strings.ReplaceAll(prowConfig, "ci/rehearse/", "ci/else/"), "repos: [acme/config]}]", "orgs: [acme], excludedRepos: [acme/config]}]")},
		"Tide, not valid":           {config: strings.ReplaceAll(prowConfig, "^ci/rehearse/", "("), want: []string{"not valid"}},
		"Tide does not expect":      {config: strings.ReplaceAll(prowConfig, "[ci/rehearsals]", "[other]"), settings: withStatus, want: []string{"Tide does not wait for ci/rehearsals in acme/config to be set"}},
		"Tide does not wait":        {config: strings.ReplaceAll(prowConfig, `optional-regex-contexts: ["^ci/rehearse/"], required-contexts: [ci/rehearsals]`, "skip-unknown-contexts: true"), settings: withStatus, want: []string{"Tide does not wait for ci/rehearsals in acme/config: the status is set, and stops nothing"}},
		"Tide waits in vain":        {config: strings.ReplaceAll(prowConfig, "^ci/rehearse/", "^ci/"), settings: withStatus, want: []string{"both optional and required"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := tc.settings
			if s == nil {
				s = served()
			}
			wants(t, check.Prow(check.ProwFiles{Config: []byte(tc.config), ConfigErr: tc.err}, s), tc.want...)
		})
	}
}

func TestHook(t *testing.T) {
	for name, tc := range map[string]struct {
		plugins   string
		err       error
		forwarded bool
		want      []string
	}{
		"nothing":         {},
		"all events":      {plugins: `external_plugins: {acme/config: [{name: rehearsal, endpoint: "http://x"}]}`, forwarded: true},
		"both events":     {plugins: `external_plugins: {acme: [{name: x, endpoint: "http://rehearsal-receiver.rehearsals.svc", events: [issue_comment, pull_request, push]}]}`, forwarded: true},
		"one event":       {plugins: `external_plugins: {acme/config: [{name: rehearsal, events: [pull_request]}]}`, want: []string{"but not issue_comment"}},
		"somebody else's": {plugins: `external_plugins: {acme/config: [{name: needs-rebase}], acme/other: [{name: rehearsal}]}`},
		"cannot be read":  {err: errors.New("forbidden"), want: []string{"plugins.yaml cannot be read"}},
	} {
		t.Run(name, func(t *testing.T) {
			files := check.ProwFiles{Plugins: []byte(tc.plugins), PluginsErr: tc.err}
			wants(t, check.Hook(files, served()), tc.want...)
			if got := check.Forwarded(files)("acme/config"); got != tc.forwarded {
				t.Errorf("forwarded: %t", got)
			}
		})
	}
}

func TestWrite(t *testing.T) {
	var out strings.Builder
	if err := check.Write(&out, []check.Finding{
		{Area: "A", State: check.Fine, Text: "One."}, {Area: "A", State: check.Missing, Text: "Two.", Do: "do it"}, {Area: "B", State: check.Unknown, Text: "Three.", Do: "look"},
		{Area: "B", State: check.Fine, Text: "In a/1.", Repository: "a/1"}, {Area: "B", State: check.Missing, Text: "In a/2.", Do: "mend a/2", Repository: "a/2"},
		{Area: "B", State: check.Fine, Text: "In a/3.", Repository: "a/3"}, {Area: "B", State: check.Fine, Text: "In a/4.", Repository: "a/4"},
		{Area: "C", State: check.Missing, Text: "In a/1.", Repository: "a/1"}, {Area: "C", State: check.Missing, Text: "In a/2.", Repository: "a/2"},
		{Area: "C", State: check.Missing, Text: "In a/3.", Repository: "a/3"}, {Area: "C", State: check.Missing, Text: "In a/4.", Repository: "a/4"},
	}); err != nil {
		t.Fatal(err)
	}
	want := "A\n  ok       One.\n  MISSING  Two.\n           → do it\n\nB\n  unknown  Three.\n           → look\n" +
		"  ok       In a/1, a/3 and a/4.\n  MISSING  In a/2.\n           → mend a/2\n\n" +
		"C\n  MISSING  In a/1, a/2 and 2 more.\n\n4 of 6 checks are not fine.\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

// TestPoliciesAreThoseOfConfig compares the policies that the check expects with those in
// config/.
func TestPoliciesAreThoseOfConfig(t *testing.T) {
	files, err := filepath.Glob("../../config/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var applied []string
	kind := regexp.MustCompile(`(?m)^kind: ValidatingAdmissionPolicy\nmetadata:\n  name: (\S+)`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range kind.FindAllStringSubmatch(string(text), -1) {
			applied = append(applied, match[1])
		}
	}
	slices.Sort(applied)
	if got := check.Policies(); !slices.Equal(got, applied) {
		t.Errorf("cluster.go looks for the policies %q, and config/ has %q", got, applied)
	}
}
