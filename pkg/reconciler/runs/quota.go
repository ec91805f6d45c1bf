package runs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/judging"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

const (
	// QuotaPause is the time between two checks whether a waiting run can start.
	QuotaPause = 15 * time.Second
	// reservedFor is how long the slots of an admitted run are reserved while no status
	// shows that it has started: as long as an informer may lag.
	reservedFor = 5 * time.Minute
	// placeKept is how long a waiting run keeps its place after its last check. A run that
	// cannot go on, for whatever reason, must not block others.
	placeKept = 4 * QuotaPause
)

// load is a run and its share of the quotas.
type load struct {
	// id identifies the run among those of all Rehearsals.
	id, pull, person string
	jobs             int
	// waiting says that the run has not started; asked is the time of its command.
	waiting bool
	asked   time.Time
}

// scope is something with a quota: a pull request, a person, or the installation.
type scope struct {
	name, whose string
	most        int
}

func (l load) scopes(q settings.Quotas) []scope {
	return slices.DeleteFunc([]scope{
		{"pull " + l.pull, "this pull request may run at a time", q.PullJobs},
		{"person " + l.person, "one person may run at a time", q.PersonJobs},
		{"all", "may run at a time in all", q.Jobs},
	}, func(s scope) bool { return s.most <= 0 })
}

// fits decides whether a run can start beside the others. If not, sentence says why, and
// never says that waiting does not help. Runs with earlier commands go first if they wait
// for the same quota.
func fits(q settings.Quotas, me load, others []load) (ok, never bool, sentence string) {
	for _, s := range me.scopes(q) {
		if me.jobs > s.most {
			return false, true, fmt.Sprintf("These are %s, more than the %s that %s. Name fewer.", plural(me.jobs, "job"), plural(s.most, "job"), s.whose)
		}
	}
	taken := map[string]int{}
	for _, l := range others {
		if !l.waiting {
			for _, s := range l.scopes(q) {
				taken[s.name] += l.jobs
			}
		}
	}
	before := map[string]int{}
	queue := slices.DeleteFunc(slices.Clone(others), func(l load) bool { return !l.waiting })
	slices.SortFunc(queue, load.compare)
	for _, l := range queue {
		if l.compare(me) < 0 {
			start(q, l, taken, before)
		}
	}
	for _, s := range me.scopes(q) {
		if ahead := before[s.name]; ahead > 0 || taken[s.name]+me.jobs > s.most {
			return false, false, waits(me, s, taken[s.name], ahead)
		}
	}
	return true, false, ""
}

// start takes the slots for a run that is ahead in the queue, or counts the run as waiting
// where there are too few.
func start(q settings.Quotas, l load, taken, before map[string]int) {
	blocked := false
	for _, s := range l.scopes(q) {
		if before[s.name] > 0 || taken[s.name]+l.jobs > s.most {
			before[s.name]++
			blocked = true
		}
	}
	if blocked {
		return
	}
	for _, s := range l.scopes(q) {
		taken[s.name] += l.jobs
	}
}

