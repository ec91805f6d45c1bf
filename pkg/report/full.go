package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Refusal is that what somebody wrote found no room in the log of a pull request.
type Refusal struct {
	// By is their login, At when they wrote it.
	By string
	At time.Time
}

// Full tells people that what they wrote was not taken.
func Full(refused []Refusal) string {
	slices.SortFunc(refused, func(a, b Refusal) int { return strings.Compare(a.By, b.By) })
	var b strings.Builder
	b.WriteString("📚 The log of commands on this pull request is full. What these people wrote was not taken:\n\n")
	for _, r := range refused {
		fmt.Fprintf(&b, "* %s, last at %s\n", code(r.By), r.At.UTC().Format(time.RFC3339))
	}
	b.WriteString("\nOne person can use half of it. Commands leave it a week after they were written. After that, or on another pull request, write yours again.\n\n")
	return b.String() + FullMarker() + "\n"
}

// FullMarker marks the comment that says that the log is full.
func FullMarker() string { return marker("full", "") }
