package rehearsal

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/kmeta"
	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/pages"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/rehearsal/resources"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
)

// planPage is where people see all affected jobs; empty when nowhere.
func (t *turn) planPage() string { return t.runs.Links.To(pages.PullPage, t.rh.Name) }

// readLinkKey is for a turn that may give out links.
func (t *turn) readLinkKey(ctx context.Context) error {
	t.runs.Links.URL = t.settings.PageURL
	if t.runs.Links.URL != "" {
		t.runs.Links.Key, t.runs.Links.Err = pages.EnsureLinkKey(ctx, t.Kube.CoreV1().Secrets(t.rh.Namespace))
	}
	return t.runs.Links.Err
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
	stored, err := pages.Save(ctx, t.Kube.CoreV1().ConfigMaps(meta.Namespace), meta, report.PlanPage(*view))
	if err != nil {
		logging.FromContext(ctx).Warnw("The page of the affected jobs was not stored", "error", err)
	}
	if !stored {
		view.Page = ""
	}
}
