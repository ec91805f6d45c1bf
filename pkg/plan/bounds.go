package plan

import (
	"errors"
	"fmt"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/plan/prowtree"
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// Bounds of what a tree may ask of us. Each is far above what any repository
// has, and low enough that a plan takes some seconds and some hundred MB at worst.
const (
	// maxJobs bounds the jobs of a tree. The largest repository has 77,000.
	maxJobs = 300_000
	// maxSteps bounds what it takes to put presets and defaults into all jobs, in bytes
	// copied and elements compared, maxChangedSteps into those that differ, where more
	// is done with each byte.
	maxSteps, maxChangedSteps = 1_000_000_000, 250_000_000
	// maxListed bounds the mistakes and warnings of an answer.
	maxListed = 200
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

// listed is as many of the mistakes as an answer has room for.
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

// warned is the same for warnings.
func warned(all []string) []string {
	if rest := len(all) - maxListed; rest > 0 {
		all = append(all[:maxListed:maxListed], fmt.Sprintf("and %d more warnings", rest))
	}
	for i := range all {
		all[i] = prowtree.Cut(all[i])
	}
	return all
}
