package plan

import (
	"context"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

// refusal returns a *RefusedError when Prow would not load the tree after the
// change. It is the base's fault when the base has every one of the problems.
func (w *work) refusal(ctx context.Context, base, after *state) error {
	list := after.problems.inLoadingOrder()
	if len(list) == 0 {
		return nil
	}
	known := map[string]bool{}
	for _, e := range base.problems {
		known[complaint(e)] = true
	}
	first := -1
	for i, e := range list {
		if !known[complaint(e)] {
			first = i
			break
		}
	}
	refused := &RefusedError{BaseBroken: first < 0}
	e := list[max(first, 0)]
	w.locate(ctx, after, &e)
	refused.Reason, refused.File, refused.Line = e.Message, e.File, e.Line
	return refused
}

// complaint is a problem wherever in its file it is: edits move lines.
func complaint(e affected.FileError) string {
	return e.File + "\x00" + yamlLine.ReplaceAllString(e.Message, "")
}

// locate finds the line of a problem with a job.
func (w *work) locate(ctx context.Context, s *state, e *affected.FileError) {
	f := s.revision.File(e.File)
	if f == nil && e.File == w.settings.ProwConfig {
		f = s.revision.File(affected.MainKey)
	}
	if e.Line > 0 || f == nil || f.File == nil {
		return
	}
	name := ""
	for i := range f.Jobs {
		if n := f.Jobs[i].Ref.Name; len(n) > len(name) && mentions(e.Message, n) {
			name = n
		}
	}
	if name == "" {
		return
	}
	// Without a line the message still says all; a failure to read is no
	// reason to hide it.
	_ = w.objects.BlobsUpTo(ctx, affected.MaxFile, []string{f.Blob}, func(_ string, content []byte) error {
		if plain, err := affected.Plain(content); err == nil {
			e.Line = lineOfJob(string(plain), name)
		}
		return nil
	})
}

// mentions reports whether a message has a name as a word of its own.
func mentions(message, name string) bool {
	for rest := message; ; {
		i := strings.Index(rest, name)
		if i < 0 {
			return false
		}
		end := i + len(name)
		if (i == 0 || !isNameByte(rest[i-1])) && (end == len(rest) || !isNameByte(rest[end])) {
			return true
		}
		rest = rest[end:]
	}
}

func isNameByte(b byte) bool {
	return b == '-' || b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}
