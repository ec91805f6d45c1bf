// Package receiver is the HTTP side of the webhook endpoint: it verifies the
// signature of a delivery, and answers 2xx only after its content is stored. It calls
// neither GitHub nor git and decides nothing about the content. It understands
// GitHub's webhooks, which Prow's hook forwards unchanged, and hook's requests for
// help.
package receiver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"net/netip"
	"regexp"
	"sync"
	"time"

	"go.opentelemetry.io/otel/codes"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
	"github.com/rehearsal-dev/rehearsal/pkg/telemetry"
)

const (
	// deadline limits a delivery from its first byte to our response. GitHub gives up
	// after ten seconds.
	deadline = 8 * time.Second
	// maxHeader limits the headers of a request: many short ones take many times their
	// length in memory. GitHub sends 1 KiB.
	maxHeader = 8 << 10
)

// Options configure a Receiver.
type Options struct {
	// Rehearsals is where deliveries are stored.
	Rehearsals logbook.Rehearsals
	// Keys and Settings return the current values.
	Keys     func() *Keys
	Settings func() *settings.Settings
	Log      *slog.Logger
	// Proxies are those whose X-Forwarded-For is trusted.
	Proxies []netip.Prefix
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Receiver is the webhook endpoint.
type Receiver struct {
	opts   Options
	log    *slog.Logger
	bodies *bodies
	hooks  hooks
	writer *logbook.Writer
	// questions are the bodies of help requests. They are not signed, so they have
	// separate memory, and helping is held while one is parsed.
	questions *bodies
	helping   sync.Mutex
}

// New returns a receiver.
func New(opts Options) *Receiver {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	sources := &sources{proxies: opts.Proxies}
	return &Receiver{
		opts:      opts,
		log:       opts.Log,
		bodies:    newBodies(sources, smallBodies),
		hooks:     hooks{seen: map[string][]string{}},
		questions: newBodies(sources, 4*maxQuestion),
		writer:    logbook.NewWriter(opts.Rehearsals, deadline),
	}
}

// Handler serves deliveries at / and /hook, and help at /help.
func (r *Receiver) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", r.webhook)
	mux.HandleFunc("/hook", r.webhook)
	mux.HandleFunc("/help", r.help)
	return mux
}

// NewServer returns an HTTP server with limits, so that no client can block it.
func NewServer(addr string, handler http.Handler) *http.Server {
	s := &http.Server{
		Addr:              addr,
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       deadline,
		WriteTimeout:      deadline + 2*time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    maxHeader,
	}
	bound(s, maxConnections)
	return s
}

func (r *Receiver) webhook(w http.ResponseWriter, req *http.Request) {
	ctx, cancel := context.WithTimeout(req.Context(), deadline)
	defer cancel()
	id, kind := forLog(req.Header.Get("X-GitHub-Delivery")), forLog(req.Header.Get("X-GitHub-Event"))
	ctx, span := telemetry.Webhook.Start(ctx, telemetry.Delivery(id), telemetry.Event(kind))
	defer span.End()
	req = req.WithContext(ctx)
	log := r.log.With("delivery", id, "event", kind)

	var outcome string
	err := checkRequest(w, req)
	if err == nil {
		outcome, err = r.read(ctx, log, w, req)
	}
	status := http.StatusOK
	var no *refusal
	switch {
	case err == nil:
	case errors.As(err, &no):
		log.Info("refused", "status", no.status, "reason", no.sentence, "from", req.RemoteAddr)
		// The rest of the body is not waited for.
		w.Header().Set("Connection", "close")
		status, outcome = no.status, no.sentence
	default:
		log.Error("not stored", "error", err)
		span.SetStatus(codes.Error, "not stored") // why is in the log: the API server may quote what was said
		status, outcome = http.StatusServiceUnavailable, "it could not be stored, redeliver it"
	}
	span.SetAttributes(telemetry.Status(status))
	r.answer(w, status, outcome)
}

