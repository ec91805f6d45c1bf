package rehearsal

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
)

// unservedGrace is how long runs go on after their repository was removed from the
// settings, because that may have been a mistake. No run starts during that time.
const unservedGrace = 10 * time.Minute

// leaveUnserved handles a Rehearsal whose repository is not in the settings: its runs are
// aborted after a while, and it is deleted when there was no news for a week.
func (t *tidier) leaveUnserved(ctx context.Context) []error {
	news := t.rh.Status.UnservedSince == nil
	if news {
		t.rh.Status.UnservedSince = &metav1.Time{Time: t.now}
	}
	end := t.rh.Status.UnservedSince.Add(unservedGrace)
	message := "the settings do not list this repository"
	if len(t.rh.Status.ActiveRuns()) == 0 {
		t.rh.Status.MarkNotPulled("NotServed", message)
		if t.silent() {
			return []error{t.remove(ctx)}
		}
		return nil
	}
	if t.now.Before(end) {
		message = fmt.Sprintf("%s; its runs are aborted at %s, unless it is listed again", message, end.UTC().Format(time.RFC3339))
		t.rh.Status.MarkNotPulled("NotServed", message)
		if news {
			t.warn(ctx, "NotServed", message)
		}
		return []error{t.runs.Advance(ctx), &requeue.Later{After: end.Sub(t.now), Reason: message}}
	}
	t.rh.Status.MarkNotPulled("NotServed", message)
	t.rh.Status.AbortRuns("this repository is no longer served", func(*v1alpha1.RunStatus) bool { return true })
	return []error{t.runs.Advance(ctx)}
}

// warn warns operators with an event and a log line.
func (t *tidier) warn(ctx context.Context, reason, message string) {
	logging.FromContext(ctx).Warnw(message, "rehearsal", t.rh.Name)
	warningEvent(ctx, t.rh, reason, message)
}

func warningEvent(ctx context.Context, rh *v1alpha1.Rehearsal, reason, message string) {
	if events := controller.GetEventRecorder(ctx); events != nil {
		events.Event(rh, corev1.EventTypeWarning, reason, message)
	}
}
