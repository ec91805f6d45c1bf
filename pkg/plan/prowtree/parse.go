package prowtree

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/crew"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/yamlline"
)

// JobFile is the content of a job file as it is written: its jobs, and a summary.
type JobFile struct {
	File *affected.File
	Raws []affected.Raw
	// Unknown is the error of Prow's strict loader; empty if there is none.
	Unknown string
	// Err says why the file has no content. It does not name the file.
	Err  *affected.FileError
	size affected.Size
}

// Unknown is a file with fields that Prow does not know and therefore ignores.
type Unknown struct {
	Path, Blob string
	// Message is the error of Prow's strict loader.
	Message string
}

// notParsed is the beginning of Prow's error about a file that it cannot parse.
const notParsed = "error unmarshalling: "

// IsSyntax reports whether an error is about the content of a file, and not about reading
// it.
func IsSyntax(e *affected.FileError) bool { return strings.HasPrefix(e.Message, notParsed) }

func parseFile(content []byte) *JobFile {
	p, err := affected.Parse(content)
	if err != nil {
		return &JobFile{Err: &affected.FileError{Line: yamlline.In(err.Error()), Message: notParsed + err.Error()}, size: p.Size}
	}
	return &JobFile{File: affected.Summarise(p.Config), Raws: affected.Raws(p.Config), Unknown: p.Unknown, size: p.Size}
}

// At returns the summary of a file at a path of a tree.
func (p *JobFile) At(path, blob string) *affected.Loaded {
	l := &affected.Loaded{Path: path, Blob: blob, File: p.File}
	if p.Err != nil {
		at := *p.Err
		at.File = path
		l.Err = &at
	}
	return l
}

// Parse returns the given blobs parsed. It reads those that are not in the cache.
func (l *Loader) Parse(ctx context.Context, blobs []string) (map[string]*JobFile, error) {
	out := make(map[string]*JobFile, len(blobs))
	var unknown []string
	for _, b := range blobs {
		if out[b] != nil {
			continue
		}
		known, ok := l.Cache.files.Get(b)
		if !ok {
			unknown = append(unknown, b)
			known = &JobFile{}
		}
		out[b] = known
	}
	var mu sync.Mutex
	err := l.EachJobFile(ctx, unknown, func(id string, p *JobFile) error {
		l.Cache.files.Add(id, p, int64(p.size.Bytes))
		mu.Lock()
		defer mu.Unlock()
		out[id] = p
		return nil
	})
	return out, err
}

// EachJobFile parses blobs, read by eachBlob, and calls do for each. It stops when their
// total size exceeds the limit, or do returns an error.
func (l *Loader) EachJobFile(ctx context.Context, ids []string, do func(id string, p *JobFile) error) error {
	inner, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sizes
	err := l.eachBlob(inner, ids, func(id string, content []byte) {
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

// eachBlob reads blobs and passes them to several goroutines.
func (l *Loader) eachBlob(ctx context.Context, ids []string, do func(id string, content []byte)) error {
	type blob struct {
		id      string
		content []byte
	}
	if len(ids) == 1 || l.Workers == 1 {
		return l.Objects.BlobsUpTo(ctx, affected.MaxFile, ids, func(id string, content []byte) error {
			do(id, content)
			return ctx.Err()
		})
	}
	queue := make(chan blob, l.Workers)
	var workers crew.Crew
	for range l.Workers {
		workers.Go(func() {
			for b := range queue {
				if ctx.Err() == nil {
					workers.Do(func() { do(b.id, b.content) })
				}
			}
		})
	}
	err := l.Objects.BlobsUpTo(ctx, affected.MaxFile, ids, func(id string, content []byte) error {
		queue <- blob{id, append([]byte(nil), content...)}
		return ctx.Err()
	})
	close(queue)
	workers.WaitAll()
	return errors.Join(err, ctx.Err())
}

var gzipHeader = []byte("\x1F\x8B")

// PresetFiles returns the job files that have presets. Most files do not contain the
// word, and are not parsed.
func (l *Loader) PresetFiles(ctx context.Context, files []File) ([]*affected.Loaded, error) {
	var mu sync.Mutex
	with := map[string]*affected.File{}
	err := l.eachBlob(ctx, blobsOf(files), func(id string, content []byte) {
		if !bytes.HasPrefix(content, gzipHeader) && !bytes.Contains(bytes.ToLower(content), []byte("presets")) {
			return
		}
		if p := parseFile(content); p.Err == nil && len(p.File.Presets) > 0 {
			mu.Lock()
			defer mu.Unlock()
			with[id] = p.File
		}
	})
	var out []*affected.Loaded
	for _, f := range files {
		if parsed := with[f.Blob]; parsed != nil {
			out = append(out, &affected.Loaded{Path: f.Path, Blob: f.Blob, File: parsed})
		}
	}
	return out, err
}

func blobsOf(files []File) []string {
	seen := map[string]bool{}
	for _, f := range files {
		if f.Err == nil {
			seen[f.Blob] = true
		}
	}
	return slices.Collect(maps.Keys(seen))
}