// read reads a delivery and returns the result. For an event that we do not use, only
// the signature is checked.
func (r *Receiver) read(ctx context.Context, log *slog.Logger, w http.ResponseWriter, req *http.Request) (outcome string, err error) {
	header := req.Header
	standing := r.hooks.standingOf(req)
	rise(req, standing)
	if event.Listens(header.Get("X-GitHub-Event")) {
		err = r.bodies.with(w, req, standing, func(body []byte) (err error) {
			outcome, err = r.deliver(ctx, log, header, body)
			return err
		})
		return outcome, err
	}
	check := r.opts.Keys().Check(header.Get("X-Hub-Signature-256"))
	if err := r.bodies.copy(w, req, standing, check); err != nil {
		return "", err
	}
	signed := check.Signed()
	if len(signed) == 0 {
		return "", notSigned()
	}
	r.hooks.signed(header, signed)
	return "nothing to do", nil
}

func notSigned() error {
	return refuse(http.StatusForbidden, "the signature was made with another secret")
}

// wellFormed is what a signature looks like.
var wellFormed = regexp.MustCompile(`^sha256=[0-9a-fA-F]{64}$`)

// checkRequest checks what can be checked without the body.
func checkRequest(w http.ResponseWriter, req *http.Request) error {
	if req.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return refuse(http.StatusMethodNotAllowed, "use POST")
	}
	if mediaType, _, err := mime.ParseMediaType(req.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		return refuse(http.StatusUnsupportedMediaType, "set the webhook's content type to application/json")
	}
	if req.Header.Get("X-GitHub-Event") == "" {
		return refuse(http.StatusBadRequest, "there is no X-GitHub-Event header")
	}
	switch signature := req.Header.Get("X-Hub-Signature-256"); {
	case signature == "":
		return refuse(http.StatusForbidden, "there is no X-Hub-Signature-256 header: give the webhook a secret")
	case !wellFormed.MatchString(signature):
		return refuse(http.StatusForbidden, "X-Hub-Signature-256 is not a valid signature")
	}
	return nil
}

// deliver stores the content of a delivery and returns the result.
func (r *Receiver) deliver(ctx context.Context, log *slog.Logger, header http.Header, body []byte) (string, error) {
	keys := r.opts.Keys()
	signed := keys.Verify(header.Get("X-Hub-Signature-256"), body)
	if len(signed) == 0 {
		return "", notSigned()
	}
	r.hooks.signed(header, signed)
	now := r.opts.Settings()
	entries, err := event.Translate(header.Get("X-GitHub-Event"), body, event.Options{Prefixes: now.Prefixes, Now: r.opts.Now()})
	var malformed *event.MalformedError
	switch {
	case errors.As(err, &malformed):
		return "", refuse(http.StatusBadRequest, "%s", malformed.Error())
	case err != nil:
		return "", err
	case entries == nil:
		return "nothing to do", nil
	}
	name := fmt.Sprintf("%s/%s#%d", entries.Pull.Org, entries.Pull.Repo, entries.Pull.Number)
	if !keys.Covers(signed, entries.Pull) {
		return "", refuse(http.StatusForbidden, "the secret is not the one for %s", name)
	}
	if _, ok := now.Repository(entries.Pull.Org, entries.Pull.Repo); !ok {
		return fmt.Sprintf("nothing to do: %s is not on a config repository that is served here", name), nil
	}
	var full *logbook.FullError
	if err := r.writer.Append(ctx, entries); errors.As(err, &full) {
		log.Warn("a log is full", "pull", name, "error", err)
		return "", refuse(http.StatusInsufficientStorage, "%s is not stored: its log is full. Commands leave it a week after they were written", name)
	} else if err != nil {
		return "", fmt.Errorf("storing the event on %s: %w", name, err)
	}
	log.Info("stored", "pull", name, "commands", len(entries.Commands))
	return fmt.Sprintf("stored: %s, commands: %d", name, len(entries.Commands)), nil
}

// forLog shortens values that anyone can choose: GitHub's own ids and names are
// short.
func forLog(header string) string {
	return header[:min(len(header), 64)]
}

func (r *Receiver) answer(w http.ResponseWriter, status int, sentence string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if _, err := fmt.Fprintln(w, sentence); err != nil {
		r.log.Info("the response was not delivered", "status", status, "error", err)
	}
}
