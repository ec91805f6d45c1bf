package prowtree

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/rehearsal-dev/rehearsal/test/worktree"
)

// A compressed file counts with its size after decompression.
func TestSizesTogether(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte("#" + strings.Repeat("x", 8<<20))); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	var all sizes
	one := parseFile(packed.Bytes()).size
	if one.Bytes != 8<<20+1 {
		t.Fatalf("%d bytes", one.Bytes)
	}
	for i := range 63 {
		if err := all.add(one); err != nil {
			t.Fatalf("file %d: %v", i, err)
		}
	}
	if err := all.add(one); err == nil || err.Error() != "the repository has job files of more than 512 MiB together, uncompressed" {
		t.Errorf("err = %v", err)
	}
}

// Reading stops between two files when the context is done.
func TestReadingEndsWithItsContext(t *testing.T) {
	tree := worktree.New(t)
	tree.Write("a", "a")
	tree.Write("b", "b")
	tree.Commit()
	blobs := []string{tree.Git("rev-parse", "HEAD:a"), tree.Git("rev-parse", "HEAD:b")}
	for _, workers := range []int{1, 2} {
		l := &Loader{Objects: tree.Mirror().Objects, Workers: workers}
		ctx, cancel := context.WithCancel(t.Context())
		if err := l.eachBlob(ctx, blobs, func(string, []byte) { cancel() }); !errors.Is(err, context.Canceled) {
			t.Errorf("%d workers: err = %v", workers, err)
		}
	}
}
