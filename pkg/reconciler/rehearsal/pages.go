package rehearsal

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/kmeta"
	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/pages"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/rehearsal/resources"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// planPage is where people see all affected jobs; empty when nowhere.
func (t *turn) planPage() string { return t.links.To(pages.PullPage, t.rh.Name) }

// runPage is where people see all of a run; empty when nowhere.
func (t *turn) runPage(r *v1alpha1.RunStatus) string {
	return t.links.To(pages.RunPage, resources.RunName(t.rh, r.ID))
}

// readLinkKey is for a turn that may give out links.
func (t *turn) readLinkKey(ctx context.Context) error {
	t.links.URL = t.settings.PageURL
	if t.links.URL != "" {
		t.links.Key, t.links.Err = pages.EnsureLinkKey(ctx, t.Kube.CoreV1().Secrets(t.rh.Namespace))
	}
	return t.links.Err
}

// storePlanPage stores the page with all affected jobs, where one is wanted. A
// page that is too large, or cannot be stored now, is not spoken of.
func (t *turn) storePlanPage(ctx context.Context, view *report.PlanView) {
	if view.Page == "" {
		return
	}
	meta := metav1.ObjectMeta{
		Name: pages.Name(t.rh.Name), Namespace: t.rh.Namespace,
		Labels:          resources.Labels(t.rh, ""),
		OwnerReferences: []metav1.OwnerReference{*kmeta.NewControllerRef(t.rh)},
	}
	stored, err := t.storePage(ctx, meta, report.PlanPage(*view))
	if err != nil {
		logging.FromContext(ctx).Warnw("The page of the affected jobs was not stored", "error", err)
	}
	if !stored {
		view.Page = ""
	}
}

// storeRunPage stores the page of a run that the finally task did not store.
func (t *turn) storeRunPage(ctx context.Context, view report.RunView) error {
	if view.Manifest.Page == "" {
		return nil
	}
	meta := metav1.ObjectMeta{
		Name: pages.Name(view.Manifest.Name), Namespace: t.rh.Namespace,
		Labels:          resources.Labels(t.rh, view.Manifest.Name),
		OwnerReferences: []metav1.OwnerReference{*kmeta.NewControllerRef(t.rh)},
	}
	_, err := t.storePage(ctx, meta, report.RunPage(view))
	return err
}

func (t *turn) storePage(ctx context.Context, meta metav1.ObjectMeta, html []byte) (stored bool, err error) {
	return pages.Save(ctx, t.Kube.CoreV1().ConfigMaps(meta.Namespace), meta, html)
}
