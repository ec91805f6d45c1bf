package runs

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	listers "github.com/rehearsal-dev/rehearsal/pkg/client/listers/rehearsal/v1alpha1"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

func TestRoom(t *testing.T) {
	minute := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }
	running := func(pull, person string, jobs int) load {
		return load{id: "r" + pull, pull: pull, person: person, jobs: jobs}
	}
	waits := func(pull, person string, jobs, asked int) load {
		return load{id: "w" + pull, pull: pull, person: person, jobs: jobs, waiting: true, asked: minute(asked)}
	}
	me := waits("1", "bob", 10, 5)
	for name, tc := range map[string]struct {
		quotas settings.Quotas
		others []load
		ok     bool
		never  bool
		says   string
	}{
		"no quotas":                                                  {settings.Quotas{}, []load{running("1", "bob", 1000)}, true, false, ""},
		"the last slots":                                             {settings.Quotas{Jobs: 15}, []load{running("2", "eve", 5)}, true, false, ""},
		"no slots left":                                              {settings.Quotas{Jobs: 15}, []load{running("2", "eve", 6)}, false, false, "6 of the 15 jobs that may run at a time in all"},
		"slots taken by this pull request":                           {settings.Quotas{PullJobs: 15}, []load{running("1", "eve", 6)}, false, false, "6 of the 15 jobs that this pull request"},
		"slots taken by another pull request":                        {settings.Quotas{PullJobs: 15}, []load{running("2", "bob", 6)}, true, false, ""},
		"slots taken by this person":                                 {settings.Quotas{PersonJobs: 15}, []load{running("2", "bob", 6)}, false, false, "6 of the 15 jobs that one person"},
		"slots taken by another person":                              {settings.Quotas{PersonJobs: 15}, []load{running("1", "eve", 6)}, true, false, ""},
		"more jobs than the quota":                                   {settings.Quotas{Jobs: 9}, nil, false, true, "more than the 9 jobs"},
		"behind an earlier command":                                  {settings.Quotas{Jobs: 15}, []load{waits("2", "eve", 10, 1)}, false, false, "10 of the 15 jobs"},
		"ahead of a later command":                                   {settings.Quotas{Jobs: 15}, []load{waits("2", "eve", 10, 6)}, true, false, ""},
		"behind an earlier run that does not fit":                    {settings.Quotas{Jobs: 15}, []load{running("3", "x", 5), waits("2", "eve", 12, 1)}, false, false, "and 1 run ahead of it"},
		"behind an earlier run that waits for a quota of its author": {settings.Quotas{Jobs: 30, PersonJobs: 12}, []load{running("3", "eve", 5), waits("2", "eve", 10, 1)}, true, false, ""},
		"an earlier run waits for another person's quota":            {settings.Quotas{PersonJobs: 12}, []load{running("3", "eve", 5), waits("2", "eve", 10, 1)}, true, false, ""},
		"more jobs running than the quota":                           {settings.Quotas{Jobs: 15}, []load{running("2", "eve", 100)}, false, false, "15 of the 15 jobs"},
	} {
		t.Run(name, func(t *testing.T) {
			ok, never, sentence := fits(tc.quotas, me, tc.others)
			if ok != tc.ok || never != tc.never || !strings.Contains(sentence, tc.says) || (sentence == "") != (tc.says == "") {
				t.Errorf("room = %t, %t, %q", ok, never, sentence)
			}
		})
	}
}

// TestRoomIsNeverOversubscribed checks that no quota is ever exceeded, in whatever order
// runs are requested, start and end, and that all of them start in the end.
func TestRoomIsNeverOversubscribed(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		q := settings.Quotas{PullJobs: 5 + rng.IntN(10), PersonJobs: 5 + rng.IntN(15), Jobs: 5 + rng.IntN(30)}
		var all []load
		for i := range 12 {
			all = append(all, load{
				id: fmt.Sprint(i), pull: fmt.Sprint(rng.IntN(4)), person: fmt.Sprint(rng.IntN(3)), jobs: 1 + rng.IntN(5),
				waiting: true, asked: noon.Add(time.Duration(rng.IntN(5)) * time.Minute),
			})
		}
		for rounds := 0; len(all) > 0; rounds++ {
			if rounds > 2000 {
				t.Fatalf("seed %d: %d runs never start", seed, len(all))
			}
			i := rng.IntN(len(all))
			if !all[i].waiting {
				all = slices.Delete(all, i, i+1)
				continue
			}
			others := slices.Delete(slices.Clone(all), i, i+1)
			if ok, _, _ := fits(q, all[i], others); ok {
				all[i].waiting = false
			}
			taken := map[string]int{}
			for _, l := range all {
				for _, s := range l.scopes(q) {
					if !l.waiting {
						taken[s.name] += l.jobs
					}
					if taken[s.name] > s.most {
						t.Fatalf("seed %d: %d jobs of %s, and only %d may be", seed, taken[s.name], s.name, s.most)
					}
				}
			}
		}
	}
}

