package secrets

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"

	ahocorasick "github.com/BobuSumisu/aho-corasick"
	"github.com/pelletier/go-toml/v2"
	"github.com/zricethezav/gitleaks/v8/config"
)

// shape is the pattern of a kind of secret.
type shape struct {
	// keywords are in lower case. A text without any of them contains no such secret.
	keywords []string
	find     func() *regexp.Regexp
	// secret is the group with the secret. 0 stands for the first group that matches, or
	// for the whole match if there are no groups.
	secret int
	// name is the group with the name of the secret; 0 if there is none. If it is the
	// name of the place of a secret, the match is none.
	name int
	// entropy is the minimum entropy of a secret, in bits per character.
	entropy float64
}

const word = `(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)`

var words = []string{"passwd", "password", "passphrase", "secret", "token", "key", "credential"}

// own are the shapes that do not belong to one service, and those for which less evidence
// is enough here than for a scanner, which must avoid false alarms.
var own = []shape{
	{keywords: []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_"}, find: re(`\bgh[pousr]_[A-Za-z0-9]{16,}`)},
	{keywords: []string{"github_pat_"}, find: re(`\bgithub_pat_[A-Za-z0-9_]{16,}`)},
	{keywords: []string{"glpat-"}, find: re(`\bglpat-[A-Za-z0-9_-]{16,}`)},
	{keywords: []string{"xox"}, find: re(`\bxox[a-z]-[A-Za-z0-9-]{10,}`)},
	{keywords: []string{"npm_"}, find: re(`\bnpm_[A-Za-z0-9]{30,}`)},
	{keywords: []string{"sha256~"}, find: re(`\bsha256~[A-Za-z0-9_-]{20,}`)},
	{keywords: []string{"akia", "asia", "aroa", "aida"}, find: re(`\b(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{16}\b`)},
	{keywords: []string{"aiza"}, find: re(`\bAIza[0-9A-Za-z_-]{30,}`)},
	{keywords: []string{"ya29."}, find: re(`\bya29\.[0-9A-Za-z_-]{16,}`)},
	{keywords: []string{"eyj"}, find: re(`\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}\.?[A-Za-z0-9_-]*`)},
	{keywords: []string{"authorization"}, find: re(`(?i)authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token|digest|negotiate)\s+)?([^\s"',]+)`)},
	{keywords: []string{"bearer", "basic"}, find: re(`(?i)\b(?:bearer|basic)\s+([A-Za-z0-9._~+/-]{16,}=*)`)},
	{keywords: []string{"://"}, find: re(`://([^/\s:@]*:[^/\s@]+)@`)},
	// "password": "…" and "auth": "…" as in JSON
	{keywords: append([]string{"auth"}, words...), find: re(`(?i)"([\w.-]*` + word + `[\w.-]*|auth)"\s*:\s*"((?:[^"\\]|\\.)*)"`), name: 1, secret: 2},
	// password=…, also in an environment or a query
	{keywords: words, find: re(`(?i)\b([\w.-]*` + word + `[\w.-]*)=("[^"]*"|'[^']*'|[^\s&"']+)`), name: 1, secret: 2},
	// --password …
	{keywords: words, find: re(`(?i)--?([\w-]*` + word + `)[ \t]+("[^"]*"|'[^']*'|[^\s-]\S*)`), name: 1, secret: 2},
	// password: … as a line of YAML
	{keywords: words, find: re(`(?im)^[ \t-]*["']?([\w.-]*` + word + `[\w.-]*)["']?:[ \t]+(\S+)[ \t]*$`), name: 1, secret: 2},
}

func re(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// Shapes removes secrets that a single line shows.
func Shapes(s string) string {
	for _, i := range all().hit(strings.ToLower(s)) {
		s = all().shapes[i].censor(s)
	}
	return s
}

func (s *shape) censor(text string) string {
	var b strings.Builder
	at := 0
	for _, m := range s.find().FindAllStringSubmatchIndex(text, -1) {
		from, to := s.part(m)
		if from < at || from == to || s.name > 0 && !Named(text[m[2*s.name]:m[2*s.name+1]]) || entropy(text[from:to]) < s.entropy {
			continue
		}
		b.WriteString(text[at:from] + Mark)
		at = to
	}
	return b.String() + text[at:]
}

// part is the beginning and the end of the secret in a match.
func (s *shape) part(m []int) (from, to int) {
	if s.secret > 0 {
		return m[2*s.secret], m[2*s.secret+1]
	}
	for i := 2; i < len(m); i += 2 {
		if m[i] >= 0 && m[i+1] > m[i] {
			return m[i], m[i+1]
		}
	}
	return m[0], m[1]
}

// entropy returns Shannon's entropy, in bits per character.
func entropy(s string) float64 {
	counts := map[rune]int{}
	n := 0
	for _, r := range s {
		counts[r]++
		n++
	}
	bits := 0.0
	for _, c := range counts {
		p := float64(c) / float64(n)
		bits -= p * math.Log2(p)
	}
	return bits
}

// list has all shapes, with an index of those that a text may contain.
type list struct {
	shapes []shape
	words  *ahocorasick.Trie
	// of are the shapes of each keyword.
	of [][]int
}

var all = sync.OnceValue(func() *list {
	l := &list{shapes: append(scanned(), own...)}
	index := map[string]int{}
	var distinct []string
	for i, s := range l.shapes {
		for _, k := range s.keywords {
			at, known := index[k]
			if !known {
				at = len(distinct)
				index[k] = at
				distinct = append(distinct, k)
				l.of = append(l.of, nil)
			}
			l.of[at] = append(l.of[at], i)
		}
	}
	l.words = ahocorasick.NewTrieBuilder().AddStrings(distinct).Build()
	return l
})

// hit returns the shapes that a text in lower case may contain, in their order.
func (l *list) hit(lower string) []int {
	var out []int
	l.words.Walk([]byte(lower), func(_, _, word int64) bool {
		out = append(out, l.of[word]...)
		return true
	})
	slices.Sort(out)
	return slices.Compact(out)
}

// byName is the rule of gitleaks that only looks at names. Our own rules know better
// which names matter here.
const byName = "generic-api-key"

// scanned are the rules of gitleaks (the format is in the README of
// github.com/gitleaks/gitleaks) that do not need the name of a file. Its exceptions for
// harmless values are not used: a gap in a text costs less than a secret.
func scanned() []shape {
	var file struct {
		Rules []struct {
			ID          string
			Regex, Path string
			SecretGroup int
			Entropy     float64
			Keywords    []string
		}
	}
	if err := toml.Unmarshal([]byte(config.DefaultConfig), &file); err != nil {
		return nil // they are part of the program; TestScannedRules reads them
	}
	var out []shape
	for _, r := range file.Rules {
		if r.Regex == "" || r.Path != "" || r.ID == byName {
			continue
		}
		out = append(out, shape{keywords: r.Keywords, find: re(r.Regex), secret: r.SecretGroup, entropy: r.Entropy})
	}
	return out
}
