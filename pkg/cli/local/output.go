package local

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/cli/screen"
	"github.com/rehearsal-dev/rehearsal/pkg/sources"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

var formats = []string{"table", "wide", "markdown", "json", "yaml"}

func (c *change) write(out io.Writer, format string) error {
	r := &c.result.Result.Result
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
	}
	text := c.table(format == "wide", screen.Width(out))
	if format == "markdown" {
		text = c.markdown()
	}
	_, err := io.WriteString(out, text)
	return err
}

// few is how many removed jobs, or problems, are named in short output.
const few = 10

// summary says in sentences what the table does not show.
func (c *change) summary(wide bool) string {
	r := &c.result.Result.Result
	offered := 0
	for _, j := range r.Affected {
		if j.Rehearse {
			offered++
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d jobs affected, %d of them to rehearse, %d removed\nmerged into %s (%.10s)\n",
		len(r.Affected), r.Jobs, offered, len(r.Removed), terminal.Plain(c.base), r.Base)
	for i, ref := range r.Removed {
		if i == few && !wide {
			fmt.Fprintf(&b, "removed: and %d more, see -o wide\n", len(r.Removed)-i)
			break
		}
		fmt.Fprintf(&b, "removed: %s (%s)\n", terminal.Plain(ref.Name), describe(ref))
	}
	b.WriteString(c.asks(wide))
	for _, warning := range r.Warnings {
		b.WriteString("warning: " + terminal.Plain(warning) + "\n")
	}
	for i, e := range r.Incomplete {
		if i == few && !wide {
			fmt.Fprintf(&b, "incomplete: and %d more, see -o wide\n", len(r.Incomplete)-i)
			break
		}
		b.WriteString("incomplete: " + terminal.Plain(place(e)+": "+e.Message) + "\n")
	}
	return b.String()
}

// describe returns the type, repository and branches of a job.
func describe(r affected.Ref) string {
	text := string(r.Type)
	if r.Repo != "" {
		text += " of " + r.Repo
	}
	switch {
	case len(r.Branches) > 0:
		text += ", branches " + strings.Join(r.Branches, ", ")
	case len(r.SkipBranches) > 0:
		text += ", all branches"
	}
	if len(r.SkipBranches) > 0 {
		text += " but " + strings.Join(r.SkipBranches, ", ")
	}
	return terminal.Plain(text)
}

func place(e affected.FileError) string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	return e.File
}

func (c *change) markdown() string {
	var b strings.Builder
	if len(c.result.Affected) > 0 {
		b.WriteString("| job | type | repository | branches | change | rehearse | why |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	}
	for _, j := range c.result.Affected {
		rehearse := "yes"
		if !j.Rehearse {
			rehearse = "no: " + j.Excluded
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n",
			codeCell(j.Name), j.Type, cell(screen.OrDash(j.Repo)), cell(branches(j.Ref)), j.Change, cell(rehearse), cell(brief(reasons(j))))
	}
	if len(c.result.Affected) > 0 {
		b.WriteString("\n")
	}
	for _, line := range strings.Split(strings.TrimSuffix(c.summary(false), "\n"), "\n") {
		// Without the backslash, Markdown joins lines.
		b.WriteString(cell(line) + "\\\n")
	}
	return strings.TrimSuffix(b.String(), "\\\n") + "\n"
}

var markup = strings.NewReplacer("|", `\|`, "<", "&lt;", "&", "&amp;", "*", `\*`, "_", `\_`, "`", "'", "@", "@\u200b", "[", `\[`, "\\", `\\`, "~", `\~`)

// cell keeps text from ending a table cell, becoming markup or mentioning users.
func cell(s string) string { return markup.Replace(terminal.Plain(s)) }

// codeCell formats text as code in a table cell. There, only backticks and bars need
// escaping.
func codeCell(s string) string {
	return "`" + strings.NewReplacer("`", "'", "|", `\|`).Replace(terminal.Plain(s)) + "`"
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
	text, _ := sources.Phrase(r)
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

// reasonLength is the length of a reason in a table without another limit, in cells.
const reasonLength = 80

// brief returns the first reason and the number of the others.
func brief(why []string) string {
	if len(why) == 0 {
		return ""
	}
	first := screen.Cut(why[0], reasonLength)
	if len(why) == 1 {
		return first
	}
	return fmt.Sprintf("%s (and %d more)", first, len(why)-1)
}

func branches(r affected.Ref) string {
	text := strings.Join(r.Branches, ",")
	if len(r.SkipBranches) > 0 {
		text += " not:" + strings.Join(r.SkipBranches, ",")
	}
	return screen.OrDash(strings.TrimSpace(text))
}
