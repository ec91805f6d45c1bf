package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Refusal says that somebody's command did not fit into the log of a pull request.
type Refusal struct {
	// By is their login, At when they wrote the command.
	By string
	At time.Time
}

// Full tells people that their commands were not accepted.
func Full(refused []Refusal) string {
	slices.SortFunc(refused, func(a, b Refusal) int { return strings.Compare(a.By, b.By) })
	var b strings.Builder
	b.WriteString("📚 The command log of this pull request is full. Commands by these people were not accepted:\n\n")
	for _, r := range refused {
		fmt.Fprintf(&b, "* %s, last at %s\n", code(r.By), r.At.UTC().Format(time.RFC3339))
	}
	b.WriteString("\nOne person can fill half of it. Commands leave it a week after they were written. Write yours again then, or on another pull request.\n\n")
	return b.String() + FullMarker() + "\n"
}

// FullMarker marks the comment which says that the log is full.
func FullMarker() string { return marker("full", "") }
