package rehearsal

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
)

// broken makes every call fail except those that read and store a Rehearsal, because
// nothing could be stored without them.
func (w *world) broken() {
	for _, fake := range []*clienttesting.Fake{&w.kube.Fake, &w.tekton.Fake, &w.prow.Fake} {
		fake.PrependReactor("*", "*", func(clienttesting.Action) (bool, runtime.Object, error) { return w.away, nil, errAway })
	}
	w.away = true
	w.reconciler.GitHub, w.reconciler.Plans = &awayHub{w.reconciler.GitHub, w}, noPlans{errAway}
}

// awayHub is a GitHub that can be down. Its writes go to the world.
type awayHub struct {
	GitHub
	world *world
}

func (h *awayHub) Self(ctx context.Context) (string, error) {
	return try(h, func() (string, error) { return h.GitHub.Self(ctx) })
}

func (h *awayHub) Pull(ctx context.Context, org, repo string, number int) (*github.Pull, error) {
	return try(h, func() (*github.Pull, error) { return h.GitHub.Pull(ctx, org, repo, number) })
}

func (h *awayHub) BranchTip(ctx context.Context, org, repo, branch string) (string, error) {
	return try(h, func() (string, error) { return h.GitHub.BranchTip(ctx, org, repo, branch) })
}

func (h *awayHub) Comments(ctx context.Context, org, repo string, number int) ([]github.Comment, error) {
	return try(h, func() ([]github.Comment, error) { return h.GitHub.Comments(ctx, org, repo, number) })
}

func (h *awayHub) Comment(ctx context.Context, org, repo string, id int64) (*github.Comment, error) {
	return try(h, func() (*github.Comment, error) { return h.GitHub.Comment(ctx, org, repo, id) })
}

func (h *awayHub) Edits(ctx context.Context, org, repo, node string) (*github.Edits, error) {
	return try(h, func() (*github.Edits, error) { return h.GitHub.Edits(ctx, org, repo, node) })
}

func (h *awayHub) Permission(ctx context.Context, org, repo, login string) (github.Permission, error) {
	return try(h, func() (github.Permission, error) { return h.GitHub.Permission(ctx, org, repo, login) })
}

func try[T any](h *awayHub, call func() (T, error)) (T, error) {
	if h.world.away {
		var none T
		return none, errAway
	}
	return call()
}
