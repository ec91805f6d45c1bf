package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// abort cancels the PipelineRun and aborts every ProwJob of a run. It is
// repeated until nothing is left: a task may create its ProwJob in between.
func (t *Turn) abort(ctx context.Context, r *v1alpha1.RunStatus, s situation) error {
	r.MarkAborting(t.Now)
	var errs []error
	if s.pipelineRun != nil && !s.pipelineRun.IsDone() && s.pipelineRun.Spec.Status == "" {
		errs = append(errs, t.cancel(ctx, s.pipelineRun, r.AbortReason))
	}
	kept, err := t.neededElsewhere(ctx, r)
	if err != nil {
		return err
	}
	for _, o := range s.outcomes {
		// Who has ended or was told to is left alone; who is not there yet comes to the
		// informer, and is looked for once the PipelineRun is over.
		if o.Verdict != run.NotStarted && !o.Verdict.Ended() && !kept[o.ProwJob] {
			errs = append(errs, prowjob.Abort(ctx, t.prowJobs(), o.ProwJob, "Aborted: "+r.AbortReason+"."))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return &requeue.Later{After: AbortPause, Reason: "run " + r.ID + " is being aborted"}
}

// neededElsewhere are the ProwJobs that other runs, which go on, have joined.
func (t *Turn) neededElsewhere(ctx context.Context, r *v1alpha1.RunStatus) (map[string]bool, error) {
	if err := t.readNeeded(ctx); err != nil {
		return nil, err
	}
	kept := map[string]bool{}
	for prowJob, by := range t.needed {
		if by.runs > 1 || by.first != r.ID {
			kept[prowJob] = true
		}
	}
	return kept, nil
}

// need is how many runs that go on need a ProwJob, and the first of them.
type need struct {
	first string
	runs  int
}

// readNeeded finds out which ProwJobs are needed, once in a turn: it is asked for each
// run that ends, or jobs of which do. A run that comes to end in this turn counts
// until the next.
func (t *Turn) readNeeded(ctx context.Context) error {
	if t.needed != nil {
		return nil
	}
	needed := map[string]need{}
	for _, r := range t.Rehearsal.Status.ActiveRuns() {
		if r.AbortReason != "" || r.State != v1alpha1.RunRunning {
			continue
		}
		m, err := t.Manifest(ctx, r)
		if err != nil {
			return err
		}
		for _, job := range m.Jobs {
			if t.isAborted(r, job) {
				continue
			}
			by := needed[job.ProwJob]
			if by.runs++; by.runs == 1 {
				by.first = r.ID
			}
			needed[job.ProwJob] = by
		}
	}
	t.needed = needed
	return nil
}

func (r *Clients) cancel(ctx context.Context, pr *pipelinev1.PipelineRun, reason string) error {
	return r.CancelAs(ctx, pr, pipelinev1.PipelineRunSpecStatusCancelledRunFinally, reason)
}

func (r *Clients) CancelAs(ctx context.Context, pr *pipelinev1.PipelineRun, status pipelinev1.PipelineRunSpecStatus, reason string) error {
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"annotations": map[string]string{run.AnnotationAbortReason: reason}},
		"spec":     map[string]any{"status": status},
	})
	if err != nil {
		return fmt.Errorf("encoding the cancellation of %s: %w", pr.Name, err)
	}
	_, err = r.Tekton.TektonV1().PipelineRuns(pr.Namespace).Patch(ctx, pr.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("cancelling PipelineRun %s: %w", pr.Name, err)
	}
	return nil
}

// EndAll cancels every PipelineRun of a Rehearsal and aborts every ProwJob, and
// counts those that are still going. It asks the API server: what the informers
// do not know yet would be left behind.
func (r *Clients) EndAll(ctx context.Context, rh *v1alpha1.Rehearsal, prowJobNamespace, reason string) (left int, err error) {
	ours := ofRehearsal(rh)
	pipelineRuns, err := r.Tekton.TektonV1().PipelineRuns(rh.Namespace).List(ctx, ours)
	if err != nil {
		return 0, fmt.Errorf("listing the PipelineRuns of %s: %w", rh.Name, err)
	}
	var errs []error
	for i := range pipelineRuns.Items {
		if !pipelineRuns.Items[i].IsDone() {
			left++
			errs = append(errs, r.cancel(ctx, &pipelineRuns.Items[i], reason))
		}
	}
	prowJobs := r.Prow.ProwV1().ProwJobs(prowJobNamespace)
	all, err := prowJobs.List(ctx, ours)
	if err != nil {
		return left, fmt.Errorf("listing the ProwJobs of %s: %w", rh.Name, err)
	}
	for _, pj := range all.Items {
		if !pj.Complete() {
			left++
			errs = append(errs, prowjob.Abort(ctx, prowJobs, pj.Name, "Aborted: "+reason+"."))
		}
	}
	return left, errors.Join(errs...)
}

