// Package runs carries the runs of a pull request to their ends: it observes what became
// of each, decides what to do next, and does that. What to do is decided in step.go, which
// is pure.
//
// Every write can be repeated: names are deterministic, comments are found by their
// markers, and status says only what has been done.
package runs

import (
	"context"
	"time"

	tektonclient "github.com/tektoncd/pipeline/pkg/client/clientset/versioned"
	pipelinelisters "github.com/tektoncd/pipeline/pkg/client/listers/pipeline/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	prowclient "sigs.k8s.io/prow/pkg/client/clientset/versioned"
	prowlisters "sigs.k8s.io/prow/pkg/client/listers/prowjobs/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	listers "github.com/rehearsal-dev/rehearsal/pkg/client/listers/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/conversation"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/pages"
	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/planning"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// GitHub is what runs ask of GitHub. Errors are those of pkg/github.
type GitHub interface {
	Comment(ctx context.Context, org, repo string, id int64) (*github.Comment, error)
}

// Clients are what runs are carried with, of whichever pull request.
type Clients struct {
	Kube   kubernetes.Interface
	Tekton tektonclient.Interface
	Prow   prowclient.Interface

	PipelineRuns pipelinelisters.PipelineRunLister
	// TaskRuns has the index ByPipelineRun.
	TaskRuns cache.Indexer
	ProwJobs prowlisters.ProwJobLister
	// Lister knows all Rehearsals, and Ledger which of their runs were let in since:
	// for the quotas.
	Lister listers.RehearsalLister
	Ledger Ledger
	// Manifests are those of the runs that were looked at last.
	Manifests Manifests
	Logs      *prowjob.Logs
}

// Pass is one reconcile of the runs of one Rehearsal: what its parts share.
type Pass struct {
	*Clients
	GitHub     GitHub
	Rehearsal  *v1alpha1.Rehearsal
	Settings   *settings.Settings
	Repository settings.Repository
	Now        time.Time
	Plan       *planning.Plan
	// Talk is the conversation on the pull request.
	Talk *conversation.Conversation
	// Links are those to pages.
	Links pages.Links
	// Hindrances are the errors of what a run needs to start.
	Hindrances []error

	// Later are the times when runs are due, or can be cleaned up.
	Later []error
}

// Runner takes the runs of a Rehearsal as many steps further as is possible now.
type Runner struct {
	*Pass
	Queue    *Queue
	Aborts   *Aborts
	Cleaner  *Cleaner
	observer *observer
	starter  *starter
	reporter *reporter

	// Endings are those of runs that will not start, for the answers to mention.
	Endings map[string]Ending
}

// NewRunner is for one pass, with the Rehearsal as it is now.
func NewRunner(p Pass) *Runner {
	pass := &p
	queue, aborts := &Queue{Pass: pass, waits: map[string]string{}}, &Aborts{Pass: pass, Attended: map[string]bool{}}
	return &Runner{
		Pass: pass, Queue: queue, Aborts: aborts,
		Cleaner:  &Cleaner{Pass: pass, ended: endedRuns(p.Rehearsal), uncleaned: p.Rehearsal.Status.Uncleaned},
		observer: &observer{pass, aborts, queue},
		starter:  &starter{pass, aborts, queue},
		reporter: &reporter{pass},
		Endings:  map[string]Ending{},
	}
}
