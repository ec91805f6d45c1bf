package rehearsal

import (
	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/rehearsal/resources"
	"github.com/rehearsal-dev/rehearsal/pkg/render"
)

// planComment is the key of the plan comment in status.comments.
const planComment = "plan"

func (t *turn) renderRun(r *v1alpha1.RunStatus) render.Run {
	return render.Run{
		Rehearsal: t.rh.Name, UID: string(t.rh.UID), Home: t.rh.Namespace,
		ID: r.ID, Name: resources.RunName(t.rh, r.ID),
		Namespace:      t.settings.Prow.ProwJobNamespace,
		PodNamespace:   t.settings.Prow.PodNamespace,
		DefaultTimeout: t.settings.Prow.DefaultJobTimeout,
		Queueing:       t.settings.Prow.QueueAllowance,
	}
}
