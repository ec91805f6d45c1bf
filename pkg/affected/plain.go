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

// Plain returns the content of a file that may be compressed. It refuses what
// is larger than MaxFile.
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
	switch {
	case len(plain) > MaxFile:
		return nil, fmt.Errorf("larger than %d MiB: split it into several files", MaxFile>>20)
	case mayExpand(plain) && expanded(plain) > MaxFile:
		return nil, fmt.Errorf("larger than %d MiB once its YAML aliases are expanded: use fewer aliases", MaxFile>>20)
	}
	return plain, nil
}

// mayExpand reports whether YAML may have both anchors and aliases. Shell
// commands often look as if they had.
func mayExpand(content []byte) bool {
	if bytes.HasPrefix(content, []byte("\xff\xfe")) || bytes.HasPrefix(content, []byte("\xfe\xff")) {
		return true
	}
	return hasMark(content, '&') && hasMark(content, '*')
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

// expanded is about how many bytes a document has in JSON. What the parser
// makes of aliases shares their text, and is bounded otherwise by the parser
// itself; only when it is written out does it become large.
func expanded(content []byte) int {
	var document any
	if yamlv2.Unmarshal(content, &document) != nil {
		// Whoever reads the file is told why.
		return 0
	}
	return size(document, 0)
}

// size adds up a value, and stops soon after MaxFile.
func size(v any, so int) int {
	so += 2
	switch t := v.(type) {
	case string:
		return so + len(t)
	case []any:
		for _, e := range t {
			if so = size(e, so); so > MaxFile {
				break
			}
		}
	case map[any]any:
		for k, e := range t {
			if so = size(e, size(k, so)); so > MaxFile {
				break
			}
		}
	}
	return so
}