// TestAdmitWhileOthersDo has many Rehearsals ask at the same time, while the informer shows
// none of the runs that start.
func TestAdmitWhileOthersDo(t *testing.T) {
	indexer := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	r := &Clients{Lister: listers.NewRehearsalLister(indexer)}
	chosen := settings.Defaults()
	chosen.Quotas = settings.Quotas{Jobs: 20}
	var wg sync.WaitGroup
	var mu sync.Mutex
	started := 0
	for i := range 50 {
		rh := &v1alpha1.Rehearsal{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("r", i), Namespace: "rehearsals", UID: types.UID(fmt.Sprint("u", i))}}
		rh.Status.Runs = []v1alpha1.RunStatus{{ID: "comment-1-0", State: v1alpha1.RunPending, By: "bob"}}
		if err := indexer.Add(rh.DeepCopy()); err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			queue := &Queue{Pass: &Pass{Clients: r, Rehearsal: rh, Settings: chosen, Now: noon}}
			for range 3 {
				ok, _, _, err := queue.admit(&rh.Status.Runs[0], 3)
				if err != nil {
					t.Error(err)
				}
				if ok {
					mu.Lock()
					started++
					mu.Unlock()
					break
				}
			}
		})
	}
	wg.Wait()
	if started != 6 {
		t.Errorf("%d runs of 3 jobs were let in, and there was room for 6", started)
	}
}

// crowd is a set of Rehearsals, each with a run that needs slots.
type crowd struct {
	t       *testing.T
	r       *Clients
	indexer cache.Indexer
	quotas  settings.Quotas
}

func newCrowd(t *testing.T, q settings.Quotas) crowd {
	indexer := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	return crowd{t, &Clients{Lister: listers.NewRehearsalLister(indexer)}, indexer, q}
}

// run adds a Rehearsal with a run that was requested so many minutes ago.
func (a crowd) run(name string, minutes int) *v1alpha1.Rehearsal {
	rh := &v1alpha1.Rehearsal{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "rehearsals", UID: types.UID(name)}}
	rh.Spec.Commands = []v1alpha1.Command{{ID: "comment-1-0", At: metav1.NewTime(noon.Add(-time.Duration(minutes) * time.Minute))}}
	rh.Status.Runs = []v1alpha1.RunStatus{{ID: "comment-1-0", State: v1alpha1.RunPending, By: name, Total: 5}}
	a.show(rh)
	return rh
}

// show adds a Rehearsal to the informer.
func (a crowd) show(rh *v1alpha1.Rehearsal) {
	a.t.Helper()
	if err := a.indexer.Add(rh.DeepCopy()); err != nil {
		a.t.Fatal(err)
	}
}

func (a crowd) admit(rh *v1alpha1.Rehearsal, at time.Time) bool {
	a.t.Helper()
	chosen := settings.Defaults()
	chosen.Quotas = a.quotas
	queue := &Queue{Pass: &Pass{Clients: a.r, Rehearsal: rh, Settings: chosen, Now: at}}
	ok, _, _, err := queue.admit(&rh.Status.Runs[0], rh.Status.Runs[0].Total)
	if err != nil {
		a.t.Fatal(err)
	}
	return ok
}

// TestAStuckRunKeepsNoPlace checks that a waiting run which cannot go on keeps its place
// only for as long as it might ask again.
func TestAStuckRunKeepsNoPlace(t *testing.T) {
	a := newCrowd(t, settings.Quotas{Jobs: 5})
	first, second := a.run("first", 20), a.run("second", 10)
	if a.admit(second, noon) {
		t.Error("the second goes first, while the first may yet ask")
	}
	later := noon.Add(2 * placeKept)
	a.r.Reservations.note("first/comment-1-0", later)
	if a.admit(second, later) {
		t.Error("the second goes first, although the first has asked just now")
	}
	if !a.admit(second, later.Add(placeKept+time.Second)) {
		t.Error("the second waits for one that has stopped asking")
	}
	if a.admit(first, later.Add(placeKept+time.Second)) {
		t.Error("both are let in")
	}
}

// TestNoRoomIsKeptForWhatIsOver checks that the reservation of a run ends with the run,
// even if nobody asks in between.
func TestNoRoomIsKeptForWhatIsOver(t *testing.T) {
	a := newCrowd(t, settings.Quotas{Jobs: 5})
	first, second := a.run("first", 20), a.run("second", 10)
	if !a.admit(first, noon) {
		t.Fatal("there is no room for the first")
	}
	if a.admit(second, noon) {
		t.Fatal("both are let in")
	}
	first.Status.Runs[0].State = v1alpha1.RunPassed
	a.show(first)
	if !a.admit(second, noon.Add(time.Second)) {
		t.Error("room is kept for a run that is over")
	}
}

// BenchmarkLedger measures forget while all runs wait for the ledger. Runs that are over
// must cost no time.
func BenchmarkLedger(b *testing.B) {
	for _, over := range []int{25, 100} {
		l := &Reservations{}
		l.note("u-5/comment-1-0", noon)
		l.kept["u-5/comment-1-0"] = kept{}
		var all []*v1alpha1.Rehearsal
		for i := range 1000 {
			rh := &v1alpha1.Rehearsal{}
			rh.UID = types.UID(fmt.Sprint("u-x", i))
			for n := range over {
				rh.Status.Runs = append(rh.Status.Runs, v1alpha1.RunStatus{ID: fmt.Sprintf("comment-%d-%d", i, n), State: v1alpha1.RunPassed})
			}
			all = append(all, rh)
		}
		b.Run(fmt.Sprint(over), func(b *testing.B) {
			for b.Loop() {
				l.forget(all)
			}
		})
	}
}
