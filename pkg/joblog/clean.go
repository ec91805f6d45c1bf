package joblog

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/secrets"
)

var (
	ansi  = regexp.MustCompile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)|[@-Z\\\\-_])")
	stamp = regexp.MustCompile(`^\[?(?:\d{4}[-/]\d\d[-/]\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\]?(?:[ \t]|$)`)
	// entrypointTimeout is what Prow's entrypoint says when it ends a job
	// (pkg/entrypoint/run.go).
	entrypointTimeout = regexp.MustCompile(`Process did not finish before (\S+) timeout`)
)

// TimeoutOf finds the time-out with which Prow's entrypoint killed the job.
func TimeoutOf(log string) (limit string, ok bool) {
	for line := range strings.Lines(log) {
		if m := entrypointTimeout.FindStringSubmatch(line); m != nil && strings.Contains(line, "entrypoint") {
			limit = m[1]
		}
	}
	return limit, limit != ""
}

// cleanLines returns a log as lines of plain text: without colours, without secrets that
// span lines, without times if every line has one, and with only the last state of
// progress bars.
func cleanLines(log string, values []string) []string {
	log = strings.ReplaceAll(strings.TrimRight(log, "\r\n"), "\r\n", "\n")
	raw := strings.Split(ansi.ReplaceAllString(log, ""), "\n")
	for i, line := range raw {
		line = strings.TrimRight(line, "\r")
		line = line[strings.LastIndexByte(line, '\r')+1:]
		raw[i] = strings.TrimRight(legible.Printable(line), " \t")
	}
	lines := strings.Split(secrets.Blocks(strings.Join(raw, "\n"), values), "\n")
	ours := make([]bool, len(lines))
	for i, line := range lines {
		lines[i], ours[i] = fromPodUtils(line)
	}
	return withoutTimes(lines, ours)
}

// fromPodUtils turns the JSON messages of Prow's pod utilities into sentences.
func fromPodUtils(line string) (string, bool) {
	if !strings.HasPrefix(line, `{"component":`) {
		return line, false
	}
	var entry struct{ Component, Msg, Error string }
	if json.Unmarshal([]byte(line), &entry) != nil || entry.Msg == "" {
		return line, false
	}
	s := entry.Component + ": " + entry.Msg
	if entry.Error != "" {
		s += ": " + entry.Error
	}
	return s, true
}

func withoutTimes(lines []string, ours []bool) []string {
	timed := 0
	for i, line := range lines {
		if ours[i] || line == "" {
			continue
		}
		if !stamp.MatchString(line) {
			return lines
		}
		timed++
	}
	if timed < 2 {
		return lines
	}
	for i, line := range lines {
		if !ours[i] {
			lines[i] = stamp.ReplaceAllString(line, "")
		}
	}
	return lines
}
