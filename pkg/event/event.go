// Package event turns what GitHub says into entries of the log that a Rehearsal
// keeps: webhooks as they arrive, comments and pull requests as a sweep finds
// them. All ways give the same entries with the same ids, so that hearing a
// thing twice changes nothing. It also reads command lines.
//
// It is pure: it asks nobody, decides nothing about who may do what, and takes
// the events' word only for what was said, when and by whom.
package event

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
)

const (
	// MaxAge is how old a comment may be and still command. The log forgets
	// what is older, so a replayed delivery must not bring it back.
	MaxAge = 7 * 24 * time.Hour
	// Marker starts the hidden line in every comment that we write.
	Marker = "<!-- rehearsal:"

	// maxCommands and maxTexts bound what one text may add to the log, which is
	// bounded too: its lines, and their bytes as jsonSize counts.
	maxCommands = 20
	maxTexts    = 16 << 10
	// maxText and maxLogin are the limits that the schema of Rehearsal sets, here in
	// bytes: of a line as jsonSize counts.
	maxText  = 2048
	maxLogin = 100
	// maxBody is beyond what GitHub takes as a text: 65,536 characters.
	maxBody = 4 * 65536
)

// DefaultPrefixes are the words with which a command line starts.
func DefaultPrefixes() []string { return []string{"/pj-rehearse", "/rehearse"} }

// Heard is what there is to append to the log of one pull request.
type Heard struct {
	Pull     v1alpha1.Pull
	Observed *v1alpha1.Observed
	// Pushes are as in RehearsalSpec.
	Pushes   map[string]v1alpha1.Push
	Commands []v1alpha1.Command
}

// Options are what translation depends on besides the event.
type Options struct {
	// Prefixes start a command line; none means DefaultPrefixes.
	Prefixes []string
	// Now is the time from which MaxAge counts back.
	Now time.Time
}

// Comment is a comment on a pull request as GitHub's API tells it.
type Comment struct {
	ID       int64
	NodeID   string
	Number   int
	Author   string
	AuthorID int64
	// AuthorType is GitHub's: User, Bot, Organization or Mannequin.
	AuthorType string
	Body       string
	URL        string
	CreatedAt  time.Time
	UpdatedAt  time.Time
	// Reactions counts those of everybody.
	Reactions int
}

// Pull is as much of a pull request as there is to hear from.
type Pull struct {
	Author     string
	AuthorType string
	Body       string
	Head       string
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// FromComment hears a comment that a sweep found; nil when it commands nothing.
// Edited comments command nothing: what they said when they were created, and
// was heard then, cannot be told from what was added.
func FromComment(pull v1alpha1.Pull, c Comment, opts Options) *Heard {
	if c.UpdatedAt.After(c.CreatedAt) {
		return nil
	}
	return created(pull, c, opts)
}

// created hears a comment as it was when it was created.
func created(pull v1alpha1.Pull, c Comment, opts Options) *Heard {
	t := text{
		id: inComment + strconv.FormatInt(c.ID, 10), body: c.Body,
		by: c.Author, byType: c.AuthorType, at: c.CreatedAt,
	}
	commands := t.commands(opts)
	if len(commands) == 0 {
		return nil
	}
	// What was observed stays what it was: a comment says nothing of the head,
	// and must not hide a push.
	return &Heard{Pull: pull, Commands: commands}
}

// FromPull hears an open pull request that a sweep found. Its body commands
// only while it is young: afterwards the body may have been edited, and only
// what it said when the pull request was opened counts.
func FromPull(pull v1alpha1.Pull, p Pull, young bool, opts Options) *Heard {
	heard := &Heard{
		Pull:     pull,
		Observed: &v1alpha1.Observed{Event: "sweep", Head: p.Head, At: metav1.NewTime(p.UpdatedAt)},
	}
	if young {
		heard.Commands = opened(p, opts)
	}
	return heard
}

// opened hears the body of a pull request. The id is made of the author and of
// the command lines, not of the whole text: a typo mended between a delivery
// and a sweep must not start everything again.
func opened(p Pull, opts Options) []v1alpha1.Command {
	if len(p.Body) > maxBody {
		return nil
	}
	said := p.Author + "\n" + strings.Join(CommandLines(p.Body, opts.prefixes()), "\n")
	t := text{
		id: inDescription + hash(said, 16), body: p.Body,
		by: p.Author, byType: p.AuthorType, at: p.CreatedAt,
	}
	return t.commands(opts)
}

// text is something that somebody wrote.
type text struct {
	id, body, by, byType string
	at                   time.Time
}

func (t text) commands(opts Options) []v1alpha1.Command {
	if len(t.body) > maxBody || t.byBot() || strings.Contains(t.body, Marker) || opts.tooOld(t.at) {
		return nil
	}
	var commands []v1alpha1.Command
	for n, line := range bounded(CommandLines(t.body, opts.prefixes())) {
		commands = append(commands, v1alpha1.Command{
			ID:   fmt.Sprintf("%s-%d", t.id, n),
			Text: line,
			By:   t.by,
			At:   metav1.NewTime(t.at),
		})
	}
	return commands
}

// bounded makes command lines fit into the log. Where there are too many, the
// last shows that there were more.
func bounded(lines []string) []string {
	var fit []string
	size := 0
	for i, line := range lines {
		line = shorten(line, maxText)
		size += jsonSize(line)
		if left := len(lines) - i; size > maxTexts || len(fit) == maxCommands-1 && left > 1 {
			return append(fit, strings.Fields(line)[0]+more)
		}
		fit = append(fit, line)
	}
	return fit
}

func (t text) byBot() bool {
	// A deleted account has no login; nobody can answer for its words.
	return t.by == "" || t.byType == "Bot" || strings.HasSuffix(t.by, "[bot]")
}

func (o Options) prefixes() []string {
	if len(o.Prefixes) == 0 {
		return DefaultPrefixes()
	}
	return o.Prefixes
}

func (o Options) tooOld(at time.Time) bool {
	return at.Before(o.Now.Add(-MaxAge))
}

// more ends a line that is not whole. No job has it in its name.
const more = " …"

// Shorten cuts a text, at a word, to so many bytes as it has in etcd.
func Shorten(text string, limit int) string { return shorten(text, limit) }

// shorten cuts a line at the last word that fits and shows that it did: half a
// name must not be taken for a name.
func shorten(line string, limit int) string {
	if jsonSize(line) <= limit {
		return line
	}
	size, end := len(more), 0
	for i, r := range line {
		if size += runeSize(r); size > limit {
			end = i
			break
		}
	}
	cut := strings.ToValidUTF8(line[:end], "")
	if i := strings.LastIndexAny(cut, " \t"); i >= 0 {
		cut = cut[:i]
	}
	return cut + more
}

// jsonSize is how many bytes a text has in etcd, where it is a string of JSON as
// Go writes it: some characters take six.
func jsonSize(s string) int {
	size := 0
	for _, r := range s {
		size += runeSize(r)
	}
	return size
}

func runeSize(r rune) int {
	switch {
	case strings.ContainsRune("\"\\\b\f\n\r\t", r):
		return 2
	case r < ' ', strings.ContainsRune("<>&\u2028\u2029\ufffd", r):
		return 6
	}
	return utf8.RuneLen(r)
}

func hash(s string, length int) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])[:length]
}
