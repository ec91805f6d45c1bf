package checkconfig

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/rehearsal-dev/rehearsal/pkg/policy"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// understood prints a summary of valid settings.
func understood(s *settings.Settings, out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	_, _ = fmt.Fprintln(w, "The settings are valid.")
	if len(s.Repositories) == 0 {
		_, _ = fmt.Fprintln(w, "\nNo repository is served: list some under repositories.")
	}
	for _, r := range s.Repositories {
		_, _ = fmt.Fprintf(w, "\n%s\n", r.Name)
		line("  Prow", "%s", places(r))
		line("  policy", "%s", table(r.Policy))
		line("  jobs at most", "%d, more %d, max %d, all %d", r.Limits.Sample, r.Limits.More, r.Limits.Max, r.Limits.All)
		line("  labels", "%s, %s, %s", r.Labels.Ack, r.Labels.Network, r.Labels.Untrusted)
	}
	_, _ = fmt.Fprintln(w)
	as := "the Secret rehearsal-github says"
	if s.GitHub.AppID != 0 {
		as = fmt.Sprintf("the App %d", s.GitHub.AppID)
	}
	line("GitHub", "%s, as %s; clones from %s", s.GitHub.Endpoint, as, s.GitHub.GitEndpoint)
	line("Prow", "ProwJobs in %s, pods in %s", s.Prow.ProwJobNamespace, s.Prow.PodNamespace)
	line("commands", "%s", strings.Join(s.Prefixes, ", "))
	if s.DryRun {
		line("dry run", "nothing is written to GitHub or run")
	}
	return w.Flush()
}

func places(r settings.Repository) string {
	var parts []string
	for _, p := range r.Paths() {
		parts = append(parts, p.Value)
	}
	return strings.Join(parts, ", ")
}

// table names the preset of a policy, and the rules that the settings add.
func table(c policy.Config) string {
	var own []string
	for _, row := range []struct {
		name string
		rule policy.Rule
	}{
		{"trust", c.Trust}, {"run", c.Run}, {"abort", c.Abort}, {"ack", c.Ack}, {"reject", c.Reject},
		{"approve", c.Approve}, {"privileges", c.Privileges}, {"network", c.Network}, {"ask", c.Ask},
	} {
		if len(row.rule) > 0 {
			own = append(own, row.name+" ["+strings.Join(row.rule, ", ")+"]")
		}
	}
	if len(own) == 0 {
		return c.Preset
	}
	return c.Preset + " with " + strings.Join(own, ", ")
}
