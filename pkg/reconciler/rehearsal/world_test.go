package rehearsal

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	pipelinev1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	tektonfake "github.com/tektoncd/pipeline/pkg/client/clientset/versioned/fake"
	pipelinelisters "github.com/tektoncd/pipeline/pkg/client/listers/pipeline/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubefake "k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/cache"
	clocktesting "k8s.io/utils/clock/testing"
	"knative.dev/pkg/apis"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/reconciler"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	prowfake "sigs.k8s.io/prow/pkg/client/clientset/versioned/fake"
	prowlisters "sigs.k8s.io/prow/pkg/client/listers/prowjobs/v1"
	"sigs.k8s.io/prow/pkg/config"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	rehearsalfake "github.com/rehearsal-dev/rehearsal/pkg/client/clientset/versioned/fake"
	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/layout"
	"github.com/rehearsal-dev/rehearsal/pkg/pages"
	"github.com/rehearsal-dev/rehearsal/pkg/plan"
	"github.com/rehearsal-dev/rehearsal/pkg/prowjob"
	"github.com/rehearsal-dev/rehearsal/pkg/reconciler/runs"
	"github.com/rehearsal-dev/rehearsal/pkg/report"
	"github.com/rehearsal-dev/rehearsal/pkg/run"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// errCrash is the error of a write around which the controller dies.
var errCrash = errors.New("crash")

// errAway is the error of every call while everything is down.
var errAway = errors.New("connection refused")

// world is everything around the reconciler, in memory. Its writes can be made to fail one
// by one, before or after they take effect.
type world struct {
	t          *testing.T
	ctx        context.Context // of passes
	rh         *v1alpha1.Rehearsal
	kube       *kubefake.Clientset
	tekton     *tektonfake.Clientset
	prow       *prowfake.Clientset
	rehearsals *rehearsalfake.Clientset
	hub        *hub
	clock      *clocktesting.FakePassiveClock
	indexers   struct{ pipelineRuns, taskRuns, prowJobs cache.Indexer }
	reconciler *Reconciler

	writes, failAt int
	afterwards     bool
	// lose reports whether the response to a successful write is lost.
	lose    func() bool
	crashed bool
	// away makes every call fail, see broken.
	away bool
}

func newWorld(t *testing.T, commands ...v1alpha1.Command) *world {
	t.Helper()
	w := &world{
		t: t, ctx: context.Background(), kube: kubefake.NewSimpleClientset(linkKey()), tekton: tektonfake.NewSimpleClientset(), prow: prowfake.NewSimpleClientset(),
		clock: clocktesting.NewFakePassiveClock(noon), failAt: -1,
		rh: &v1alpha1.Rehearsal{
			ObjectMeta: metav1.ObjectMeta{Name: "acme-config-7", Namespace: "rehearsals", UID: "u-1", Generation: 1, CreationTimestamp: at(-10)},
			Spec: v1alpha1.RehearsalSpec{
				Pull: v1alpha1.Pull{Org: "acme", Repo: "config", Number: 7}, Commands: commands,
				Observed: &v1alpha1.Observed{Event: "opened", Head: head, At: at(-10)},
			},
		},
	}
	w.rehearsals = rehearsalfake.NewSimpleClientset(w.rh.DeepCopy())
	w.hub = &hub{world: w, pull: github.Pull{Org: "acme", Repo: "config", RepoID: 4711, Number: 7, Head: head, BaseRef: "main", Author: "alice", Open: true, CreatedAt: at(-10).Time}, reactions: map[int64]int{}}
	for _, fake := range []*clienttesting.Fake{&w.kube.Fake, &w.tekton.Fake, &w.prow.Fake} {
		w.intercept(fake)
	}
	index := func() cache.Indexer {
		return cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	}
	w.indexers.pipelineRuns, w.indexers.taskRuns, w.indexers.prowJobs = index(), index(), index()
	w.check(w.indexers.taskRuns.AddIndexers(runs.TaskRunIndexers))
	w.reconciler = &Reconciler{
		Clients: &runs.Clients{
			Kube: w.kube, Tekton: w.tekton, Prow: w.prow,
			PipelineRuns: pipelinelisters.NewPipelineRunLister(w.indexers.pipelineRuns),
			TaskRuns:     w.indexers.taskRuns,
			ProwJobs:     prowlisters.NewProwJobLister(w.indexers.prowJobs),
			Logs:         &prowjob.Logs{},
		},
		Rehearsals: w.rehearsals, GitHub: w.hub, Plans: twoJobs{}, Clock: w.clock,
		Settings: func() *settings.Settings {
			s := settings.Defaults()
			s.PageURL, s.Defaults.StatusContext = "https://pages.example", "ci/rehearsals"
			s.Repositories = []settings.Repository{{Name: "acme/config", Layout: layout.Layout{ProwConfig: "config.yaml"}, Options: s.Defaults}}
			return s
		},
	}
	return w
}

