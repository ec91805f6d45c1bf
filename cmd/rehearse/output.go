package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

var formats = []string{"table", "wide", "markdown", "json", "yaml"}

func write(out io.Writer, format string, r *affected.Result) error {
	switch format {
	case "json":
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(r)
	case "yaml":
		raw, err := yaml.Marshal(r)
		if err != nil {
			return err
		}
		_, err = out.Write(raw)
		return err
	case "markdown":
		return writeMarkdown(out, r)
	}
	return writeTable(out, r, format == "wide")
}

func writeTable(out io.Writer, r *affected.Result, wide bool) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(r.Affected) > 0 {
		_, _ = fmt.Fprintln(table, "NAME\tTYPE\tREPO\tBRANCHES\tCHANGE\tREHEARSE\tWHY")
	}
	for _, j := range r.Affected {
		rehearse := "yes"
		if !j.Rehearse {
			rehearse = "no"
		}
		why := reasons(j)
		if !wide {
			why = brief(why)
		} else if j.Excluded != "" {
			why = append([]string{"(" + j.Excluded + ")"}, why...)
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", j.Name, j.Type, orDash(j.Repo), branches(j.Ref), j.Change, rehearse, strings.Join(why, "; "))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return writeSummary(out, r, wide)
}

func writeSummary(out io.Writer, r *affected.Result, wide bool) error {
	offered := 0
	for _, j := range r.Affected {
		if j.Rehearse {
			offered++
		}
	}
	if len(r.Affected) > 0 {
		_, _ = fmt.Fprintln(out)
	}
	_, err := fmt.Fprintf(out, "%d of %d jobs affected, %d of them to rehearse, %d removed\n", len(r.Affected), r.Jobs, offered, len(r.Removed))
	if wide {
		for _, ref := range r.Removed {
			_, _ = fmt.Fprintf(out, "removed: %s %s %s %s\n", ref.Name, ref.Type, orDash(ref.Repo), branches(ref))
		}
	}
	for _, warning := range r.Warnings {
		_, _ = fmt.Fprintln(out, "warning: "+warning)
	}
	for _, e := range r.Incomplete {
		_, _ = fmt.Fprintf(out, "incomplete: %s: %s\n", place(e), e.Message)
	}
	return err
}

func place(e affected.FileError) string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	return e.File
}

func writeMarkdown(out io.Writer, r *affected.Result) error {
	if len(r.Affected) > 0 {
		_, _ = fmt.Fprint(out, "| job | type | repository | branches | change | rehearse | why |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	}
	for _, j := range r.Affected {
		rehearse := "yes"
		if !j.Rehearse {
			rehearse = "no: " + j.Excluded
		}
		_, _ = fmt.Fprintf(out, "| `%s` | %s | %s | %s | %s | %s | %s |\n", j.Name, j.Type, orDash(j.Repo), cell(branches(j.Ref)), j.Change, cell(rehearse), cell(strings.Join(brief(reasons(j)), "; ")))
	}
	return writeSummary(out, r, false)
}

// cell protects text from ending a table cell or becoming markup.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;", "*", `\*`, "_", `\_`, "`", "'").Replace(s)
}

func reasons(j affected.Job) []string {
	var out []string
	for _, r := range j.Reasons {
		if j.Change == affected.ChangeNew && r.Path == "name" {
			out = append(out, "new in "+r.File)
			continue
		}
		out = append(out, reasonText(r))
	}
	return out
}

func reasonText(r affected.Reason) string {
	text := r.Path
	if r.Source != affected.SourceJobConfig {
		text = r.Source + ": " + text
	}
	switch {
	case r.Old != "" && r.New != "":
		text += ": " + r.Old + " → " + r.New
	case r.New != "":
		text += ": " + r.New
	case r.Old != "":
		text += ": no longer " + r.Old
	}
	return text
}

// brief keeps a table narrow: the first reason, and how many more there are.
func brief(why []string) []string {
	if len(why) == 0 {
		return nil
	}
	first := []rune(why[0])
	if len(first) > 80 {
		first = append(first[:79], '…')
	}
	if len(why) == 1 {
		return []string{string(first)}
	}
	return []string{fmt.Sprintf("%s (and %d more)", string(first), len(why)-1)}
}

func branches(r affected.Ref) string {
	text := strings.Join(r.Branches, ",")
	if len(r.SkipBranches) > 0 {
		text += " not:" + strings.Join(r.SkipBranches, ",")
	}
	return orDash(strings.TrimSpace(text))
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
