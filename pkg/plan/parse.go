package plan

import (
	"context"
	"errors"
	"sync"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/yamlline"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// parsedFile is a job file as it is written: its jobs, and their summary.
type parsedFile struct {
	file *affected.File
	raws []affected.Raw
	// unknown is what Prow's strict loader would refuse.
	unknown string
	err     *affected.FileError
	size    affected.Size
}

// notParsed is how Prow begins to say that a file is not what it should be.
const notParsed = "error unmarshalling: "

func parseFile(content []byte) *parsedFile {
	p, err := affected.Parse(content)
	if err != nil {
		return &parsedFile{err: &affected.FileError{Line: yamlline.In(err.Error()), Message: notParsed + err.Error()}, size: p.Size}
	}
	return &parsedFile{file: affected.Summarise(p.Config), raws: affected.Raws(p.Config), unknown: p.Unknown, size: p.Size}
}

// loaded places a parsed file in a tree.
func (p *parsedFile) loaded(e repo.Entry, main bool) *affected.Loaded {
	l := &affected.Loaded{Path: e.Path, Blob: e.Blob, File: p.file, Main: main}
	if p.err != nil {
		at := *p.err
		at.File = e.Path
		l.Err = &at
	}
	return l
}

// parse returns the given blobs parsed, reading those that are not known.
func (w *work) parse(ctx context.Context, blobs []string) (map[string]*parsedFile, error) {
	out := make(map[string]*parsedFile, len(blobs))
	var unknown []string
	for _, b := range blobs {
		if out[b] != nil {
			continue
		}
		known, ok := w.parsed.Get(b)
		if !ok {
			unknown = append(unknown, b)
			known = &parsedFile{}
		}
		out[b] = known
	}
	var mu sync.Mutex
	err := w.eachJobFile(ctx, unknown, func(id string, p *parsedFile) error {
		w.parsed.Add(id, p, int64(p.size.Bytes))
		mu.Lock()
		defer mu.Unlock()
		out[id] = p
		return nil
	})
	return out, err
}

// eachJobFile parses blobs as eachBlob reads them. It ends when they are too much
// together, or do returns an error.
func (w *work) eachJobFile(ctx context.Context, ids []string, do func(id string, p *parsedFile) error) error {
	inner, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sizes
	err := w.eachBlob(inner, ids, func(id string, content []byte) {
		p := parseFile(content)
		err := all.add(p.size)
		if err == nil {
			err = do(id, p)
		}
		if err != nil {
			stop(err)
		}
	})
	if ctx.Err() == nil && inner.Err() != nil {
		return context.Cause(inner)
	}
	return err
}

// eachBlob reads blobs and hands them to several goroutines.
func (w *work) eachBlob(ctx context.Context, ids []string, do func(id string, content []byte)) error {
	type blob struct {
		id      string
		content []byte
	}
	if len(ids) == 1 || w.options.Workers == 1 {
		return w.objects.BlobsUpTo(ctx, affected.MaxFile, ids, func(id string, content []byte) error {
			do(id, content)
			return ctx.Err()
		})
	}
	queue := make(chan blob, w.options.Workers)
	var workers crew
	for range w.options.Workers {
		workers.Go(func() {
			for b := range queue {
				if ctx.Err() == nil {
					workers.do(func() { do(b.id, b.content) })
				}
			}
		})
	}
	err := w.objects.BlobsUpTo(ctx, affected.MaxFile, ids, func(id string, content []byte) error {
		queue <- blob{id, append([]byte(nil), content...)}
		return ctx.Err()
	})
	close(queue)
	workers.wait()
	return errors.Join(err, ctx.Err())
}
