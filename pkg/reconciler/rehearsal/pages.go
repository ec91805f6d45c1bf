package rehearsal

import (
	"context"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/kmeta"
	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/rehearsal/resources"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
)

// planPage is where people see all affected jobs; empty when nowhere.
func (t *turn) planPage() string { return t.pageURL("/pulls/", t.rh.Name) }

// runPage is where people see all of a run; empty when nowhere.
func (t *turn) runPage(r *v1alpha1.RunStatus) string {
	return t.pageURL("/runs/", resources.RunName(t.rh, r.ID))
}

func (t *turn) pageURL(kind, name string) string {
	if t.settings.PageURL == "" || t.linkErr != nil {
		return ""
	}
	return t.settings.PageURL + kind + name + "/" + t.linkKey.Token(name)
}

// readLinkKey is for a turn that may give out links.
func (t *turn) readLinkKey(ctx context.Context) error {
	if t.settings.PageURL != "" {
		t.linkKey, t.linkErr = run.EnsureLinkKey(ctx, t.Kube.CoreV1().Secrets(t.rh.Namespace))
	}
	return t.linkErr
}

// storePlanPage stores the page with all affected jobs, where one is wanted. A
// page that is too large, or cannot be stored now, is not spoken of.
func (t *turn) storePlanPage(ctx context.Context, view *report.PlanView) {
	if view.Page == "" {
		return
	}
	meta := metav1.ObjectMeta{
		Name: run.PageName(t.rh.Name), Namespace: t.rh.Namespace,
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
		Name: run.PageName(view.Manifest.Name), Namespace: t.rh.Namespace,
		Labels:          resources.Labels(t.rh, view.Manifest.Name),
		OwnerReferences: []metav1.OwnerReference{*kmeta.NewControllerRef(t.rh)},
	}
	_, err := t.storePage(ctx, meta, report.RunPage(view))
	return err
}

func (t *turn) storePage(ctx context.Context, meta metav1.ObjectMeta, html []byte) (stored bool, err error) {
	return run.StorePage(ctx, t.Kube.CoreV1().ConfigMaps(meta.Namespace), meta, html)
}

// pageTimeout bounds one answer.
const pageTimeout = 30 * time.Second

// NewPages serves what is too long for a comment, from the ConfigMaps of our
// namespace: /pulls/{rehearsal}/{token} and /runs/{run}/{token}. Whoever has a
// link that we gave out, by the key in the Secrets, can read its page, and nobody else
// learns that it is there.
func NewPages(configMaps run.ConfigMaps, secrets run.Secrets) http.Handler {
	mux := http.NewServeMux()
	p := pages{configMaps: configMaps, secrets: secrets}
	mux.HandleFunc("GET /pulls/{name}/{token}", p.page)
	mux.HandleFunc("GET /runs/{name}/{token}", p.page)
	mux.HandleFunc("/", noPage)
	return mux
}

type pages struct {
	configMaps run.ConfigMaps
	secrets    run.Secrets
}

func (p pages) page(w http.ResponseWriter, req *http.Request) {
	ctx, cancel := context.WithTimeout(req.Context(), pageTimeout)
	defer cancel()
	html, err := p.open(ctx, req.PathValue("name"), req.PathValue("token"))
	switch {
	case apierrors.IsNotFound(err):
		noPage(w, req)
		return
	case err != nil:
		logging.FromContext(ctx).Warnw("Page was not served", "error", err)
		keepPrivate(w.Header())
		http.Error(w, "The page cannot be read now. Try again in a minute.", http.StatusServiceUnavailable)
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

// open looks for no page whose token is wrong.
func (p pages) open(ctx context.Context, name, token string) ([]byte, error) {
	key, err := run.ReadLinkKey(ctx, p.secrets)
	if err != nil {
		return nil, err
	}
	if !key.Opens(name, token) {
		return nil, apierrors.NewNotFound(corev1.Resource("configmaps"), run.PageName(name))
	}
	return run.ReadPage(ctx, p.configMaps, name)
}

func noPage(w http.ResponseWriter, _ *http.Request) {
	keepPrivate(w.Header())
	http.Error(w, "There is no such page. Use the whole link from the comment. The page of a run is there once it is over, and all go with their pull request.", http.StatusNotFound)
}

// keepPrivate keeps a link, and what is behind it, from whoever was not given it.
func keepPrivate(header http.Header) {
	header.Set("Cache-Control", "private, no-store")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Robots-Tag", "noindex")
}
