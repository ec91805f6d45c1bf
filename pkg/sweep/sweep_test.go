package sweep

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubefake "k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"
	clocktesting "k8s.io/utils/clock/testing"
	"knative.dev/pkg/logging"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	listers "github.com/rehearsal-dev/rehearsal/pkg/client/listers/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/kvstore"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// listings is what GitHub returns to a sweep.
type listings struct {
	pulls    []github.Pull
	comments []github.Comment
	since    time.Time
	err      error
	budget   github.Budget
	looks    int
	skew     time.Duration
}

func (l *listings) Budget(context.Context, string, string) (github.Budget, error) {
	return l.budget, nil
}

func (l *listings) Skew() (time.Duration, bool) { return l.skew, true }

func (l *listings) OpenPulls(context.Context, string, string) ([]github.Pull, error) {
	l.looks++
	return l.pulls, nil
}

func (l *listings) CommentsSince(_ context.Context, _, _ string, since time.Time) ([]github.Comment, error) {
	l.since = since
	return l.comments, l.err
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// head is a commit.
const head = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

type scene struct {
	*Sweeper
	hub     *listings
	store   *logbooktest.Store
	indexer cache.Indexer
	clock   *clocktesting.FakeClock
	looked  Look
}

func (s *scene) Looked(context.Context, string) (Look, error) { return s.looked, nil }

func (s *scene) Remember(_ context.Context, _ string, look Look) error {
	s.looked = look
	return nil
}

func newSweep(known ...*v1alpha1.Rehearsal) *scene {
	s := &scene{
		looked: Look{At: noon.Add(-time.Hour), Since: noon.Add(-time.Hour)}, hub: &listings{}, store: &logbooktest.Store{}, clock: clocktesting.NewFakeClock(noon),
		indexer: cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc}),
	}
	s.Sweeper = &Sweeper{
		GitHub: s.hub, Rehearsals: s.store, Clock: s.clock, Settings: settings.Defaults,
		Lister:   listers.NewRehearsalLister(s.indexer).Rehearsals("rehearsals"),
		Identify: func(context.Context, string, string, int64) error { return nil },
	}
	s.Memory = s
	for _, rh := range known {
		if _, err := s.store.Create(context.Background(), rh, metav1.CreateOptions{}); err != nil {
			panic(err)
		}
	}
	return s
}

