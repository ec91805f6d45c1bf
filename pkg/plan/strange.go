package plan

import (
	"context"
	"fmt"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/yamlline"
)

// strange is a file with a field that Prow does not know, which it leaves out.
type strange struct {
	path, blob string
	// message is how Prow's strict loader refuses it.
	message string
}

// strange finds the file that the strict loader complains about.
func (pc *prowConfig) strange(l layout.Layout, files prowFiles) strange {
	at := l.ProwConfig
	for p := range files {
		if p != at && strings.Contains(pc.unknown, p) {
			at = p
		}
	}
	return strange{at, files[at], pc.unknown}
}

// unknownFields says what is left out of files, and where.
func (w *work) unknownFields(ctx context.Context, files []strange) []string {
	var out []string
	for i, f := range files {
		field, ok := yamlline.UnknownField(f.message)
		if !ok {
			out = append(out, f.path+": "+f.message)
			continue
		}
		at := affected.FileError{File: f.path}
		if i < maxLocated {
			// As with problems, the line is not worth an error.
			_ = w.objects.BlobsUpTo(ctx, affected.MaxFile, []string{f.blob}, func(_ string, content []byte) error {
				at.Line = yamlline.Parse(content).OfOnlyKey(field)
				return nil
			})
		}
		out = append(out, fmt.Sprintf("%s: unknown field %q, which Prow leaves out", placeOf(at), field))
	}
	return out
}

func placeOf(e affected.FileError) string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	return e.File
}
