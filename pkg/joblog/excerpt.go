// Package joblog finds the lines of a job's log that say why it failed. Secrets are
// removed.
package joblog

import (
	"regexp"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/secrets"
)

// The limits of an excerpt.
const (
	// MaxLines is the maximum number of log lines, not counting the marks for gaps.
	MaxLines = 20
	// MaxLine is the maximum length of a line, in characters.
	MaxLine = 300
	// maxBytes is the maximum length of an excerpt, in bytes.
	maxBytes = 3000
	// gap replaces lines that were left out.
	gap = "…"
)

// weight is how relevant a line is to a failure.
type weight int

const (
	nothing weight = iota
	hint           // may have to do with it
	likely         // speaks of a failure
	certain        // is one
	summary        // begins a list of what failed
)

// The patterns are tried from the top; the first that matches decides.
var weights = []struct {
	weight weight
	shape  *regexp.Regexp
}{
	{nothing, shellTrace},
	{nothing, regexp.MustCompile(`^\s*--- (?:PASS|SKIP)|^=== |^ok\s|^PASS\b|^\?\s+\S+\s+\[no test files\]`)},
	{nothing, regexp.MustCompile(`(?i)\b(?:0|no|zero|without) (?:errors?|failures?|failed|failing)\b|\b(?:errors?|failures?|failed)[:=] *0\b.*\b(?:errors?|failures?|failed)[:=] *0\b`)},
	{nothing, boilerplate},
	{summary, regexp.MustCompile(`^ERRO\[.*Some steps failed:|^=+ short test summary info =+|^Summarizing \d+ Failure|^\[ERROR\] (?:Failures|Errors):|^failures:$|^\* What went wrong:|^The following tests FAILED:`)},
	{certain, regexp.MustCompile(`^E   |^\s*[×✕✗✘] |^\s*❯ \S+:\d+:\d+|\bpanicked at |^test .* \.\.\. FAILED$|> .* FAILED$|_test\.go:\d+ \+0x`)},
	{certain, regexp.MustCompile(`^WARNING: DATA RACE`)},
	{hint, regexp.MustCompile(`(?i)\b(?:retry(?:ing)?|will retry|ignor(?:ed?|ing)|attempt \d+|warn)\b|warning\b|^W\d{4} `)},
	{certain, regexp.MustCompile(`did not finish before \S+ timeout|^entrypoint: Entrypoint received interrupt`)},
	{certain, killed},
	{hint, regexp.MustCompile(`^(?:entrypoint|sidecar): |^FAIL\s*$|^FAIL\t|^exit status \d+$`)},
	{certain, regexp.MustCompile(`^ERRO\[|^FATA\[|^goroutine \d+ \[running\]:`)},
	{certain, regexp.MustCompile(`^\s*--- FAIL:|^FAIL: |^panic: |^fatal error: |^\[signal SIG|Traceback \(most recent call last\)|\bsignal: killed\b|: line \d+:\s+\d+ Killed\b`)},
	{certain, regexp.MustCompile(`^\s*\S+\.(?:go|py|c|cc|cpp|h|rs|js|ts|java|sh|ya?ml):\d+(?::\d+)?:`)},
	{certain, regexp.MustCompile(`^\S*make(?:\[\d+\])?: \*\*\*|^not ok \d|^\S*(?:Error|Exception)(?::|$)`)},
	{certain, regexp.MustCompile(`(?i)^\W{0,4}(?:error|fatal)\b|^[EF]\d{4} |\blevel=(?:error|fatal)|"level":"(?:error|fatal)"|\[(?:ERROR|FATAL|FAIL|FAILED)\]|\b(?:ERROR|FATAL)\b`)},
	{certain, regexp.MustCompile(`(?i)\b(?:command not found|no such file or directory|permission denied|unbound variable|syntax error|segmentation fault|out of memory|oomkilled|could not resolve)\b`)},
	{likely, regexp.MustCompile(`(?i)\b(?:error|errors|failed|failure|fatal|denied|refused|forbidden|cannot|can't|could not|couldn't|unable to|not found|timed out|exception|killed|invalid|expected|assert(?:ion)?|unexpected)\b`)},
	{hint, regexp.MustCompile(`(?i)\bexit(?:ed)?(?: with)?(?: status| code)? ?[1-9]`)},
}

