package rehearsal

import (
	"context"
	"errors"

	"knative.dev/pkg/controller"
	"knative.dev/pkg/reconciler"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
	"github.com/rehearsal-dev/rehearsal/pkg/telemetry"
)

// ReconcileKind implements the generated reconciler's Interface.
func (r *Reconciler) ReconcileKind(ctx context.Context, rh *v1alpha1.Rehearsal) reconciler.Event {
	return traced(ctx, telemetry.Reconcile, rh, r.reconcile)
}

// FinalizeKind implements the generated reconciler's Finalizer.
func (r *Reconciler) FinalizeKind(ctx context.Context, rh *v1alpha1.Rehearsal) reconciler.Event {
	return traced(ctx, telemetry.Finalize, rh, r.finalize)
}

func traced(ctx context.Context, kind telemetry.Span, rh *v1alpha1.Rehearsal, do func(context.Context, *v1alpha1.Rehearsal) reconciler.Event) reconciler.Event {
	p := rh.Spec.Pull
	ctx, span := kind.Start(ctx, telemetry.Pull(p.Org, p.Repo, p.Number), telemetry.UID(string(rh.UID)))
	result := do(ctx, rh)
	var failed error
	if waits, _ := controller.IsRequeueKey(result); !waits {
		failed = result
	}
	telemetry.End(span, failed)
	return result
}

// phase is a named part of a reconcile.
type phase struct {
	name string
	do   func(context.Context) error
}

// run runs the phase in its own span. Waiting is not a failure.
func (p phase) run(ctx context.Context) error {
	ctx, span := telemetry.StartPart(ctx, p.name)
	err := p.do(ctx)
	telemetry.End(span, errors.Join(requeue.Failures(err)...))
	return err
}
