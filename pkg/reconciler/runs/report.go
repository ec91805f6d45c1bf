package runs

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/kmeta"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/pages"
	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/rehearsal/resources"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// reporter reports on runs to the pull request.
type reporter struct{ *Pass }

// write writes the report of a run when the finally task did not. It returns the outcomes
// in the report.
func (t *reporter) write(ctx context.Context, r *v1alpha1.RunStatus, s situation) ([]run.Outcome, error) {
	collector := prowjob.Collector{ProwJobs: t.prowJobs(), Logs: t.Logs}
	outcomes, err := collector.Collect(ctx, s.manifest)
	if err != nil {
		return nil, err
	}
	recall(r, outcomes)
	s.obstacles.explain(outcomes, t.Secrets())
	view := t.runView(r, s.manifest, outcomes)
	view.Over = true
	if err := t.storeRunPage(ctx, view); err != nil {
		return nil, err
	}
	_, err = t.Talk.Upsert(ctx, v1alpha1.CommentStatus{ID: r.Comment}, report.Run(view))
	if err != nil && !t.Talk.IsRefused(err) {
		return nil, t.Talk.Reporting(err)
	}
	return outcomes, nil
}

// sayUnstarted comments why a run will not start.
func (t *reporter) sayUnstarted(ctx context.Context, r *v1alpha1.RunStatus, sentences ...string) error {
	manifest, err := t.StoredManifest(ctx, r.ID)
	if err != nil && !IsLost(err) {
		return err
	}
	return t.commentUnstarted(ctx, r, manifest, err == nil, sentences)
}

// commentUnstarted comments why a run will not start, with the jobs of its manifest if that
// is stored.
func (t *reporter) commentUnstarted(ctx context.Context, r *v1alpha1.RunStatus, manifest run.Manifest, stored bool, sentences []string) error {
	body := t.runAnswer(r, sentences...)
	if stored {
		body = report.Run(report.RunView{Manifest: manifest, Outcomes: unstarted(manifest), AbortReason: reasonOf(r, sentences), Over: true})
	}
	if _, err := t.Talk.Upsert(ctx, v1alpha1.CommentStatus{}, body); err != nil && !t.Talk.IsRefused(err) {
		return t.Talk.Reporting(err)
	}
	return nil
}

// sayOfUnstarted adds a sentence to the comment of a run. If the run has no comment yet,
// the sentence gets a comment of its own.
func (t *reporter) sayOfUnstarted(ctx context.Context, r *v1alpha1.RunStatus, sentence string) error {
	if r.Comment == 0 {
		return t.Talk.Say(ctx, WaitComment(r.ID), t.runAnswer(r, sentence))
	}
	m, err := t.Manifest(ctx, r)
	if err != nil {
		return err
	}
	m.Notes = append(slices.Clip(m.Notes), sentence)
	if _, err := t.Talk.Upsert(ctx, v1alpha1.CommentStatus{ID: r.Comment}, report.Run(t.runView(r, m, queued(m)))); err != nil && !t.Talk.IsRefused(err) {
		return t.Talk.Reporting(err)
	}
	return nil
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

// overwritten reports whether the comment of a run shows it as in progress although the
// finally task has written the report: an edit of ours arrived late.
func (t *reporter) overwritten(ctx context.Context, r *v1alpha1.RunStatus) (bool, error) {
	p := t.Rehearsal.Spec.Pull
	comment, err := t.GitHub.Comment(ctx, p.Org, p.Repo, r.Comment)
	if github.Impossible(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading the comment of run %s: %w", r.ID, err)
	}
	return report.InProgress(comment.Body), nil
}

// storeRunPage stores the page of a run when the finally task did not.
func (t *reporter) storeRunPage(ctx context.Context, view report.RunView) error {
	if view.Manifest.Page == "" {
		return nil
	}
	meta := metav1.ObjectMeta{
		Name: pages.Name(view.Manifest.Name), Namespace: t.Rehearsal.Namespace,
		Labels:          resources.Labels(t.Rehearsal, view.Manifest.Name),
		OwnerReferences: []metav1.OwnerReference{*kmeta.NewControllerRef(t.Rehearsal)},
	}
	_, err := pages.Save(ctx, t.Kube.CoreV1().ConfigMaps(meta.Namespace), meta, report.RunPage(view))
	return err
}
