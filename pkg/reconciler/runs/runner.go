// Package runs takes the runs of a pull request from start to end: it observes the state of
// each, decides the next step, and takes it. The decision is in step.go, which is pure.
//
// Every write can be repeated: names are deterministic, comments are found by their
// markers, and status contains only what has been done.
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

// GitHub is what runs need of GitHub. Errors are those of pkg/github.
type GitHub interface {
	Comment(ctx context.Context, org, repo string, id int64) (*github.Comment, error)
}

// Clients are the clients, listers and caches that the runs of all pull requests share.
type Clients struct {
	Kube   kubernetes.Interface
	Tekton tektonclient.Interface
	Prow   prowclient.Interface

	PipelineRuns pipelinelisters.PipelineRunLister
	// TaskRuns has the index ByPipelineRun.
	TaskRuns cache.Indexer
	ProwJobs prowlisters.ProwJobLister
	// Lister has all Rehearsals, and Reservations the runs that were admitted since it was
	// updated; both are for the quotas.
	Lister       listers.RehearsalLister
	Reservations Reservations
	// Manifests are the manifests that were read last.
	Manifests Manifests
	Logs      *prowjob.Logs
}

// Pass is what the parts of one reconcile of a Rehearsal's runs share.
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
	// Links are the links to pages.
	Links pages.Links
	// Hindrances are the errors that keep runs from starting.
	Hindrances []error

	// Later are the times when runs are due, or can be cleaned up.
	Later []error
}

// Runner advances the runs of a Rehearsal.
type Runner struct {
	*Pass
	Queue    *Queue
	Aborts   *Aborts
	Cleaner  *Cleaner
	observer *observer
	starter  *starter
	reporter *reporter

	// Endings are the ends of runs that will not start, by run id, for the answers to
	// mention.
	Endings map[string]Ending
}

// NewRunner returns a Runner for one pass over a Rehearsal in its current state.
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