// linkKey returns the same key, and so the same links, for every world.
func linkKey() *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: pages.LinkKeyName, Namespace: "rehearsals"},
		Data:       map[string][]byte{"key": []byte(strings.Repeat("k", 32))},
	}
}

// intercept makes writes of a client fail when it is their turn.
func (w *world) intercept(fake *clienttesting.Fake) {
	tracker := slices.Clone(fake.ReactionChain)
	fake.PrependReactor("*", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
		if verb := action.GetVerb(); verb == "get" || verb == "list" || verb == "watch" {
			return false, nil, nil
		}
		err := w.write(func() error {
			for _, reactor := range tracker {
				if reactor.Handles(action) {
					if handled, _, err := reactor.React(action); handled {
						return err
					}
				}
			}
			return nil
		})
		return err != nil, nil, err
	})
}

// write makes the failAt-th write fail. Otherwise the caller goes on to write.
func (w *world) write(do func() error) error {
	w.writes++
	switch {
	case w.away:
		return errAway
	case w.crashed:
		return errCrash
	case w.writes-1 != w.failAt && w.lose != nil && w.lose():
		if err := do(); err != nil {
			return err
		}
		return errLost
	case w.writes-1 != w.failAt:
		return nil
	}
	w.crashed = true
	if w.afterwards {
		if err := do(); err != nil {
			return err
		}
	}
	return errCrash
}

// reconcile runs passes until the reconciler has nothing more to do at once. A crash loses
// the status that was not stored.
func (w *world) reconcile() {
	w.t.Helper()
	for range 30 {
		w.sync()
		before := w.rh.DeepCopy()
		rh := w.rh.DeepCopy()
		err := w.reconciler.ReconcileKind(w.ctx, rh)
		reconciler.PostProcessReconcile(w.ctx, rh, before)
		stored, getErr := w.rehearsals.RehearsalV1alpha1().Rehearsals(rh.Namespace).Get(context.Background(), rh.Name, metav1.GetOptions{})
		if getErr == nil {
			w.rh.Spec, rh.Spec = stored.Spec, stored.Spec
		}
		if w.crashed {
			w.crashed = false
			continue
		}
		w.rh = rh
		checkConditions(w.t, rh)
		requeue, after := controller.IsRequeueKey(err)
		if err != nil && !requeue {
			w.t.Fatalf("reconcile: %v", err)
		}
		if equality.Semantic.DeepEqual(before.Status, rh.Status) {
			return
		}
		if after < time.Hour { // anything longer is a deadline
			w.clock.SetTime(w.clock.Now().Add(min(after, time.Minute)))
		}
	}
	w.t.Fatal("the reconciler does not come to rest")
}

// sync updates the informers.
func (w *world) sync() {
	away := w.away
	w.away = false
	defer func() { w.away = away }()
	ctx := context.Background()
	prs, err := w.tekton.TektonV1().PipelineRuns("").List(ctx, metav1.ListOptions{})
	w.check(err)
	w.check(w.indexers.pipelineRuns.Replace(pointers(prs.Items), ""))
	trs, err := w.tekton.TektonV1().TaskRuns("").List(ctx, metav1.ListOptions{})
	w.check(err)
	w.check(w.indexers.taskRuns.Replace(pointers(trs.Items), ""))
	pjs, err := w.prow.ProwV1().ProwJobs("").List(ctx, metav1.ListOptions{})
	w.check(err)
	w.check(w.indexers.prowJobs.Replace(pointers(pjs.Items), ""))
	if _, err := w.rehearsals.RehearsalV1alpha1().Rehearsals(w.rh.Namespace).Update(ctx, w.rh.DeepCopy(), metav1.UpdateOptions{}); err != nil && !apierrors.IsNotFound(err) {
		w.t.Fatal(err)
	}
}