var (
	// shellTrace is a command as the shell traces it; forgiven is one that handles the
	// failure of the command before it.
	shellTrace = regexp.MustCompile(`^\++ `)
	forgiven   = regexp.MustCompile(`^\++ (?:true|:)$`)
	// boilerplate is what Maven and npm add to every failure.
	boilerplate = regexp.MustCompile(`^\[ERROR\](?:$| (?:-> )?\[Help| (?:To see|Re-run|For more|See) )|^npm (?:notice|error (?:path|code|workspace|location|command|A complete log))\b`)
	// killed is the message of Prow's entrypoint about a process that was killed by a
	// signal: 128 + 6 to 15.
	killed = regexp.MustCompile(`^entrypoint: .*exit status 1(?:3[4-9]|4[0-3])\b`)
	// noise is neither context, nor worth showing as the end of a log.
	noise = regexp.MustCompile(`^=== |^\s*--- (?:PASS|SKIP)|^ok\s|^PASS\b|^\[INFO\]|^[-=_* ]+$|\bPASSED in |` + boilerplate.String())
)

// trace starts a block of lines that belong together, indented or not.
var trace = regexp.MustCompile(`^panic: |^goroutine \d+ \[running\]:|^WARNING: DATA RACE`)

// cleanup starts the cleanup of a job after it has failed.
var cleanup = regexp.MustCompile(`(?i)\b(?:clean(?:ing|ed)?[ _-]?up|tear(?:ing)?[ _-]?down|deprovision\w*|gather(?:ing)?|(?:collecting|uploading|dumping) (?:the )?(?:logs?|artifacts|diagnostics|results|state)|deleting|removing|releasing)\b` +
	// how scripts call what they trap, as the shell traces it
	`|^\++ \w*(?:finish|exit|trap|clean|tear)\w*(?: \d+)?$`)

const (
	// trailerReach is the maximum number of lines between the failure and the cleanup,
	// trailerLength the maximum length of the cleanup, and trailerErrors the maximum
	// number of errors in it.
	trailerReach  = 15
	trailerLength = 400
	trailerErrors = 5
)

// Excerpt returns the lines of a job's log that say why it failed: those that look like
// errors with their context, and the last ones before the job ended or began to clean up.
// Secrets are values that must not be shown.
func Excerpt(log string, secrets []string) []string {
	lines := cleanLines(log, secrets)
	weighed := make([]weight, len(lines))
	for i, line := range lines {
		weighed[i] = weigh(line)
		if i > 0 && weighed[i-1] > hint && forgiven.MatchString(line) {
			weighed[i-1] = hint
		}
	}
	end := trailer(lines, weighed)
	p := picker{lines: lines, end: end, picked: make([]bool, len(lines)), left: MaxLines, bytes: maxBytes}
	if sums := indices(weighed[:end], summary); len(sums) > 0 {
		p.list(sums[len(sums)-1])
	}
	errors, maybes := indices(weighed[:end], certain), indices(weighed[:end], likely)
	switch n := len(errors); {
	case n > 0:
		p.window(errors[n-1])
		p.window(errors[0])
		p.last(2)
		for i := n - 2; i > 0; i-- {
			p.window(errors[i])
		}
	case len(maybes) > 0:
		p.last(3)
		for i := len(maybes) - 1; i >= 0; i-- {
			p.window(maybes[i])
		}
	default:
		p.lastAtAll(10)
	}
	for i := 0; i < len(maybes) && p.left > MaxLines/2; i++ {
		p.pick(maybes[i])
	}
	for i := end; i < len(lines); i++ {
		if killed.MatchString(lines[i]) {
			p.pick(i)
		}
	}
	return p.text()
}

