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
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

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

// EndAll cancels all PipelineRuns of a Rehearsal and aborts all of its ProwJobs. It returns
// how many had not ended yet. It lists them from the API server, because informers may not
// show the newest.
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

// publish writes the report of a run, and records the result.
func (t *Runner) publish(ctx context.Context, r *v1alpha1.RunStatus, s situation) (err error) {
	if s.outcomes, err = t.reporter.write(ctx, r, s); err != nil {
		return err
	}
	return t.finish(ctx, r, s)
}

// reject ends a run that has nothing to run, and reports why.
func (t *Runner) reject(ctx context.Context, r *v1alpha1.RunStatus, sentences ...string) error {
	return t.endUnstarted(ctx, r, v1alpha1.RunRejected, sentences...)
}

// drop ends a run that was aborted before it started.
func (t *Runner) drop(ctx context.Context, r *v1alpha1.RunStatus) error {
	return t.endUnstarted(ctx, r, v1alpha1.RunAborted, "Not started: "+r.AbortReason+".")
}

// Ending is the end of a run that will not start, with the sentences that say why.
type Ending struct {
	State     v1alpha1.RunState
	Sentences []string
}

// endUnstarted reports why a run will not start: in the comment of the run if its manifest
// is stored; otherwise in the answer to its command, and the run ends with that answer; and
// if the command was answered already, in a separate comment.
func (t *Runner) endUnstarted(ctx context.Context, r *v1alpha1.RunStatus, state v1alpha1.RunState, sentences ...string) error {
	manifest, err := t.StoredManifest(ctx, r.ID)
	switch {
	case err != nil && !IsLost(err):
		return err
	case err != nil && t.answerIsDue(r):
		t.Endings[r.ID] = Ending{state, sentences}
		return nil
	}
	if err := t.reporter.commentUnstarted(ctx, r, manifest, err == nil, sentences); err != nil {
		return err
	}
	t.Over(r, Ending{state, sentences})
	return nil
}

func (t *Runner) Over(r *v1alpha1.RunStatus, e Ending) {
	r.MarkOver(e.State, t.Now)
	if len(e.Sentences) > 0 {
		r.Message = judging.Brief(e.Sentences[0])
	}
}

// answerIsDue reports whether the command of a run will still be answered, and the run has
// no comment yet.
func (t *Runner) answerIsDue(r *v1alpha1.RunStatus) bool {
	v := t.Rehearsal.Status.VerdictOn(r.ID)
	return t.Repository.Name != "" && v != nil && !v.Answered && !t.ReportedAsQueued(r)
}

func (t *Pass) ReportedAsQueued(r *v1alpha1.RunStatus) bool {
	return t.Rehearsal.Status.Comments[WaitComment(r.ID)].ID != 0
}

// runAnswer returns a comment about a run, separate from the answer to its command.
func (t *Pass) runAnswer(r *v1alpha1.RunStatus, sentences ...string) string {
	command, _ := t.commandOf(r)
	return report.Answer(r.ID+"-run", command.Text, report.Person(r.ID, r.By), sentences...)
}
