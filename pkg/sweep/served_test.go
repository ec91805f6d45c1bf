package sweep

import (
	"context"
	"slices"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/github"
	"github.com/rehearsal-dev/rehearsal/pkg/settings"
)

// attentive records which repositories it was asked about.
type attentive struct {
	*listings
	about []string
}

func (a *attentive) OpenPulls(ctx context.Context, org, repo string) ([]github.Pull, error) {
	a.about = append(a.about, org+"/"+repo)
	return a.listings.OpenPulls(ctx, org, repo)
}

// TestSweepLooksAtNoOtherRepository checks that a sweep reads the list of repositories
// from the settings each time.
func TestSweepLooksAtNoOtherRepository(t *testing.T) {
	s := newSweep()
	hub := &attentive{listings: s.hub}
	s.GitHub = hub
	ended, end := context.WithCancel(t.Context())
	end()
	for _, listed := range [][]string{nil, {"acme/config"}, {"acme/other"}} {
		s.Settings = func() *settings.Settings {
			chosen := settings.Defaults()
			for _, name := range listed {
				chosen.Repositories = append(chosen.Repositories, settings.Repository{Name: name})
			}
			return chosen
		}
		hub.about = nil
		s.Run(ended)
		if !slices.Equal(hub.about, listed) {
			t.Errorf("with %v it looks at %v", listed, hub.about)
		}
	}
}
