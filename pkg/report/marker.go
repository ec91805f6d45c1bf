package report

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
)

// A marker is the last line of each of our comments, hidden on the page. It identifies the
// comment: if a request to create it got no response, the comment is found again instead of
// being written twice. A marker proves nothing: callers must also check that the comment is
// ours.

// PlanMarker marks the comment that lists the affected jobs.
func PlanMarker() string { return marker("plan", "") }

// RunMarker marks the comment of one run, by the id of its command.
func RunMarker(id string) string { return marker("run", id) }

// DeniedMarker marks the comment that tells a person why they may not do something, one for
// each kind of reason and each head.
func DeniedMarker(login, head, kind string) string {
	return marker("denied", strings.Join([]string{strings.ToLower(login), fmt.Sprintf("%.12s", head), kind}, "."))
}

// AnswerMarker marks the answer to one command.
func AnswerMarker(commandID string) string { return marker("answer", commandID) }

// progressMarker precedes the marker of a run's comment until the last report.
const progressMarker = event.Marker + "progress -->"

// InProgress reports whether the body of a run's comment is not the last report on the run.
func InProgress(body string) bool {
	lines := strings.Split(strings.TrimSpace(body), "\n")
	if len(lines) < 2 {
		return false
	}
	last := strings.TrimSpace(lines[len(lines)-1])
	return markerLine.MatchString(last) && strings.TrimSpace(lines[len(lines)-2]) == progressMarker
}

var markerLine = regexp.MustCompile(`^<!-- rehearsal:[a-z]+(?: [A-Za-z0-9._%-]+)? -->$`)

// FindMarker returns the marker at the end of the body of a comment.
func FindMarker(body string) (string, bool) {
	body = strings.TrimSpace(body)
	last := body[strings.LastIndexByte(body, '\n')+1:]
	if !markerLine.MatchString(last) {
		return "", false
	}
	return last, true
}

func marker(kind, id string) string {
	if id == "" {
		return event.Marker + kind + " -->"
	}
	return event.Marker + kind + " " + markerID(id) + " -->"
}

// markerID escapes an id so that it stays readable and cannot end the HTML comment.
func markerID(id string) string {
	var b strings.Builder
	dash := false
	for i := 0; i < len(id); i++ {
		c := id[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '_', c == '-' && !dash:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
		dash = c == '-'
	}
	return b.String()
}
