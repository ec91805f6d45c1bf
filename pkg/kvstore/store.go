// Package kvstore keeps small values across restarts, each under a key of a
// ConfigMap.
package kvstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
)

// Store is the data of a named ConfigMap. It can be deleted at any time; the next Set
// creates it again.
type Store struct {
	ConfigMaps corev1client.ConfigMapInterface
	Name       string
}

// Load returns all values; nil when there is no ConfigMap.
func (s Store) Load(ctx context.Context) (map[string]string, error) {
	cm, err := s.ConfigMaps.Get(ctx, s.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading ConfigMap %s: %w", s.Name, err)
	}
	return cm.Data, nil
}

// Set sets one value, and leaves the others as they are.
func (s Store) Set(ctx context.Context, key, value string) error {
	data := map[string]string{key: value}
	patch, err := json.Marshal(map[string]any{"data": data})
	if err != nil {
		return fmt.Errorf("encoding %s of ConfigMap %s: %w", key, s.Name, err)
	}
	err = s.patch(ctx, patch)
	if apierrors.IsNotFound(err) {
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: s.Name}, Data: data}
		_, err = s.ConfigMaps.Create(ctx, cm, metav1.CreateOptions{})
	}
	if apierrors.IsAlreadyExists(err) { // others were faster
		err = s.patch(ctx, patch)
	}
	if err != nil {
		return fmt.Errorf("writing ConfigMap %s: %w", s.Name, err)
	}
	return nil
}

func (s Store) patch(ctx context.Context, patch []byte) error {
	_, err := s.ConfigMaps.Patch(ctx, s.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}

// RepositoryKey is the key for a repository: org.repo, because a key cannot contain a
// slash. It is unambiguous, because the name of an organisation has no dot.
func RepositoryKey(repository string) string { return strings.ReplaceAll(repository, "/", ".") }
