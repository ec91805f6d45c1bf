// Package ratelimit keeps until when GitHub wants no calls from us, and how much we
// have written to it, in a ConfigMap, for whoever calls next: the controller after a
// restart, its other replicas, and the tasks of runs. It makes no calls to GitHub.
package ratelimit

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
)

// ConfigMap is the name of the ConfigMap, in our namespace. It may be deleted at
// any time; that only costs a call which GitHub refuses.
const ConfigMap = "rehearsal-rate-limits"

// Store implements github.Windows. A key of the ConfigMap is an account, its
// value a time in RFC 3339.
type Store struct {
	ConfigMaps corev1client.ConfigMapInterface
}

// Load implements github.Windows. What is no time is left out.
func (s *Store) Load(ctx context.Context) (map[string]time.Time, error) {
	cm, err := s.ConfigMaps.Get(ctx, ConfigMap, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading ConfigMap %s: %w", ConfigMap, err)
	}
	windows := map[string]time.Time{}
	for account, text := range cm.Data {
		if until, err := time.Parse(time.RFC3339, text); err == nil {
			windows[account] = until
		}
	}
	return windows, nil
}

// Save implements github.Windows.
func (s *Store) Save(ctx context.Context, account string, until time.Time) error {
	data := map[string]string{account: until.UTC().Format(time.RFC3339)}
	patch, err := json.Marshal(map[string]any{"data": data})
	if err != nil {
		return fmt.Errorf("encoding a rate limit: %w", err)
	}
	_, err = s.ConfigMaps.Patch(ctx, ConfigMap, types.MergePatchType, patch, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) {
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: ConfigMap}, Data: data}
		_, err = s.ConfigMaps.Create(ctx, cm, metav1.CreateOptions{})
	}
	if err != nil {
		return fmt.Errorf("writing ConfigMap %s: %w", ConfigMap, err)
	}
	return nil
}
