package rehearsal

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"knative.dev/pkg/controller"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	listers "github.com/rehearsal-dev/rehearsal/pkg/client/listers/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/requeue"
)

// quotaLister lists another Rehearsal, with an active run of this many jobs.
type quotaLister struct {
	listers.RehearsalLister
	jobs int
}

func (q *quotaLister) List(labels.Selector) ([]*v1alpha1.Rehearsal, error) {
	rh := &v1alpha1.Rehearsal{}
	rh.UID = "another"
	rh.Status.Runs = []v1alpha1.RunStatus{{ID: "comment-0-0", State: v1alpha1.RunRunning, Total: q.jobs}}
	return []*v1alpha1.Rehearsal{rh}, nil
}

func (q *quotaLister) Rehearsals(string) listers.RehearsalNamespaceLister { return namespaced{q} }

type namespaced struct{ *quotaLister }

func (namespaced) Get(string) (*v1alpha1.Rehearsal, error) { return nil, fmt.Errorf("not asked for") }

// TestWindowsEndForOneAfterAnother has a thousand pull requests wait for the end of the
// same rate limit.
func TestWindowsEndForOneAfterAnother(t *testing.T) {
	until := noon.Add(time.Hour)
	perMinute, asked := map[time.Duration]int{}, 0
	for n := range 1000 {
		tr := &pass{rh: &v1alpha1.Rehearsal{}, now: noon}
		tr.rh.Name = fmt.Sprintf("acme-config-%d", n)
		if n%100 == 0 {
			tr.rh.Spec.Commands = []v1alpha1.Command{runCommand()}
		}
		err := requeue.Settle(tr.spread([]error{fmt.Errorf("commenting: %w", &github.RateLimitedError{Until: until})}), noon)
		ok, after := controller.IsRequeueKey(err)
		if !ok || after < time.Hour || after > time.Hour+spreadTime {
			t.Fatalf("%d comes back after %s: %v", n, after, err)
		}
		if n%100 == 0 && after > time.Hour+soonTime {
			t.Errorf("who waits for an answer waits %s more", after-time.Hour)
		}
		perMinute[after.Truncate(time.Minute)]++
		asked++
	}
	for minute, n := range perMinute {
		if n > 300 {
			t.Errorf("%d of %d come back in the minute after %s", n, asked, minute)
		}
	}
}

// TestAPushIsShownSoonAfterARateLimit checks that a new head without a comment resumes
// early, because its author waits for the comment.
func TestAPushIsShownSoonAfterARateLimit(t *testing.T) {
	head := strings.Repeat("a", 40)
	shown := &v1alpha1.PlanStatus{Head: head, Shown: &metav1.Time{Time: noon}}
	for name, c := range map[string]struct {
		pushed time.Time
		head   string
		plan   *v1alpha1.PlanStatus
		most   time.Duration
	}{
		"pushed a minute ago, no plan":                   {pushed: noon.Add(-time.Minute), head: head, most: pushedTime},
		"pushed a minute ago, planned, no comment":       {pushed: noon.Add(-time.Minute), head: head, plan: &v1alpha1.PlanStatus{Head: head}, most: pushedTime},
		"pushed a minute ago, comment for an older head": {pushed: noon.Add(-time.Minute), head: head, plan: &v1alpha1.PlanStatus{Head: "b", Shown: shown.Shown}, most: pushedTime},
		"pushed a minute ago, comment exists":            {pushed: noon.Add(-time.Minute), head: head, plan: shown, most: spreadTime},
		"pushed yesterday":                               {pushed: noon.Add(-24 * time.Hour), head: head, most: spreadTime},
		"another head pushed a minute ago":               {pushed: noon.Add(-time.Minute), head: "b", most: spreadTime},
	} {
		t.Run(name, func(t *testing.T) {
			var latest time.Duration
			for n := range 200 {
				tr := &pass{rh: &v1alpha1.Rehearsal{}, now: noon}
				tr.rh.Name = fmt.Sprintf("acme-config-%d", n)
				tr.rh.Spec.Observed, tr.rh.Status.Plan = &v1alpha1.Observed{Head: head}, c.plan
				tr.rh.Spec.Pushes = map[string]v1alpha1.Push{"alice": {Head: c.head, At: metav1.NewTime(c.pushed)}}
				_, after := controller.IsRequeueKey(requeue.Settle(tr.spread([]error{&github.RateLimitedError{Until: noon.Add(time.Hour)}}), noon))
				latest = max(latest, after-time.Hour)
			}
			if latest > c.most || latest < c.most*9/10 {
				t.Errorf("the last of 200 resumes %s after the limit, want about %s", latest, c.most)
			}
		})
	}
}
