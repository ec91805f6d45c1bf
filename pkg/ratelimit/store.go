// Package ratelimit stores GitHub's rate limits, and the number of our writes, in a
// ConfigMap. Other processes read it: the controller after a restart, its replicas, and
// the tasks of runs. It makes no calls to GitHub.
package ratelimit

import (
	"context"
	"time"

	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/kvstore"
)

// ConfigMap is the name of the ConfigMap, in our namespace. It can be deleted at any
// time; that only costs one refused call.
const ConfigMap = "rehearsal-rate-limits"

// Store implements github.Windows. A key of the ConfigMap is an account, its
// value a time in RFC 3339.
type Store struct {
	ConfigMaps corev1client.ConfigMapInterface
}

// Load implements github.Windows. Invalid times are skipped.
func (s *Store) Load(ctx context.Context) (map[string]time.Time, error) {
	values, err := s.values().Load(ctx)
	if err != nil {
		return nil, err
	}
	windows := map[string]time.Time{}
	for account, text := range values {
		if until, err := time.Parse(time.RFC3339, text); err == nil {
			windows[account] = until
		}
	}
	return windows, nil
}

// Save implements github.Windows.
func (s *Store) Save(ctx context.Context, account string, until time.Time) error {
	return s.values().Set(ctx, account, until.UTC().Format(time.RFC3339))
}

func (s *Store) values() kvstore.Store {
	return kvstore.Store{ConfigMaps: s.ConfigMaps, Name: ConfigMap}
}