func weigh(line string) weight {
	if strings.TrimSpace(line) == "" {
		return nothing
	}
	for _, w := range weights {
		if w.shape.MatchString(line) {
			return w.weight
		}
	}
	return nothing
}

func indices(weighed []weight, least weight) []int {
	var out []int
	for i, w := range weighed {
		if w >= least {
			out = append(out, i)
		}
	}
	return out
}

// trailer finds where the job began to clean up after a failure: the excerpt ends
// there, or at the end of the log.
func trailer(lines []string, weighed []weight) int {
	follow := len(indices(weighed, certain)) // the errors from line i on
	seen := -1                               // the last line that spoke of a failure
	summed := len(indices(weighed, summary)) // the summaries from line i on
	for i, line := range lines {
		if weighed[i] == summary {
			summed--
		}
		near := summed == 0 && seen >= 0 && i-seen <= trailerReach && len(lines)-i <= trailerLength
		sure := near && (follow == 0 || weighed[seen] >= certain && follow <= trailerErrors)
		if sure && weighed[i] < certain && cleanup.MatchString(line) {
			return i
		}
		if weighed[i] >= likely {
			seen = i
		}
		if weighed[i] >= certain {
			follow--
		}
	}
	return len(lines)
}

// picker marks lines until the limits are reached, mostly lines before the end.
type picker struct {
	lines  []string
	end    int
	picked []bool
	left   int
	bytes  int
}

func (p *picker) pick(i int) bool {
	if i < 0 || i >= len(p.lines) || p.picked[i] {
		return true
	}
	size := len(legible.Clip(p.lines[i], MaxLine)) + 1
	if p.left == 0 || p.bytes < size {
		return false
	}
	p.picked[i] = true
	p.left--
	p.bytes -= size
	return true
}

// window picks a line, the lines indented below it, and its neighbours.
func (p *picker) window(i int) {
	const below = 8
	if !p.pick(i) {
		return
	}
	deep, block := indent(p.lines[i]), trace.MatchString(p.lines[i])
	j := i + 1
	for ; j < p.end && j <= i+below && p.lines[j] != "" && (block || indent(p.lines[j]) > deep); j++ {
		if !p.pick(j) {
			return
		}
	}
	if j == i+1 {
		p.context(j)
	}
	p.context(i - 1)
}

// context picks a line as context of its neighbour.
func (p *picker) context(i int) {
	if i >= 0 && i < p.end && p.lines[i] != "" && !noise.MatchString(p.lines[i]) {
		p.pick(i)
	}
}

// list picks a line and the list below it, up to the first empty line after that.
func (p *picker) list(i int) {
	const longest = 10
	p.pick(i)
	some := false
	for j := i + 1; j < p.end && j <= i+longest && (p.lines[j] != "" || !some); j++ {
		if p.lines[j] != "" && !noise.MatchString(p.lines[j]) {
			p.pick(j)
			some = true
		}
	}
}

// last picks the last n meaningful lines.
func (p *picker) last(n int) {
	for i := p.end - 1; i >= 0 && n > 0; i-- {
		if line := p.lines[i]; line != "" && !noise.MatchString(line) && !shellTrace.MatchString(line) {
			p.pick(i)
			n--
		}
	}
}

// lastAtAll picks the last n lines that are not empty.
func (p *picker) lastAtAll(n int) {
	for i := p.end - 1; i >= 0 && n > 0; i-- {
		if p.lines[i] != "" {
			p.pick(i)
			n--
		}
	}
}

func (p *picker) text() []string {
	var out []string
	previous := -1
	for i, ok := range p.picked {
		if !ok {
			continue
		}
		if previous >= 0 && !blank(p.lines[previous+1:i]) {
			out = append(out, gap)
		}
		out = append(out, legible.Clip(legible.StripComments(secrets.Shapes(p.lines[i])), MaxLine))
		previous = i
	}
	return out
}

func blank(lines []string) bool {
	for _, line := range lines {
		if line != "" {
			return false
		}
	}
	return true
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }
