package sweep

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
)

// refusing is an API server that refuses one Rehearsal, because of a quota or an
// admission policy.
type refusing struct {
	*logbooktest.Store
	name string
}

func (r *refusing) Create(ctx context.Context, rh *v1alpha1.Rehearsal, o metav1.CreateOptions) (*v1alpha1.Rehearsal, error) {
	if rh.Name == r.name {
		return nil, errors.New("exceeded quota")
	}
	return r.Store.Create(ctx, rh, o)
}

// TestOnePullDoesNotStopTheSweep checks that the commands of other pull requests are
// stored, that the error names the pull request, and that storing is retried, but not
// forever.
func TestOnePullDoesNotStopTheSweep(t *testing.T) {
	s := newSweep(planned(true))
	other := openPull()
	other.Number = 8
	s.hub.pulls = []github.Pull{openPull(), other}
	s.hub.comments = []github.Comment{comment(2, "/pj-rehearse abort")}
	store := &refusing{s.store, "acme-config-8"}
	s.Rehearsals = store
	before := s.looked
	err := s.Sweep(context.Background(), "acme/config")
	if err == nil || !strings.Contains(err.Error(), "acme/config#8: ") || strings.Contains(err.Error(), "#7") {
		t.Errorf("it says %v", err)
	}
	if n := len(s.spec(t).Commands); n == 0 {
		t.Error("the command on #7 is not heard because #8 cannot be created")
	}
	if s.looked != before {
		t.Errorf("the next look begins at %v, though something is missing", s.looked)
	}
	s.clock.Step(longestRetreat)
	if err := s.Sweep(context.Background(), "acme/config"); err == nil || s.looked == before {
		t.Errorf("after %s it still begins at %v (%v)", longestRetreat, s.looked, err)
	}
	store.name = ""
	if err := s.Sweep(context.Background(), "acme/config"); err != nil {
		t.Error(err)
	}
	if _, err := s.store.Get(context.Background(), "acme-config-8", metav1.GetOptions{}); err != nil {
		t.Errorf("once it can be stored: %v", err)
	}
}

// TestALookThatLacksCommentsIsNotRemembered covers a sweep that misses the comments of
// one pull request.
func TestALookThatLacksCommentsIsNotRemembered(t *testing.T) {
	s := newSweep(planned(true))
	s.hub.pulls, s.hub.err = []github.Pull{openPull()}, errors.New("502")
	before := s.looked
	if err := s.Sweep(context.Background(), "acme/config"); err == nil || s.looked != before {
		t.Errorf("%v, the next look begins at %v", err, s.looked)
	}
	s.clock.Step(2 * longestRetreat)
	if err := s.Sweep(context.Background(), "acme/config"); err == nil || s.looked != before {
		t.Errorf("after %s: %v, the next look begins at %v", 2*longestRetreat, err, s.looked.At.Format(time.TimeOnly))
	}
}
