package affected

import (
	"context"

	"github.com/rehearsal-dev/rehearsal/pkg/layout"
)

// Source is one kind of cause for jobs to be affected. All sources are asked about
// every change, and each gives its own reasons. A Source is safe for concurrent use.
type Source interface {
	// Name is what Reason.Source says.
	Name() string
	// Watches returns the files and directories whose blobs it needs on both sides,
	// whether they differ or not. Empty paths are left out.
	Watches(layout.Layout) []string
	// Compare returns what differs between the two sides, nil when nothing does.
	Compare(context.Context, *Delta, Reader) (Evidence, error)
}

// Phrased is a Source whose reasons do not read well as their path alone.
type Phrased interface {
	Source
	// Phrase is what people read instead of the path, and whether that names the
	// file too.
	Phrase(Reason) (text string, namesFile bool)
}

// Evidence is what a source found different between the two sides of a change.
type Evidence interface {
	// Selects returns a filter for the jobs whose own text is the same, but that
	// the source may affect, or nil when it affects none of them. It may let through
	// too many, never too few, and must not allocate for each job.
	Selects() func(*Entry) bool
	// Explain returns the source's part in how an affected job differs.
	Explain(*Pair, Change) []Reason
}

// Quick is Evidence that decides about most of the jobs it selects from their
// summaries alone. It is for one goroutine.
type Quick interface {
	Evidence
	// Steps is about how much it takes to decide about a job, in the units of
	// Defaults.Steps. It is summed up, and may be refused, before any is looked at.
	Steps(*Entry) int
	// Decide decides about a job that no other source selects.
	Decide(At) Decision
}

// Decision is what Quick says of a job.
type Decision struct {
	// Sure says that the job itself need not be looked at.
	Sure bool
	// Affected says that Job is one for the answer.
	Affected bool
	Job      Job
	// Invalid is Prow's reason to refuse the job, or "".
	Invalid string
}

// Input is Evidence that what jobs read when they run differs, so that they may do
// something else though their ProwJobs are the same.
type Input interface {
	Evidence
	// Reads says whether a job reads what differs.
	Reads(*Entry) bool
	// Files are the changed files that it comes from.
	Files() []string
}

// Feeder is an Input that rehearsals have to be given as the change would make it.
type Feeder interface {
	Input
	// Feed returns the ConfigMaps for the given affected jobs, sorted by name, cluster
	// and namespace.
	Feed(context.Context, Reader, []Job) ([]ConfigMapContent, error)
}

// FileChange is a file of the repository that differs. The blob of a side where it
// does not exist is empty.
type FileChange struct {
	Path             string
	OldBlob, NewBlob string
}

// Reader reads files of the config repository.
type Reader interface {
	// Parsed returns what parse makes of a blob. It is kept, by kind and blob, for as
	// long as there is room: it must depend on the content alone, and never change.
	Parsed(ctx context.Context, kind, blob string, parse func(content []byte) (any, error)) (any, error)
	// Blobs calls each with the content of every given blob, in order. The content is
	// only valid during the call; of a blob larger than MaxFile it is MaxFile+1 bytes
	// that mean nothing.
	Blobs(ctx context.Context, blobs []string, each func(blob string, content []byte) error) error
	// Merged returns the files of the merged tree that are wanted, blobs by path.
	// Symbolic links are followed.
	Merged(ctx context.Context, wanted func(path string) bool) (map[string]string, error)
}
