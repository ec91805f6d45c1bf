package affected

import (
	"context"

	"github.com/rehearsal-dev/rehearsal/pkg/layout"
)

// Source is one kind of cause for jobs to be affected. All sources compare every change,
// and each gives its own reasons. A Source is safe for concurrent use.
type Source interface {
	// Name is the value of Reason.Source.
	Name() string
	// Watches returns the files and directories whose blobs the source needs on both
	// sides, even if they do not differ. Empty paths are ignored.
	Watches(layout.Layout) []string
	// Compare returns what differs between the two sides; nil if nothing does.
	Compare(context.Context, *Delta, Reader) (Evidence, error)
}

// Phrased is a Source whose reasons need another text than their path.
type Phrased interface {
	Source
	// Phrase returns the text to show instead of the path, and whether it names the file,
	// too.
	Phrase(Reason) (text string, namesFile bool)
}

// Evidence is what a source found different between the two sides of a change.
type Evidence interface {
	// Selects returns a filter for the jobs with unchanged text that the source may
	// affect, or nil if it affects none. The filter may select too many, but never too
	// few, and must not allocate for each job.
	Selects() func(*Entry) bool
	// Explain returns this source's reasons for an affected job.
	Explain(*Pair, Change) []Reason
}

// Quick is Evidence that decides most of the jobs that it selects by their summaries
// alone. It is for one goroutine.
type Quick interface {
	Evidence
	// Steps returns the approximate work of a decision, in the units of Defaults.Steps.
	// The sum over all jobs is checked against a bound before the first decision.
	Steps(*Entry) int
	// Decide decides about a job that no other source selects.
	Decide(At) Decision
}

// Decision is the answer of Quick for a job.
type Decision struct {
	// Sure says that the job itself need not be read.
	Sure bool
	// Affected says that Job is affected.
	Affected bool
	Job      Job
	// Invalid is Prow's reason to refuse the job, or "".
	Invalid string
}

// Input is Evidence of a difference in what jobs read at runtime. A job may behave
// differently although its ProwJob is the same.
type Input interface {
	Evidence
	// Reads reports whether a job reads what differs.
	Reads(*Entry) bool
	// Files are the changed files behind the difference.
	Files() []string
}

// Feeder is an Input whose content, as after the merge, must be given to rehearsals.
type Feeder interface {
	Input
	// Feed returns the ConfigMaps for the given affected jobs, sorted by name, cluster and
	// namespace.
	Feed(context.Context, Reader, []Job) ([]ConfigMapContent, error)
}

// FileChange is a file of the repository that differs. A blob is empty if the file does
// not exist on that side.
type FileChange struct {
	Path             string
	OldBlob, NewBlob string
}

// Reader reads files of the config repository.
type Reader interface {
	// Parsed returns the result of parse for a blob. Results are cached by kind and blob:
	// they must depend only on the content, and must never change.
	Parsed(ctx context.Context, kind, blob string, parse func(content []byte) (any, error)) (any, error)
	// Blobs calls each with the content of every given blob, in order. The content is only
	// valid during the call. For a blob larger than MaxFile it is MaxFile+1 meaningless
	// bytes.
	Blobs(ctx context.Context, blobs []string, each func(blob string, content []byte) error) error
	// Merged returns the wanted files of the merged tree, as blobs by path. It follows
	// symbolic links.
	Merged(ctx context.Context, wanted func(path string) bool) (map[string]string, error)
}