func waits(me load, s scope, taken, ahead int) string {
	sentence := fmt.Sprintf("This run of %s is queued: %d of the %s that %s are in use", plural(me.jobs, "job"), min(taken, s.most), plural(s.most, "job"), s.whose)
	if ahead > 0 {
		sentence += fmt.Sprintf(", and %s ahead of it", plural(ahead, "run"))
	}
	return sentence + ". It starts automatically."
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func (l load) compare(o load) int {
	return cmp.Or(l.asked.Compare(o.asked), strings.Compare(l.id, o.id))
}

// Reservations remembers the admitted runs until the informer shows them as started, because
// several Rehearsals are reconciled at a time. It exists once per process: if several
// controllers share the Rehearsals, each may admit a run for the same slots.
type Reservations struct {
	mu   sync.Mutex
	kept map[string]kept
	// asked is when each waiting run was last checked; since is when this record began.
	asked map[string]time.Time
	since time.Time
}

type kept struct {
	load
	until time.Time
}

// Queue lets runs start as the quotas allow.
type Queue struct {
	*Pass
	// waits are the reasons why runs are still queued, by their ids.
	waits map[string]string
}

// admit decides whether a run with this many jobs can start, and reserves its slots if so.
func (t *Queue) admit(r *v1alpha1.RunStatus, jobs int) (ok, never bool, sentence string, err error) {
	if t.Settings.Quotas == (settings.Quotas{}) || jobs == 0 || t.Lister == nil {
		return true, false, "", nil
	}
	t.Reservations.mu.Lock()
	defer t.Reservations.mu.Unlock()
	all, err := t.Lister.List(labels.Everything())
	if err != nil {
		return false, false, "", fmt.Errorf("listing Rehearsals: %w", err)
	}
	me := t.load(t.Rehearsal, r)
	me.jobs, me.waiting = jobs, true
	t.Reservations.note(me.id, t.Now)
	t.Reservations.forget(all)
	others := t.Reservations.others(t.loads(all), me.id, t.Now)
	ok, never, sentence = fits(t.Settings.Quotas, me, others)
	if ok {
		me.waiting = false
		t.Reservations.kept[me.id] = kept{me, t.Now.Add(reservedFor)}
	}
	return ok, never, sentence, nil
}

// note records that a run was checked.
func (l *Reservations) note(id string, now time.Time) {
	if l.kept == nil {
		l.kept, l.asked, l.since = map[string]kept{}, map[string]time.Time{}, now
	}
	l.asked[id] = now
	for other, at := range l.asked {
		if now.Sub(at) > placeKept {
			delete(l.asked, other)
		}
	}
}

// stuck reports whether a waiting run is no longer checked.
func (l *Reservations) stuck(s load, now time.Time) bool {
	_, ok := l.asked[s.id]
	return s.waiting && !ok && now.Sub(l.since) > placeKept
}

// forget drops reservations of runs that are over. They may have ended before the informer
// showed that they had started.
func (l *Reservations) forget(all []*v1alpha1.Rehearsal) {
	of := map[string]bool{}
	for id := range l.kept {
		uid, _, _ := strings.Cut(id, "/")
		of[uid] = true
	}
	for _, rh := range all {
		for i := 0; of[string(rh.UID)] && i < len(rh.Status.Runs); i++ {
			if r := &rh.Status.Runs[i]; r.State.Done() {
				delete(l.kept, loadID(rh, r))
			}
		}
	}
}

func loadID(rh *v1alpha1.Rehearsal, r *v1alpha1.RunStatus) string { return string(rh.UID) + "/" + r.ID }

// others returns the loads of all runs but one. It includes runs that were just admitted,
// and leaves out stuck runs.
func (l *Reservations) others(shown []load, me string, now time.Time) []load {
	for id, k := range l.kept {
		if now.After(k.until) {
			delete(l.kept, id)
		}
	}
	var out []load
	seen := map[string]bool{me: true}
	for _, s := range shown {
		if s.id == me {
			continue
		}
		seen[s.id] = true
		if k, ok := l.kept[s.id]; ok && s.waiting {
			s = k.load
		} else if ok {
			delete(l.kept, s.id)
		}
		if !l.stuck(s, now) {
			out = append(out, s)
		}
	}
	for id, k := range l.kept {
		if !seen[id] {
			out = append(out, k.load)
		}
	}
	return out
}

// loads returns the runs that are not over. For this Rehearsal, the status in this pass is
// newer than the informer's.
func (t *Queue) loads(all []*v1alpha1.Rehearsal) []load {
	var out []load
	for _, rh := range append(slices.DeleteFunc(all, func(rh *v1alpha1.Rehearsal) bool { return rh.UID == t.Rehearsal.UID }), t.Rehearsal) {
		for i := range rh.Status.Runs {
			r := &rh.Status.Runs[i]
			if !r.State.Done() && r.Total > 0 && (r.AbortReason == "" || r.State != v1alpha1.RunPending) {
				out = append(out, t.load(rh, r))
			}
		}
	}
	return out
}

func (t *Queue) load(rh *v1alpha1.Rehearsal, r *v1alpha1.RunStatus) load {
	l := load{
		id: loadID(rh, r), pull: string(rh.UID), person: strings.ToLower(r.By),
		jobs: max(r.Total-r.Passed-r.Failed, 0), waiting: r.State == v1alpha1.RunPending,
	}
	if event.FromCommandLine(r.ID) && t.Settings.Users[r.By] != "" {
		l.person = strings.ToLower(t.Settings.Users[r.By])
	}
	for _, c := range rh.Spec.Commands {
		if c.ID == r.ID {
			l.asked = judging.GivenAt(c, rh.Status.VerdictOn(c.ID))
		}
	}
	return l
}

const WaitComments = "waits/"

func WaitComment(id string) string { return WaitComments + id }

// tellWaiting reports that a run is queued, and which quota it waits for.
func (t *Queue) tellWaiting(ctx context.Context, r *v1alpha1.RunStatus, jobs int, sentence string) error {
	r.Total, r.Message, r.HinderedSince = jobs, sentence, nil
	again := &requeue.Later{After: QuotaPause, Reason: "run " + r.ID + " waits for its quota"}
	if r.ProgressAt != nil && t.Now.Sub(r.ProgressAt.Time) < t.Settings.ProgressInterval {
		return again
	}
	if err := t.Talk.Say(github.Later(ctx), WaitComment(r.ID), t.runAnswer(r, sentence)); err != nil {
		return err
	}
	r.ProgressAt = &metav1.Time{Time: t.Now}
	return again
}

// IsQueued reports whether a run that was reported as queued still has to wait. While
// it does, its plan is not needed.
func (t *Queue) IsQueued(r *v1alpha1.RunStatus) bool {
	if r.Total == 0 || !t.ReportedAsQueued(r) {
		return false
	}
	ok, never, sentence, err := t.admit(r, r.Total)
	if ok || never || err != nil {
		return false
	}
	t.waits[r.ID] = sentence
	return true
}

// endWaits reports that queued runs have started, and retries until that is reported. A run
// that ends before it starts reports that in the same comment.
func (t *Queue) endWaits(ctx context.Context) error {
	var errs []error
	for name := range t.Rehearsal.Status.Comments {
		id, waits := strings.CutPrefix(name, WaitComments)
		if !waits {
			continue
		}
		r := t.Rehearsal.Status.Run(id)
		if r != nil && r.State == v1alpha1.RunPending {
			continue
		}
		if r != nil && r.StartedAt != nil {
			if err := t.Talk.Say(ctx, name, t.runAnswer(r, "It is no longer queued: this run has started.")); err != nil {
				errs = append(errs, err)
				continue
			}
		}
		delete(t.Rehearsal.Status.Comments, name)
	}
	return errors.Join(errs...)
}
