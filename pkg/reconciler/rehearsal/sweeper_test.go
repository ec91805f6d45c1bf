package rehearsal

import (
	"context"

	"k8s.io/client-go/tools/cache"
	clocktesting "k8s.io/utils/clock/testing"

	listers "github.com/rehearsal-dev/rehearsal/pkg/client/listers/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/kvstore"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
	"github.com/rehearsal-dev/rehearsal/pkg/sweep"
)

// sweeper is a sweeper that has never run, with its store and its clock.
type sweeper struct {
	*sweep.Sweeper
	store *logbooktest.Store
	clock *clocktesting.FakeClock
}

func (w *world) newSweeper(hub sweep.Source) *sweeper {
	s := &sweeper{store: &logbooktest.Store{}, clock: clocktesting.NewFakeClock(w.clock.Now())}
	index := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	s.Sweeper = &sweep.Sweeper{
		GitHub: hub, Rehearsals: s.store, Clock: s.clock, Lister: listers.NewRehearsalLister(index).Rehearsals("rehearsals"),
		Settings: func() *settings.Settings { return w.reconciler.Settings() },
		Memory:   sweep.Stored{Store: kvstore.Store{ConfigMaps: w.kube.CoreV1().ConfigMaps("rehearsals"), Name: sweep.ConfigMap}},
		Identify: func(context.Context, string, string, int64) error { return nil },
	}
	return s
}
