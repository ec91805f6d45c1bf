// Package event turns GitHub's webhooks, and comments and pull requests found by a
// sweep, into entries of a Rehearsal's command log. Both ways give the same entries
// with the same ids, so receiving something twice changes nothing. It also parses
// command lines.
//
// It is pure: it makes no calls and no policy decisions. It trusts events only for
// what was written, when and by whom.
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
	// MaxAge is the maximum age of a comment with commands. The log forgets older ones,
	// so a replayed delivery must not bring them back.
	MaxAge = 7 * 24 * time.Hour
	// Marker starts the hidden line in every comment that we write.
	Marker = "<!-- rehearsal:"

	// maxCommands and maxTexts limit what one text can add to the log: the number of its
	// command lines, and their size in bytes as jsonSize counts it. The log itself is
	// limited too.
	maxCommands = 20
	maxTexts    = 16 << 10
	// maxText and maxLogin are the limits of the schema of Rehearsal, here in bytes. The
	// size of a line is counted by jsonSize.
	maxText  = 2048
	maxLogin = 100
	// maxBody is more than GitHub accepts as a text: 65,536 characters.
	maxBody = 4 * 65536
)

// DefaultPrefixes are the words with which a command line starts.
func DefaultPrefixes() []string { return []string{"/pj-rehearse", "/rehearse"} }

// Entries is what is to be appended to the log of one pull request.
type Entries struct {
	Pull     v1alpha1.Pull
	Observed *v1alpha1.Observed
	// Pushes are as in RehearsalSpec.
	Pushes   map[string]v1alpha1.Push
	Commands []v1alpha1.Command
}

// Options are the inputs of translation besides the event.
type Options struct {
	// Prefixes start a command line; none means DefaultPrefixes.
	Prefixes []string
	// Now is the time from which MaxAge counts back.
	Now time.Time
}

// Comment is a comment on a pull request as GitHub's API returns it.
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
	// Reactions is the number of reactions by anybody.
	Reactions int
}

// Pull has the fields of a pull request that are used.
type Pull struct {
	Author     string
	AuthorType string
	Body       string
	Head       string
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// FromComment translates a comment that a sweep found. It returns nil if the comment has
// no commands. Edited comments count as having none: their original text cannot be
// distinguished from what was added.
func FromComment(pull v1alpha1.Pull, c Comment, opts Options) *Entries {
	if c.UpdatedAt.After(c.CreatedAt) {
		return nil
	}
	return created(pull, c, opts)
}

// created translates a newly created comment.
func created(pull v1alpha1.Pull, c Comment, opts Options) *Entries {
	t := text{
		id: inComment + strconv.FormatInt(c.ID, 10), body: c.Body,
		by: c.Author, byType: c.AuthorType, at: c.CreatedAt,
	}
	commands := t.commands(opts)
	if len(commands) == 0 {
		return nil
	}
	// Keep what was observed: a comment says nothing about the head, and must not hide a
	// push.
	return &Entries{Pull: pull, Commands: commands}
}

// FromPull translates an open pull request that a sweep found. Commands in its body
// count only while it is new: later the body may have been edited, and only the
// original text counts.
func FromPull(pull v1alpha1.Pull, p Pull, young bool, opts Options) *Entries {
	entries := &Entries{
		Pull:     pull,
		Observed: &v1alpha1.Observed{Event: "sweep", Head: p.Head, At: metav1.NewTime(p.UpdatedAt)},
	}
	if young {
		entries.Commands = opened(p, opts)
	}
	return entries
}

// opened translates the body of a pull request. The id is derived from the author and
// the command lines, not from the whole text: a typo fixed between a delivery and a
// sweep must not start everything again.
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

// bounded shortens command lines so that they fit into the log. If there are too many,
// the last one shows that there were more.
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
	// A deleted account has no login, so nobody is responsible for its commands.
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

// more marks a truncated line. No job name contains it.
const more = " …"

// Shorten cuts a text at a word to a number of bytes, as they are stored in etcd.
func Shorten(text string, limit int) string { return shorten(text, limit) }

// shorten cuts a line at the last word that fits and marks it: a truncated name must
// not look like a name.
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

// jsonSize is the size of a text in etcd, where it is a JSON string as Go encodes it:
// some characters take six bytes.
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
