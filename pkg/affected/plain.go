package affected

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	yamlv2 "sigs.k8s.io/yaml/goyaml.v2"
)

// MaxFile bounds a file of Prow's configuration, in bytes, decompressed and with YAML's
// aliases expanded. Prow has no bound of its own, but what exhausts our memory would
// exhaust Prow's after the merge.
const MaxFile = 16 << 20

// Bounds on the content of a file. Three bytes in a file can take a kilobyte of memory
// once they are a job or a container. Real files of 4 MB have some ten thousand list
// items and mappings.
const (
	// maxItems bounds the list items and mappings of a file, with aliases expanded.
	maxItems = 200_000
	// maxMarks bounds the characters that may begin an item, even inside a text: a closer
	// look would take too much memory.
	maxMarks = 1_500_000
	// maxFileJobs bounds the jobs of a file.
	maxFileJobs = 20_000
	// maxDigits bounds consecutive digits, because parsing a resource quantity takes
	// quadratic time.
	maxDigits = 1000
)

// Plain returns the content of a file that may be compressed. It refuses files larger
// than MaxFile, and files that expand beyond the bounds.
func Plain(content []byte) ([]byte, error) {
	plain, _, err := plainOf(content)
	return plain, err
}

// Measure is Plain for callers that need only the refusal and the size.
func Measure(content []byte) (Size, error) {
	_, size, err := plainOf(content)
	return size, err
}

// Size is the size of a file, uncompressed.
type Size struct {
	// Bytes is its length, Items an upper bound of its list items and mappings.
	Bytes, Items int
}

func plainOf(content []byte) ([]byte, Size, error) {
	plain, err := uncompressed(content)
	size := Size{Bytes: len(plain)}
	if err != nil {
		return nil, size, err
	}
	if len(plain) > MaxFile {
		return nil, size, fmt.Errorf("larger than %d MiB: split it into several files", MaxFile>>20)
	}
	size.Items = marks(plain)
	if size.Items > maxMarks {
		return nil, size, errTooManyItems
	}
	if size.Items <= maxItems && !mayExpand(plain) && !mayHaveLongNumber(plain) {
		return plain, size, nil
	}
	switch w := weigh(plain); {
	case w.bytes > MaxFile:
		return nil, size, fmt.Errorf("larger than %d MiB once its YAML aliases are expanded: use fewer aliases", MaxFile>>20)
	case w.items > maxItems:
		return nil, size, errTooManyItems
	case w.long:
		return nil, size, fmt.Errorf("a number of more than %d digits", maxDigits)
	}
	return plain, size, nil
}

func uncompressed(content []byte) ([]byte, error) {
	if !bytes.HasPrefix(content, []byte("\x1F\x8B")) || len(content) > MaxFile {
		return content, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, MaxFile+1))
}

var errTooManyItems = fmt.Errorf("more than %d list items and mappings: split it into several files", maxItems)

// marks counts the characters that may begin a list item or a mapping. It may count too
// many, but never too few.
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

// mayExpand reports whether YAML may have both anchors and aliases. Shell commands often
// look as if they had.
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

// numeric are digits, and characters that may be between the digits of one number in a
// quoted text: escaped digits and line breaks.
var numeric = func() (is [256]bool) {
	for _, b := range []byte("0123456789\\xuU \t\r\n") {
		is[b] = true
	}
	return is
}()

// mayHaveLongNumber reports whether there may be more than maxDigits consecutive digits.
// If there are not, it reads only few of the bytes.
func mayHaveLongNumber(content []byte) bool {
	if isUTF16(content) {
		return true
	}
	for start := 0; start+maxDigits < len(content); {
		i := start + maxDigits
		for i >= start && numeric[content[i]] {
			i--
		}
		if i < start {
			return true
		}
		start = i + 1
	}
	return false
}

func hasLongNumber(text string) bool {
	digits := 0
	for i := range len(text) {
		if digits++; text[i] < '0' || text[i] > '9' {
			digits = 0
		}
		if digits > maxDigits {
			return true
		}
	}
	return false
}

func isWord(b byte) bool {
	return b == '-' || b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// weight is the size of a document: approximate bytes of JSON, and items of lists and
// mappings.
type weight struct {
	bytes, items int
	// long says that a number has too many digits.
	long bool
}

// weigh measures a document with its aliases expanded. The parsed document shares the
// values of aliases, and the parser itself bounds them; only the written document is
// large.
func weigh(content []byte) weight {
	var document any
	var w weight
	// The caller parses the file again and reports the error.
	if yamlv2.Unmarshal(content, &document) == nil {
		w.add(document)
	}
	return w
}

// add adds a value. It stops soon after a bound is exceeded.
func (w *weight) add(v any) {
	w.bytes += 2
	switch t := v.(type) {
	case string:
		w.bytes += len(t)
		w.long = w.long || len(t) > maxDigits && hasLongNumber(t)
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
