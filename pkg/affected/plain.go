package affected

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	yamlv2 "sigs.k8s.io/yaml/goyaml.v2"
)

// MaxFile bounds a file of Prow's configuration, in bytes: decompressed, and
// with YAML's aliases expanded. Prow has no bound of its own, but what fills
// our memory would fill Prow's after the merge.
const MaxFile = 16 << 20

// Bounds of what a file may consist of. What is written in three bytes can take a
// kilobyte of memory once it is a job or a container; files of four MB that
// people write have some ten thousand lists items and mappings.
const (
	// maxItems bounds the list items and mappings of a file, aliases expanded.
	maxItems = 200_000
	// maxMarks bounds what may begin an item, be it inside a text: to look closer
	// would take too much memory.
	maxMarks = 1_500_000
	// maxFileJobs bounds the jobs of a file.
	maxFileJobs = 20_000
)

// Plain returns the content of a file that may be compressed. It refuses what
// is larger than MaxFile, or has more in it than its size promises.
func Plain(content []byte) ([]byte, error) {
	plain := content
	if bytes.HasPrefix(content, []byte("\x1F\x8B")) && len(content) <= MaxFile {
		r, err := gzip.NewReader(bytes.NewReader(content))
		if err != nil {
			return nil, err
		}
		if plain, err = io.ReadAll(io.LimitReader(r, MaxFile+1)); err != nil {
			return nil, err
		}
	}
	if len(plain) > MaxFile {
		return nil, fmt.Errorf("larger than %d MiB: split it into several files", MaxFile>>20)
	}
	n := marks(plain)
	if n > maxMarks {
		return nil, errTooManyItems
	}
	if n <= maxItems && !mayExpand(plain) {
		return plain, nil
	}
	switch w := weigh(plain); {
	case w.bytes > MaxFile:
		return nil, fmt.Errorf("larger than %d MiB once its YAML aliases are expanded: use fewer aliases", MaxFile>>20)
	case w.items > maxItems:
		return nil, errTooManyItems
	}
	return plain, nil
}

var errTooManyItems = fmt.Errorf("more than %d list items and mappings: split it into several files", maxItems)

// marks counts the characters that may begin a list item or a mapping. It may
// count too many, never too few.
func marks(content []byte) int {
	n := 0
	wide := isUTF16(content)
	for i, b := range content {
		switch b {
		case ',', '[', '{', '?':
			n++
		case ':', '-':
			if wide || i+1 == len(content) || content[i+1] <= ' ' {
				n++
			}
		}
	}
	return n
}

func isUTF16(content []byte) bool {
	return bytes.HasPrefix(content, []byte("\xff\xfe")) || bytes.HasPrefix(content, []byte("\xfe\xff"))
}

// mayExpand reports whether YAML may have both anchors and aliases. Shell
// commands often look as if they had.
func mayExpand(content []byte) bool {
	return isUTF16(content) || hasMark(content, '&') && hasMark(content, '*')
}

func hasMark(content []byte, mark byte) bool {
	for i := 0; ; i++ {
		next := bytes.IndexByte(content[i:], mark)
		if next < 0 {
			return false
		}
		i += next
		// Redirections, as in `2>&1`, cannot be anchors.
		if i+1 < len(content) && isWord(content[i+1]) && (i == 0 || content[i-1] != '>') {
			return true
		}
	}
}

func isWord(b byte) bool {
	return b == '-' || b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// weight is what a document has: bytes of JSON, about, and items of lists and
// mappings.
type weight struct {
	bytes, items int
}

// weigh looks at a document with its aliases expanded. What the parser makes of
// aliases shares their text, and is bounded otherwise by the parser itself; only
// when it is written out does it become large.
func weigh(content []byte) weight {
	var document any
	var w weight
	// Whoever reads a file that cannot be parsed is told why.
	if yamlv2.Unmarshal(content, &document) == nil {
		w.add(document)
	}
	return w
}

// add adds a value, and stops soon after a bound.
func (w *weight) add(v any) {
	w.bytes += 2
	switch t := v.(type) {
	case string:
		w.bytes += len(t)
	case []any:
		w.items += len(t)
		for _, e := range t {
			if w.add(e); w.over() {
				break
			}
		}
	case map[any]any:
		w.items++
		for k, e := range t {
			w.add(k)
			if w.add(e); w.over() {
				break
			}
		}
	}
}

func (w *weight) over() bool { return w.bytes > MaxFile || w.items > maxItems }
