package prowtree

import (
	"fmt"
	"strings"
	"sync"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// Limits on what is read of a tree. Each is far above what any repository has, and low
// enough that reading takes at most some seconds and some hundred MB.
const (
	// maxLinkSteps limits the comparison of paths with symbolic links, in bytes of the
	// paths.
	maxLinkSteps = 300_000_000
	// maxJobFiles limits the job files of a tree, maxUnpacked their total size in bytes
	// after decompression, and maxItems the list items and mappings in them, estimated
	// from above. The largest repository has some thousand files, 125 MB, and five
	// million items.
	maxJobFiles, maxUnpacked, maxItems = 50_000, 512 << 20, 25_000_000
	// maxSupplemental limits the files that are merged into Prow's main file, because
	// Prow's code takes a millisecond for each. maxProwConfig limits their total size in
	// bytes, and maxProwItems what may be a list item or a mapping.
	maxSupplemental, maxProwConfig, maxProwItems = 10_000, 32 << 20, 500_000
	// maxDefaults limits the default decorations, and the defaults for ProwJobs, because
	// all are compared for each job.
	maxDefaults = 5000
	// MaxMessage limits a message from Prow, in bytes.
	MaxMessage = 4 << 10
)

// sizes adds up the sizes of the files of a tree.
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

// CheckJobFiles returns an error if there are more job files than the limit.
func CheckJobFiles(n int) error {
	if n > maxJobFiles {
		return &repo.BoundError{Bound: fmt.Sprintf("has more than %d job files", maxJobFiles)}
	}
	return nil
}

// Cut shortens a message, and keeps its beginning.
func Cut(message string) string {
	if len(message) <= MaxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:MaxMessage], "") + "…"
}
