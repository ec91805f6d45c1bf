package local

import (
	"fmt"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/cli/screen"
	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

// branchesLength is the length of a job's branches in a table, in cells.
const branchesLength = 40

// leastReason is the minimum useful width of the column with reasons, in cells.
const leastReason = 24

var header = []string{"NAME", "TYPE", "REPO", "BRANCHES", "CHANGE", "REHEARSE", "WHY"}

// table formats the affected jobs for a terminal of the given width; 0 means no limit. A
// wide table is never cut.
func (c *change) table(wide bool, width int) string {
	rows := [][]string{header}
	for _, j := range c.result.Affected {
		rehearse := "yes"
		if !j.Rehearse {
			rehearse = "no"
		}
		at, why := screen.Cut(branches(j.Ref), branchesLength), brief(reasons(j))
		if wide {
			all := reasons(j)
			if j.Excluded != "" {
				all = append([]string{"(" + j.Excluded + ")"}, all...)
			}
			at, why = branches(j.Ref), strings.Join(all, "; ")
		}
		row := []string{j.Name, string(j.Type), screen.OrDash(j.Repo), at, string(j.Change), rehearse, why}
		for i := range row {
			row[i] = terminal.Plain(row[i])
		}
		rows = append(rows, row)
	}
	var b strings.Builder
	columns := screen.ColumnsOf(rows)
	left := width - columns.Total()
	switch {
	case len(rows) == 1:
	case width == 0 || wide:
		writeRows(&b, rows, columns)
	case left >= leastReason:
		for _, row := range rows {
			row[len(row)-1] = screen.Cut(row[len(row)-1], left)
		}
		writeRows(&b, rows, columns)
	default:
		writeStacked(&b, rows[1:], width)
	}
	if len(rows) > 1 {
		b.WriteString("\n")
	}
	return b.String() + c.summary(wide)
}

func writeRows(b *strings.Builder, rows [][]string, c screen.Columns) {
	for _, row := range rows {
		b.WriteString(c.Row(row) + "\n")
	}
}

// writeStacked writes each job on several lines, for terminals where rows do not fit.
func writeStacked(b *strings.Builder, rows [][]string, width int) {
	for _, row := range rows {
		name, kind, repo, at, change, rehearse, why := row[0], row[1], row[2], row[3], row[4], row[5], row[6]
		b.WriteString(name + "\n")
		about := fmt.Sprintf("%s, rehearse: %s; %s", change, rehearse, kind)
		if repo != "-" {
			about += " of " + repo
		}
		if at != "-" {
			about += " at " + at
		}
		b.WriteString("  " + screen.Cut(about, width-2) + "\n")
		if why != "" {
			b.WriteString("  " + screen.Cut(why, width-2) + "\n")
		}
	}
}
