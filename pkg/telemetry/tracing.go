package telemetry

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Span describes a kind of work that is traced. Nothing is recorded unless the ConfigMap
// config-observability asks for it.
type Span struct {
	Name string
	// Attributes are the keys of its possible attributes. Their values contain no text
	// that a user wrote.
	Attributes  []attribute.Key
	Description string
	// Program is the program that does the work.
	Program string
}

// The keys of attributes.
const (
	pullKey     = attribute.Key("rehearsal.pull")
	uidKey      = attribute.Key("rehearsal.uid")
	repoKey     = attribute.Key("rehearsal.repository")
	headKey     = attribute.Key("rehearsal.head")
	deliveryKey = attribute.Key("rehearsal.delivery")
	eventKey    = attribute.Key("rehearsal.event")
	statusKey   = attribute.Key("http.response.status_code")
)

// The spans that begin a trace.
var (
	Reconcile = Span{
		Name: "reconcile", Attributes: []attribute.Key{pullKey, uidKey}, Program: controller,
		Description: "One reconciliation of a Rehearsal; each phase is a span below it, and each request to GitHub one below its phase",
	}
	Finalize = Span{
		Name: "finalize", Attributes: []attribute.Key{pullKey, uidKey}, Program: controller,
		Description: "One attempt to end what a deleted Rehearsal has started",
	}
	Fetch = Span{
		Name: "fetch", Attributes: []attribute.Key{pullKey, headKey}, Program: controller,
		Description: "Fetching what a plan needs",
	}
	Plan = Span{
		Name: "plan", Attributes: []attribute.Key{pullKey, headKey}, Program: controller,
		Description: "Making a plan; one that gives up its place to others goes on in another span",
	}
	Sweep = Span{
		Name: "sweep", Attributes: []attribute.Key{repoKey}, Program: controller,
		Description: "One look at a repository for what no webhook has told",
	}
	Webhook = Span{
		Name: "webhook", Attributes: []attribute.Key{deliveryKey, eventKey, statusKey}, Program: receiver,
		Description: "One delivery of a webhook, until it is stored and answered",
	}
)

// Spans are the spans that begin a trace, of all programs.
var Spans = []Span{Reconcile, Finalize, Fetch, Plan, Sweep, Webhook}

// Pull names a pull request.
func Pull(org, repo string, number int) attribute.KeyValue {
	return pullKey.String(fmt.Sprintf("%s/%s#%d", org, repo, number))
}

// UID is the UID of a Rehearsal.
func UID(uid string) attribute.KeyValue { return uidKey.String(uid) }

// Repository names a config repository, as org/repo.
func Repository(name string) attribute.KeyValue { return repoKey.String(name) }

// Head is the SHA of a pull request's head.
func Head(sha string) attribute.KeyValue { return headKey.String(sha) }

// Delivery is GitHub's id of a delivery.
func Delivery(id string) attribute.KeyValue { return deliveryKey.String(id) }

// Event is the kind of event that a webhook tells of.
func Event(name string) attribute.KeyValue { return eventKey.String(name) }

// Status is the status of an HTTP response.
func Status(code int) attribute.KeyValue { return statusKey.Int(code) }

// Start begins a span. The caller must end it, see End.
func (s Span) Start(ctx context.Context, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	return StartPart(ctx, s.Name, attributes...)
}

// StartPart begins the span of a part of some work, whose name is not in Spans. It uses
// the TracerProvider of its parent.
func StartPart(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	provider := otel.GetTracerProvider()
	if around := trace.SpanFromContext(ctx); around.SpanContext().IsValid() {
		provider = around.TracerProvider()
	}
	return provider.Tracer(scope).Start(ctx, name, trace.WithAttributes(attributes...))
}

// End ends a span. It records the error of the work on the span, if there is one.
func End(span trace.Span, err error) {
	if err != nil {
		span.RecordError(err)
		span.SetStatus(codes.Error, err.Error())
	}
	span.End()
}
