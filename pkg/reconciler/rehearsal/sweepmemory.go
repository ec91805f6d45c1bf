package rehearsal

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
)

// sweepConfigMap remembers when each repository was last looked at.
const sweepConfigMap = "rehearsal-sweep"

// sweepMemory keeps the latest looks in a ConfigMap: one key for each repository,
// org.repo (an organisation's name has no dot), with the two times of a Look.
type sweepMemory struct {
	configMaps corev1client.ConfigMapInterface
}

// Looked implements Memory.
func (m *sweepMemory) Looked(ctx context.Context, repository string) (Look, error) {
	cm, err := m.configMaps.Get(ctx, sweepConfigMap, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return Look{}, nil
	}
	if err != nil {
		return Look{}, fmt.Errorf("reading ConfigMap %s: %w", sweepConfigMap, err)
	}
	at, since, _ := strings.Cut(cm.Data[sweepKey(repository)], " ")
	var look Look
	var atErr, sinceErr error
	look.At, atErr = time.Parse(time.RFC3339, at)
	look.Since, sinceErr = time.Parse(time.RFC3339, since)
	if atErr != nil || sinceErr != nil {
		return Look{}, nil //nolint:nilerr // missing or spoilt: as if it had never been looked at
	}
	return look, nil
}

// Remember implements Memory.
func (m *sweepMemory) Remember(ctx context.Context, repository string, look Look) error {
	data := map[string]string{sweepKey(repository): look.At.UTC().Format(time.RFC3339) + " " + look.Since.UTC().Format(time.RFC3339)}
	patch, err := json.Marshal(map[string]any{"data": data})
	if err != nil {
		return fmt.Errorf("encoding the time of a sweep: %w", err)
	}
	_, err = m.configMaps.Patch(ctx, sweepConfigMap, types.MergePatchType, patch, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) {
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: sweepConfigMap}, Data: data}
		_, err = m.configMaps.Create(ctx, cm, metav1.CreateOptions{})
	}
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("writing ConfigMap %s: %w", sweepConfigMap, err)
	}
	return nil
}

func sweepKey(repository string) string { return strings.ReplaceAll(repository, "/", ".") }