// pointers returns what informers keep of items.
func pointers[T any](items []T) []any {
	out := make([]any, len(items))
	for i := range items {
		out[i], _ = runs.Slim(&items[i]) // never fails
	}
	return out
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// quietly changes the world without injected faults.
func (w *world) quietly(do func(ctx context.Context)) {
	failAt, writes, away := w.failAt, w.writes, w.away
	w.failAt, w.away = -1, false
	do(context.Background())
	w.failAt, w.writes, w.away = failAt, writes, away
}

// createProwJobs does the first step of the fan-out tasks of all PipelineRuns.
func (w *world) createProwJobs() {
	w.quietly(func(ctx context.Context) {
		prs, err := w.tekton.TektonV1().PipelineRuns("rehearsals").List(ctx, metav1.ListOptions{})
		w.check(err)
		for _, pr := range prs.Items {
			for _, task := range pr.Spec.PipelineSpec.Tasks {
				cm, name, _ := strings.Cut(task.Params[0].Value.StringVal, "/")
				pj, err := run.ReadProwJob(ctx, w.kube.CoreV1().ConfigMaps("rehearsals"), cm, name)
				w.check(err)
				_, _, err = prowjob.Ensure(ctx, w.prow.ProwV1().ProwJobs("prow"), pj)
				w.check(err)
			}
		}
	})
}

// endProwJobs completes all ProwJobs; aborted ones stay aborted.
func (w *world) endProwJobs(state prowapi.ProwJobState) {
	w.quietly(func(ctx context.Context) {
		pjs, err := w.prow.ProwV1().ProwJobs("prow").List(ctx, metav1.ListOptions{})
		w.check(err)
		for _, pj := range pjs.Items {
			if pj.Status.State != prowapi.AbortedState {
				pj.Status.State = state
			}
			pj.SetComplete()
			_, err := w.prow.ProwV1().ProwJobs("prow").Update(ctx, &pj, metav1.UpdateOptions{})
			w.check(err)
		}
	})
}

// endPipelineRuns ends all PipelineRuns, with or without a finally task that succeeded.
func (w *world) endPipelineRuns(reported bool) {
	w.quietly(func(ctx context.Context) {
		prs, err := w.tekton.TektonV1().PipelineRuns("rehearsals").List(ctx, metav1.ListOptions{})
		w.check(err)
		for _, pr := range prs.Items {
			pr.Status.SetCondition(&apis.Condition{Type: apis.ConditionSucceeded, Status: corev1.ConditionTrue})
			_, err := w.tekton.TektonV1().PipelineRuns("rehearsals").Update(ctx, &pr, metav1.UpdateOptions{})
			w.check(err)
			tr := &pipelinev1.TaskRun{ObjectMeta: metav1.ObjectMeta{Name: pr.Name + "-collate", Namespace: "rehearsals", Labels: map[string]string{
				"tekton.dev/pipelineRun": pr.Name, "tekton.dev/pipelineTask": run.CollateTask,
			}}}
			status := corev1.ConditionFalse
			if reported {
				status = corev1.ConditionTrue
			}
			tr.Status.SetCondition(&apis.Condition{Type: apis.ConditionSucceeded, Status: status})
			_, err = w.tekton.TektonV1().TaskRuns("rehearsals").Create(ctx, tr, metav1.CreateOptions{})
			if !apierrors.IsAlreadyExists(err) {
				w.check(err)
			}
		}
	})
}

// counts counts what must never exist twice.
func (w *world) counts() (plans, answers, runs, pipelineRuns, prowJobs int) {
	for _, c := range w.hub.comments {
		marker, _ := report.FindMarker(c.Body)
		switch {
		case marker == report.PlanMarker():
			plans++
		case slices.ContainsFunc(w.rh.Spec.Commands, func(c v1alpha1.Command) bool { return marker == report.RunMarker(c.ID) }):
			runs++
		default:
			answers++
		}
	}
	ctx := context.Background()
	prs, err := w.tekton.TektonV1().PipelineRuns("").List(ctx, metav1.ListOptions{})
	w.check(err)
	pjs, err := w.prow.ProwV1().ProwJobs("").List(ctx, metav1.ListOptions{})
	w.check(err)
	return plans, answers, runs, len(prs.Items), len(pjs.Items)
}

// hub is a GitHub with one pull request. bob and its author have write access.
type hub struct {
	GitHub
	world    *world
	pull     github.Pull
	comments []github.Comment
	// created counts all comments that we ever created.
	created int64
	// tip is the tip of the base branch, if set.
	tip string
	// pushes is the timeline; locked makes comments fail.
	pushes github.Pushes
	locked bool
	// reactions counts the reactions to each comment, and to the pull request as 0.
	reactions map[int64]int
	// labelled are the labels that were added and removed, in order.
	labelled []string
	statuses []github.Status
	// noLabels makes GitHub refuse labels.
	noLabels bool
	// foreign says that the author of the pull request has no write access.
	foreign bool
	// wrote are the people named in the commits; the author if nil.
	wrote *github.Contributors
	// ids are the ids of accounts, by their logins.
	ids map[string]int64
	// skew is how far the clock of this GitHub is ahead.
	skew time.Duration
	// undated says that responses have no date.
	undated bool
	// lateness is how old a comment is before it is listed.
	lateness time.Duration
	// meanwhile is called before each write; it may be nil.
	meanwhile func()
}

func (h *hub) Skew() (time.Duration, bool) { return h.skew, !h.undated }

func (h *hub) Contributors(context.Context, string, string, string) (*github.Contributors, error) {
	if h.wrote == nil {
		return &github.Contributors{Head: h.pull.Head, People: []github.Person{{Login: h.pull.Author}}}, nil
	}
	c := *h.wrote
	c.Head = h.pull.Head
	return &c, nil
}

func (h *hub) Edits(context.Context, string, string, string) (*github.Edits, error) {
	return &github.Edits{Complete: true}, nil
}

func (h *hub) Comment(_ context.Context, _, _ string, id int64) (*github.Comment, error) {
	if written := h.writtenAs(id); written != nil {
		return written, nil
	}
	for i := range h.comments {
		if h.comments[i].ID == id {
			c := h.comments[i]
			return &c, nil
		}
	}
	return nil, &github.NotFoundError{Op: "reading a comment"}
}

// writtenAs returns the comment as the command log has it: nothing is forged here.
func (h *hub) writtenAs(id int64) *github.Comment {
	var lines []string
	var comment *github.Comment
	for _, c := range h.world.rh.Spec.Commands {
		if of, ok := event.CommentID(c.ID); !ok || of != id {
			continue
		}
		n, err := strconv.Atoi(c.ID[strings.LastIndex(c.ID, "-")+1:])
		h.world.check(err)
		for len(lines) <= n {
			lines = append(lines, "/pj-rehearse help") // commands that are no longer in the log
		}
		lines[n] = c.Text
		comment = &github.Comment{ID: id, Number: h.pull.Number, Author: c.By, AuthorID: h.ids[c.By], CreatedAt: c.At.Time, UpdatedAt: c.At.Time}
	}
	if comment != nil {
		comment.Body = strings.Join(lines, "\n")
	}
	return comment
}

func (h *hub) AddLabel(_ context.Context, _, _ string, _ int, label string) error {
	if h.noLabels {
		return &github.RefusedError{Op: "labelling", Status: 403, Reason: "not allowed"}
	}
	return h.do(func() {
		h.labelled = append(h.labelled, "+"+label)
		if !slices.Contains(h.pull.Labels, label) {
			h.pull.Labels = append(h.pull.Labels, label)
		}
	})
}

func (h *hub) RemoveLabel(_ context.Context, _, _ string, _ int, label string) error {
	return h.do(func() {
		h.labelled = append(h.labelled, "-"+label)
		h.pull.Labels = slices.DeleteFunc(h.pull.Labels, func(l string) bool { return l == label })
	})
}

func (h *hub) React(_ context.Context, _, _ string, comment int64, _ string) error {
	return h.do(func() { h.reactions[comment]++ })
}

func (h *hub) ReactToPull(_ context.Context, _, _ string, _ int, _ string) error {
	return h.do(func() { h.reactions[0]++ })
}

func (h *hub) SetStatus(_ context.Context, _, _, _ string, s github.Status) (time.Time, error) {
	return h.world.clock.Now(), h.do(func() { h.statuses = append(h.statuses, s) })
}

// do makes a write.
func (h *hub) do(write func()) error {
	if meanwhile := h.meanwhile; meanwhile != nil {
		meanwhile()
	}
	effect := func() error { write(); return nil }
	if err := h.world.write(effect); err != nil {
		return err
	}
	return effect()
}

// ownComments is the id of our first comment. Comments of others have smaller ids.
const ownComments = 1_000_000

func (h *hub) Self(context.Context) (string, error) { return "rehearsal-bot", nil }

func (h *hub) Pull(context.Context, string, string, int) (*github.Pull, error) {
	pull := h.pull
	return &pull, nil
}

func (h *hub) BranchTip(context.Context, string, string, string) (string, error) {
	return cmp.Or(h.tip, strings.Repeat("0", 40)), nil
}

func (h *hub) DefaultBranch(context.Context, string, string) (string, error) { return "main", nil }

func (h *hub) Pushes(context.Context, string, string, int) (*github.Pushes, error) {
	pushes := h.pushes
	if len(pushes.Commits) == 0 {
		pushes.Commits = []string{h.pull.Head}
	}
	return &pushes, nil
}

func (h *hub) PublicBranchTip(context.Context, string, string, string) (string, error) {
	return strings.Repeat("0", 40), nil
}

func (h *hub) PublicDefaultBranch(context.Context, string, string) (string, error) {
	return "main", nil
}

func (h *hub) Permission(_ context.Context, _, _, login string) (github.Permission, error) {
	if login == "bob" || login == h.pull.Author && !h.foreign {
		return "write", nil
	}
	return "read", nil
}

func (h *hub) Member(context.Context, string, string) (bool, error) { return false, nil }

func (h *hub) Comments(context.Context, string, string, int) ([]github.Comment, error) {
	until := h.now().Add(-h.lateness)
	return slices.DeleteFunc(slices.Clone(h.comments), func(c github.Comment) bool { return c.CreatedAt.After(until) }), nil
}

func (h *hub) CreateComment(_ context.Context, _, _ string, _ int, body string) (*github.Comment, error) {
	if h.locked {
		return nil, &github.RefusedError{Op: "commenting", Status: 403, Reason: "locked"}
	}
	now := h.now()
	created := &github.Comment{Author: "rehearsal-bot", Body: body, CreatedAt: now, UpdatedAt: now}
	return created, h.do(func() {
		created.ID = ownComments + h.created
		h.created++
		h.comments = append(h.comments, *created)
	})
}

func (h *hub) EditComment(_ context.Context, _, _ string, id int64, body string) (edited *github.Comment, err error) {
	find := func() int { return slices.IndexFunc(h.comments, func(c github.Comment) bool { return c.ID == id }) }
	if find() >= 0 {
		err = h.do(func() {
			if i := find(); i >= 0 {
				h.comments[i].Body, h.comments[i].UpdatedAt = body, h.now()
				c := h.comments[i]
				edited = &c
			}
		})
	}
	if edited == nil && err == nil {
		err = &github.NotFoundError{Op: "editing a comment"}
	}
	return edited, err
}

func (h *hub) DeleteComment(_ context.Context, _, _ string, id int64) error {
	i := slices.IndexFunc(h.comments, func(c github.Comment) bool { return c.ID == id })
	if i < 0 {
		return &github.NotFoundError{Op: "removing a comment"}
	}
	return h.do(func() {
		h.comments = slices.DeleteFunc(h.comments, func(c github.Comment) bool { return c.ID == id })
	})
}

// now returns the time on GitHub.
func (h *hub) now() time.Time { return h.world.clock.Now().Add(h.skew) }

// twoJobs is a plan that is always ready.
type twoJobs struct{}

func (twoJobs) Forget(plan.Request) {}

func (twoJobs) Get(_ string, req plan.Request) (*plan.Result, error, bool) {
	return planOf(req, "pull-unit", "pull-e2e")
}

// planOf returns a plan with jobs of these names, all of which are affected.
func planOf(req plan.Request, names ...string) (*plan.Result, error, bool) {
	result := &plan.Result{Result: affected.Result{Base: req.Base, Head: req.Head, Jobs: len(names), Fingerprint: "f"}, Targets: []string{"acme/widget"}}
	for _, name := range names {
		jobs := []config.Presubmit{{
			JobBase: config.JobBase{Name: name, Agent: "kubernetes", Cluster: "default", Spec: &corev1.PodSpec{
				Containers: []corev1.Container{{Name: "test", Image: "busybox", Command: []string{"true"}}},
			}},
			Brancher: config.Brancher{Branches: []string{"main"}},
			Reporter: config.Reporter{Context: name},
		}}
		if err := config.SetPresubmitRegexes(jobs); err != nil {
			return nil, err, true
		}
		result.Affected = append(result.Affected, affected.Job{
			Ref:       affected.Ref{Type: prowapi.PresubmitJob, Repo: "acme/widget", Name: name, Branches: []string{"main"}},
			Effective: affected.Effective{Presubmit: &jobs[0]}, Before: affected.Effective{Presubmit: &jobs[0]}, Change: affected.ChangeSpec, Rehearse: true,
		})
	}
	return result, nil, true
}

var (
	noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	head = strings.Repeat("a", 40)
)

func at(minutes int) metav1.Time {
	return metav1.NewTime(noon.Add(time.Duration(minutes) * time.Minute))
}

func command(id, text string, minutes int) v1alpha1.Command {
	return v1alpha1.Command{ID: id, Text: text, By: "bob", At: at(minutes)}
}
