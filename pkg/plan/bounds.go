package plan

import (
	"errors"
	"fmt"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// Limits on the size of a tree. Each is far above what any repository has, and low enough
// that a plan takes at most some seconds and some hundred MB.
const (
	// maxJobs limits the jobs of a tree. The largest repository has 77,000.
	maxJobs = 300_000
	// maxSteps limits the work of applying presets and defaults to all jobs, in bytes
	// copied and elements compared. maxChangedSteps limits it for the jobs that differ,
	// because more is done with each of their bytes.
	maxSteps, maxChangedSteps = 1_000_000_000, 250_000_000
	// maxListed limits the mistakes and warnings in an answer.
	maxListed = 200
)

// boundIn returns the refusal for an error about an exceeded limit, if it is one.
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

// checkJobs refuses revisions that have too many jobs and presets to compare.
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

// listed returns as many of the mistakes as an answer can contain.
func listed(all []affected.FileError) []affected.FileError {
	rest := len(all) - maxListed
	if rest > 0 {
		all = append(all[:maxListed:maxListed], affected.FileError{Message: fmt.Sprintf("and %d more mistakes", rest)})
	}
	for i := range all {
		all[i].Message = prowtree.Cut(all[i].Message)
	}
	return all
}

// warned returns as many of the warnings as an answer can contain.
func warned(all []string) []string {
	if rest := len(all) - maxListed; rest > 0 {
		all = append(all[:maxListed:maxListed], fmt.Sprintf("and %d more warnings", rest))
	}
	for i := range all {
		all[i] = prowtree.Cut(all[i])
	}
	return all
}