// sweep runs one sweep, with up-to-date informers.
func (s *scene) sweep(t *testing.T) {
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

func (s *scene) spec(t *testing.T) v1alpha1.RehearsalSpec {
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
		"unchanged":           {planned(true), []github.Pull{openPull()}, false},
		"a push":              {planned(true), []github.Pull{pushed}, true},
		"base branch changed": {planned(true), []github.Pull{retargeted}, true},
		"closed":              {planned(true), nil, true},
		"closed and known":    {planned(false), nil, false},
		"reopened":            {planned(false), []github.Pull{openPull()}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSweep(tc.known)
			s.looked.At = noon.Add(time.Hour)
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

// TestSweepReachesBackToTheLastThatWorked checks that commands written during an outage
// of GitHub are stored after it, and that older ones are not stored again.
func TestSweepReachesBackToTheLastThatWorked(t *testing.T) {
	s := newSweep()
	s.hub.pulls = []github.Pull{{Number: 7, Author: "alice", AuthorType: "User", Head: head, BaseRef: "main", Open: true}}
	s.looked.Since = noon.Add(-3 * time.Hour)
	earlier, meanwhile := comment(1, "/pj-rehearse max"), comment(2, "/pj-rehearse abort")
	earlier.CreatedAt = noon.Add(-2 * time.Hour)
	earlier.UpdatedAt = earlier.CreatedAt
	s.hub.comments = []github.Comment{earlier, meanwhile}
	s.hub.err = errors.New("GitHub is away")
	if err := s.Sweep(context.Background(), "acme/config"); err == nil {
		t.Error("a sweep without GitHub succeeds")
	}
	s.hub.err = nil
	s.clock.Step(time.Hour)
	s.sweep(t)
	var texts []string
	for _, c := range s.spec(t).Commands {
		texts = append(texts, c.Text)
	}
	if len(texts) != 1 || texts[0] != "/pj-rehearse abort" {
		t.Errorf("heard %q, want what was said while GitHub was away", texts)
	}
}

// TestTheFirstSweepReachesBackToTheFirstWebhook checks that a repository is served from
// its first webhook, even if no sweep has succeeded yet, or the time of the last sweep is
// lost.
func TestTheFirstSweepReachesBackToTheFirstWebhook(t *testing.T) {
	for name, tc := range map[string]struct {
		served time.Duration // how long before the sweep
		want   int
	}{
		"webhook just now":     {0, 0},
		"webhook after both":   {time.Minute, 0},
		"webhook between them": {time.Hour, 1},
		"webhook days ago":     {72 * time.Hour, 2},
	} {
		t.Run(name, func(t *testing.T) {
			known := planned(true)
			known.CreationTimestamp = metav1.NewTime(noon.Add(-tc.served))
			s := newSweep(known)
			s.looked = Look{}
			early, late := comment(1, "/pj-rehearse abort"), comment(2, "/pj-rehearse list")
			early.UpdatedAt, late.UpdatedAt = noon.Add(-2*time.Hour), noon.Add(-30*time.Minute)
			s.hub.comments = []github.Comment{early, late}
			pull := openPull()
			pull.Body = ""
			s.hub.pulls = []github.Pull{pull}
			s.sweep(t)
			if got := len(s.spec(t).Commands); got != tc.want {
				t.Errorf("%d commands are heard, want %d", got, tc.want)
			}
		})
	}
}

// TestSweepAsksForTheSameList checks that the list stays the same, so that GitHub can
// answer that it has not changed.
func TestSweepAsksForTheSameList(t *testing.T) {
	s := newSweep()
	begin := noon.Add(-time.Hour)
	for _, step := range []struct {
		name   string
		latest time.Time
		want   time.Time
	}{
		{"no comments", time.Time{}, begin},
		{"still no comments", time.Time{}, begin},
		{"a comment", begin.Add(10 * time.Minute), begin},
		{"a comment much later", begin.Add(5 * time.Hour), begin},
		{"no new comment", begin.Add(5 * time.Hour), begin.Add(5*time.Hour - overlap)},
		{"still no new comment", begin.Add(5 * time.Hour), begin.Add(5*time.Hour - overlap)},
	} {
		s.clock.Step(2 * time.Hour)
		if s.hub.comments = nil; !step.latest.IsZero() {
			c := comment(9, "hello")
			c.CreatedAt, c.UpdatedAt = step.latest, step.latest
			s.hub.comments = []github.Comment{c}
		}
		s.sweep(t)
		if !s.hub.since.Equal(step.want) {
			t.Errorf("%s: the list begins at %s, want %s", step.name, s.hub.since, step.want)
		}
	}
}

// TestSweepLeavesCallsToPeople checks that sweeps leave the last fifth of the hourly
// calls for commands.
func TestSweepLeavesCallsToPeople(t *testing.T) {
	for name, tc := range map[string]struct {
		budget github.Budget
		looks  int
	}{
		"not known yet":      {github.Budget{}, 3},
		"many left":          {github.Budget{Limit: 5000, Remaining: 4000, Reset: noon.Add(time.Hour)}, 3},
		"a fifth":            {github.Budget{Limit: 5000, Remaining: 1000, Reset: noon.Add(time.Hour)}, 3},
		"less than a fifth":  {github.Budget{Limit: 5000, Remaining: 999, Reset: noon.Add(time.Hour)}, 0},
		"none":               {github.Budget{Limit: 5000, Reset: noon.Add(time.Hour)}, 0},
		"of an installation": {github.Budget{Limit: 12500, Remaining: 2499, Reset: noon.Add(time.Hour)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSweep()
			s.hub.budget = tc.budget
			core, logs := observer.New(zap.InfoLevel)
			ctx := logging.WithLogger(context.Background(), zap.New(core).Sugar())
			for range 3 {
				if err := s.sweepOrSkip(ctx, "acme/config"); err != nil {
					t.Fatal(err)
				}
			}
			if s.hub.looks != tc.looks {
				t.Errorf("%d looks, want %d", s.hub.looks, tc.looks)
			}
			said := logs.FilterMessageSnippet("Sweeps pause").Len()
			if want := map[bool]int{true: 1, false: 0}[tc.looks == 0]; said != want {
				t.Errorf("the log says so %d times, want %d", said, want)
			}
		})
	}
}

// TestAnOutageIsToldOnceInAWhile checks that an outage is not logged for every repository
// at each sweep.
func TestAnOutageIsToldOnceInAWhile(t *testing.T) {
	s := newSweep()
	core, logs := observer.New(zap.InfoLevel)
	ctx := logging.WithLogger(context.Background(), zap.New(core).Sugar())
	away := errors.New("GitHub is away")
	for _, step := range []struct {
		err            error
		failed, worked int // how often it was logged so far
	}{{nil, 0, 0}, {away, 1, 0}, {away, 1, 0}, {nil, 1, 1}, {nil, 1, 1}, {away, 2, 1}, {away, 2, 1}, {away, 3, 1}} {
		if step.failed == 3 {
			s.clock.Step(troubleInterval)
		}
		s.tell(ctx, "acme/config", step.err)
		failed, worked := logs.FilterMessageSnippet("The sweep is incomplete").Len(), logs.FilterMessageSnippet("works again").Len()
		if failed != step.failed || worked != step.worked {
			t.Errorf("it was said %d times that sweeps fail and %d times that they work again, want %d and %d", failed, worked, step.failed, step.worked)
		}
	}
}

func TestFirstSweepLeavesThePastAlone(t *testing.T) {
	s := newSweep()
	s.looked = Look{}
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
	m := Stored{kvstore.Store{ConfigMaps: kubefake.NewSimpleClientset().CoreV1().ConfigMaps("rehearsals"), Name: ConfigMap}}
	ctx := context.Background()
	for _, look := range []Look{{}, {noon, noon.Add(-time.Hour)}, {noon.Add(time.Hour), noon}} {
		if !look.At.IsZero() {
			if err := m.Remember(ctx, "acme/config", look); err != nil {
				t.Fatal(err)
			}
			if err := m.Remember(ctx, "acme/other.config", Look{noon.Add(-time.Hour), noon}); err != nil {
				t.Fatal(err)
			}
		}
		got, err := m.Looked(ctx, "acme/config")
		if err != nil || !got.At.Equal(look.At) || !got.Since.Equal(look.Since) {
			t.Errorf("remembered %s, %v; want %s", got, err, look)
		}
	}
}

// TestSweepByGitHubsClock checks that comments written between two sweeps are found, and
// comments from before the first are not, whatever our clock shows.
func TestSweepByGitHubsClock(t *testing.T) {
	for name, skew := range map[string]time.Duration{"right": 0, "behind": 20 * time.Minute, "ahead": -20 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			s := newSweep()
			s.looked, s.hub.skew = Look{}, skew
			theirs := func() time.Time { return s.clock.Now().Add(skew) }
			said := func(id int64) {
				c := comment(id, "/pj-rehearse")
				c.CreatedAt, c.UpdatedAt = theirs(), theirs()
				s.hub.comments = append(s.hub.comments, c)
			}
			p := openPull()
			p.CreatedAt, p.Body = theirs().Add(-time.Hour), ""
			s.hub.pulls = []github.Pull{p}
			said(1)
			s.hub.comments[0].UpdatedAt = theirs().Add(-overlap - time.Second)
			s.hub.comments[0].CreatedAt = s.hub.comments[0].UpdatedAt
			s.sweep(t)
			if n := len(s.spec(t).Commands); n != 0 {
				t.Errorf("%d commands from before the first look", n)
			}
			if !s.looked.At.Equal(theirs()) {
				t.Errorf("it looked at %s by GitHub's clock, want %s", s.looked.At, theirs())
			}
			for id := int64(2); id < 5; id++ {
				s.clock.Step(time.Minute)
				said(id)
				s.clock.Step(4 * time.Minute)
				s.sweep(t)
				if n := int64(len(s.spec(t).Commands)); n != id-1 {
					t.Errorf("%d commands are heard, want %d", n, id-1)
				}
			}
		})
	}
}

// TestSweepOfAnotherRepository checks that nothing is stored for a repository that only
// has the same name.
func TestSweepOfAnotherRepository(t *testing.T) {
	s := newSweep()
	another := errors.New("another repository")
	s.Identify = func(_ context.Context, _, _ string, id int64) error {
		if id != 4711 {
			return another
		}
		return nil
	}
	p := openPull()
	p.RepoID = 666
	s.hub.pulls, s.hub.comments = []github.Pull{p}, []github.Comment{comment(1, "/pj-rehearse")}
	if err := s.Sweep(context.Background(), "acme/config"); !errors.Is(err, another) || s.store.Len() != 0 {
		t.Errorf("error %v, %d Rehearsals", err, s.store.Len())
	}
	s.hub.pulls[0].RepoID = 4711
	s.sweep(t)
	if n := len(s.spec(t).Commands); n != 2 {
		t.Errorf("%d commands of the one that is served", n)
	}
}

// TestFirstSightOfThousands checks that each sweep of a newly served repository adds only
// a few pull requests.
func TestFirstSightOfThousands(t *testing.T) {
	s := newSweep()
	for n := range 1000 {
		p := openPull()
		p.Number, p.Body, p.CreatedAt = n+1, "", noon.Add(-48*time.Hour)
		s.hub.pulls = append(s.hub.pulls, p)
	}
	commanded := openPull()
	commanded.Number = 2000 // opened since the last look, with a command
	s.hub.pulls = append(s.hub.pulls, commanded)
	s.hub.comments = []github.Comment{comment(2, "/pj-rehearse")}
	s.hub.comments[0].Number = 900
	if err := s.Sweep(context.Background(), "acme/config"); err != nil {
		t.Fatal(err)
	}
	if n := s.store.Len(); n != firstSights+2 {
		t.Errorf("%d Rehearsals are made at the first look, want %d", n, firstSights+2)
	}
}
