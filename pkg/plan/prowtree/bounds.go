package prowtree

import (
	"fmt"
	"strings"
	"sync"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// Bounds of what is read of a tree. Each is far above what any repository has, and low
// enough that it takes some seconds and some hundred MB at worst.
const (
	// maxLinkSteps bounds how much of paths is compared with symbolic links, in bytes.
	maxLinkSteps = 300_000_000
	// maxJobFiles bounds the job files of a tree, maxUnpacked them together, in bytes,
	// compressed ones unpacked, and maxItems the list items and mappings in them, at
	// most. The largest repository has some thousand, 125 MB, and five million.
	maxJobFiles, maxUnpacked, maxItems = 50_000, 512 << 20, 25_000_000
	// maxSupplemental bounds the files that are merged into Prow's main file. Prow's
	// code takes a millisecond for each. maxProwConfig bounds all of them together, in
	// bytes, and maxProwItems what may be a list item or a mapping.
	maxSupplemental, maxProwConfig, maxProwItems = 10_000, 32 << 20, 500_000
	// maxDefaults bounds the default decorations, and the defaults for ProwJobs: for
	// each job, all are looked at.
	maxDefaults = 5000
	// MaxMessage bounds a message of Prow's, in bytes.
	MaxMessage = 4 << 10
)

// sizes adds up the files of a tree.
type sizes struct {
	mu  sync.Mutex
	sum affected.Size
}

func (s *sizes) add(size affected.Size) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sum.Bytes += size.Bytes
	s.sum.Items += size.Items
	switch {
	case s.sum.Bytes > maxUnpacked:
		return &repo.BoundError{Bound: fmt.Sprintf("has job files of more than %d MiB together, uncompressed", maxUnpacked>>20)}
	case s.sum.Items > maxItems:
		return &repo.BoundError{Bound: fmt.Sprintf("has job files of more than %d list items and mappings together", maxItems)}
	}
	return nil
}

// CheckJobFiles refuses more job files than are read.
func CheckJobFiles(n int) error {
	if n > maxJobFiles {
		return &repo.BoundError{Bound: fmt.Sprintf("has more than %d job files", maxJobFiles)}
	}
	return nil
}

// Cut shortens a message, of which people read the beginning.
func Cut(message string) string {
	if len(message) <= MaxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:MaxMessage], "") + "…"
}
