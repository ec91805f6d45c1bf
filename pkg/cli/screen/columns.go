package screen

import "strings"

// Columns has the widths of all columns of a table but the last, in cells.
type Columns []int

// ColumnsOf returns columns that are wide enough for rows of equal length.
func ColumnsOf(rows [][]string) Columns {
	c := make(Columns, len(rows[0])-1)
	for _, row := range rows {
		for i := range c {
			c[i] = max(c[i], Cells(row[i]))
		}
	}
	return c
}

// Total returns the start of the last column.
func (c Columns) Total() int {
	sum := 0
	for _, n := range c {
		sum += n + Gap
	}
	return sum
}

// Row formats a row.
func (c Columns) Row(row []string) string {
	var b strings.Builder
	for i, n := range c {
		b.WriteString(Pad(row[i], n+Gap))
	}
	return b.String() + row[len(c)]
}
