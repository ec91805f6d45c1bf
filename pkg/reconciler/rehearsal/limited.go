package rehearsal

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
)

// reasonLimited is the reason of conditions while GitHub takes no calls.
const reasonLimited = "RateLimited"

// ReportLimit tells whoever operates us that GitHub takes no calls from an
// account until some time.
func ReportLimit(ctx context.Context, account string, until time.Time) {
	logging.FromContext(ctx).Warnw("GitHub takes no calls from us; what needs some goes on by itself", "account", account, "until", until.UTC())
	gauge, err := otel.Meter("github.com/rehearsal-dev/rehearsal").Float64Gauge("rehearsal.github.limited_until",
		metric.WithDescription("Time, in seconds since 1970, until when GitHub takes no calls from an account"), metric.WithUnit("s"))
	if err != nil {
		logging.FromContext(ctx).Warnw("The metric of rate limits cannot be made", "error", err)
		return
	}
	gauge.Record(ctx, float64(until.Unix()), metric.WithAttributes(attribute.String("account", account)))
}

// limitedUntil is the end of the latest window among errors.
func limitedUntil(errs []error) (until time.Time, limited bool) {
	for _, err := range flatten(errs) {
		var window *github.RateLimitedError
		if errors.As(err, &window) {
			limited = true
			if window.Until.After(until) {
				until = window.Until
			}
		}
	}
	return until, limited
}

// showLimit says in the conditions why nothing happens, and when it will.
func (t *turn) showLimit(errs []error) {
	until, limited := limitedUntil(errs)
	if !limited {
		return
	}
	message := "GitHub takes no calls from us until " + until.UTC().Format(time.RFC3339) + "; this goes on by itself then"
	if !t.fresh {
		t.rh.Status.MarkPulling(reasonLimited, message)
	}
	t.rh.Status.MarkReporting(reasonLimited, message)
}
