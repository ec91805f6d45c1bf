// Package affected finds the Prow jobs that differ between two revisions of a config
// repository, and why. It is pure: it reads no files, runs no commands and uses no
// network. Callers pass in the revisions.
//
// A job is affected if it is new, or if the ProwJob that Prow would create for it after
// the merge differs from the one that it would create today.
package affected

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"sigs.k8s.io/prow/pkg/config"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/key"
)

// Change is the way in which a job is affected. The constants are in order of precedence:
// a job has the first that applies.
type Change string

const (
	// ChangeNew: no job with this type, repository and name existed.
	ChangeNew Change = "new"
	// ChangeBranches: the name existed, but not with this set of branches.
	ChangeBranches Change = "branches"
	// ChangeSpec: the ProwJobSpec differs, or a ConfigMap that the job reads.
	ChangeSpec Change = "spec"
	// ChangeLabels: only the labels of the ProwJob differ.
	ChangeLabels Change = "labels"
	// ChangeTrigger: the job only starts at other times or for other reasons.
	ChangeTrigger Change = "trigger"
	// ChangeAnnotations: only the annotations differ.
	ChangeAnnotations Change = "annotations"
)

// SourceJobConfig is the source of reasons that are in the text of the job itself.
const SourceJobConfig = "job config"

// Reason is one cause for a job to be affected. Path is the field as the job's author
// writes it (`spec.containers[0].image`), after the chain that leads to it if the cause
// is indirect (`preset cloud-credentials ▸ …`). Old and New are shortened, and censored
// if they look like a secret.
type Reason struct {
	Source string `json:"source"`
	File   string `json:"file"`
	Path   string `json:"path"`
	Old    string `json:"old"`
	New    string `json:"new"`
}

// OwnText reports whether the cause is the text of the job itself.
func (r Reason) OwnText() bool { return r.Source == SourceJobConfig }

// Ref is the identity of a job: its type, target repository, name and sets of branches,
// both sorted. Repo is empty for periodics.
type Ref struct {
	Type         prowapi.ProwJobType `json:"type"`
	Repo         string              `json:"repo"`
	Name         string              `json:"name"`
	Branches     []string            `json:"branches"`
	SkipBranches []string            `json:"skip_branches"`
}

// Key returns a string that is equal only for equal identities.
func (r Ref) Key() string {
	return key.Of(r.nameKey(), key.Of(r.Branches...), key.Of(r.SkipBranches...))
}

func (r Ref) nameKey() string { return key.Of(string(r.Type), r.Repo, r.Name) }

// Compare orders references for display: by type, repository, name, branches.
func (r Ref) Compare(o Ref) int {
	return firstNonZero(
		strings.Compare(typeOrder(r.Type), typeOrder(o.Type)),
		strings.Compare(r.Repo, o.Repo),
		strings.Compare(r.Name, o.Name),
		slices.Compare(r.Branches, o.Branches),
		slices.Compare(r.SkipBranches, o.SkipBranches),
	)
}

func typeOrder(t prowapi.ProwJobType) string {
	switch t {
	case prowapi.PresubmitJob:
		return "0"
	case prowapi.PostsubmitJob:
		return "1"
	case prowapi.PeriodicJob:
		return "2"
	}
	return "3" + string(t)
}

func firstNonZero(ns ...int) int {
	for _, n := range ns {
		if n != 0 {
			return n
		}
	}
	return 0
}

// Effective is a job as Prow would run it, with defaults, decoration and presets applied.
// Exactly one of the three is set.
type Effective struct {
	Presubmit  *config.Presubmit  `json:"-"`
	Postsubmit *config.Postsubmit `json:"-"`
	Periodic   *config.Periodic   `json:"-"`
}

// Job is an affected job. The embedded Effective is the job after the merge.
type Job struct {
	Ref
	Effective `json:"-"`
	// Outline says that Effective is only an outline (see Outlines), and Before is not
	// set.
	Outline bool `json:"-"`

	// Before is the same job on the base branch. It is not set for new jobs and for jobs
	// whose set of branches is new.
	Before Effective `json:"-"`
	// Baseline are the jobs on the base branch whose privileges this one may have: Before
	// or, if its set of branches is new, all with its type, repository and name. It is
	// empty for new jobs.
	Baseline []Effective `json:"-"`

	Change Change `json:"change"`
	// Rehearse says whether the job is offered; Excluded is the rule that keeps it from
	// being offered.
	Rehearse bool     `json:"rehearse"`
	Excluded string   `json:"excluded"`
	Reasons  []Reason `json:"reasons"`
}

// FileError is a file that could not be read; its jobs are unknown.
type FileError struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Message string `json:"message"`
}

// Result is the answer for one pull request. All lists are sorted.
type Result struct {
	Base string `json:"base"`
	Head string `json:"head"`
	// Tree is the merged tree.
	Tree string `json:"tree"`
	// Jobs is the number of all jobs after the merge.
	Jobs     int   `json:"jobs"`
	Removed  []Ref `json:"removed"`
	Affected []Job `json:"affected"`
	// Warnings are about things that Prow accepts but that are probably mistakes, such as
	// unknown fields.
	Warnings []string `json:"warnings,omitempty"`
	// Incomplete lists the files whose jobs are missing from the answer.
	Incomplete []FileError `json:"incomplete,omitempty"`
	// Fingerprint is equal for changes that do the same to all jobs, rehearsed or not, and
	// to all files with more than jobs. It is empty if it was not determined.
	Fingerprint string `json:"fingerprint,omitempty"`
}

// Digest identifies the content of the answer, independent of the commits: two plans with
// the same digest list the same jobs for the same reasons.
func (r *Result) Digest() string {
	content := *r
	content.Base, content.Head, content.Tree, content.Fingerprint = "", "", "", ""
	raw, err := json.Marshal(content)
	if err != nil {
		// Encoding cannot fail for strings, numbers and booleans.
		return ""
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
