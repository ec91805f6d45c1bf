package rehearsal

import (
	"maps"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/runs"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// TestServedRepositoriesAreListed checks that the list exists when a run starts, and that a
// repository which is no longer served is removed from it when the next run starts.
func TestServedRepositoriesAreListed(t *testing.T) {
	w := newWorld(t)
	serve := func(names ...string) {
		chosen := w.reconciler.Settings()
		options := chosen.Repositories[0].Options
		chosen.Repositories = nil
		for _, name := range names {
			chosen.Repositories = append(chosen.Repositories, settings.Repository{Name: name, Layout: layout.Layout{ProwConfig: "config.yaml"}, Options: options})
		}
		w.reconciler.Settings = func() *settings.Settings { return chosen }
	}
	listed := func() []string {
		cm, err := w.kube.CoreV1().ConfigMaps("rehearsals").Get(t.Context(), runs.ServedConfigMap, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return slices.Sorted(maps.Keys(cm.Data))
	}
	serve("acme/config", "Widgets/Jobs.Config")
	w.reconcile()
	w.hear("comment-1-0", "/pj-rehearse")
	if got := listed(); !slices.Equal(got, []string{"acme.config", "widgets.jobs.config"}) {
		t.Errorf("listed are %v", got)
	}
	serve("acme/config")
	w.hear("comment-2-0", "/pj-rehearse pull-e2e")
	if got := listed(); !slices.Equal(got, []string{"acme.config"}) {
		t.Errorf("listed are %v", got)
	}
}
