package pages

import (
	"context"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// timeout limits one response.
const timeout = 30 * time.Second

// Handler serves pages: /pulls/{rehearsal}/{token} and /runs/{run}/{token}. Only people
// with a link that was made with the key in the Secrets can read its page. Nobody else
// learns that the page exists.
func Handler(configMaps run.ConfigMaps, secrets Secrets) http.Handler {
	mux := http.NewServeMux()
	p := server{configMaps: configMaps, secrets: secrets}
	mux.HandleFunc("GET /pulls/{name}/{token}", p.page)
	mux.HandleFunc("GET /runs/{name}/{token}", p.page)
	mux.HandleFunc("/", noPage)
	return mux
}

type server struct {
	configMaps run.ConfigMaps
	secrets    Secrets
}

func (p server) page(w http.ResponseWriter, req *http.Request) {
	ctx, cancel := context.WithTimeout(req.Context(), timeout)
	defer cancel()
	html, err := p.open(ctx, req.PathValue("name"), req.PathValue("token"))
	switch {
	case apierrors.IsNotFound(err):
		noPage(w, req)
		return
	case err != nil:
		logging.FromContext(ctx).Warnw("Page was not served", "error", err)
		keepPrivate(w.Header())
		http.Error(w, "The page cannot be read right now. Try again in a minute.", http.StatusServiceUnavailable)
		return
	}
	header := w.Header()
	keepPrivate(header)
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	header.Set("X-Content-Type-Options", "nosniff")
	if _, err := w.Write(html); err != nil {
		logging.FromContext(ctx).Debugw("Page was not delivered", "error", err)
	}
}

// open returns a page. It does not look for the page if the token is wrong.
func (p server) open(ctx context.Context, name, token string) ([]byte, error) {
	key, err := ReadLinkKey(ctx, p.secrets)
	if err != nil {
		return nil, err
	}
	if !key.Opens(name, token) {
		return nil, apierrors.NewNotFound(corev1.Resource("configmaps"), Name(name))
	}
	return Read(ctx, p.configMaps, name)
}

func noPage(w http.ResponseWriter, _ *http.Request) {
	keepPrivate(w.Header())
	http.Error(w, "There is no such page. Use the whole link from the comment. A run has a page once it has ended; pages are deleted with their pull request.", http.StatusNotFound)
}

// keepPrivate sets headers that keep a link and its page from caches, search engines and
// other sites.
func keepPrivate(header http.Header) {
	header.Set("Cache-Control", "private, no-store")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Robots-Tag", "noindex")
}
