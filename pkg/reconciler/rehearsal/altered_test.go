package rehearsal

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/apis/rehearsal/v1alpha1"
	"github.com/rehearsal-dev/rehearsal/pkg/conversation"
	"github.com/rehearsal-dev/rehearsal/pkg/gate"
	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
)

// TestWhatOthersHaveEditedShowsNothing has alice, who has write access, remove something
// from our comment that bob should not see. She may restore it before his command is read.
func TestWhatOthersHaveEditedShowsNothing(t *testing.T) {
	for name, edit := range map[string]func(h *hub, i int){
		"edited by alice": func(h *hub, i int) {
			h.comments[i].Body, h.comments[i].UpdatedAt = strings.ReplaceAll(h.comments[i].Body, "cloud", "nothing"), h.now()
		},
		"edited and restored by alice": func(h *hub, i int) { h.comments[i].UpdatedAt = h.now() },
		"deleted by alice":             func(h *hub, i int) { h.comments = slices.Delete(h.comments, i, i+1) },
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := governed(t, policy.Config{Trust: policy.Rule{"anyone"}})
			w.reconciler.Plans = &gatedJobs{map[string]gate.Finding{"pull-e2e": asking("cloud")}}
			w.reconcile()
			id := w.rh.Status.Comments[planComment].ID
			i := slices.IndexFunc(w.hub.comments, func(c github.Comment) bool { return c.ID == id })
			shown := w.hub.comments[i].Body
			later := func() { w.clock.SetTime(w.clock.Now().Add(time.Minute)) }
			later()
			edit(w.hub, i)
			later()
			for n, text := range []string{"privileges-allowed", "privileges-allowed pull-e2e", "privileges-allowed " + head} {
				id := fmt.Sprintf("comment-2%d-0", n)
				w.hearFrom("bob", id, "/pj-rehearse "+text)
				if w.rh.Status.PrivilegeApproval != nil || w.verdict(id) != v1alpha1.ReasonNotPlanned {
					t.Fatalf("%s is %s", text, w.verdict(id))
				}
			}
			// A missing comment counts as deleted only after a while.
			w.clock.SetTime(w.clock.Now().Add(conversation.Belief))
			w.reconcile()
			id = w.rh.Status.Comments[planComment].ID
			i = slices.IndexFunc(w.hub.comments, func(c github.Comment) bool { return c.ID == id })
			if i < 0 || w.hub.comments[i].Body != shown {
				t.Fatal("the comment is not as it was")
			}
			later()
			w.hearFrom("bob", "comment-30-0", "/pj-rehearse privileges-allowed")
			if w.verdict("comment-30-0") != "OK" {
				t.Errorf("once it is it is %s", w.verdict("comment-30-0"))
			}
		})
	}
}
