package plan

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// Bounds of what a tree may ask of us. Each is far above what any repository
// has, and low enough that a plan takes some seconds and some hundred MB at worst.
const (
	// maxIgnoreFile bounds a .prowignore file, in bytes: the parser of rules is
	// recursive, and a stack that is full cannot be recovered from.
	maxIgnoreFile = 64 << 10
	// maxIgnoreFiles bounds the different .prowignore files of a tree together.
	maxIgnoreFiles = 1 << 20
	// maxIgnoreLine bounds a rule, in bytes: no name is longer.
	maxIgnoreLine = 4096
	// maxIgnoreSteps bounds the comparison of the rules with the names of all
	// files, in characters looked at. 100 rules and 10,000 files take about ten
	// million.
	maxIgnoreSteps = 300_000_000
	// maxJobs bounds the jobs of a tree. The largest repository has 77,000.
	maxJobs = 300_000
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
	// maxSteps bounds what it takes to put presets and defaults into all jobs, in bytes
	// copied and elements compared, maxChangedSteps into those that differ, where more
	// is done with each byte.
	maxSteps, maxChangedSteps = 1_000_000_000, 250_000_000
	// maxListed bounds the mistakes and warnings of an answer, maxMessage each of
	// them in bytes.
	maxListed, maxMessage = 200, 4 << 10
)

// boundIn returns the bound that an error is about.
func boundIn(err error) (*RefusedError, bool) {
	var excess *affected.ExcessError
	if errors.As(err, &excess) {
		return &RefusedError{File: excess.File, Reason: excess.Bound, TooLarge: true}, true
	}
	var bound *repo.BoundError
	if !errors.As(err, &bound) {
		return nil, false
	}
	if bound.Path == "" {
		return &RefusedError{Reason: bound.Error(), TooLarge: true}, true
	}
	return &RefusedError{File: bound.Path, Reason: bound.Bound, TooLarge: true}, true
}

// checkJobs refuses revisions with more jobs and presets than are compared.
func checkJobs(r *affected.Revision) error {
	if err := checkPresets(r.Presets()); err != nil {
		return err
	}
	if crowd := r.Crowd(); crowd != nil {
		return &repo.BoundError{Path: crowd.File, Bound: "is too much: " + crowd.Message}
	}
	if r.Jobs() > maxJobs {
		return &repo.BoundError{Bound: fmt.Sprintf("has more than %d jobs", maxJobs)}
	}
	return nil
}

func checkPresets(presets []affected.PlacedPreset) error {
	if crowd := affected.PresetCrowd(presets); crowd != nil {
		return &repo.BoundError{Path: crowd.File, Bound: "is too much: " + crowd.Message}
	}
	return nil
}

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

func tooManyJobFiles(n int) error {
	if n > maxJobFiles {
		return &repo.BoundError{Bound: fmt.Sprintf("has more than %d job files", maxJobFiles)}
	}
	return nil
}

// cut shortens a message, of which people read the beginning.
func cut(message string) string {
	if len(message) <= maxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxMessage], "") + "…"
}

// listed is as many of the mistakes as an answer has room for.
func listed(all []affected.FileError) []affected.FileError {
	rest := len(all) - maxListed
	if rest > 0 {
		all = append(all[:maxListed:maxListed], affected.FileError{Message: fmt.Sprintf("and %d more mistakes", rest)})
	}
	for i := range all {
		all[i].Message = cut(all[i].Message)
	}
	return all
}

// warned is the same for warnings.
func warned(all []string) []string {
	if rest := len(all) - maxListed; rest > 0 {
		all = append(all[:maxListed:maxListed], fmt.Sprintf("and %d more warnings", rest))
	}
	for i := range all {
		all[i] = cut(all[i])
	}
	return all
}
