// Package affected answers which Prow jobs differ between two revisions of a
// config repository, and why. It is pure: it reads no files, runs no commands
// and talks to nobody; the revisions are handed to it already read.
//
// A job is affected when the ProwJob that Prow would create for it after the
// merge differs from the one it would create today, or when it is new.
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

// Change says in which way a job is affected. The constants are in order of
// precedence: a job has the first that applies.
type Change string

const (
	// ChangeNew is a job of which no job of that type, repository and name existed.
	ChangeNew Change = "new"
	// ChangeBranches is a job whose name existed, but not with this set of branches.
	ChangeBranches Change = "branches"
	// ChangeSpec is a job whose ProwJobSpec differs, or that reads a ConfigMap that does.
	ChangeSpec Change = "spec"
	// ChangeLabels is a job of which only the ProwJob's labels differ.
	ChangeLabels Change = "labels"
	// ChangeTrigger is a job that only starts at other times or for other reasons.
	ChangeTrigger Change = "trigger"
	// ChangeAnnotations is a job of which only the annotations differ.
	ChangeAnnotations Change = "annotations"
)

// SourceJobConfig is the source of reasons that are in the text of the job itself.
const SourceJobConfig = "job config"

// Reason is one cause for a job to be affected. Path is the field as a job's
// author writes it (`spec.containers[0].image`), preceded by the chain that
// leads to it where the cause is indirect (`preset cloud-credentials ▸ …`).
// Old and New are shortened, and censored where they look like a secret.
type Reason struct {
	Source string `json:"source"`
	File   string `json:"file"`
	Path   string `json:"path"`
	Old    string `json:"old"`
	New    string `json:"new"`
}

// OwnText says whether the cause is the text of the job itself.
func (r Reason) OwnText() bool { return r.Source == SourceJobConfig }

// Ref is the identity of a job: its type, target repository, name and sets of
// branches, both sorted. Repo is empty for periodics.
type Ref struct {
	Type         prowapi.ProwJobType `json:"type"`
	Repo         string              `json:"repo"`
	Name         string              `json:"name"`
	Branches     []string            `json:"branches"`
	SkipBranches []string            `json:"skip_branches"`
}

// Key is a string that is equal for equal identities only.
func (r Ref) Key() string {
	return key.Of(r.nameKey(), key.Of(r.Branches...), key.Of(r.SkipBranches...))
}

func (r Ref) nameKey() string { return key.Of(string(r.Type), r.Repo, r.Name) }

// Compare orders references for people: by type, repository, name, branches.
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

// Effective is a job as Prow would run it: defaulted, decorated, presets
// applied. Exactly one of the three is set.
type Effective struct {
	Presubmit  *config.Presubmit  `json:"-"`
	Postsubmit *config.Postsubmit `json:"-"`
	Periodic   *config.Periodic   `json:"-"`
}

// Job is an affected job. The embedded Effective is the job after the merge.
type Job struct {
	Ref
	Effective `json:"-"`
	// Outline says that Effective is only what Outlines make, and Before
	// nothing.
	Outline bool `json:"-"`

	// Before is the same job at base; it is unset for new jobs and for jobs
	// whose set of branches is new.
	Before Effective `json:"-"`
	// Baseline are the jobs at base whose powers this one may have: Before or,
	// when its set of branches is new, all of its type, repository and name. There
	// are none for new jobs.
	Baseline []Effective `json:"-"`

	Change Change `json:"change"`
	// Rehearse says whether the job is offered for a rehearsal by default;
	// Excluded is the rule that says no.
	Rehearse bool     `json:"rehearse"`
	Excluded string   `json:"excluded"`
	Reasons  []Reason `json:"reasons"`
}

// FileError is a file that could not be used, and so hides its jobs.
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
	// Jobs counts all jobs after the merge.
	Jobs     int   `json:"jobs"`
	Removed  []Ref `json:"removed"`
	Affected []Job `json:"affected"`
	// Warnings are things that Prow accepts but that are probably mistakes,
	// such as unknown fields.
	Warnings []string `json:"warnings,omitempty"`
	// Incomplete lists the files whose jobs are missing from the answer.
	Incomplete []FileError `json:"incomplete,omitempty"`
	// Fingerprint is the same for changes that do the same: to all jobs, whether they
	// are rehearsed or not, and to all files that are more than jobs. It is empty
	// where nobody has found that out.
	Fingerprint string `json:"fingerprint,omitempty"`
}

// Digest identifies what the answer says, whatever the commits are called:
// two plans with the same digest list the same jobs for the same reasons.
func (r *Result) Digest() string {
	content := *r
	content.Base, content.Head, content.Tree, content.Fingerprint = "", "", "", ""
	raw, err := json.Marshal(content)
	if err != nil {
		// Only strings, numbers and booleans: encoding cannot fail.
		return ""
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
