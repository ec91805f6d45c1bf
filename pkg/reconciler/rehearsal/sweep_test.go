package rehearsal

import (
	"context"
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubefake "k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	listers "github.com/rehearsal-dev/rehearsal/pkg/client/listers/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// listings is what GitHub lists to a sweep.
type listings struct {
	pulls    []github.Pull
	comments []github.Comment
	since    time.Time
	err      error
}

func (l *listings) OpenPulls(context.Context, string, string) ([]github.Pull, error) {
	return l.pulls, nil
}

func (l *listings) CommentsSince(_ context.Context, _, _ string, since time.Time) ([]github.Comment, error) {
	l.since = since
	return l.comments, l.err
}

type sweep struct {
	*Sweeper
	hub     *listings
	store   *logbooktest.Store
	indexer cache.Indexer
	clock   *clocktesting.FakeClock
	looked  time.Time
}

func (s *sweep) Looked(context.Context, string) (time.Time, error) { return s.looked, nil }

func (s *sweep) Remember(_ context.Context, _ string, at time.Time) error {
	s.looked = at
	return nil
}

func newSweep(known ...*v1alpha1.Rehearsal) *sweep {
	s := &sweep{
		looked: noon.Add(-time.Hour), hub: &listings{}, store: &logbooktest.Store{}, clock: clocktesting.NewFakeClock(noon),
		indexer: cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc}),
	}
	s.Sweeper = &Sweeper{
		GitHub: s.hub, Rehearsals: s.store, Clock: s.clock, Settings: settings.Defaults,
		Lister: listers.NewRehearsalLister(s.indexer).Rehearsals("rehearsals"),
	}
	s.Memory = s
	for _, rh := range known {
		if _, err := s.store.Create(context.Background(), rh, metav1.CreateOptions{}); err != nil {
			panic(err)
		}
	}
	return s
}

// sweep looks once, with informers that have seen everything.
func (s *sweep) sweep(t *testing.T) {
	t.Helper()
	if rh, err := s.store.Get(context.Background(), "acme-config-7", metav1.GetOptions{}); err == nil {
		rh.Namespace = "rehearsals"
		if err := s.indexer.Add(rh); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Sweep(context.Background(), "acme/config"); err != nil {
		t.Fatal(err)
	}
}

func (s *sweep) spec(t *testing.T) v1alpha1.RehearsalSpec {
	t.Helper()
	rh, err := s.store.Get(context.Background(), "acme-config-7", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return rh.Spec
}

func openPull() github.Pull {
	return github.Pull{
		Number: 7, Author: "alice", AuthorType: "User", Body: "/pj-rehearse", Head: head, BaseRef: "main",
		Open: true, CreatedAt: noon.Add(-time.Minute), UpdatedAt: noon,
	}
}

func comment(id int64, body string) github.Comment {
	return github.Comment{ID: id, Number: 7, Author: "bob", AuthorType: "User", Body: body, CreatedAt: noon, UpdatedAt: noon}
}

func planned(open bool) *v1alpha1.Rehearsal {
	return &v1alpha1.Rehearsal{
		ObjectMeta: metav1.ObjectMeta{Name: "acme-config-7", Namespace: "rehearsals"},
		Spec:       v1alpha1.RehearsalSpec{Pull: v1alpha1.Pull{Org: "acme", Repo: "config", Number: 7}},
		Status:     v1alpha1.RehearsalStatus{Pull: &v1alpha1.PullStatus{Head: head, BaseRef: "main", Open: open}},
	}
}

func TestSweepFindsWhatNobodyTold(t *testing.T) {
	s := newSweep()
	s.hub.pulls = []github.Pull{openPull()}
	edited := comment(3, "/pj-rehearse list")
	edited.UpdatedAt = noon.Add(time.Minute)
	s.hub.comments = []github.Comment{comment(1, "hello"), comment(2, "/pj-rehearse abort"), edited}
	s.sweep(t)
	s.sweep(t)
	var texts []string
	for _, c := range s.spec(t).Commands {
		texts = append(texts, c.By+": "+c.Text)
	}
	if len(texts) != 2 || texts[0] != "alice: /pj-rehearse" || texts[1] != "bob: /pj-rehearse abort" {
		t.Errorf("the log is %q, want the body's command and the comment's", texts)
	}
}

func TestSweepWakesWhatHasChanged(t *testing.T) {
	pushed, retargeted := openPull(), openPull()
	pushed.Head = "another"
	retargeted.BaseRef = "release-1"
	for name, tc := range map[string]struct {
		known *v1alpha1.Rehearsal
		pulls []github.Pull
		want  bool
	}{
		"as it was":        {planned(true), []github.Pull{openPull()}, false},
		"a push":           {planned(true), []github.Pull{pushed}, true},
		"another base":     {planned(true), []github.Pull{retargeted}, true},
		"closed":           {planned(true), nil, true},
		"closed and known": {planned(false), nil, false},
		"reopened":         {planned(false), []github.Pull{openPull()}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSweep(tc.known)
			s.looked = noon.Add(time.Hour)
			s.hub.pulls = tc.pulls
			s.sweep(t)
			spec := s.spec(t)
			if woken := spec.Observed != nil; woken != tc.want {
				t.Errorf("observed is %+v, want it to be set: %t", spec.Observed, tc.want)
			}
			if len(spec.Commands) != 0 {
				t.Errorf("the body of a known pull request commands: %+v", spec.Commands)
			}
		})
	}
}

func TestSweepReachesBackToTheLastThatWorked(t *testing.T) {
	s := newSweep()
	s.hub.err = errors.New("GitHub is away")
	if err := s.Sweep(context.Background(), "acme/config"); err == nil {
		t.Error("a sweep without GitHub succeeds")
	}
	s.hub.err = nil
	s.clock.Step(time.Hour)
	s.sweep(t)
	if want := noon.Add(-time.Hour - overlap); !s.hub.since.Equal(want) {
		t.Errorf("the sweep after a failure reaches back to %s, want %s", s.hub.since, want)
	}
	s.sweep(t)
	if want := noon.Add(time.Hour - overlap); !s.hub.since.Equal(want) {
		t.Errorf("the next one reaches back to %s, want %s", s.hub.since, want)
	}
}

func TestFirstSweepLeavesThePastAlone(t *testing.T) {
	s := newSweep()
	s.looked = time.Time{}
	s.hub.pulls = []github.Pull{openPull()}
	s.sweep(t)
	if !s.hub.since.Equal(noon) {
		t.Errorf("the first sweep reaches back to %s, want %s", s.hub.since, noon)
	}
	if commands := s.spec(t).Commands; len(commands) != 0 {
		t.Errorf("a description from before the first sweep commands: %+v", commands)
	}
}

func TestSweepMemory(t *testing.T) {
	m := &sweepMemory{configMaps: kubefake.NewClientset().CoreV1().ConfigMaps("rehearsals")}
	ctx := context.Background()
	for _, at := range []time.Time{{}, noon, noon.Add(time.Hour)} {
		if !at.IsZero() {
			if err := m.Remember(ctx, "acme/config", at); err != nil {
				t.Fatal(err)
			}
			if err := m.Remember(ctx, "acme/other.config", noon.Add(-time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		got, err := m.Looked(ctx, "acme/config")
		if err != nil || !got.Equal(at) {
			t.Errorf("remembered %s, %v; want %s", got, err, at)
		}
	}
}
