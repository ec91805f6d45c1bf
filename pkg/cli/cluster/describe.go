package cluster

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/program"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/screen"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

const describeHelp = `Show everything about the rehearsals of a pull request: the jobs that it
affects, each command and the decision on it, each run and its result, and what
to do next.

` + pullHelp

func newDescribe() *cobra.Command {
	var (
		a      Address
		format string
	)
	cmd := &cobra.Command{
		Use:     "describe PULL",
		Short:   "Show everything about the rehearsals of a pull request",
		Long:    describeHelp,
		Example: "  rehearse describe acme/release#1234\n  rehearse describe . -o json | jq '.runs[-1].state'",
		Args:    atLeastPull,
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "" && format != "json" && format != "yaml" {
				return fmt.Errorf("-o %s: must be json or yaml", format)
			}
			if len(args) > 1 {
				return fmt.Errorf("only one pull request can be described at a time")
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			rh, err := c.find(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			s, err := c.glance(cmd.Context(), rh)
			if err != nil {
				return err
			}
			now := time.Now()
			d := describeRehearsal(rh, s, c.settings(cmd.Context()), now)
			return d.write(cmd, format, now)
		},
		ValidArgsFunction: completePull(&a),
	}
	a.Add(cmd)
	cmd.Flags().StringVarP(&format, "output", "o", "", "`format`, for scripts: json, yaml")
	return cmd
}

func (d *description) write(cmd *cobra.Command, format string, now time.Time) error {
	out := cmd.OutOrStdout()
	switch format {
	case "json":
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(d)
	case "yaml":
		raw, err := yaml.Marshal(d)
		if err != nil {
			return err
		}
		_, err = out.Write(raw)
		return err
	}
	for i := range d.Next {
		d.Next[i] = program.Speak(cmd, d.Next[i])
	}
	_, err := io.WriteString(out, d.text(screen.Width(out), now))
	return err
}

// sheet is a description under construction.
type sheet struct{ report.Sheet }

func (s *sheet) field(name, format string, args ...any) {
	s.Sheet = append(s.Sheet, report.Field{Name: name, Value: screen.OrDash(fmt.Sprintf(format, args...))})
}

func (s *sheet) section(name string, lines ...string) {
	s.Sheet = append(s.Sheet, report.Field{Name: name, Below: lines})
}

func (d *description) text(width int, now time.Time) string {
	t := &sheet{}
	t.field("Pull request", "%s, %s", d.Pull, d.State)
	if d.Title != "" {
		t.field("Title", "%s", d.Title)
	}
	t.field("Page", "%s", d.URL)
	if d.Author != "" {
		t.field("Author", "%s%s", d.Author, d.trust())
		t.field("Head", "%s", d.Head)
		t.field("Base", "%s at %s", d.BaseRef, d.Base)
	}
	d.writePlan(t)
	d.writeApprovals(t)
	d.writeConditions(t)
	d.writeCommands(t)
	d.writeRuns(t, width, now)
	t.section("What to do next", d.Next...)
	return t.Text()
}

func (d *description) trust() string {
	switch {
	case d.Labelled:
		return ", not trusted: a label forbids running anything"
	case d.AuthorTrusted:
		return ", trusted"
	}
	return ", whose heads need approval"
}

func (d *description) writePlan(t *sheet) {
	switch p := d.Plan; {
	case p == nil:
		t.field("Affected jobs", "not known yet")
	case p.Error != "":
		t.field("Affected jobs", "not known: %s", p.Error)
	default:
		text := fmt.Sprintf("%d of %d, %d of them offered", p.Affected, p.Jobs, p.Offered)
		for _, c := range []struct {
			n    int
			what string
		}{{p.Excluded, "excluded"}, {p.Held, "waiting for approval"}, {p.Removed, "removed"}} {
			if c.n > 0 {
				text += fmt.Sprintf(", %d %s", c.n, c.what)
			}
		}
		if p.Head != d.Head {
			text += fmt.Sprintf("; that was for %.10s", p.Head)
		}
		t.field("Affected jobs", "%s", text)
	}
}

func (d *description) writeApprovals(t *sheet) {
	if a := d.HeadApproval; a != nil {
		t.field("Approval", "of %.10s by %s, %s", a.Head, a.By, moment(a.At.Time))
	}
	if a := d.PrivilegeApproval; a != nil {
		t.field("Privileges", "allowed for %.10s by %s, %s", a.Head, a.By, moment(a.At.Time))
	}
	if d.Acknowledgement != nil {
		t.field("Acknowledged", "%s", acknowledgement(d.Acknowledgement))
	}
	if d.NetworkAccess != nil && d.NetworkAccess.State != v1alpha1.StateRequired {
		t.field("Network", "%s", acknowledgement(d.NetworkAccess))
	}
}

func acknowledgement(a *v1alpha1.Acknowledgement) string {
	switch a.State {
	case v1alpha1.StateRequired:
		return "not yet"
	case v1alpha1.StateHeld:
		return fmt.Sprintf("for %.10s; whether it still holds depends on the plan of the new head", cmp.Or(a.Given, a.Head))
	}
	text := "yes"
	if a.State == v1alpha1.StateWithdrawn {
		text = "no longer"
	}
	text += fmt.Sprintf(", for %.10s", cmp.Or(a.Given, a.Head))
	if a.By != "" {
		text += ", by " + a.By
	}
	if a.Reason != "" {
		text += " (" + report.AckWords(a.Reason) + ")"
	}
	if a.At != nil {
		text += ", " + moment(a.At.Time)
	}
	return text
}

func (d *description) writeConditions(t *sheet) {
	var bad []describedCondition
	for _, c := range d.Conditions {
		if c.Status != "True" && c.Type != "Ready" {
			bad = append(bad, c)
		}
	}
	if len(bad) == 0 {
		return
	}
	var lines []string
	for _, c := range bad {
		lines = append(lines, strings.TrimRight(fmt.Sprintf("%s is %s: %s: %s", c.Type, c.Status, c.Reason, c.Message), ": "))
	}
	t.section("Conditions that are not met", lines...)
}

func (d *description) writeCommands(t *sheet) {
	if len(d.Commands) == 0 {
		return
	}
	var lines []string
	for _, c := range d.Commands {
		verdict := strings.ToLower(string(c.Verdict))
		if verdict == "" {
			verdict = "not read yet"
		}
		if c.Why != "" {
			verdict += ": " + c.Why
		}
		lines = append(lines, fmt.Sprintf("%s  %s: %s", moment(c.At.Time), c.By, c.Text), "  "+verdict)
	}
	t.section("Commands", lines...)
}

func (d *description) writeRuns(t *sheet, width int, now time.Time) {
	if len(d.Runs) == 0 {
		return
	}
	if width > 0 {
		width -= 2
	}
	var lines []string
	for i, r := range d.Runs {
		if i > 0 {
			lines = append(lines, "")
		}
		for _, l := range runFrame([]runView{r.view}, "", width, 0, now).Lines {
			lines = append(lines, l.Text)
		}
		if r.CommentURL != "" {
			lines = append(lines, "comment: "+r.CommentURL)
		}
	}
	if d.Blind != "" {
		lines = append(lines, "", d.Blind)
	}
	t.section("Runs", lines...)
}

// moment formats a time in the local time zone, to the second.
func moment(at time.Time) string { return at.Local().Format("2006-01-02 15:04:05") }