// publish writes the report of a run in place of the finally task, which did
// not get to it.
func (t *Turn) publish(ctx context.Context, r *v1alpha1.RunStatus, s situation) error {
	collector := prowjob.Collector{ProwJobs: t.prowJobs(), Logs: t.Logs}
	outcomes, err := collector.Collect(ctx, s.manifest)
	if err != nil {
		return err
	}
	recall(r, outcomes)
	s.obstacles.explain(outcomes, t.Secrets())
	view := t.runView(r, s.manifest, outcomes)
	view.Over = true
	if err := t.storeRunPage(ctx, view); err != nil {
		return err
	}
	_, err = t.Talk.Upsert(ctx, v1alpha1.CommentStatus{ID: r.Comment}, report.Run(view))
	if err != nil && !t.Talk.IsRefused(err) {
		return t.Talk.Reporting(err)
	}
	s.outcomes = outcomes
	return t.finish(ctx, r, s)
}

// reject ends a run that has nothing to run, and says why.
func (t *Turn) reject(ctx context.Context, r *v1alpha1.RunStatus, sentences ...string) error {
	return t.endUnstarted(ctx, r, v1alpha1.RunRejected, sentences...)
}

// drop ends a run that was aborted before it started.
func (t *Turn) drop(ctx context.Context, r *v1alpha1.RunStatus) error {
	return t.endUnstarted(ctx, r, v1alpha1.RunAborted, "Not started: "+r.AbortReason+".")
}

// Ending is how a run ends that will not start, and why.
type Ending struct {
	State     v1alpha1.RunState
	Sentences []string
}

// endUnstarted says why a run will not start: in its comment, if it has come that far;
// else in the answer to the text that asked for it, which is when it ends; or where
// that was answered already, in a comment of its own.
func (t *Turn) endUnstarted(ctx context.Context, r *v1alpha1.RunStatus, state v1alpha1.RunState, sentences ...string) error {
	manifest, err := t.StoredManifest(ctx, r.ID)
	switch {
	case err != nil && !IsLost(err):
		return err
	case err != nil && t.answerIsDue(r):
		t.Endings[r.ID] = Ending{state, sentences}
		return nil
	}
	if err := t.commentUnstarted(ctx, r, manifest, err == nil, sentences); err != nil {
		return err
	}
	t.Over(r, Ending{state, sentences})
	return nil
}

// sayUnstarted says why a run will not start, in a comment.
func (t *Turn) sayUnstarted(ctx context.Context, r *v1alpha1.RunStatus, sentences ...string) error {
	manifest, err := t.StoredManifest(ctx, r.ID)
	if err != nil && !IsLost(err) {
		return err
	}
	return t.commentUnstarted(ctx, r, manifest, err == nil, sentences)
}

// commentUnstarted says it with the jobs of the run, where these were stored.
func (t *Turn) commentUnstarted(ctx context.Context, r *v1alpha1.RunStatus, manifest run.Manifest, stored bool, sentences []string) error {
	body := t.runAnswer(r, sentences...)
	if stored {
		body = report.Run(report.RunView{Manifest: manifest, Outcomes: unstarted(manifest), AbortReason: reasonOf(r, sentences), Over: true})
	}
	if _, err := t.Talk.Upsert(ctx, v1alpha1.CommentStatus{}, body); err != nil && !t.Talk.IsRefused(err) {
		return t.Talk.Reporting(err)
	}
	return nil
}

func (t *Turn) Over(r *v1alpha1.RunStatus, e Ending) {
	r.MarkOver(e.State, t.Now)
	if len(e.Sentences) > 0 {
		r.Message = judging.Brief(e.Sentences[0])
	}
}

// answerIsDue says that the text that asked for a run will be answered, and nothing
// was said of the run yet.
func (t *Turn) answerIsDue(r *v1alpha1.RunStatus) bool {
	v := t.Rehearsal.Status.VerdictOn(r.ID)
	return t.Repository.Name != "" && v != nil && !v.Answered && !t.ToldToWait(r)
}

func (t *Turn) ToldToWait(r *v1alpha1.RunStatus) bool {
	return t.Rehearsal.Status.Comments[WaitComment(r.ID)].ID != 0
}

// runAnswer is what there is to say of a run beside the answer to its text.
func (t *Turn) runAnswer(r *v1alpha1.RunStatus, sentences ...string) string {
	command, _ := t.commandOf(r)
	return report.Answer(r.ID+"-run", command.Text, report.Person(r.ID, r.By), sentences...)
}

func reasonOf(r *v1alpha1.RunStatus, sentences []string) string {
	if r.AbortReason != "" || len(sentences) == 0 {
		return r.AbortReason
	}
	return sentences[0]
}

func unstarted(m run.Manifest) []run.Outcome {
	outcomes := queued(m)
	for i := range outcomes {
		outcomes[i].Verdict = run.NotStarted
	}
	return outcomes
}
