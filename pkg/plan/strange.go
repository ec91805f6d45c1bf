package plan

import (
	"context"
	"fmt"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/yamlline"
)

// unknownFields returns warnings about fields that Prow ignores, with their lines.
func (w *stepper) unknownFields(ctx context.Context, files []prowtree.Unknown) []string {
	var out []string
	for i, f := range files {
		field, ok := yamlline.UnknownField(f.Message)
		if !ok {
			out = append(out, f.Path+": "+f.Message)
			continue
		}
		at := affected.FileError{File: f.Path}
		if i < maxLocated {
			// As with problems, a missing line is not an error.
			_ = w.Objects.BlobsUpTo(ctx, affected.MaxFile, []string{f.Blob}, func(_ string, content []byte) error {
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
